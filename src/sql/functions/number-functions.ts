import { crc32 } from 'node:zlib';
import { fault, faultText } from '../../base/errors.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { decimalOf, decimalToNumber, pow10, rescale, truncateDecimal } from '../../value/decimal.ts';
import { sql } from '../translate/fragment.ts';
import { doubleAmong, doubleOf } from '../translate/typed.ts';
import {
  type ArgumentInfo,
  bytes,
  define,
  type FunctionDefinition,
  type Given,
  integer,
  many,
  native,
  num,
  returns,
  type SqlValue,
  str,
  types,
} from './definition.ts';

const isDouble = (type: ColumnType) => type.name === 'double' || type.name === 'float';
const isText = (type: ColumnType) => /char|text|blob|binary|enum|set|json/.test(type.name);

/** Result of ROUND and TRUNCATE: the scale asked for. */
function roundedType(args: readonly ArgumentInfo[]): ColumnType {
  const [value, digits] = args;
  const type = numberOf(value!.type);
  if (isDouble(type) || isText(type)) return types.double;
  if (type.name !== 'decimal') return type.unsigned ? types.unsigned : types.bigint;
  const wanted = digits === undefined ? 0 : Number(digits.constant ?? Number.NaN);
  if (Number.isNaN(wanted)) return type;
  const scale = Math.max(0, Math.min(wanted, 30));
  const whole = (type.precision ?? 10) - (type.scale ?? 0) + 1;
  return { name: 'decimal', precision: whole + scale, scale };
}

function wholeType(args: readonly ArgumentInfo[]): ColumnType {
  const { type } = args[0]!;
  return isDouble(type) || isText(type) ? doubleOf(0) : types.bigint;
}

/** Moments with a fraction are decimals among numbers. */
function numberOf(type: ColumnType): ColumnType {
  return /^(date|time)/.test(type.name) && type.scale
    ? { name: 'decimal', precision: 14 + type.scale, scale: type.scale }
    : type;
}

function sameNumber(args: readonly ArgumentInfo[]): ColumnType {
  const type = numberOf(args[0]!.type);
  if (type.name === 'decimal') return type;
  return isDouble(type) || isText(type) ? doubleAmong([type]) : type.unsigned ? types.unsigned : types.bigint;
}

/** A whole number; an integer for SQLite as long as it is a safe one. */
function whole(value: Given, cut: (value: number) => number): SqlValue {
  if (typeof value === 'bigint') return value;
  const made = cut(num(value));
  return Number.isSafeInteger(made) ? BigInt(made) : made;
}

function round(cut: boolean): NonNullable<FunctionDefinition['run']> {
  return ([value, digits]) => {
    const places = Math.max(-30, Math.min(30, digits === undefined ? 0 : num(digits)));
    if (typeof value === 'bigint' && places >= 0) return value;
    if (typeof value === 'number' && !Number.isFinite(value)) return value;
    const decimal = decimalOf(typeof value === 'bigint' ? value : num(value));
    if (cut) return back(truncateDecimal(decimal, places), value!);
    if (places >= 0) return back(rescale(decimal, Math.min(places, decimal.scale)), value!);
    const tens = rescale({ unscaled: decimal.unscaled, scale: decimal.scale - places }, 0);
    return back({ unscaled: tens.unscaled * pow10(-places), scale: 0 }, value!);
  };
}

function back(decimal: { readonly unscaled: bigint; readonly scale: number }, like: Given): SqlValue {
  const number = decimalToNumber(decimal);
  return typeof like === 'bigint' ? BigInt(number) : Number(number);
}

/** Value of a text in one base as text in another; 64 unsigned bits unless a base is negative. */
function conv([value, from, to]: readonly Given[]): string | null {
  const [source, target] = [num(from), num(to)];
  const [a, b] = [Math.abs(source), Math.abs(target)];
  if (a < 2 || a > 36 || b < 2 || b > 36) return null;
  if (str(value) === '') return null;
  const match = /^\s*(-?)([0-9a-z]*)/i.exec(str(value))!;
  let number = 0n;
  for (const letter of match[2]!) {
    const digit = Number.parseInt(letter, 36);
    if (digit >= a) break;
    number = number * BigInt(a) + BigInt(digit);
    if (number >= 1n << 64n) number = (1n << 64n) - 1n;
  }
  if (match[1] === '-') number = -number;
  const shown = target < 0 ? BigInt.asIntN(64, number) : BigInt.asUintN(64, number);
  return shown.toString(b).toUpperCase();
}

