import { fault } from '../../base/errors.ts';
import {
  type Decimal,
  decimalOf,
  decimalText,
  decimalToNumber,
  divideRounded,
  formatDecimal,
  pow10,
  readDecimal,
  rescale,
} from '../../value/decimal.ts';
import { formatJson, isArray, parseJson } from '../../value/json.ts';
import {
  type DateTime,
  dateTimeOfNumber,
  dayAndUs,
  formatDate,
  formatDateTime,
  formatTime,
  maxTimeUs,
  readDateTime,
  readTime,
  roundDateTime,
  roundTimeUs,
  timeOfNumber,
} from '../../value/temporal.ts';
import { formatDouble, formatFloat } from '../../value/text-form.ts';
import { localOfUs, localTextToUtc, utcTextToLocal } from '../../value/time-zone.ts';
import { toNumber } from '../translate/bind-convert.ts';
import { addSpan, negated, spanOf } from './date-arithmetic.ts';
import {
  define,
  type FunctionDefinition,
  type Given,
  integer,
  many,
  num,
  returns,
  type SqlValue,
  str,
} from './definition.ts';
import { documentOf } from './json-functions.ts';
import { isObject } from './json-path.ts';
import { likeMatch, regexpMatch } from './pattern.ts';
import { storeForPlan } from './store-function.ts';

/** A function the translator writes; its SQLite name is `my_` and the name. */
function internal(
  name: string,
  arity: readonly [number, number],
  run: NonNullable<FunctionDefinition['run']>,
  more: Partial<FunctionDefinition> = {},
): FunctionDefinition {
  return define(name, arity, ['raw'], returns.bigint, run, more);
}

const maxInt64 = 9223372036854775807n;

function outOfRange(kind: string, text: SqlValue): never {
  throw fault('ER_DATA_OUT_OF_RANGE', kind, str(text));
}

/** Decimal of an operand of exact arithmetic: texts are exact, numbers are what they print as. */
function exact(value: Given): Decimal {
  return typeof value === 'number' || typeof value === 'bigint' ? decimalOf(value) : readDecimal(str(value)).value;
}

function decimalArithmetic([operator, left, right, scaleGiven]: readonly Given[]): string | null {
  const scale = num(scaleGiven);
  const [a, b] = [exact(left!), exact(right!)];
  const sign = str(operator);
  if (sign === '*')
    return formatDecimal(rescale({ unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale }, scale));
  if (sign === '/') {
    if (b.unscaled === 0n) return null;
    const unscaled = divideRounded(a.unscaled * pow10(b.scale + scale), b.unscaled * pow10(a.scale));
    return formatDecimal({ unscaled, scale });
  }
  const wide = Math.max(a.scale, b.scale);
  const [x, y] = [rescale(a, wide).unscaled, rescale(b, wide).unscaled];
  return formatDecimal(rescale({ unscaled: sign === '+' ? x + y : x - y, scale: wide }, scale));
}

function modulo([a, b, scaleGiven]: readonly Given[]): SqlValue {
  if (num(b) === 0) return null;
  const scale = num(scaleGiven);
  if (scale < 0) return num(a) % num(b);
  const wide = Math.max(decimalOf(a as number).scale, decimalOf(b as number).scale);
  const unscaled = rescale(decimalOf(a as number), wide).unscaled % rescale(decimalOf(b as number), wide).unscaled;
  return Number(decimalToNumber({ unscaled, scale: wide }));
}

function intDivide([a, b]: readonly Given[]): SqlValue {
  const [x, y] = [decimalOf(a as number), decimalOf(b as number)];
  if (y.unscaled === 0n) return null;
  const quotient = (x.unscaled * pow10(y.scale)) / (y.unscaled * pow10(x.scale));
  if (quotient > maxInt64 || quotient < -maxInt64 - 1n) outOfRange('BIGINT', 'DIV');
  return quotient;
}

