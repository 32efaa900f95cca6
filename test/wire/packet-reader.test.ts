import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PacketReader } from '../../src/wire/packet-reader.ts';
import { framesOf } from '../../src/wire/packet-writer.ts';

const frame = (payload: Uint8Array, sequence = 0): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
};

const framed = (payload: Uint8Array): Buffer =>
  Buffer.concat(framesOf(payload, 0).flatMap(({ header, body }) => [header, body]));

/** Takes every packet as a command, as the connection does. */
function takeAll(reader: PacketReader): Buffer[] {
  const packets: Buffer[] = [];
  for (let packet = reader.next(); packet !== null; packet = reader.next()) {
    packets.push(Buffer.from(packet));
    reader.sequence = 0;
  }
  return packets;
}

describe('the packet reader', () => {
  test('finds 2,000 packets however the stream is cut', () => {
    const payloads = Array.from({ length: 2000 }, (_, i) => Buffer.alloc((i * 37) % 600, i));
    const stream = Buffer.concat(payloads.map((payload) => frame(payload)));
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 3000 })), (sizes) => {
        const reader = new PacketReader(65_536);
        const found: Buffer[] = [];
        for (let at = 0; at < stream.length; ) {
          const size = sizes.next().value;
          reader.push(stream.subarray(at, at + size));
          at += size;
          found.push(...takeAll(reader));
        }
        expect(found.length).toBe(payloads.length);
        expect(Buffer.concat(found).equals(Buffer.concat(payloads))).toBe(true);
        expect(reader.waitingBytes).toBe(0);
      }),
      { numRuns: 10 },
    );
  });

  test('byte by byte', () => {
    const reader = new PacketReader(100);
    const stream = Buffer.concat([frame(Buffer.from('one')), frame(Buffer.alloc(0)), frame(Buffer.from('three'))]);
    const found: string[] = [];
    for (const byte of stream) {
      reader.push(Buffer.of(byte));
      found.push(...takeAll(reader).map(String));
    }
    expect(found).toEqual(['one', '', 'three']);
  });

  test.each([0xff_fffe, 0xff_ffff, 0x100_0000, 20_000_000, 2 * 0xff_ffff])('joins the frames of %d bytes', (size) => {
    const payload = Buffer.alloc(size, 'abcdefghijk');
    const stream = framed(payload);
    const reader = new PacketReader(64_000_000);
    let found: Buffer | null = null;
    for (let at = 0; at < stream.length; at += 65_536) {
      expect(found).toBeNull();
      reader.push(stream.subarray(at, at + 65_536));
      found = reader.next();
    }
    expect(found!.equals(payload)).toBe(true);
    expect(reader.sequence).toBe(framesOf(payload, 0).length);
  });

  test('a body grows with the bytes that came, not with those announced', () => {
    const reader = new PacketReader(16_777_216);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.from('feffff0003', 'hex'));
    expect(reader.next()).toBeNull();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test('a packet beyond the limit is 1153, known from its header alone, and stays so', () => {
    const reader = new PacketReader(100);
    reader.push(Buffer.from('65000000', 'hex'));
    expect(() => reader.next()).toThrow(expect.objectContaining({ errno: 1153 }));
    reader.push(frame(Buffer.from('ok')));
    expect(() => reader.next()).toThrow(expect.objectContaining({ errno: 1153 }));
  });

  test('joined frames count together', () => {
    const reader = new PacketReader(0xff_ffff + 10);
    const stream = framed(Buffer.alloc(0xff_ffff + 11));
    reader.push(stream.subarray(0, 4 + 0xff_ffff));
    expect(reader.next()).toBeNull();
    reader.push(stream.subarray(4 + 0xff_ffff));
    expect(() => reader.next()).toThrow(expect.objectContaining({ errno: 1153 }));
  });

  test('a packet out of sequence is 1156', () => {
    const reader = new PacketReader(100);
    reader.push(frame(Buffer.from('x'), 3));
    expect(() => reader.next()).toThrow(expect.objectContaining({ errno: 1156 }));
  });

  test('what follows a packet can be taken out as it came', () => {
    const reader = new PacketReader(100);
    reader.push(Buffer.concat([frame(Buffer.from('ssl')), Buffer.from('\x16\x03\x01hel')]));
    expect(String(reader.next())).toBe('ssl');
    reader.push(Buffer.from('lo'));
    expect(String(reader.takeRest())).toBe('\x16\x03\x01hello');
    expect(reader.next()).toBeNull();
  });
});
