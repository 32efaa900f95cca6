import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { fault } from '../base/errors.ts';

/** A character set a client may speak. */
export interface Charset {
  readonly name: string;
  /** Number of its default collation: what a column definition carries. */
  readonly collationId: number;
  /** The most bytes a character takes; lengths of column definitions are multiplied with it. */
  readonly maxBytes: number;
  /** Name of the converter; null when the bytes are UTF-8 as they stand. */
  readonly converter: string | null;
}

const rows: readonly Charset[] = [
  { name: 'utf8mb4', collationId: 45, maxBytes: 4, converter: null },
  { name: 'utf8', collationId: 33, maxBytes: 3, converter: null },
  { name: 'binary', collationId: 63, maxBytes: 1, converter: null },
  { name: 'ascii', collationId: 11, maxBytes: 1, converter: 'windows-1252' },
  { name: 'latin1', collationId: 8, maxBytes: 1, converter: 'windows-1252' },
  { name: 'gbk', collationId: 28, maxBytes: 2, converter: 'gbk' },
  { name: 'gb2312', collationId: 24, maxBytes: 2, converter: 'gbk' },
  { name: 'gb18030', collationId: 248, maxBytes: 4, converter: 'gb18030' },
  { name: 'big5', collationId: 1, maxBytes: 2, converter: 'big5' },
];

const byName = new Map<string, Charset>(rows.map((row) => [row.name, Object.freeze(row)]));
byName.set('utf8mb3', byName.get('utf8')!);

/** The character set everything is in unless a client says otherwise. */
export const utf8mb4: Charset = byName.get('utf8mb4')!;

/** The bytes as they are; its text is UTF-8. */
export const binaryCharset: Charset = byName.get('binary')!;

/** Looks a character set up by name; throws 1115 for one that no client may choose. */
export function charsetByName(name: string): Charset {
  const charset = byName.get(name.toLowerCase());
  if (!charset) throw fault('ER_UNKNOWN_CHARACTER_SET', name);
  return charset;
}

/** The collation numbers of the sets above that clients announce at login; others mean utf8mb4. */
const collations: Readonly<Record<number, string>> = {
  1: 'big5',
  84: 'big5',
  5: 'latin1',
  8: 'latin1',
  15: 'latin1',
  31: 'latin1',
  47: 'latin1',
  48: 'latin1',
  49: 'latin1',
  94: 'latin1',
  11: 'ascii',
  65: 'ascii',
  24: 'gb2312',
  86: 'gb2312',
  28: 'gbk',
  87: 'gbk',
  33: 'utf8',
  83: 'utf8',
  63: 'binary',
  248: 'gb18030',
  249: 'gb18030',
  250: 'gb18030',
};

/** The character set of a collation number from a login packet. An unknown number means utf8mb4, as the server does. */
export function charsetByCollation(id: number): Charset {
  if (id >= 192 && id <= 215) return byName.get('utf8')!;
  return byName.get(collations[id] ?? 'utf8mb4')!;
}

/**
 * Text of client bytes. UTF-8 loses nothing: a byte that belongs to no character (drivers write `_binary'…'` literals
 * with raw bytes) becomes the lone surrogate U+DC00 + byte, and `bytesOfText` is the way back.
 */
export function decodeText(bytes: Buffer, start: number, end: number, charset: Charset): string {
  if (charset.converter !== null) {
    const part = bytes.subarray(start, end);
    // Plain ASCII is the same in every character set a client may choose, and nearly every statement is.
    return isAscii(part) ? part.toString('latin1') : iconv.decode(part, charset.converter);
  }
  const text = bytes.toString('utf8', start, end);
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? escapeBytes(bytes, start, end) : text;
}

/** Bytes of a text in a character set; characters the set lacks become `?`. */
export function encodeText(text: string, charset: Charset): Buffer {
  return charset.converter === null ? Buffer.from(text, 'utf8') : iconv.encode(text, charset.converter);
}

/** UTF-8 bytes of a text that `decodeText` made, raw bytes restored. */
export function bytesOfText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const bytes = Buffer.allocUnsafe(text.length * 3);
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes[size++] = unit;
    else if (unit >= 0xdc80 && unit <= 0xdcff) bytes[size++] = unit & 0xff;
    else {
      const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
      size += bytes.write(pair ? text.slice(i, i + 2) : text[i]!, size, 'utf8');
      if (pair) i++;
    }
  }
  return bytes.subarray(0, size);
}

function escapeBytes(bytes: Buffer, start: number, end: number): string {
  const units = new Uint16Array(end - start);
  let size = 0;
  for (let at = start; at < end; ) {
    const first = bytes[at]!;
    if (first < 0x80) {
      units[size++] = first;
      at++;
      continue;
    }
    const length = characterLength(bytes, at, end);
    if (length === 0) units[size++] = 0xdc00 + first;
    else {
      const character = bytes.toString('utf8', at, at + length);
      for (let i = 0; i < character.length; i++) units[size++] = character.charCodeAt(i);
    }
    at += length === 0 ? 1 : length;
  }
  return Buffer.from(units.buffer, 0, size * 2).toString('utf16le');
}

/** Length of the well-formed UTF-8 character at `at`, 0 when there is none. */
function characterLength(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  const second = bytes[at + 1]!;
  if (first === 0xe0 ? second < 0xa0 : first === 0xf0 ? second < 0x90 : false) return 0;
  if (first === 0xed ? second > 0x9f : first === 0xf4 ? second > 0x8f : false) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return length;
}
