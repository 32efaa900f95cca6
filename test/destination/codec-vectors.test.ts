import { describe, expect, test } from 'vitest';
import { headerChecksum } from '../../src/destination/codec/common-header.ts';
import { headerCrc } from '../../src/destination/codec/crc.ts';
import { checkFile, formatFile } from '../../src/destination/codec/identity-files.ts';
import { packVersion, setPlaceholderFile, unpackVersion } from '../../src/destination/codec/set-files.ts';

const format = {
  clusterName: 'obcluster',
  tenantName: 'mysql_tenant',
  path: 'file:///data/nfs/backup/data',
  clusterId: 1,
  tenantId: 1002,
  incarnation: 1,
  destId: 1001,
  destType: 'backup_data',
  ts: 1700000000123456,
} as const;

const formatHex =
  '1d00010001000100300087b5000000005e000000000000005e00000000000000555effeb0000000000000000000000000' +
  '1d880808000018b808080000a6f62636c757374657200018e808080000d6d7973716c5f74656e616e7400019e808080001d66696c653a2f2f2f64' +
  '6174612f6e66732f6261636b75702f646174610001ea0701e90700c0c480c1c1c48203';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('published vectors', () => {
  test.each([
    [23, 6, 2748775104, 22833],
    [27, 173, 3011330068, -3262],
    [13, 300, 2397211904, 991],
    [4, 3637, 1987640562, -30018],
    [0, 96, 1663955940, -28423],
  ])('header checksum of type %i, %i bytes', (dataType, length, crc, checksum) => {
    const fixed = { headerVersion: 1, compressorType: 1, headerLength: 48, alignLength: 0n };
    const lengths = { dataLength: BigInt(length), dataZlength: BigInt(length), dataChecksum: BigInt(crc) };
    expect(headerChecksum({ dataType, ...fixed, ...lengths })).toBe(checksum);
  });

  test('payload CRC of an empty object', () => {
    expect(headerCrc(Buffer.from('018080808000', 'hex'))).toBe(2748775104);
  });

  test('format file byte for byte', () => {
    expect(hex(formatFile.encode(format))).toBe(formatHex);
    expect(formatFile.decode(Buffer.from(formatHex, 'hex'))).toEqual(format);
  });

  test('check file of the same tenant', () => {
    const { destId: _destId, destType: _destType, ...owner } = format;
    const bytes = Buffer.from(checkFile.encode(owner));
    expect(bytes.length).toBe(139);
    expect(bytes.readBigInt64LE(32)).toBe(807474887n);
    expect(bytes.readInt16LE(10)).toBe(9975);
    expect(checkFile.decode(bytes)).toEqual(owner);
  });

  test('placeholder of a set', () => {
    const expected =
      '1700010001000100300031590000000006000000000000000600000000000000c0fad6a3000000000000000000000000018080808000';
    expect(hex(setPlaceholderFile.encode({}))).toBe(expected);
    expect(setPlaceholderFile.decode(Buffer.from(expected, 'hex'))).toEqual({});
  });

  test('a version has its major number above 32 bits', () => {
    expect(packVersion('4.0.0.0')).toBe(17179869184n);
    expect(packVersion('4.2.1.0')).toBe(17180000512n);
    expect(unpackVersion(packVersion('4.3.3.7'))).toBe('4.3.3.7');
  });
});
