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
  truncateDecimal,
} from '../../value/decimal.ts';
import { decimalKey, decimalOfKey } from '../../value/decimal-key.ts';
import { formatDouble, formatFloat } from '../../value/text-form.ts';
import { besideUnsigned, maxUnsigned, unsignedCell, unsignedOfBytes } from '../../value/unsigned.ts';
import { leadingInteger, toNumber } from '../translate/bind-convert.ts';
import { type FunctionDefinition, type Given, internal, num, type SqlValue, str } from './definition.ts';

const maxInt64 = 9223372036854775807n;

function outOfRange(kind: string, text: SqlValue): never {
  throw fault('ER_DATA_OUT_OF_RANGE', kind, str(text));
}

/** Decimal of an operand of exact arithmetic: texts are exact, numbers are what they print as, bytes are unsigned integers. */
export function exact(value: Given): Decimal {
  if (value instanceof Uint8Array) return { unscaled: unsignedOfBytes(value), scale: 0 };
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
  const [x, y] = [exact(a!), exact(b!)];
  const places = Math.max(x.scale, y.scale);
  const unscaled = rescale(x, places).unscaled % rescale(y, places).unscaled;
  return places === 0 ? wide(unscaled) : Number(decimalToNumber({ unscaled, scale: places }));
}

function intDivide([a, b]: readonly Given[]): SqlValue {
  const [x, y] = [exact(a!), exact(b!)];
  if (y.unscaled === 0n) return null;
  const quotient = (x.unscaled * pow10(y.scale)) / (y.unscaled * pow10(x.scale));
  if (quotient > maxInt64 || quotient < -maxInt64 - 1n) outOfRange('BIGINT', 'DIV');
  return quotient;
}

/** Integers, unsigned ones as they are stored; the result is such a one when `unsigned` says so. */
function integerMath([operator, left, right, unsigned, text]: readonly Given[]): SqlValue {
  const [a, b] = [wholeOf(left!), wholeOf(right!)];
  const sign = str(operator);
  if ((sign === 'DIV' || sign === '%') && b === 0n) return null;
  const result = sign === '+' ? a + b : sign === '-' ? a - b : sign === '*' ? a * b : sign === '%' ? a % b : a / b;
  if (unsigned === 0n) return BigInt.asIntN(64, result) === result ? result : outOfRange('BIGINT', text!);
  return result < 0n || result > maxUnsigned ? outOfRange('BIGINT UNSIGNED', text!) : unsignedCell(result);
}

function wholeOf(value: Given): bigint {
  return typeof value === 'bigint' ? value : rescale(exact(value), 0).unscaled;
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

const within64 = (value: bigint): bigint =>
  value > maxInt64 ? maxInt64 : value < -maxInt64 - 1n ? -maxInt64 - 1n : value;

function toInteger(value: Given): bigint {
  if (typeof value === 'bigint') return value;
  const whole = rescale(decimalOf(num(value)), 0).unscaled;
  return within64(whole);
}

function toBits(value: Given): bigint {
  if (typeof value === 'bigint') return value;
  const whole = rescale(decimalOf(num(value)), 0).unscaled;
  return BigInt.asIntN(
    64,
    whole > (1n << 64n) - 1n ? (1n << 64n) - 1n : whole < 0n && whole < -maxInt64 - 1n ? -maxInt64 - 1n : whole,
  );
}

/** A sum whose smaller values are given in units of the last place, the others as a decimal; null without any. */
function total([units, others, scaleGiven]: readonly SqlValue[]): string | null {
  if ((units ?? null) === null && (others ?? null) === null) return null;
  const small: Decimal = { unscaled: exact(units ?? 0n).unscaled, scale: num(scaleGiven!) };
  const large = (others ?? null) === null ? { unscaled: 0n, scale: 0 } : exact(others as Given);
  const scale = Math.max(small.scale, large.scale);
  return formatDecimal({ unscaled: rescale(small, scale).unscaled + rescale(large, scale).unscaled, scale });
}

/** An integer, as text when it has more than 64 bits. */
export const wide = (value: bigint): bigint | string => (BigInt.asIntN(64, value) === value ? value : String(value));

/** A stored unsigned integer as something else; what is no bytes stays as it is. */
const ofBytes =
  (form: (value: bigint) => SqlValue) =>
  ([value]: readonly Given[]): SqlValue =>
    value instanceof Uint8Array ? form(unsignedOfBytes(value)) : value!;

/** Texts lose their fraction, numbers round. */
function castInteger(value: Given): bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return toInteger(value);
  const text = /^\s*([+-]?\d+)/.exec(str(value))?.[1];
  if (text === undefined) return 0n;
  const whole = BigInt(text);
  return whole > maxInt64 ? maxInt64 : whole < -maxInt64 - 1n ? -maxInt64 - 1n : whole;
}

