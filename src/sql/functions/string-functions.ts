import { decimalText } from '../../value/decimal.ts';
import { unsignedOfBytes } from '../../value/unsigned.ts';
import { join, sql } from '../translate/fragment.ts';
import {
  bytes,
  chars,
  define,
  type FunctionDefinition,
  type Given,
  integer,
  joined,
  likeFirst,
  many,
  native,
  num,
  part,
  returns,
  str,
  textOf,
} from './definition.ts';

/** Results longer than this are NULL, as beyond max_allowed_packet. */
const longestBytes = 64 * 1024 * 1024;

const binary = (value: unknown): value is Uint8Array => value instanceof Uint8Array;

function substring(value: Given, start: number, length: number | undefined): string | Uint8Array {
  const source = binary(value) ? value : chars(str(value));
  let from = start > 0 ? start - 1 : start < 0 ? source.length + start : -1;
  if (start === 0 || from < 0 || (length !== undefined && length <= 0)) from = -1;
  if (from < 0) return binary(value) ? new Uint8Array(0) : '';
  const cut = source.slice(from, length === undefined ? undefined : from + length);
  return typeof cut === 'string' || cut instanceof Uint8Array ? cut : (cut as string[]).join('');
}

function pad(left: boolean): NonNullable<FunctionDefinition['run']> {
  return ([value, length, filler]) => {
    const text = str(value);
    const size = num(length);
    const count = chars(text).length;
    if (size < 0 || size > longestBytes) return null;
    if (count >= size) return part(text, 0, size);
    const fill = str(filler);
    if (fill === '') return null;
    const fillChars = chars(fill);
    let made = '';
    for (let at = 0; at < size - count; at++) made += fillChars[at % fillChars.length];
    return left ? made + text : text + made;
  };
}

/** TRIM with a string to remove: whole copies of it, from one side or both. */
function trimmer(leading: boolean, trailing: boolean): NonNullable<FunctionDefinition['run']> {
  return ([value, removed]) => {
    let text = str(value);
    const piece = str(removed);
    if (piece === '') return text;
    while (leading && text.startsWith(piece)) text = text.slice(piece.length);
    while (trailing && text.endsWith(piece)) text = text.slice(0, -piece.length);
    return text;
  };
}

function substringIndex([value, delimiter, count]: readonly Given[]): string {
  const text = str(value);
  const by = str(delimiter);
  const wanted = num(count);
  if (by === '' || wanted === 0) return '';
  const parts = text.split(by);
  if (Math.abs(wanted) >= parts.length) return text;
  return (wanted > 0 ? parts.slice(0, wanted) : parts.slice(wanted)).join(by);
}

function insertText([value, position, length, replacement]: readonly Given[]): string {
  const text = str(value);
  const list = chars(text);
  const at = num(position);
  if (at < 1 || at > list.length) return text;
  const taken = num(length);
  const end = taken < 0 || at - 1 + taken > list.length ? list.length : at - 1 + taken;
  return part(text, 0, at - 1) + str(replacement) + part(text, end);
}

