import { fault } from '../base/errors.ts';
import { bytesOfText } from './charset.ts';
import { integerRange } from './column-storage.ts';
import type { Cell, ColumnType } from './column-type.ts';
import { type Decimal, decimalOf, decimalToNumber, pow10, readDecimal, rescale, significantDigits } from './decimal.ts';
import { complain, incorrect, outOfRange, refuse, type StoreTarget, truncated } from './store-target.ts';
import { unsignedCell } from './unsigned.ts';

export type Given = number | bigint | string | Uint8Array;
export type Store = (value: Given, target: StoreTarget) => Cell;

const text = new TextDecoder();

/** The decimal a given value stands for, after complaints about texts that are not numbers. */
function numberOf(value: Given, kind: string, target: StoreTarget): Decimal {
  if (typeof value === 'bigint') return { unscaled: value, scale: 0 };
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw outOfRange(target);
    return decimalOf(value);
  }
  const given = typeof value === 'string' ? value : text.decode(value);
  const read = readDecimal(given);
  if (read.empty) complain(target, incorrect(target, kind, given));
  else if (read.rest !== '') complain(target, truncated(target));
  return read.value;
}

/** Integers: fractions round half away from zero, the range of the type is kept. */
export function storeInteger(type: ColumnType): Store {
  const { low, high } = integerRange(type);
  const lowNumber = Number(low);
  const highNumber = Number(high);
  const fits = high > 9007199254740991n ? 9007199254740991 : highNumber;
  const least = low < -9007199254740991n ? -9007199254740991 : lowNumber;
  return (value, target) => {
    if (typeof value === 'number' && Number.isInteger(value) && value <= fits && value >= least) return value;
    const given = typeof value === 'number' ? evenHalf(value) : value;
    const whole = rescale(numberOf(given, 'integer', target), 0).unscaled;
    if (whole < low || whole > high) {
      complain(target, outOfRange(target));
      return keep(whole < low ? low : high);
    }
    return keep(whole);
  };
}

/** Doubles go to the even neighbour when they lie between two integers; decimals come as texts and round up. */
function evenHalf(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? (floor % 2 === 0 ? floor : floor + 1) : value;
}

function keep(value: bigint): Cell {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : unsignedCell(value);
}

/** Decimals: rounded half away from zero to the scale of the column; more digits than can be kept exactly are refused. */
export function storeDecimal(type: ColumnType): Store {
  const scale = type.scale ?? 0;
  const limit = pow10(type.precision ?? 10);
  return (value, target) => {
    let decimal = rescale(numberOf(value, 'decimal', target), scale);
    if (type.unsigned && decimal.unscaled < 0n) {
      complain(target, outOfRange(target));
      decimal = { unscaled: 0n, scale };
    }
    if (decimal.unscaled >= limit || decimal.unscaled <= -limit) {
      complain(target, outOfRange(target));
      decimal = { unscaled: decimal.unscaled < 0n ? 1n - limit : limit - 1n, scale };
    }
    return keepDecimal(decimal, target);
  };
}

function keepDecimal(decimal: Decimal, target: StoreTarget): number | bigint {
  const integral = decimal.unscaled % pow10(decimal.scale) === 0n;
  const digits = significantDigits(decimal);
  if (integral) {
    const whole = decimal.unscaled / pow10(decimal.scale);
    if (whole > 999999999999999999n || whole < -999999999999999999n)
      throw refuse(target, 'decimal value of more than 18 digits');
  } else if (digits > 15) throw refuse(target, 'decimal value with a fraction and more than 15 significant digits');
  return decimalToNumber(decimal);
}

/** The largest number of 32 bits. */
const floatMax = 3.4028234663852886e38;

/** FLOAT and DOUBLE; FLOAT is rounded to 32 bits, FLOAT(m,d) and DOUBLE(m,d) to d digits. */
export function storeDouble(type: ColumnType): Store {
  const limit = type.precision === undefined ? Infinity : 10 ** (type.precision - (type.scale ?? 0));
  return (value, target) => {
    let number = typeof value === 'number' ? value : doubleOf(value, target);
    if (type.precision !== undefined && Number.isFinite(number)) number = cutTo(number, type.scale ?? 0);
    const single = type.name === 'float' ? Math.fround(number) : number;
    if (
      !Number.isFinite(single) ||
      Math.abs(number) >= limit ||
      (type.name === 'float' && Math.abs(number) > floatMax)
    ) {
      complain(target, outOfRange(target));
      return Math.sign(number) * Math.min(limit, type.name === 'float' ? floatMax : Number.MAX_VALUE);
    }
    if (type.unsigned && single < 0) {
      complain(target, outOfRange(target));
      return 0;
    }
    return single;
  };
}

/** Rounded as the kernel does it: the part behind the point as a binary fraction, halves to even. */
function cutTo(number: number, scale: number): number {
  const power = 10 ** scale;
  const floor = Math.floor(number);
  const moved = (number - floor) * power;
  const below = Math.floor(moved);
  const rest = moved - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return floor + (up ? below + 1 : below) / power;
}

function doubleOf(value: Exclude<Given, number>, target: StoreTarget): number {
  if (typeof value === 'bigint') return Number(value);
  const given = typeof value === 'string' ? value : text.decode(value);
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([\s\S]*)$/.exec(given);
  if (!match || match[2]!.trim() !== '') complain(target, truncated(target));
  return match ? Number(match[1]) : 0;
}

/** BIT(n): numbers as they are, texts and bytes as big-endian bytes. */
export function storeBit(type: ColumnType): Store {
  const bits = BigInt(type.length ?? 1);
  return (value, target) => {
    let number: bigint;
    if (typeof value === 'string' || value instanceof Uint8Array) {
      const bytes: Uint8Array = typeof value === 'string' ? bytesOfText(value) : value;
      number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    } else number = rescale(decimalOf(value), 0).unscaled;
    if (number < 0n || number >= 1n << bits) {
      complain(target, number < 0n ? outOfRange(target) : tooLong(target));
      number = (1n << bits) - 1n;
    }
    return keep(number);
  };
}

function tooLong(target: StoreTarget) {
  return fault('ER_DATA_TOO_LONG', target.column, target.row);
}

/** YEAR: 0, 1901 to 2155; one and two digits mean 1970 to 2069, the text '0' means 2000. */
export function storeYear(): Store {
  return (value, target) => {
    let year = Number(rescale(numberOf(value, 'integer', target), 0).unscaled);
    const short = typeof value !== 'string' || value.trim().length <= 2;
    if (short && year >= 1 && year <= 69) year += 2000;
    else if (short && year >= 70 && year <= 99) year += 1900;
    else if (typeof value === 'string' && year === 0 && value.trim().length < 4) year = 2000;
    if (year === 0 || (year >= 1901 && year <= 2155)) return year;
    complain(target, outOfRange(target));
    return 0;
  };
}
