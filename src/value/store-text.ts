import { fault, faultText } from '../base/errors.ts';
import { bytesOfText } from './charset.ts';
import { isCaseSensitive, textLimitBytes } from './column-storage.ts';
import type { ColumnType } from './column-type.ts';
import { formatJson, JsonSyntaxError, parseJson } from './json.ts';
import type { Given, Store } from './store-number.ts';
import { complain, incorrect, type StoreTarget, truncated } from './store-target.ts';
import { formatDouble } from './text-form.ts';

const strictText = new TextDecoder('utf-8', { fatal: true });

/** Text of a given value; bytes, and those a client wrote into a text, must be UTF-8. */
function textOf(given: Given, target: StoreTarget): string {
  if (typeof given === 'number') return formatDouble(given);
  if (typeof given === 'bigint') return String(given);
  if (typeof given === 'string' && given.isWellFormed()) return given;
  const value = typeof given === 'string' ? bytesOfText(given) : given;
  try {
    return strictText.decode(value);
  } catch {
    const { bytes, at } = firstBadBytes(value);
    complain(target, incorrect(target, 'string', bytes));
    return new TextDecoder().decode(value.subarray(0, at));
  }
}

function firstBadBytes(value: Uint8Array): { readonly bytes: string; readonly at: number } {
  let at = 0;
  while (at < value.length) {
    const lead = value[at]!;
    const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      strictText.decode(value.subarray(at, at + size));
    } catch {
      break;
    }
    at += size;
  }
  const shown = [...value.subarray(at, at + 6)].map((byte) =>
    byte < 0x80 && byte >= 32 ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return { bytes: shown.join('') + (value.length > at + 6 ? '...' : ''), at };
}

/** Number of characters (code points); cheap for short and plain texts. */
function characters(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0xd800 && code < 0xdc00) {
      count--;
      at++;
    }
  }
  return count;
}

function cutCharacters(text: string, count: number): string {
  return [...text].slice(0, count).join('');
}

/** CHAR and VARCHAR: counted in characters; CHAR loses trailing blanks, blanks beyond the length are dropped quietly. */
export function storeCharacters(type: ColumnType): Store {
  const limit = type.length ?? 1;
  const char = type.name === 'char';
  return (value, target) => {
    let text = textOf(value, target);
    if (text.length > limit && characters(text) > limit) {
      const cut = cutCharacters(text, limit);
      if (text.slice(cut.length).trimEnd() !== '')
        complain(target, fault('ER_DATA_TOO_LONG', target.column, target.row));
      text = cut;
    }
    return char && text.endsWith(' ') ? text.replace(/ +$/, '') : text;
  };
}

/** TEXT family: limited in bytes. */
export function storeLongText(type: ColumnType): Store {
  const limit = textLimitBytes(type) ?? 65535;
  return (value, target) => {
    const text = textOf(value, target);
    if (text.length * 4 <= limit || Buffer.byteLength(text) <= limit) return text;
    complain(target, fault('ER_DATA_TOO_LONG', target.column, target.row));
    return new TextDecoder().decode(Buffer.from(text).subarray(0, limit)).replace(/\ufffd$/, '');
  };
}

/** BINARY, VARBINARY, BLOB: bytes; BINARY is filled with zero bytes. */
export function storeBytes(type: ColumnType): Store {
  const limit = textLimitBytes(type) ?? type.length ?? 1;
  return (value, target) => {
    let bytes =
      value instanceof Uint8Array
        ? value
        : typeof value === 'string'
          ? bytesOfText(value)
          : Buffer.from(textOf(value, target));
    if (bytes.length > limit) {
      complain(target, fault('ER_DATA_TOO_LONG', target.column, target.row));
      bytes = bytes.subarray(0, limit);
    }
    if (type.name !== 'binary' || bytes.length === limit) return bytes;
    const filled = new Uint8Array(limit);
    filled.set(bytes);
    return filled;
  };
}

function sameMember(type: ColumnType): (a: string, b: string) => boolean {
  if (isCaseSensitive(type)) return (a, b) => a === b;
  return (a, b) => a === b || a.toLowerCase() === b.toLowerCase();
}

/** ENUM: a member by text or by number from 1; kept as the member is written in the column. */
export function storeEnum(type: ColumnType): Store {
  const members = type.values ?? [];
  const same = sameMember(type);
  return (value, target) => {
    const text = textOf(value, target).replace(/ +$/, '');
    const index = typeof value === 'string' || value instanceof Uint8Array ? -1 : Number(value);
    const named = index >= 0 ? undefined : members.find((member) => same(member, text));
    const byNumber = index >= 0 ? index : /^\d+$/.test(text) ? Number(text) : 0;
    const member = named ?? members[byNumber - 1];
    if (member !== undefined) return member;
    complain(target, truncated(target));
    return '';
  };
}

/** SET: members by text with commas, or by bits; kept in the order of the column. */
export function storeSet(type: ColumnType): Store {
  const members = type.values ?? [];
  const same = sameMember(type);
  return (value, target) => {
    let bits = 0n;
    let bad = false;
    if (typeof value === 'number' || typeof value === 'bigint') {
      bits = BigInt(value);
      bad = bits < 0n || bits >= 1n << BigInt(members.length);
    } else {
      const text = textOf(value, target);
      for (const part of text === '' ? [] : text.split(',')) {
        const index = members.findIndex((member) => same(member, part.replace(/ +$/, '')));
        if (index < 0) bad = true;
        else bits |= 1n << BigInt(index);
      }
    }
    if (bad) complain(target, truncated(target));
    return members.filter((_, index) => (bits >> BigInt(index)) & 1n).join(',');
  };
}

/** JSON: checked and kept in MySQL's normal form. */
export function storeJson(): Store {
  return (value, target) => {
    if (value instanceof Uint8Array)
      throw faultText('ER_INVALID_JSON_TEXT', "Cannot create a JSON value from a string with CHARACTER SET 'binary'.");
    try {
      return formatJson(parseJson(textOf(value, target)));
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      throw fault('ER_INVALID_JSON_TEXT', error.message, error.position, target.qualified ?? target.column);
    }
  };
}