/** Integers of which one may be 64 unsigned bits; the result is such bits. */
function unsignedMath([operator, left, leftBits, right, rightBits, text]: readonly Given[]): SqlValue {
  const side = (value: Given, bits: Given) => (bits ? BigInt.asUintN(64, value as bigint) : (value as bigint));
  const [a, b] = [side(left!, leftBits!), side(right!, rightBits!)];
  const sign = str(operator);
  if ((sign === 'DIV' || sign === '%') && b === 0n) return null;
  const result = sign === '+' ? a + b : sign === '-' ? a - b : sign === '*' ? a * b : sign === '%' ? a % b : a / b;
  if (result < 0n || result >= 1n << 64n) outOfRange('BIGINT UNSIGNED', text!);
  return BigInt.asIntN(64, result);
}

/** Doubles round half to even, as the C library does. */
function roundDouble(value: number, digits: number): number {
  const power = 10 ** Math.abs(digits);
  const moved = digits < 0 ? value / power : value * power;
  if (!Number.isFinite(moved)) return value;
  const floor = Math.floor(moved);
  const rest = moved - floor;
  const whole = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return digits < 0 ? whole * power : whole / power;
}

function toInteger(value: Given): bigint {
  if (typeof value === 'bigint') return value;
  const whole = rescale(decimalOf(num(value)), 0).unscaled;
  return whole > maxInt64 ? maxInt64 : whole < -maxInt64 - 1n ? -maxInt64 - 1n : whole;
}

function toBits(value: Given): bigint {
  if (typeof value === 'bigint') return value;
  const whole = rescale(decimalOf(num(value)), 0).unscaled;
  return BigInt.asIntN(
    64,
    whole > (1n << 64n) - 1n ? (1n << 64n) - 1n : whole < 0n && whole < -maxInt64 - 1n ? -maxInt64 - 1n : whole,
  );
}

/** Reads texts and numbers as a moment: date text for dates, datetime text with the digits given otherwise. */
function readMoment(
  value: Given,
): { readonly value: DateTime; readonly date: boolean; readonly digits: number } | null {
  const number = typeof value === 'number' || typeof value === 'bigint';
  const read = number ? dateTimeOfNumber(value) : readDateTime(str(value));
  if (!read) return null;
  const digits = read.value.micro === 0 ? 0 : 6 - /0*$/.exec(String(read.value.micro).padStart(6, '0'))![0].length;
  return { value: read.value, date: read.date, digits };
}

function toDateTime(value: Given): string | null {
  const read = readMoment(value);
  if (!read) return null;
  return read.date ? formatDate(read.value) : formatDateTime(read.value, read.digits);
}

/** A text compared with a column: padded like the column so that texts sort as moments; -1 stands for a date. */
function toMoment([value, scaleGiven]: readonly Given[]): string {
  const read = readMoment(value!);
  if (!read) return str(value);
  const scale = num(scaleGiven);
  if (scale < 0 && dayAndUs(read.value).us === 0) return formatDate(read.value);
  return formatDateTime(read.value, Math.max(scale, read.digits));
}

function datetimeNumber(text: string): SqlValue {
  const read = readDateTime(text);
  if (!read) return 0n;
  const digits = text.replace(/\D/g, '');
  if (read.date) return BigInt(digits);
  const whole = BigInt(digits.slice(0, 14));
  return read.value.micro === 0 ? whole : Number(whole) + read.value.micro / 1e6;
}

function timeNumber(us: number): SqlValue {
  const size = Math.floor(Math.abs(us) / 1e6);
  const whole = Math.floor(size / 3600) * 10000 + (Math.floor(size / 60) % 60) * 100 + (size % 60);
  const micro = Math.abs(us) % 1e6;
  const sign = us < 0 ? -1 : 1;
  return micro === 0 ? BigInt(sign * whole) : sign * (whole + micro / 1e6);
}

function toTime(value: Given): SqlValue {
  const read = typeof value === 'number' || typeof value === 'bigint' ? timeOfNumber(value) : readTime(str(value));
  return read === null ? null : BigInt(read.us);
}

