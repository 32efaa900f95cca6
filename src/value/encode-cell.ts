import { fault, type ObError } from '../base/errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import { binaryCharset, type Charset } from './charset.ts';
import type { Cell, ColumnType, ResultColumn, TypeName } from './column-type.ts';
import { decimalOf, decimalText, formatDecimal } from './decimal.ts';
import { writeDate, writeDateTime, writeTime } from './encode-temporal.ts';
import type { ZoneMoments } from './moment.ts';
import { formatDouble, formatFloat } from './text-form.ts';
import { unsignedOfBytes } from './unsigned.ts';

/** How a column's cells are written; several MySQL types share one way. */
type Form = 'text' | 'bytes' | 'integer' | 'decimal' | 'float' | 'double' | 'bit' | 'date' | 'datetime' | 'time';

const forms: Readonly<Partial<Record<TypeName, Form>>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'double',
  bit: 'bit',
  date: 'date',
  datetime: 'datetime',
  timestamp: 'datetime',
  time: 'time',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
};

/** Bytes an integer takes in the binary protocol. */
const integerBytes: Readonly<Partial<Record<TypeName, 1 | 2 | 4 | 8>>> = {
  tinyint: 1,
  smallint: 2,
  year: 2,
  mediumint: 4,
  int: 4,
  bigint: 8,
};

/** What the cells of one column need to know. */
export interface Slot {
  readonly form: Form;
  readonly type: ColumnType;
  readonly label: string;
  readonly charset: Charset;
  /** Digits an integer is padded to with zeros; 0 for none. */
  readonly pad: number;
  readonly integerBytes: 1 | 2 | 4 | 8;
  /** Writes cells that are microseconds; null for a column whose cells are texts. */
  readonly moments: ZoneMoments | null;
}

/** Strings of the column are converted to `charset`, bytes never are. */
export function slotOf(column: ResultColumn, charset: Charset, moments: ZoneMoments | null = null): Slot {
  const { type, label } = column;
  const form = forms[type.name] ?? (type.charset === 'binary' ? 'bytes' : 'text');
  return {
    form,
    type,
    label,
    charset: form === 'bytes' ? binaryCharset : charset,
    pad: type.name === 'year' ? 4 : type.zerofill ? (type.length ?? 0) : 0,
    integerBytes: integerBytes[type.name] ?? 8,
    moments,
  };
}

/** A cell that is not null: the text protocol's form, in the binary protocol that of strings. */
export function writeText(out: ByteWriter, cell: Cell | undefined, slot: Slot): void {
  if (slot.form === 'bit') {
    out.lenencBytes(bitBytes(cell, slot));
  } else if (typeof cell === 'string') {
    if (slot.form === 'decimal') out.lenencText(decimalCell(cell, slot.type.scale), slot.charset);
    else out.lenencText(cell, slot.charset);
  } else if (typeof cell === 'number') {
    if (slot.moments !== null) slot.moments.write(out, cell);
    else writeNumber(out, cell, slot);
  } else if (typeof cell === 'bigint' && slot.moments !== null) {
    slot.moments.write(out, cell);
  } else if (typeof cell === 'bigint') {
    out.lenencAscii(
      slot.form === 'decimal' ? decimalCell(cell, slot.type.scale) : String(cell).padStart(slot.pad, '0'),
    );
  } else if (cell instanceof Uint8Array) {
    if (slot.form === 'integer') out.lenencAscii(String(unsignedOfBytes(cell)).padStart(slot.pad, '0'));
    else out.lenencBytes(cell);
  } else {
    throw wrongCell(cell, slot);
  }
}

function writeNumber(out: ByteWriter, value: number, slot: Slot): void {
  const { form, type } = slot;
  if (!Number.isFinite(value)) throw outOfRange(slot);
  if (form === 'integer') {
    const whole = integerOf(value, slot);
    if (typeof whole === 'number' && slot.pad === 0) out.lenencDigits(whole);
    else out.lenencAscii(String(whole).padStart(slot.pad, '0'));
  } else if (form === 'decimal') {
    out.lenencText(decimalCell(exactEnough(value, slot), type.scale), slot.charset);
  } else if ((form === 'double' || form === 'float') && type.scale !== undefined) {
    out.lenencText(decimalCell(value, type.scale), slot.charset);
  } else if (form === 'float') {
    out.lenencAscii(formatFloat(value));
  } else if (Number.isSafeInteger(value) && form !== 'double') {
    out.lenencDigits(value);
  } else {
    out.lenencAscii(formatDouble(value));
  }
}

