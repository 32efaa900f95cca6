import type { ByteWriter } from '../value/byte-writer.ts';
import { binaryCharset, type Charset } from '../value/charset.ts';
import type { ColumnType, ResultColumn, TypeName } from '../value/column-type.ts';
import { columnFlag, fieldType } from './protocol.ts';

/** What the protocol says of a MySQL type. Lengths are for the type without display width. */
interface WireType {
  readonly code: number;
  readonly flags: number;
  /** Characters for text, bytes or digits for the rest. */
  readonly length: number;
  /** Text is in the client's character set, everything else in `binary`. */
  readonly text?: true;
}

const { BINARY, BLOB, ENUM, SET, TIMESTAMP } = columnFlag;
const longest = 0xffff_ffff;

const wireTypes: Readonly<Record<TypeName, WireType>> = {
  tinyint: { code: fieldType.TINY, flags: BINARY, length: 4 },
  smallint: { code: fieldType.SHORT, flags: BINARY, length: 6 },
  mediumint: { code: fieldType.INT24, flags: BINARY, length: 9 },
  int: { code: fieldType.LONG, flags: BINARY, length: 11 },
  bigint: { code: fieldType.LONGLONG, flags: BINARY, length: 20 },
  decimal: { code: fieldType.NEWDECIMAL, flags: BINARY, length: 0 },
  float: { code: fieldType.FLOAT, flags: BINARY, length: 12 },
  double: { code: fieldType.DOUBLE, flags: BINARY, length: 22 },
  bit: { code: fieldType.BIT, flags: BINARY | columnFlag.UNSIGNED, length: 1 },
  year: { code: fieldType.YEAR, flags: BINARY | columnFlag.UNSIGNED | columnFlag.ZEROFILL, length: 4 },
  date: { code: fieldType.DATE, flags: BINARY, length: 10 },
  time: { code: fieldType.TIME, flags: BINARY, length: 10 },
  datetime: { code: fieldType.DATETIME, flags: BINARY, length: 19 },
  timestamp: { code: fieldType.TIMESTAMP, flags: BINARY | TIMESTAMP, length: 19 },
  char: { code: fieldType.STRING, flags: 0, length: 1, text: true },
  varchar: { code: fieldType.VAR_STRING, flags: 0, length: 65_535, text: true },
  binary: { code: fieldType.STRING, flags: BINARY, length: 1 },
  varbinary: { code: fieldType.VAR_STRING, flags: BINARY, length: 65_535 },
  tinytext: { code: fieldType.TINY_BLOB, flags: BLOB, length: 255, text: true },
  text: { code: fieldType.BLOB, flags: BLOB, length: 65_535, text: true },
  mediumtext: { code: fieldType.MEDIUM_BLOB, flags: BLOB, length: 16_777_215, text: true },
  longtext: { code: fieldType.LONG_BLOB, flags: BLOB, length: longest, text: true },
  tinyblob: { code: fieldType.TINY_BLOB, flags: BLOB | BINARY, length: 255 },
  blob: { code: fieldType.BLOB, flags: BLOB | BINARY, length: 65_535 },
  mediumblob: { code: fieldType.MEDIUM_BLOB, flags: BLOB | BINARY, length: 16_777_215 },
  longblob: { code: fieldType.LONG_BLOB, flags: BLOB | BINARY, length: longest },
  enum: { code: fieldType.STRING, flags: ENUM, length: 0, text: true },
  set: { code: fieldType.STRING, flags: SET, length: 0, text: true },
  json: { code: fieldType.JSON, flags: BLOB | BINARY, length: longest },
  null: { code: fieldType.NULL, flags: BINARY, length: 0 },
};

/** Decimals of a floating-point column without a fixed scale. */
const notFixed = 31;

/**
 * Writes the payload of one column definition (protocol 4.1). Names are in the client's character set; `withDefault`
 * adds the NULL default value that COM_FIELD_LIST wants.
 */
export function writeColumnDefinition(
  out: ByteWriter,
  column: ResultColumn,
  charset: Charset,
  withDefault = false,
): void {
  const wire = wireTypes[column.type.name];
  const text = wire.text === true && column.type.charset !== 'binary';
  out.lenencAscii('def');
  for (const name of [column.schema, column.table, column.orgTable, column.label, column.orgName])
    out.lenencText(name, charset);
  out.u8(0x0c);
  out.u16(text ? charset.collationId : binaryCharset.collationId);
  out.u32(Math.min(longest, displayLength(column.type, wire) * (text ? charset.maxBytes : 1)));
  out.u8(wire.code);
  out.u16(flagsOf(column, wire, text));
  out.u8(decimalsOf(column.type));
  out.u16(0);
  if (withDefault) out.u8(0xfb);
}

function flagsOf(column: ResultColumn, wire: WireType, text: boolean): number {
  const { type } = column;
  let flags = wire.flags | (wire.text === true && !text ? BINARY : 0);
  if (column.notNull) flags |= columnFlag.NOT_NULL;
  if (column.primaryKey) flags |= columnFlag.PRI_KEY;
  if (column.uniqueKey) flags |= columnFlag.UNIQUE_KEY;
  if (column.multipleKey) flags |= columnFlag.MULTIPLE_KEY;
  if (column.autoIncrement) flags |= columnFlag.AUTO_INCREMENT;
  if (type.unsigned || type.zerofill) flags |= columnFlag.UNSIGNED;
  if (type.zerofill) flags |= columnFlag.ZEROFILL;
  return flags;
}

function decimalsOf(type: ColumnType): number {
  if (type.name === 'float' || type.name === 'double') return type.scale ?? notFixed;
  return type.scale ?? 0;
}

function displayLength(type: ColumnType, wire: WireType): number {
  const scale = type.scale ?? 0;
  switch (type.name) {
    case 'decimal':
      return (type.precision ?? 10) + (scale > 0 ? 1 : 0) + (type.unsigned ? 0 : 1);
    case 'time':
    case 'datetime':
    case 'timestamp':
      return wire.length + (scale > 0 ? 1 + scale : 0);
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
      return type.length ?? wire.length - (type.unsigned ? 1 : 0);
    case 'enum':
      return Math.max(1, ...(type.values ?? []).map((value) => value.length));
    case 'set':
      return Math.max(1, (type.values ?? []).join(',').length);
    default:
      return type.length ?? wire.length;
  }
}