/** As `castInteger`, to 64 unsigned bits. */
function castUnsigned(value: Given): bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return toBits(value);
  const whole = BigInt(/^\s*([+-]?\d+)/.exec(str(value))?.[1] ?? '0');
  const most = (1n << 64n) - 1n;
  return BigInt.asIntN(64, whole > most ? most : whole < -maxInt64 - 1n ? -maxInt64 - 1n : whole);
}

function castDecimal([value, precision, scaleGiven]: readonly Given[]): Decimal {
  const scale = num(scaleGiven);
  const limit = pow10(num(precision));
  const decimal = rescale(exact(value!), scale);
  if (decimal.unscaled >= limit) return { unscaled: limit - 1n, scale };
  return decimal.unscaled <= -limit ? { unscaled: 1n - limit, scale } : decimal;
}

/** Checks, exact arithmetic and bits. */
export const internalNumberFunctions: readonly FunctionDefinition[] = [
  internal('check_integer', [2, 2], ([value, text]) =>
    typeof value === 'number' ? outOfRange('BIGINT', text!) : value!,
  ),
  internal('check_unsigned', [2, 2], ([value, text]) =>
    typeof value === 'number' || (value as bigint) < 0n ? outOfRange('BIGINT UNSIGNED', text!) : value!,
  ),
  internal('integer_math', [5, 5], integerMath),
  internal('hex_number', [1, 1], ([value]) =>
    BigInt.asUintN(64, value as bigint)
      .toString(16)
      .toUpperCase(),
  ),
  internal('round_double', [2, 2], ([value, digits]) => roundDouble(num(value), num(digits))),
  internal('check_double', [2, 2], ([value, text]) =>
    Number.isFinite(num(value)) ? num(value) : outOfRange('DOUBLE', text!),
  ),
  // Volatile: SQLite looks at conditions of constants before it looks for rows, and only a row may fail.
  internal(
    'divisor',
    [1, 2],
    ([value]) => {
      if (num(value) === 0) throw fault('ER_DIVISION_BY_ZERO');
      return value!;
    },
    { volatile: true },
  ),
  internal('decimal', [4, 4], decimalArithmetic),
  internal('mod', [3, 3], modulo),
  internal('int_div', [2, 2], intDivide),
  internal('beside', [1, 1], ([value]) => (typeof value === 'bigint' ? value : besideUnsigned(exact(value!)))),
  internal('decimal_key', [1, 1], ([value]) => decimalKey(exact(value!))),
  internal('from_key', [1, 1], ([key]) => {
    const value = decimalOfKey(str(key));
    return value.scale === 0 ? wide(value.unscaled) : formatDecimal(value);
  }),
  internal('halves', [2, 2], ([upper, lower]) => wide(((upper as bigint) << 32n) + (lower as bigint))),
  internal('total', [3, 3], ([units]) => units!, { runNulls: total }),
  internal('round_text', [3, 3], ([value, digits, cut]) => {
    const places = Math.max(-30, Math.min(30, num(digits)));
    const given = exact(value!);
    if (num(cut)) return formatDecimal(truncateDecimal(given, places));
    if (places >= 0) return formatDecimal(rescale(given, places));
    const tens = rescale({ unscaled: given.unscaled, scale: given.scale - places }, 0);
    return String(tens.unscaled * pow10(-places));
  }),
  internal('decimal_text', [2, 2], ([value, scale]) =>
    decimalText(value instanceof Uint8Array ? unsignedOfBytes(value) : value!, num(scale)),
  ),
  internal('double_text', [1, 1], ([value]) => formatDouble(num(value))),
  internal('float_text', [1, 1], ([value]) => formatFloat(num(value))),
  internal('number', [1, 1], ([value]) => toNumber(value instanceof Uint8Array ? str(value) : value!)),
  internal('integer_text', [1, 1], ([value]) => within64(leadingInteger(str(value)))),
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
  internal('unsigned', [1, 1], ([bits]) => unsignedCell(BigInt.asUintN(64, bits as bigint))),
  internal('unsigned_near', [1, 1], ([value]) => {
    const whole = rescale(exact(value!), 0).unscaled;
    return unsignedCell(whole < 0n ? 0n : whole > maxUnsigned ? maxUnsigned : whole);
  }),
  internal('unsigned_text', [1, 1], ofBytes(String)),
  internal('unsigned_number', [1, 1], ofBytes(Number)),
  internal(
    'unsigned_bits',
    [1, 1],
    ofBytes((value) => BigInt.asIntN(64, value)),
  ),
  internal('cast_integer', [1, 1], ([value]) => castInteger(value!)),
  internal('cast_unsigned', [1, 1], ([value]) => castUnsigned(value!)),
  internal('cast_decimal', [3, 3], (args) => Number(decimalToNumber(castDecimal(args)))),
  internal('cast_decimal_text', [3, 3], (args) => formatDecimal(castDecimal(args))),
];