/** A cell that is not null in the binary protocol. */
export function writeBinary(out: ByteWriter, cell: Cell | undefined, slot: Slot): void {
  switch (slot.form) {
    case 'integer':
      writeInteger(out, integerOf(cell, slot), slot.integerBytes);
      break;
    case 'float':
      out.f32(numberOf(cell, slot));
      break;
    case 'double':
      out.f64(numberOf(cell, slot));
      break;
    case 'date':
      writeDate(out, textOf(cell, slot));
      break;
    case 'datetime':
      writeDateTime(out, momentText(cell, slot) ?? textOf(cell, slot));
      break;
    case 'time':
      writeTime(out, textOf(cell, slot));
      break;
    default:
      writeText(out, cell, slot);
  }
}

/** A decimal that was computed as a double has lost digits when it has more of them than a double keeps. */
function exactEnough(value: number, { type, label }: Slot): number {
  if (Math.abs(value) * 10 ** (type.scale ?? 0) <= 2 ** 53) return value;
  throw fault('OB_NOT_SUPPORTED', `decimal result '${label}' of more than 15 significant digits is`);
}

/** A decimal with exactly `scale` digits after the point; without a scale the digits it has. */
function decimalCell(value: number | bigint | string, scale: number | undefined): string {
  if (scale === undefined) return typeof value === 'number' ? formatDecimal(decimalOf(value)) : String(value);
  if (typeof value !== 'string' && (typeof value === 'bigint' || Number.isSafeInteger(value)))
    return scale === 0 ? String(value) : `${value}.${'0'.repeat(scale)}`;
  const text = String(value);
  const places = plainDecimal.test(text) ? text.length - 1 - text.indexOf('.') : scale + 1;
  return places <= scale ? text + '0'.repeat(scale - places) : decimalText(value, scale);
}

const plainDecimal = /^-?\d+\.\d+$/;

function writeInteger(out: ByteWriter, value: number | bigint, size: 1 | 2 | 4 | 8): void {
  if (size === 8) out.i64(value);
  else if (size === 4) out.u32(Number(value));
  else if (size === 2) out.u16(Number(value));
  else out.u8(Number(value));
}

function integerOf(cell: Cell | undefined, slot: Slot): number | bigint {
  if (typeof cell === 'bigint') return cell;
  if (typeof cell === 'number' && Number.isFinite(cell)) {
    const whole = roundAway(cell);
    if (Math.abs(whole) > 2 ** 64) throw outOfRange(slot);
    return Number.isSafeInteger(whole) ? whole : BigInt(whole);
  }
  if (typeof cell === 'string' && /^-?\d+$/.test(cell)) return BigInt(cell);
  if (cell instanceof Uint8Array && cell.length === 8) return unsignedOfBytes(cell);
  throw wrongCell(cell, slot);
}

function numberOf(cell: Cell | undefined, slot: Slot): number {
  const value = typeof cell === 'string' && cell.trim() !== '' ? Number(cell) : cell;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'number' && typeof cell === 'number') throw outOfRange(slot);
  throw wrongCell(cell, slot);
}

function momentText(cell: Cell | undefined, { moments }: Slot): string | null {
  return moments !== null && (typeof cell === 'number' || typeof cell === 'bigint') ? moments.text(cell) : null;
}

/** True for a cell the answer shows as NULL. */
export function isNull(cell: Cell | undefined, { moments }: Slot): boolean {
  if (cell === null) return true;
  return moments !== null && (typeof cell === 'number' || typeof cell === 'bigint') && !moments.has(cell);
}

function textOf(cell: Cell | undefined, slot: Slot): string {
  if (typeof cell === 'string') return cell;
  throw wrongCell(cell, slot);
}

/** BIT(n) travels as bytes, highest first, in both protocols. */
function bitBytes(cell: Cell | undefined, slot: Slot): Uint8Array {
  if (cell instanceof Uint8Array) return cell;
  const size = ((slot.type.length ?? 1) + 7) >>> 3;
  const bytes = new Uint8Array(size);
  let value = BigInt(integerOf(cell, slot));
  for (let i = size - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return bytes;
}

/** Whole numbers are left alone; halves go away from zero, as MySQL rounds. */
function roundAway(value: number): number {
  if (Number.isInteger(value)) return value;
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

function outOfRange(slot: Slot): ObError {
  return fault('ER_DATA_OUT_OF_RANGE', slot.type.name.toUpperCase(), slot.label);
}

function wrongCell(cell: Cell | undefined, slot: Slot): RangeError {
  const kind = cell === null ? 'null' : cell instanceof Uint8Array ? 'bytes' : typeof cell;
  return new RangeError(`column '${slot.label}' of type ${slot.type.name} holds a value of kind ${kind}`);
}
