import type { ColumnType, TypeName } from '../../value/column-type.ts';
import { lengths } from './cast-type.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { charsetName } from './names.ts';

/** Names that are plain aliases of integer types. */
const integers: Readonly<Record<string, TypeName>> = {
  TINYINT: 'tinyint',
  INT1: 'tinyint',
  SMALLINT: 'smallint',
  INT2: 'smallint',
  MEDIUMINT: 'mediumint',
  INT3: 'mediumint',
  MIDDLEINT: 'mediumint',
  INT: 'int',
  INTEGER: 'int',
  INT4: 'int',
  BIGINT: 'bigint',
  INT8: 'bigint',
};

const plainTypes: Readonly<Record<string, TypeName>> = {
  DATE: 'date',
  JSON: 'json',
  TINYTEXT: 'tinytext',
  MEDIUMTEXT: 'mediumtext',
  LONGTEXT: 'longtext',
  TINYBLOB: 'tinyblob',
  MEDIUMBLOB: 'mediumblob',
  LONGBLOB: 'longblob',
};

const spatial: ReadonlySet<string> = new Set(
  'GEOMETRY POINT LINESTRING POLYGON MULTIPOINT MULTILINESTRING MULTIPOLYGON GEOMETRYCOLLECTION GEOMCOLLECTION'.split(
    ' ',
  ),
);

const defaultPrecision = 10;
/** FLOAT(p) with more bits than this is a DOUBLE. */
const floatBits = 24;
/** Bytes a character of TEXT(n) may need. */
const characterBytes = 4;

/** A column type with UNSIGNED, ZEROFILL, charset and collation behind it. */
export function columnType(c: Cursor): ColumnType {
  const token = c.peek();
  const type = baseType(c, token.text);
  if (type === null) return c.fail(token);
  return isText(type.name) ? withCharset(c, type) : isNumber(type.name) ? withSign(c, type) : type;
}

function baseType(c: Cursor, word: string): ColumnType | null {
  if (spatial.has(word)) throw new Refusal('spatial column type is');
  const token = c.next();
  if (token.text !== word || token.slot >= 0) return null;
  const integer = integers[word];
  if (integer !== undefined) return sized(integer, lengths(c)[0]);
  const plain = plainTypes[word];
  if (plain !== undefined) return { name: plain };
  return numberType(c, word) ?? timeType(c, word) ?? characterType(c, word) ?? byteType(c, word);
}

function sized(name: TypeName, length: number | undefined): ColumnType {
  return length === undefined ? { name } : { name, length };
}

function numberType(c: Cursor, word: string): ColumnType | null {
  switch (word) {
    case 'BOOL':
    case 'BOOLEAN':
      return { name: 'tinyint', length: 1 };
    case 'SERIAL':
      return { name: 'bigint', unsigned: true };
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC':
    case 'FIXED': {
      const [precision, scale] = lengths(c);
      return { name: 'decimal', precision: precision ?? defaultPrecision, scale: scale ?? 0 };
    }
    case 'FLOAT':
    case 'FLOAT4':
      return floating(c, 'float');
    case 'DOUBLE':
    case 'FLOAT8':
    case 'REAL':
      c.accept('PRECISION');
      return floating(c, 'double');
    case 'BIT':
      return { name: 'bit', length: lengths(c)[0] ?? 1 };
    default:
      return null;
  }
}

function floating(c: Cursor, name: 'float' | 'double'): ColumnType {
  const [precision, scale] = lengths(c);
  if (precision === undefined) return { name };
  if (scale === undefined) return { name: name === 'float' && precision <= floatBits ? 'float' : 'double' };
  return { name, precision, scale };
}

function timeType(c: Cursor, word: string): ColumnType | null {
  switch (word) {
    case 'YEAR':
      return sized('year', lengths(c)[0]);
    case 'TIME':
      return { name: 'time', scale: lengths(c)[0] ?? 0 };
    case 'DATETIME':
      return { name: 'datetime', scale: lengths(c)[0] ?? 0 };
    case 'TIMESTAMP':
      return { name: 'timestamp', scale: lengths(c)[0] ?? 0 };
    default:
      return null;
  }
}