const double1 = (name: string, run: (x: number) => number): FunctionDefinition =>
  define(name, [1, 1], ['number'], returns.double, ([x]) => finite(run(num(x))));

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function power([base, exponent]: readonly Given[]): number {
  const result = num(base) ** num(exponent);
  if (!Number.isFinite(result))
    throw faultText('ER_DATA_OUT_OF_RANGE', `DOUBLE value is out of range in 'pow(${str(base)},${str(exponent)})'`);
  return result;
}

/** RAND(n) of MySQL: two linear generators seeded from the number. */
function seededRandom(seed: number): number {
  const max = 0x3fffffffn;
  const value = BigInt.asUintN(32, BigInt(Math.trunc(seed)));
  const first = BigInt.asUintN(32, value * 0x10001n + 55555555n) % max;
  const second = BigInt.asUintN(32, value * 0x10000001n) % max;
  return Number((first * 3n + second) % max) / Number(max);
}

export const numberFunctions: readonly FunctionDefinition[] = [
  native('abs', [1, 1], ['number'], sameNumber, ([x]) => sql`abs(${x!})`),
  native('sign', [1, 1], ['number'], returns.bigint, ([x]) => sql`sign(${x!})`),
  define('round', [1, 2], ['number', 'integer'], roundedType, round(false)),
  define('truncate', [2, 2], ['number', 'integer'], roundedType, round(true)),
  ...['ceil', 'ceiling'].map((name) => define(name, [1, 1], ['number'], wholeType, ([x]) => whole(x!, Math.ceil))),
  define('floor', [1, 1], ['number'], wholeType, ([x]) => whole(x!, Math.floor)),
  define('pow', [2, 2], ['number'], returns.double, power),
  define('power', [2, 2], ['number'], returns.double, power),
  double1('sqrt', (x) => (x < 0 ? Number.NaN : Math.sqrt(x))),
  define('exp', [1, 1], ['number'], returns.double, ([x]) => {
    const result = Math.exp(num(x));
    if (Number.isFinite(result)) return result;
    throw fault('ER_DATA_OUT_OF_RANGE', 'DOUBLE', `exp(${str(x)})`);
  }),
  double1('ln', (x) => (x <= 0 ? Number.NaN : Math.log(x))),
  double1('log2', (x) => (x <= 0 ? Number.NaN : Math.log(x) / Math.LN2)),
  double1('log10', (x) => (x <= 0 ? Number.NaN : Math.log10(x))),
  define('log', [1, 2], ['number'], returns.double, ([a, b]) => {
    if (b === undefined) return num(a) <= 0 ? null : Math.log(num(a));
    return num(a) <= 0 || num(a) === 1 || num(b) <= 0 ? null : Math.log(num(b)) / Math.log(num(a));
  }),
  double1('sin', Math.sin),
  double1('cos', Math.cos),
  double1('tan', Math.tan),
  double1('cot', (x) => 1 / Math.tan(x)),
  double1('asin', Math.asin),
  double1('acos', Math.acos),
  define('atan', [1, 2], ['number'], returns.double, ([a, b]) =>
    b === undefined ? Math.atan(num(a)) : Math.atan2(num(a), num(b)),
  ),
  define('atan2', [2, 2], ['number'], returns.double, ([a, b]) => Math.atan2(num(a), num(b))),
  double1('degrees', (x) => x * (180 / Math.PI)),
  double1('radians', (x) => x * (Math.PI / 180)),
  {
    name: 'pi',
    least: 0,
    most: 0,
    kinds: [],
    result: () => ({ name: 'double', precision: 8, scale: 6 }),
    run: () => Math.PI,
  },
  {
    name: 'rand',
    least: 0,
    most: 1,
    kinds: ['integer'],
    result: returns.double,
    runNulls: ([seed]) => (seed === undefined ? Math.random() : seededRandom(num(seed))),
    volatile: true,
  },
  define('crc32', [1, 1], ['text'], returns.unsigned, ([value]) => crc32(bytes(value)), integer),
  define('conv', [3, 3], ['characters', 'integer', 'integer'], returns.text(64), conv),
  define('bin', [1, 1], ['characters'], returns.text(64), ([value]) => conv([value!, 10n, 2n])),
  define('oct', [1, 1], ['characters'], returns.text(64), ([value]) => conv([value!, 10n, 8n])),
  define(
    'bit_count',
    [1, 1],
    ['bits'],
    returns.bigint,
    ([value]) =>
      BigInt.asUintN(64, value as bigint)
        .toString(2)
        .replaceAll('0', '').length,
    integer,
  ),
  {
    name: 'interval',
    least: 2,
    most: many,
    kinds: ['number'],
    result: returns.bigint,
    integer: true,
    runNulls: ([value, ...steps]) => {
      if (value === null) return -1;
      const index = steps.findIndex((step) => step !== null && num(step) > num(value));
      return index < 0 ? steps.length : index;
    },
  },
];
