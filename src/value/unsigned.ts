import type { Cell, ColumnType } from './column-type.ts';
import { type Decimal, formatDecimal, pow10 } from './decimal.ts';

/**
 * 64 unsigned bits as SQLite keeps them: up to 2^63 - 1 an INTEGER, beyond it a BLOB of the eight bytes, highest first. SQLite
 * sorts BLOBs behind all numbers and byte by byte, so that comparisons, indexes, MIN and MAX are its own.
 */

const maxInt64 = (1n << 63n) - 1n;

export const maxUnsigned = (1n << 64n) - 1n;

/** True for types whose values may pass 2^63 - 1: BIGINT UNSIGNED and BIT(64). */
export function isUnsigned64(type: ColumnType): boolean {
  return type.name === 'bigint' ? type.unsigned === true : type.name === 'bit' && (type.length ?? 1) > 63;
}

/** The stored form of a whole number up to 2^64 - 1. */
export function unsignedCell(value: bigint): bigint | Uint8Array {
  return value > maxInt64 ? eightBytes(value) : value;
}

/** The number of the bytes of a stored form. */
export function unsignedOfBytes(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0);
}

/** The number itself where a cell holds the bytes of one. */
export function plainInteger(type: ColumnType, cell: Cell): Cell {
  return cell instanceof Uint8Array && isUnsigned64(type) ? unsignedOfBytes(cell) : cell;
}

/**
 * Any number in a form that compares rightly with stored ones: what lies between two of them, or beyond all, gets a ninth
 * byte.
 */
export function besideUnsigned({ unscaled, scale }: Decimal): bigint | number | Uint8Array {
  const unit = pow10(scale);
  const whole = unscaled / unit;
  const between = whole * unit !== unscaled;
  if (whole > maxUnsigned) return nineBytes(maxUnsigned);
  if (whole > maxInt64) return between ? nineBytes(whole) : eightBytes(whole);
  if (between) return Number(formatDecimal({ unscaled, scale }));
  // What is below all of them stays so when it becomes a REAL.
  return whole < -maxInt64 - 1n ? Number(whole) * 1.000_000_000_000_001 : whole;
}

function eightBytes(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

function nineBytes(value: bigint): Uint8Array {
  return Buffer.concat([eightBytes(value), Buffer.of(0x80)]);
}