function format([value, digits]: readonly Given[]): string {
  const scale = Math.max(0, Math.min(30, num(digits)));
  const [whole = '', fraction] = fixed(value!, scale).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function fixed(value: Given, scale: number): string {
  if (value instanceof Uint8Array) return decimalText(unsignedOfBytes(value), scale);
  return decimalText(value, scale);
}

function soundex(text: string): string {
  const codes: Record<string, string> = {};
  for (const [letters, code] of [
    ['BFPV', '1'],
    ['CGJKQSXZ', '2'],
    ['DT', '3'],
    ['L', '4'],
    ['MN', '5'],
    ['R', '6'],
  ] as const)
    for (const letter of letters) codes[letter] = code;
  const letters = [...text.toUpperCase()].filter((letter) => /\p{L}/u.test(letter));
  let result = letters[0] ?? '';
  let last = codes[result] ?? '0';
  // The original algorithm: letters without a code go first, repetitions second.
  for (const letter of letters.slice(1)) {
    const code = codes[letter];
    if (code === undefined || code === last) continue;
    result += code;
    last = code;
  }
  return result === '' ? '' : result.padEnd(4, '0');
}

export const stringFunctions: readonly FunctionDefinition[] = [
  native('concat', [1, many], ['text'], joined(), (args) => sql`(${join(args, ' || ')})`),
  {
    name: 'concat_ws',
    least: 2,
    most: many,
    kinds: ['text'],
    result: joined(),
    runNulls: ([separator, ...rest]) => {
      if (separator === null || separator === undefined) return null;
      const items = rest.filter((item) => item !== null);
      if (!binary(separator) && !items.some(binary)) return items.map(str).join(str(separator));
      return Buffer.concat(items.flatMap((item, index) => (index === 0 ? [] : [bytes(separator)]).concat(bytes(item))));
    },
  },
  native('length', [1, 1], ['text'], returns.bigint, ([value]) => sql`octet_length(${value!})`),
  native('octet_length', [1, 1], ['text'], returns.bigint, ([value]) => sql`octet_length(${value!})`),
  native('bit_length', [1, 1], ['text'], returns.bigint, ([value]) => sql`(octet_length(${value!}) * 8)`),
  native('char_length', [1, 1], ['text'], returns.bigint, ([value]) => sql`length(${value!})`),
  native('character_length', [1, 1], ['text'], returns.bigint, ([value]) => sql`length(${value!})`),
  define('lower', [1, 1], ['text'], likeFirst, ([value]) => (binary(value) ? value : str(value).toLowerCase())),
  define('lcase', [1, 1], ['text'], likeFirst, ([value]) => (binary(value) ? value : str(value).toLowerCase())),
  define('upper', [1, 1], ['text'], likeFirst, ([value]) => (binary(value) ? value : upper(str(value)))),
  define('ucase', [1, 1], ['text'], likeFirst, ([value]) => (binary(value) ? value : upper(str(value)))),
  define('substring', [2, 3], ['text', 'integer'], likeFirst, ([value, start, length]) =>
    substring(value!, num(start), length === undefined ? undefined : num(length)),
  ),
  define('left', [2, 2], ['text', 'integer'], likeFirst, ([value, count]) => substring(value!, 1, num(count))),
  define('right', [2, 2], ['text', 'integer'], likeFirst, ([value, count]) => {
    const size = binary(value) ? value.length : chars(str(value)).length;
    return num(count) >= size
      ? value!
      : num(count) <= 0
        ? substring(value!, 1, 0)
        : substring(value!, -num(count), undefined);
  }),
  define('substring_index', [3, 3], ['characters', 'characters', 'integer'], likeFirst, substringIndex),
  native('replace', [3, 3], ['characters'], joined(), (args) => sql`replace(${join(args, ', ')})`),
  native('ltrim', [1, 1], ['characters'], likeFirst, ([value]) => sql`ltrim(${value!})`),
  native('rtrim', [1, 1], ['characters'], likeFirst, ([value]) => sql`rtrim(${value!})`),
  native('trim', [1, 1], ['characters'], likeFirst, ([value]) => sql`trim(${value!})`),
  define('trim_both', [2, 2], ['characters'], likeFirst, trimmer(true, true)),
  define('trim_leading', [2, 2], ['characters'], likeFirst, trimmer(true, false)),
  define('trim_trailing', [2, 2], ['characters'], likeFirst, trimmer(false, true)),
  define('lpad', [3, 3], ['characters', 'integer', 'characters'], joined(4), pad(true)),
  define('rpad', [3, 3], ['characters', 'integer', 'characters'], joined(4), pad(false)),
  define('repeat', [2, 2], ['characters', 'integer'], returns.longtext, ([value, count]) => {
    const text = str(value);
    const times = Math.max(0, num(count));
    return text.length * times > longestBytes ? null : text.repeat(times);
  }),
  define('space', [1, 1], ['integer'], returns.longtext, ([count]) =>
    num(count) > longestBytes ? null : ' '.repeat(Math.max(0, num(count))),
  ),
  define('reverse', [1, 1], ['text'], likeFirst, ([value]) =>
    binary(value) ? Uint8Array.from(value).reverse() : [...str(value)].reverse().join(''),
  ),
  define('insert', [4, 4], ['characters', 'integer', 'integer', 'characters'], joined(), insertText),
  define('format', [2, 3], ['exact', 'integer', 'characters'], returns.text(100), format),
  define('ascii', [1, 1], ['text'], returns.bigint, ([value]) => bytes(value)[0] ?? 0, integer),
  define(
    'ord',
    [1, 1],
    ['text'],
    returns.bigint,
    ([value]) => [...Buffer.from([...str(value)][0] ?? '')].reduce((sum, byte) => sum * 256 + byte, 0),
    integer,
  ),
  define('quote', [1, 1], ['characters'], joined(2), ([value]) => quoteLiteral(str(value)), {
    runNulls: ([value]) => (value === null ? 'NULL' : quoteLiteral(str(value))),
  }),
  define('soundex', [1, 1], ['characters'], likeFirst, ([value]) => soundex(str(value))),
  define('hex', [1, 1], ['text'], textOf(2), ([value]) => Buffer.from(bytes(value)).toString('hex').toUpperCase()),
  define('unhex', [1, 1], ['characters'], returns.bytes(65535), ([value]) => {
    const digits = str(value);
    return /^[0-9a-fA-F]*$/.test(digits) ? Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex') : null;
  }),
  define('to_base64', [1, 1], ['text'], textOf(2), ([value]) =>
    Buffer.from(bytes(value))
      .toString('base64')
      .replace(/(.{76})(?=.)/g, '$1\n'),
  ),
  define('from_base64', [1, 1], ['characters'], returns.bytes(65535), ([value]) => {
    const text = str(value).replace(/\s/g, '');
    return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : null;
  }),
];

/** Upper case one character for one: ß stays, as in MySQL. */
function upper(text: string): string {
  const plain = text.toUpperCase();
  if (plain.length === text.length) return plain;
  return [...text].map((letter) => ([...letter.toUpperCase()].length === 1 ? letter.toUpperCase() : letter)).join('');
}

function quoteLiteral(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\0', '\\0').replaceAll('\x1a', '\\Z')}'`;
}