/** DATE_ADD: a date stays a date under days and months; `scale` digits otherwise. */
function dateAdd([value, amount, unit, minus, scaleGiven]: readonly Given[]): SqlValue {
  const read = readMoment(value!);
  const span = spanOf(amount instanceof Uint8Array ? str(amount) : amount!, str(unit));
  if (!read || !span) return null;
  const moved = addSpan(read.value, num(minus) ? negated(span) : span);
  if (!moved) return null;
  const scale = num(scaleGiven);
  if (scale === -1 || (scale < -1 && read.date && /^(DAY|WEEK|MONTH|QUARTER|YEAR|YEAR_MONTH)$/.test(str(unit))))
    return formatDate(moved);
  return formatDateTime(moved, scale >= 0 ? scale : moved.micro === 0 ? 0 : 6);
}

function timeAdd([us, amount, unit, minus]: readonly Given[]): SqlValue {
  const span = spanOf(amount instanceof Uint8Array ? str(amount) : amount!, str(unit));
  if (span?.months !== 0) return null;
  const moved = num(us) + (num(minus) ? -span.us : span.us);
  return Math.abs(moved) > maxTimeUs ? null : BigInt(moved);
}

/** ADDTIME and SUBTIME on a moment. */
function addClock([value, us, minus]: readonly Given[]): SqlValue {
  if (typeof value === 'string' && /^\s*-?(\d+ )?\d+:\d+(:|$)/.test(value)) {
    const time = readTime(value);
    const moved = time && time.us + (num(minus) ? -num(us) : num(us));
    return moved === null ? null : formatTime(moved, moved % 1e6 === 0 ? 0 : 6);
  }
  const read = readMoment(value!);
  if (!read) return null;
  const moved = addSpan(read.value, { months: 0, us: num(minus) ? -num(us) : num(us) });
  return moved && formatDateTime(moved, moved.micro === 0 ? 0 : 6);
}

/** A JSON document as the SQL value it is when it is no array or object. */
function jsonScalar(text: string): SqlValue {
  const value = parseJson(text);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (isArray(value) || isObject(value)) return text;
  return value as string | number | bigint;
}

const unsignedText = (value: bigint): string => BigInt.asUintN(64, value).toString();