function characterType(c: Cursor, word: string): ColumnType | null {
  switch (word) {
    case 'CHAR':
    case 'CHARACTER':
      return c.accept('VARYING') ? varchar(c) : char(c);
    case 'VARCHAR':
    case 'VARCHARACTER':
      return varchar(c);
    case 'NVARCHAR':
      return { ...varchar(c), charset: 'utf8' };
    case 'NATIONAL':
      if (c.acceptAny('VARCHAR', 'VARCHARACTER') !== null) return { ...varchar(c), charset: 'utf8' };
      if (c.acceptAny('CHAR', 'CHARACTER') === null) return c.fail();
      return { ...(c.accept('VARYING') ? varchar(c) : char(c)), charset: 'utf8' };
    case 'NCHAR':
      if (c.acceptAny('VARCHAR', 'VARCHARACTER', 'VARYING') !== null) return { ...varchar(c), charset: 'utf8' };
      return { ...char(c), charset: 'utf8' };
    case 'TEXT':
      return { name: bySize(lengths(c)[0], characterBytes, 'text') };
    case 'LONG':
      if (c.accept('VARBINARY')) return { name: 'mediumblob' };
      if (c.acceptAny('VARCHAR', 'VARCHARACTER') === null && c.acceptAny('CHAR', 'CHARACTER') !== null)
        c.expect('VARYING');
      return { name: 'mediumtext' };
    case 'ENUM':
      return { name: 'enum', values: members(c) };
    case 'SET':
      return { name: 'set', values: members(c) };
    default:
      return null;
  }
}

function byteType(c: Cursor, word: string): ColumnType | null {
  switch (word) {
    case 'BINARY':
      return { name: 'binary', length: lengths(c)[0] ?? 1 };
    case 'VARBINARY':
      return { name: 'varbinary', length: lengths(c)[0] ?? c.fail() };
    case 'BLOB':
      return { name: bySize(lengths(c)[0], 1, 'blob') };
    default:
      return null;
  }
}

function char(c: Cursor): ColumnType {
  return { name: 'char', length: lengths(c)[0] ?? 1 };
}

function varchar(c: Cursor): ColumnType {
  return { name: 'varchar', length: lengths(c)[0] ?? c.fail() };
}

/** TEXT(n) and BLOB(n) are the smallest of their family that holds n. */
function bySize(length: number | undefined, bytes: number, family: 'text' | 'blob'): TypeName {
  if (length === undefined) return family;
  const size = length * bytes;
  if (size < 1 << 8) return `tiny${family}`;
  if (size < 1 << 16) return family;
  return size < 1 << 24 ? `medium${family}` : `long${family}`;
}

function members(c: Cursor): string[] {
  c.expectSign('(');
  const values = [c.takeString()];
  while (c.acceptSign(',')) values.push(c.takeString());
  c.expectSign(')');
  return values;
}

function isText(name: TypeName): boolean {
  return name === 'char' || name === 'varchar' || name.endsWith('text') || name === 'enum' || name === 'set';
}

function isNumber(name: TypeName): boolean {
  return name.endsWith('int') || ['decimal', 'float', 'double', 'year'].includes(name);
}

function withSign(c: Cursor, type: ColumnType): ColumnType {
  let signed = type;
  for (;;) {
    if (c.accept('UNSIGNED')) signed = { ...signed, unsigned: true };
    else if (c.accept('ZEROFILL')) signed = { ...signed, unsigned: true, zerofill: true };
    else if (!c.accept('SIGNED')) return signed;
  }
}

function withCharset(c: Cursor, type: ColumnType): ColumnType {
  let text = type;
  let binary = false;
  for (;;) {
    if (c.accept('BINARY')) binary = true;
    else if (c.accept('ASCII')) text = { ...text, charset: 'latin1' };
    else if (c.accept('UNICODE')) text = { ...text, charset: 'ucs2' };
    else if (c.accept('CHARSET') || c.acceptAll('CHARACTER', 'SET') || c.acceptAll('CHAR', 'SET'))
      text = { ...text, charset: charsetName(c) };
    else if (c.accept('COLLATE')) text = { ...text, collation: charsetName(c) };
    else break;
  }
  if (binary && text.collation === undefined) text = { ...text, collation: `${text.charset ?? 'utf8mb4'}_bin` };
  return text;
}
