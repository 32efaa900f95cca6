import { describe, expect, test } from 'vitest';
import { framesOf } from '../../src/wire/packet-writer.ts';
import { RawClient } from './raw-client.ts';
import { startToy } from './toy-server.ts';

/** Sends one command in as many frames as it takes; returns their number. */
function sendLong(client: RawClient, payload: Buffer): number {
  const frames = framesOf(payload, 0);
  for (const { header, body } of frames) {
    client.socket.write(header);
    client.socket.write(body);
  }
  return frames.length;
}

/** Payload of the row behind count, definition and EOF, joined from its frames; and the sequence of the last EOF. */
async function readRow(client: RawClient, firstSequence: number): Promise<Buffer> {
  const head = await client.packets(3);
  expect(head.map(({ sequence }) => sequence)).toEqual([0, 1, 2].map((i) => firstSequence + i));
  const parts: Buffer[] = [];
  do parts.push((await client.packet())!.payload);
  while (parts.at(-1)!.length === 0xff_ffff);
  const end = (await client.packet())!;
  expect(end.payload[0]).toBe(0xfe);
  expect(end.sequence).toBe(firstSequence + 3 + parts.length);
  return Buffer.concat(parts);
}

describe('commands and rows round the frame size', () => {
  test.each([16_777_205, 16_777_213, 16_777_214, 16_777_215, 16_777_216, 33_554_430, 40_000_000])(
    '%d bytes there and back',
    async (size) => {
      await using toy = await startToy({ limits: { maxAllowedPacketBytes: 64_000_000 } });
      await using client = new RawClient(toy.port);
      await client.login();
      const command = Buffer.alloc(size, 'abcdefghijklm');
      command.write('\x03select ', 'latin1');
      const frames = sendLong(client, command);
      // The answer goes on counting behind the frames of the command.
      const row = await readRow(client, frames);
      const [prefix, text] = row[0] === 0xfd ? [4, row.readUIntLE(1, 3)] : [9, Number(row.readBigUInt64LE(1))];
      expect(text).toBe(size - 8);
      expect(row.subarray(prefix).equals(command.subarray(8))).toBe(true);
      client.send('\x0e');
      expect((await client.packet())!.sequence).toBe(1);
    },
  );
});