export const internalFunctions: readonly FunctionDefinition[] = [
  internal('check_integer', [2, 2], ([value, text]) =>
    typeof value === 'number' ? outOfRange('BIGINT', text!) : value!,
  ),
  internal('check_unsigned', [2, 2], ([value, text]) =>
    typeof value === 'number' || (value as bigint) < 0n ? outOfRange('BIGINT UNSIGNED', text!) : value!,
  ),
  internal('unsigned_math', [6, 6], unsignedMath),
  internal('hex_number', [1, 1], ([value]) =>
    BigInt.asUintN(64, value as bigint)
      .toString(16)
      .toUpperCase(),
  ),
  internal('round_double', [2, 2], ([value, digits]) => roundDouble(num(value), num(digits))),
  internal('check_double', [2, 2], ([value, text]) =>
    Number.isFinite(num(value)) ? num(value) : outOfRange('DOUBLE', text!),
  ),
  internal('divisor', [1, 1], ([value]) => {
    if (num(value) === 0) throw fault('ER_DIVISION_BY_ZERO');
    return value!;
  }),
  internal('decimal', [4, 4], decimalArithmetic),
  internal('mod', [3, 3], modulo),
  internal('int_div', [2, 2], intDivide),
  internal('decimal_text', [2, 2], ([value, scale]) => decimalText(value as number | bigint | string, num(scale))),
  internal('double_text', [1, 1], ([value]) => formatDouble(num(value))),
  internal('float_text', [1, 1], ([value]) => formatFloat(num(value))),
  internal('number', [1, 1], ([value]) => toNumber(value instanceof Uint8Array ? str(value) : value!)),
  internal('integer', [1, 1], ([value]) => toInteger(value!)),
  internal('integer_even', [1, 1], ([value]) => toInteger(typeof value === 'number' ? roundDouble(value, 0) : value!)),
  internal('bits', [1, 1], ([value]) => toBits(value!)),
  internal('shift_left', [2, 2], ([value, by]) =>
    num(by) < 0 || num(by) > 63 ? 0n : BigInt.asIntN(64, (value as bigint) << (by as bigint)),
  ),
  internal('shift_right', [2, 2], ([value, by]) =>
    num(by) < 0 || num(by) > 63 ? 0n : BigInt.asIntN(64, BigInt.asUintN(64, value as bigint) >> (by as bigint)),
  ),
  internal('xor_bits', [2, 2], ([a, b]) => (a as bigint) ^ (b as bigint)),
  internal('unsigned_text', [1, 1], ([value]) => ((value as bigint) < 0n ? unsignedText(value as bigint) : value!)),
  internal('unsigned_number', [1, 1], ([value]) =>
    (value as bigint) < 0n ? Number(BigInt.asUintN(64, value as bigint)) : value!,
  ),
  internal('local', [1, 1], ([value], context) => utcTextToLocal(context.timeZone, str(value))),
  internal('utc', [1, 1], ([value], context) => localTextToUtc(context.timeZone, str(value))),
  internal('time_text', [2, 2], ([us, scale]) => formatTime(num(us), num(scale))),
  internal('to_datetime', [1, 1], ([value]) => toDateTime(value!)),
  internal('to_moment', [2, 2], toMoment),
  internal('to_time', [1, 1], ([value]) => toTime(value!)),
  internal('time_datetime', [1, 1], ([us], context) => {
    const today = localOfUs(context.timeZone, context.nowUs)!;
    const moved = addSpan({ ...today, hour: 0, minute: 0, second: 0, micro: 0 }, { months: 0, us: num(us) });
    return moved && formatDateTime(moved, num(us) % 1e6 === 0 ? 0 : 6);
  }),
  internal('datetime_number', [1, 1], ([value]) => datetimeNumber(str(value))),
  internal('time_number', [1, 1], ([us]) => timeNumber(num(us))),
  internal('date_add', [5, 5], dateAdd),
  internal('time_add', [4, 4], timeAdd),
  internal('add_clock', [3, 3], addClock),
  internal('enum_number', [2, 2], ([value, members]) => str(members).split(',').indexOf(str(value)) + 1, integer),
  internal('set_number', [2, 2], ([value, members]) => {
    const list = str(members).split(',');
    return str(value)
      .split(',')
      .reduce((bits, member) => (member === '' ? bits : bits | (1n << BigInt(list.indexOf(member)))), 0n);
  }),
  internal('json_scalar', [1, 1], ([value]) => jsonScalar(str(value))),
  internal('json_mark', [1, 1], ([value]) => `\u0001${str(value)}`, {
    runNulls: ([value]) => (value === null ? '\u0001null' : `\u0001${str(value)}`),
  }),
  internal('json_boolean', [1, 1], ([value]) => (num(value) ? '\u0001true' : '\u0001false')),
  internal('like', [3, 3], ([value, pattern, sign]) => likeMatch(value!, pattern!, str(sign))),
  internal('regexp', [3, 3], ([value, pattern, sensitive]) =>
    regexpMatch(str(value), str(pattern), num(sensitive) !== 0),
  ),
  internal(
    'more_than_one',
    [0, 0],
    () => {
      throw fault('ER_SUBQUERY_NO_1_ROW');
    },
    { volatile: true },
  ),
  internal('touch', [2, 2], ([, value]) => value!, {
    runNulls: ([changed, value], context) => {
      context.touch?.(changed !== null && num(changed) !== 0);
      return value ?? null;
    },
    volatile: true,
  }),
  internal('store', [3, many], ([value]) => value!, { runNulls: storeForPlan }),
  internal('fixed', [2, 2], ([value, length]) => cut(value!, num(length))),
  internal('zerofill', [2, 2], ([value, width]) => str(value).padStart(num(width), '0')),
  internal('fixed_bytes', [3, 3], ([value, length, fill]) => {
    const bytes = new Uint8Array(num(fill) ? num(length) : Math.min(num(length), (value as Uint8Array).length));
    bytes.set((value as Uint8Array).subarray(0, num(length)));
    return bytes;
  }),
  internal('char_bytes', [1, many], charBytes, { runNulls: (args) => charBytes(args.filter((arg) => arg !== null)) }),
  internal('join', [2, 2], ([list, separator]) => {
    const items = JSON.parse(str(list)) as readonly string[];
    return items.length === 0 ? null : items.join(str(separator));
  }),
  internal('cast_integer', [1, 1], ([value]) => castInteger(value!)),
  internal('cast_decimal', [3, 3], (args) => Number(decimalToNumber(castDecimal(args)))),
  internal('cast_decimal_text', [3, 3], (args) => formatDecimal(castDecimal(args))),
  internal('cast_date', [1, 1], ([value]) => {
    const read = readMoment(value!);
    return read && formatDate(read.value);
  }),
  internal('cast_datetime', [2, 2], ([value, scale]) => {
    const read = readMoment(value!);
    const rounded = read && roundDateTime(read.value, num(scale));
    return rounded && formatDateTime(rounded, num(scale));
  }),
  internal('cast_time', [2, 2], ([us, scale]) => roundTimeUs(num(us), num(scale)), integer),
  internal(
    'cast_year',
    [1, 1],
    ([value]) => {
      const year = Math.trunc(num(value));
      if (year >= 1901 && year <= 2155) return year;
      return year > 0 && year < 100 ? year + (year < 70 ? 2000 : 1900) : year === 0 ? 0 : null;
    },
    integer,
  ),
  internal('cast_json', [1, 1], ([value]) => formatJson(documentOf(value!, 1, 'cast_as_json'))),
  internal('json_string', [1, 1], ([value]) => JSON.stringify(str(value))),
  internal('extract', [2, 2], ([unit, value]) => extractCompound(str(unit), str(value)), integer),
  internal('current_local', [1, 1], ([scale], context) =>
    formatDateTime(localOfUs(context.timeZone, context.nowUs)!, num(scale)),
  ),
  internal('current_utc', [1, 1], ([scale], context) => formatDateTime(localOfUs('UTC', context.nowUs)!, num(scale))),
];

