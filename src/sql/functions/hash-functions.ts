import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { bytes, define, type FunctionDefinition, integer, num, returns, str } from './definition.ts';

const digest = (name: string) => (value: Uint8Array) => createHash(name).update(value).digest('hex');
const md5 = digest('md5');
const sha1 = digest('sha1');

const shaNames: Readonly<Record<number, string>> = {
  0: 'sha256',
  224: 'sha224',
  256: 'sha256',
  384: 'sha384',
  512: 'sha512',
};

/** COMPRESS: four bytes of the length, little-endian, then a zlib stream. */
function compress(value: Uint8Array): Uint8Array {
  if (value.length === 0) return new Uint8Array(0);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(value.length);
  return Buffer.concat([head, deflateSync(value)]);
}

const longestBytes = 64 * 1024 * 1024;

function uncompress(value: Uint8Array): Uint8Array | null {
  if (value.length === 0) return value;
  if (value.length < 5) return null;
  try {
    return inflateSync(value.subarray(4), { maxOutputLength: longestBytes });
  } catch {
    return null;
  }
}

function ipv4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length === 0 || parts.length > 4 || parts.some((item) => !/^\d{1,3}$/.test(item) || Number(item) > 255))
    return null;
  const last = Number(parts.pop());
  return parts.reduce((sum, item, index) => sum + Number(item) * 256 ** (3 - index), 0) + last;
}

const dotted = (value: number): string => [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');

/** MySQL's key: the given bytes folded onto 16. */
function aesKey(given: Uint8Array): Uint8Array {
  const key = new Uint8Array(16);
  given.forEach((byte, index) => {
    key[index % 16]! ^= byte;
  });
  return key;
}

function aesEncrypt(value: Uint8Array, key: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-ecb', aesKey(key), null);
  return Buffer.concat([cipher.update(value), cipher.final()]);
}

/** Null for what was not encrypted with the key. */
function aesDecrypt(value: Uint8Array, key: Uint8Array): Uint8Array | null {
  try {
    const decipher = createDecipheriv('aes-128-ecb', aesKey(key), null);
    return Buffer.concat([decipher.update(value), decipher.final()]);
  } catch {
    return null;
  }
}

export const hashFunctions: readonly FunctionDefinition[] = [
  define('md5', [1, 1], ['text'], returns.text(32), ([value]) => md5(bytes(value))),
  define('sha1', [1, 1], ['text'], returns.text(40), ([value]) => sha1(bytes(value))),
  define('sha', [1, 1], ['text'], returns.text(40), ([value]) => sha1(bytes(value))),
  define('sha2', [2, 2], ['text', 'integer'], returns.text(128), ([value, size]) => {
    const name = shaNames[num(size)];
    return name === undefined ? null : digest(name)(bytes(value));
  }),
  define('password', [1, 1], ['text'], returns.text(41), ([value]) => {
    const once = createHash('sha1').update(bytes(value)).digest();
    return bytes(value).length === 0 ? '' : `*${sha1(once).toUpperCase()}`;
  }),
  define('aes_encrypt', [2, 2], ['bytes'], returns.bytes(65535), ([value, key]) =>
    aesEncrypt(bytes(value), bytes(key)),
  ),
  define('aes_decrypt', [2, 2], ['bytes'], returns.bytes(65535), ([value, key]) =>
    aesDecrypt(bytes(value), bytes(key)),
  ),
  define('compress', [1, 1], ['text'], returns.bytes(65535), ([value]) => compress(bytes(value))),
  define('uncompress', [1, 1], ['bytes'], returns.bytes(65535), ([value]) => uncompress(bytes(value))),
  define(
    'uncompressed_length',
    [1, 1],
    ['bytes'],
    returns.bigint,
    ([value]) => (bytes(value).length < 5 ? 0 : Buffer.from(bytes(value)).readUInt32LE(0)),
    integer,
  ),
  { name: 'uuid', least: 0, most: 0, kinds: [], result: returns.text(36), run: () => randomUUID(), volatile: true },
  {
    name: 'uuid_short',
    least: 0,
    most: 0,
    kinds: [],
    result: returns.unsigned,
    run: () => randomBytes(8).readBigUInt64BE() >> 2n,
    volatile: true,
  },
  {
    name: 'random_bytes',
    least: 1,
    most: 1,
    kinds: ['integer'],
    result: returns.bytes(1024),
    run: ([count]) => (num(count) >= 1 && num(count) <= 1024 ? randomBytes(num(count)) : null),
    volatile: true,
  },
  define('inet_aton', [1, 1], ['characters'], returns.bigint, ([value]) => ipv4(str(value)), integer),
  define('inet_ntoa', [1, 1], ['integer'], returns.text(15), ([value]) =>
    num(value) >= 0 && num(value) < 2 ** 32 ? dotted(num(value)) : null,
  ),
  define(
    'is_ipv4',
    [1, 1],
    ['characters'],
    returns.flag,
    ([value]) => /^(\d{1,3}\.){3}\d{1,3}$/.test(str(value)) && ipv4(str(value)) !== null,
    {
      ...integer,
      runNulls: ([value]) => value !== null && /^(\d{1,3}\.){3}\d{1,3}$/.test(str(value)) && ipv4(str(value)) !== null,
    },
  ),
];
