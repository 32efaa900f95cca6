import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../src/destination/codec/bytes.ts';
import { encodeInfoFile, readCommonHeader } from '../../src/destination/codec/common-header.ts';
import { encodeField, int, int32, list, object, scn, since, text } from '../../src/destination/codec/fields.ts';
import { formatFile } from '../../src/destination/codec/identity-files.ts';
import { infoFile } from '../../src/destination/codec/info-file.ts';
import { setPlaceholderFile } from '../../src/destination/codec/set-files.ts';
import { codeOf } from './code-of.ts';
import { infoFileCases } from './info-file-cases.ts';

describe('the order of the reading checks', () => {
  const content = {
    clusterName: 'c',
    tenantName: 't',
    path: 'file:///d',
    clusterId: 1,
    tenantId: 1002,
    incarnation: 1,
    destId: 1001,
    destType: 'backup_data' as const,
    ts: 1,
  };
  const bytes = () => Buffer.from(formatFile.encode(content));
  /** Puts the header checksum right again after a change. */
  const sealed = (change: (file: Buffer) => void) => {
    const file = bytes();
    const wordsBefore = xorWords(file.subarray(0, 48));
    change(file);
    file.writeInt16LE(((file.readInt16LE(10) ^ wordsBefore ^ xorWords(file.subarray(0, 48))) << 16) >> 16, 10);
    return file;
  };
  const xorWords = (header: Buffer) =>
    [0, 2, 6, 8, ...Array.from({ length: 16 }, (_, i) => 16 + 2 * i)].reduce(
      (sum, at) => sum ^ header.readUInt16LE(at),
      0,
    );

  test.each([
    [
      'header checksum before everything',
      -4103,
      () => {
        const file = bytes();
        file.writeUInt16LE(33, 0);
        return file;
      },
    ],
    ['length before data type', -4016, () => sealed((file) => file.writeBigInt64LE(1n << 40n, 24))],
    ['data type', -4016, () => sealed((file) => file.writeUInt16LE(33, 0))],
    [
      'data type before payload checksum',
      -4016,
      () =>
        sealed((file) => {
          file.writeUInt16LE(33, 0);
          file.writeUInt8(0, 60);
        }),
    ],
    [
      'data version before payload checksum',
      -4016,
      () =>
        sealed((file) => {
          file.writeUInt16LE(2, 4);
          file.writeUInt8(0, 60);
        }),
    ],
    ['payload checksum', -4103, () => sealed((file) => file.writeUInt8(file.readUInt8(60) ^ 1, 60))],
    ['compressed payload', -4016, () => sealed((file) => file.writeUInt16LE(2, 6))],
  ] as const)('%s: %i', (_name, code, make) => {
    expect(codeOf(() => formatFile.decode(make()))).toBe(code);
  });

  test('sealing puts the checksum right', () => {
    expect(formatFile.decode(sealed(() => undefined))).toEqual(content);
  });

  test.each([{ incarnation: 2 }, { clusterId: 0 }, { tenantId: -5 }, { destId: 0 }, { path: '' }])(
    'content %j is impossible',
    (change) => {
      expect(codeOf(() => formatFile.decode(formatFile.encode({ ...content, ...change })))).toBe(-4016);
    },
  );

  test('another kind of file is not taken for this one', () => {
    expect(codeOf(() => formatFile.decode(setPlaceholderFile.encode({})))).toBe(-4016);
    expect(readCommonHeader(setPlaceholderFile.encode({})).dataType).toBe(23);
  });
});

describe('payload elements', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  test('numbers', () => {
    expect(hex(encodeField(int, -1))).toBe('ffffffffffffffffff01');
    expect(hex(encodeField(int32, -4016))).toBe('d0e0ffff0f');
    expect(hex(encodeField(scn, (1n << 64n) - 1n))).toBe('ffffffffffffffffff01');
    expect(hex(encodeField(int, 300))).toBe('ac02');
    expect(int32.read(new ByteReader(encodeField(int32, -2147483648)))).toBe(-2147483648);
  });

  test('members a later release appended are passed over, members an earlier one lacked have their defaults', () => {
    const older = infoFile(99, object({ a: int }));
    const newer = infoFile(99, object({ a: int, b: since(text(10), 'none'), c: since(list(int), []) }));
    expect(older.decode(newer.encode({ a: 1, b: 'x', c: [1, 2] }))).toEqual({ a: 1 });
    expect(newer.decode(older.encode({ a: 1 }))).toEqual({ a: 1, b: 'none', c: [] });
  });

  test('a list that claims more than there is reserves nothing', () => {
    const file = infoFile(99, object({ a: list(int) }));
    const bomb = Buffer.from('0185808080' + '00' + 'ffffffff7f', 'hex');
    expect(codeOf(() => file.decode(encodeInfoFile(99, bomb)))).toBe(-4016);
  });

  test('a text that does not fit is a bug of the caller', () => {
    expect(() => encodeField(text(3), 'four')).toThrow(RangeError);
    expect(() => encodeField(text(3), 'a\0')).toThrow(RangeError);
  });

  test('whatever the payload, decoding ends with a coded error or a value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...infoFileCases), fc.uint8Array({ maxLength: 200 }), ({ file }, payload) => {
        const code = codeOf(() => file.decode(encodeInfoFile(file.dataType, payload)));
        expect([0, -4016]).toContain(code);
      }),
      { numRuns: 2000 },
    );
  });
});