function charBytes(args: readonly SqlValue[]): Uint8Array {
  const bytes = args.flatMap((arg) => {
    const code = BigInt.asUintN(32, BigInt(arg as bigint));
    const digits = code.toString(16);
    return [...Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex')];
  });
  return Uint8Array.from(bytes);
}

/** Texts lose their fraction, numbers round. */
function castInteger(value: Given): bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return toInteger(value);
  const text = /^\s*([+-]?\d+)/.exec(str(value))?.[1];
  return text === undefined ? 0n : toInteger(BigInt(text));
}

function castDecimal([value, precision, scaleGiven]: readonly Given[]): Decimal {
  const scale = num(scaleGiven);
  const limit = pow10(num(precision));
  const decimal = rescale(exact(value!), scale);
  if (decimal.unscaled >= limit) return { unscaled: limit - 1n, scale };
  return decimal.unscaled <= -limit ? { unscaled: 1n - limit, scale } : decimal;
}

/** EXTRACT of compound units: the parts written behind each other as one number. */
function extractCompound(unit: string, text: string): number | null {
  const time = /^-?\d+:\d\d:\d\d/.test(text) ? readTime(text) : null;
  const moment = time ? null : readMoment(text);
  if (!time && !moment) return null;
  const us = time ? Math.abs(time.us) : dayAndUs(moment!.value).us;
  const [from, to] = unit.split('_') as [string, string];
  if (unit === 'YEAR_MONTH') return moment ? moment.value.year * 100 + moment.value.month : null;
  const order = ['DAY', 'HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'];
  const day = moment?.value.day ?? 0;
  const hours = Math.floor(us / 3.6e9);
  const parts = [
    day,
    from === 'DAY' && time ? hours % 24 : hours,
    Math.floor(us / 6e7) % 60,
    Math.floor(us / 1e6) % 60,
    us % 1e6,
  ];
  let number = 0;
  for (let at = order.indexOf(from); at <= order.indexOf(to); at++)
    number = number * (order[at] === 'MICROSECOND' ? 1e6 : 100) + parts[at]!;
  return time && time.us < 0 ? -number : number;
}

/** CAST(… AS CHAR(n)) and BINARY(n). */
function cut(value: Given, length: number): SqlValue {
  if (!(value instanceof Uint8Array)) return [...str(value)].slice(0, length).join('');
  const bytes = new Uint8Array(length);
  bytes.set(value.subarray(0, length));
  return bytes;
}
