import { isUtf8 } from 'node:buffer';
import { fault } from '../base/errors.ts';
import { type Charset, decodeText } from '../value/charset.ts';
import type { Cell } from '../value/column-type.ts';
import type { PayloadReader } from './payload-reader.ts';
import { fieldType } from './protocol.ts';
import type { OpenStatement } from './statement-table.ts';

const unsignedFlag = 0x8000;

/**
 * Reads the parameters of COM_STMT_EXECUTE behind its fixed part. Integers are bigints, FLOAT and DOUBLE numbers; dates and
 * times their text; BLOB types bytes; every other string text, or bytes where it is no text in the client's set.
 */
export function readParameters(reader: PayloadReader, statement: OpenStatement, charset: Charset): Cell[] {
  const count = statement.shape.parameterCount;
  if (count === 0) return [];
  const nulls = reader.slice((count + 7) >>> 3);
  if (reader.u8() === 1) statement.types = readTypes(reader, count);
  const { types, longData } = statement;
  if (!types) throw fault('ER_WRONG_ARGUMENTS', 'mysqld_stmt_execute');
  const cells: Cell[] = [];
  for (let i = 0; i < count; i++) {
    const pieces = longData.get(i);
    if (pieces) cells.push(stringCell(Buffer.concat(pieces), types[i]! & 0xff, charset));
    else if ((nulls[i >>> 3]! >>> (i & 7)) & 1) cells.push(null);
    else cells.push(readValue(reader, types[i]!, charset));
  }
  return cells;
}

function readTypes(reader: PayloadReader, count: number): Uint16Array {
  const types = new Uint16Array(count);
  for (let i = 0; i < count; i++) types[i] = reader.u16();
  return types;
}

function readValue(reader: PayloadReader, typeAndSign: number, charset: Charset): Cell {
  const unsigned = (typeAndSign & unsignedFlag) !== 0;
  const type = typeAndSign & 0xff;
  switch (type) {
    case fieldType.NULL:
      return null;
    case fieldType.TINY:
      return BigInt(unsigned ? reader.u8() : (reader.u8() << 24) >> 24);
    case fieldType.SHORT:
    case fieldType.YEAR:
      return BigInt(unsigned ? reader.u16() : (reader.u16() << 16) >> 16);
    case fieldType.LONG:
    case fieldType.INT24:
      return BigInt(unsigned ? reader.u32() : reader.u32() | 0);
    case fieldType.LONGLONG:
      return unsigned ? reader.u64() : reader.i64();
    case fieldType.FLOAT:
      return finite(reader.f32());
    case fieldType.DOUBLE:
      return finite(reader.f64());
    case fieldType.DATE:
    case fieldType.NEWDATE:
    case fieldType.DATETIME:
    case fieldType.TIMESTAMP:
      return readDateTime(reader, type);
    case fieldType.TIME:
      return readTime(reader);
    default:
      return stringCell(reader.lenencBytes(), type, charset);
  }
}

/** SQL has no number for these. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw fault('ER_WRONG_ARGUMENTS', 'mysqld_stmt_execute');
  return value;
}

function stringCell(bytes: Buffer, type: number, charset: Charset): Cell {
  switch (type) {
    case fieldType.TINY_BLOB:
    case fieldType.MEDIUM_BLOB:
    case fieldType.LONG_BLOB:
    case fieldType.BLOB:
    case fieldType.BIT:
    case fieldType.GEOMETRY:
      return new Uint8Array(bytes);
    case fieldType.DECIMAL:
    case fieldType.NEWDECIMAL:
    case fieldType.VARCHAR:
    case fieldType.VAR_STRING:
    case fieldType.STRING:
    case fieldType.ENUM:
    case fieldType.SET:
    case fieldType.JSON:
      if (charset.converter === null && !isUtf8(bytes)) return new Uint8Array(bytes);
      return decodeText(bytes, 0, bytes.length, charset);
    default:
      throw fault('ER_MALFORMED_PACKET');
  }
}

function readDateTime(reader: PayloadReader, type: number): string {
  const size = reader.u8();
  if (size !== 0 && size !== 4 && size !== 7 && size !== 11) throw fault('ER_MALFORMED_PACKET');
  const date =
    size === 0 ? '0000-00-00' : `${digits(reader.u16(), 4)}-${digits(reader.u8(), 2)}-${digits(reader.u8(), 2)}`;
  if (size <= 4) return type === fieldType.DATE || type === fieldType.NEWDATE ? date : `${date} 00:00:00`;
  const time = `${digits(reader.u8(), 2)}:${digits(reader.u8(), 2)}:${digits(reader.u8(), 2)}`;
  return `${date} ${time}${size === 11 ? `.${digits(reader.u32(), 6)}` : ''}`;
}

function readTime(reader: PayloadReader): string {
  const size = reader.u8();
  if (size === 0) return '00:00:00';
  if (size !== 8 && size !== 12) throw fault('ER_MALFORMED_PACKET');
  const sign = reader.u8() === 1 ? '-' : '';
  const hours = reader.u32() * 24 + reader.u8();
  const text = `${sign}${digits(hours, 2)}:${digits(reader.u8(), 2)}:${digits(reader.u8(), 2)}`;
  return size === 12 ? `${text}.${digits(reader.u32(), 6)}` : text;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
