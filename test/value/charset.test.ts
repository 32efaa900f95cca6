import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import {
  bytesOfText,
  charsetByCollation,
  charsetByName,
  decodeText,
  encodeText,
  utf8mb4,
} from '../../src/value/charset.ts';

const decode = (bytes: Uint8Array, name = 'utf8mb4') =>
  decodeText(Buffer.from(bytes), 0, bytes.length, charsetByName(name));

describe('character sets', () => {
  test.each([
    ['gbk', '\u5907\u4efd', 'b1b8b7dd'],
    ['gb18030', '\u5907\u{1f600}', 'b1b89439fc36'],
    ['latin1', 'd\u00e9j\u00e0 \u20ac', '64e96ae02080'],
    ['utf8mb4', '\u{1f600}', 'f09f9880'],
  ])('%s converts both ways', (name, text, hex) => {
    const charset = charsetByName(name);
    expect(encodeText(text, charset).toString('hex')).toBe(hex);
    expect(decode(Buffer.from(hex, 'hex'), name)).toBe(text);
  });

  test.each(['ascii', 'latin1', 'gbk', 'gb2312', 'gb18030', 'big5'])('ASCII of %s needs no converter', (name) => {
    const { converter } = charsetByName(name);
    for (let code = 0; code < 0x80; code++) {
      const one = Buffer.from([code]);
      expect(iconv.decode(one, converter!)).toBe(String.fromCharCode(code));
      expect(decode(Buffer.from([0xe9, 0xa1, code]), name).at(-1)).toBe(decode(one, name));
    }
  });

  test('an unknown name is error 1115', () => {
    expect(() => charsetByName('klingon')).toThrow("Unknown character set: 'klingon'");
  });

  test('collation numbers clients announce', () => {
    for (const id of [45, 46, 224, 255, 9999]) expect(charsetByCollation(id).name).toBe('utf8mb4');
    for (const [id, name] of [
      [33, 'utf8'],
      [192, 'utf8'],
      [28, 'gbk'],
      [8, 'latin1'],
      [63, 'binary'],
      [248, 'gb18030'],
    ] as const)
      expect(charsetByCollation(id).name).toBe(name);
  });

  test('bytes that are no UTF-8 come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(bytesOfText(decode(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
    expect(decode(Buffer.from("_binary'\x80\xff'", 'latin1'))).toBe("_binary'\udc80\udcff'");
  });

  test('a real replacement character is no raw byte', () => {
    expect(decodeText(Buffer.from('a\ufffdb'), 0, 5, utf8mb4)).toBe('a\ufffdb');
  });
});
