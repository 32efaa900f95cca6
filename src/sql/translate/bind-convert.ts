import { bytesOfText } from '../../value/charset.ts';
import type { Cell } from '../../value/column-type.ts';
import { type Decimal, decimalOf, decimalToNumber, readDecimal, rescale } from '../../value/decimal.ts';
import { foldGeneral, generalKey, withoutPad } from '../../value/general-ci.ts';
import {
  type DateTime,
  dateTimeOfNumber,
  dateTimeOfUs,
  dayAndUs,
  formatDate,
  formatDateTime,
  readDateTime,
  readTime,
  timeOfNumber,
} from '../../value/temporal.ts';
import { formatDouble } from '../../value/text-form.ts';
import { localOfUs, usOfLocal } from '../../value/time-zone.ts';
import { besideUnsigned } from '../../value/unsigned.ts';
import type { BindConversion } from './plan.ts';

export interface ConvertContext {
  readonly nowUs: number;
  readonly timeZone: string;
}

const maxInt64 = 9223372036854775807n;

/** Brings one value to the form its place needs; NULL stays NULL. `column` conversions are not made here. */
export function convertCell(value: Cell, convert: BindConversion, context: ConvertContext): Cell {
  if (value === null) return null;
  const scale = convert.scale ?? 0;
  switch (convert.to) {
    case 'plain':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) !== value ? String(value) : value;
    case 'number':
      return withinReal(toNumber(value));
    case 'unsigned':
      return BigInt.asUintN(64, BigInt(toNumber(value)));
    case 'beside':
      return besideUnsigned(exactOf(value));
    case 'double':
      return Number(toNumber(value));
    case 'leading':
      return clamped(typeof value === 'string' ? leadingInteger(value) : toInteger(value));
    case 'integer':
    case 'limit':
      return clamped(toInteger(value));
    case 'text':
      return toText(value);
    case 'folded':
      return generalKey(toText(value));
    case 'unpadded':
      return withoutPad(toText(value));
    case 'weights':
      return foldGeneral(toText(value));
    case 'likeFrom':
      return likePrefix(value);
    case 'likeTo':
      return `${likePrefix(value)}${lastCharacter}`;
    case 'bytes':
      return value instanceof Uint8Array ? value : bytesOfText(toText(value));
    case 'date':
      return toDate(value);
    case 'datetime':
      return toDateTime(value, (moment) => formatPadded(moment, scale));
    case 'timestamp':
      return toDateTime(value, (moment) => utcText(moment, scale, context.timeZone));
    case 'time':
      return toTime(value);
    case 'nowDatetime':
    case 'nowDate':
    case 'nowTime':
    case 'utcDatetime':
    case 'utcDate':
    case 'utcTime':
      return now(convert.to, scale, context);
    case 'seconds':
      return Math.floor(context.nowUs / 1_000_000);
    case 'column':
      return value;
  }
}

/** What SQLite computes with: a REAL where an integer of 64 bits does not do. */
function withinReal(value: number | bigint): number | bigint {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) !== value ? Number(value) : value;
}

function exactOf(value: Exclude<Cell, null>): Decimal {
  if (typeof value === 'string') return readDecimal(value).value;
  return decimalOf(value instanceof Uint8Array ? bytesNumber(value) : value);
}

/** Sorts behind every key: no character has a weight beyond the basic plane. */
const lastCharacter = '\u{10ffff}';

/** The key all matches of a LIKE pattern begin with; blanks at its end may be padding. */
function likePrefix(value: Exclude<Cell, null>): string {
  return generalKey(/^[^%_\\]*/.exec(toText(value))![0]);
}

/** Microseconds since 1970 as they stand behind NOW() and its kin: cut, not rounded, to `scale` digits. */
export function nowText(context: ConvertContext, scale: number): string {
  return formatDateTime(localOfUs(context.timeZone, context.nowUs)!, scale);
}

type NowForm = 'nowDatetime' | 'nowDate' | 'nowTime' | 'utcDatetime' | 'utcDate' | 'utcTime';

function now(to: NowForm, scale: number, context: ConvertContext): Cell {
  const moment = to.startsWith('now') ? localOfUs(context.timeZone, context.nowUs)! : dateTimeOfUs(context.nowUs)!;
  if (to.endsWith('Date')) return formatDate(moment);
  if (to.endsWith('Datetime')) return formatDateTime(moment, scale);
  const unit = 10 ** (6 - scale);
  return Math.floor(dayAndUs(moment).us / unit) * unit;
}

function bytesNumber(bytes: Uint8Array): bigint {
  return BigInt.asIntN(
    64,
    bytes.subarray(-8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
  );
}

/** The number a value stands for: texts by their numeric beginning, bytes as big-endian. */
export function toNumber(value: Exclude<Cell, null>): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return bytesNumber(value);
  const plain = /^\s*[+-]?\d{1,18}\s*$/.test(value);
  if (plain) return BigInt(value.trim().replace('+', ''));
  const number = decimalToNumber(readDecimal(value).value);
  return typeof number === 'bigint' && (number > maxInt64 || number < -maxInt64 - 1n) ? Number(number) : number;
}

function toInteger(value: Exclude<Cell, null>): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(roundEven(value));
  if (value instanceof Uint8Array) return bytesNumber(value);
  return rescale(readDecimal(value).value, 0).unscaled;
}

/** Doubles round halves to even. */
function roundEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}

/** The integer a text begins with, 0 without one: MySQL stops at the point. */
export function leadingInteger(text: string): bigint {
  return BigInt(/^\s*\+?(-?\d+)/.exec(text)?.[1] ?? 0);
}

function clamped(value: bigint): bigint {
  return value > maxInt64 ? maxInt64 : value < -maxInt64 - 1n ? -maxInt64 - 1n : value;
}

function toText(value: Exclude<Cell, null>): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
}

function moment(value: Exclude<Cell, null>): DateTime | null {
  const read =
    typeof value === 'number' || typeof value === 'bigint' ? dateTimeOfNumber(value) : readDateTime(toText(value));
  return read?.value ?? null;
}

function toDateTime(value: Exclude<Cell, null>, format: (value: DateTime) => string): string {
  const read = moment(value);
  return read ? format(read) : toText(value);
}

/** At least `scale` digits of fraction, more when they are not zero, so that texts of a column compare in order. */
function formatPadded(value: DateTime, scale: number): string {
  const full = formatDateTime(value, 6);
  const zeros = /0*$/.exec(full.slice(20))![0].length;
  return formatDateTime(value, Math.max(scale, 6 - zeros));
}

function utcText(value: DateTime, scale: number, timeZone: string): string {
  if (value.month === 0 || value.day === 0) return formatPadded(value, scale);
  const utc = dateTimeOfUs(usOfLocal(timeZone, value));
  return utc ? formatPadded(utc, scale) : formatPadded(value, scale);
}

/** A date; one with a time of day keeps it, which sorts between its day and the next. */
function toDate(value: Exclude<Cell, null>): string {
  const read = moment(value);
  if (!read) return toText(value);
  return dayAndUs(read).us === 0 ? formatDate(read) : formatPadded(read, 0);
}

function toTime(value: Exclude<Cell, null>): Cell {
  const read = typeof value === 'number' || typeof value === 'bigint' ? timeOfNumber(value) : readTime(toText(value));
  return read ? read.us : toText(value);
}
