import type { ColumnType, TypeName } from './column-type.ts';

const integers: ReadonlySet<TypeName> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
const texts: ReadonlySet<TypeName> = new Set([
  'char',
  'varchar',
  'tinytext',
  'text',
  'mediumtext',
  'longtext',
  'enum',
  'set',
]);
const binaries: ReadonlySet<TypeName> = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob']);

export function isIntegerType(type: ColumnType): boolean {
  return integers.has(type.name);
}

/** Character strings, enum and set among them; not json. */
export function isTextType(type: ColumnType): boolean {
  return texts.has(type.name);
}

/** Byte strings. */
export function isBinaryType(type: ColumnType): boolean {
  return binaries.has(type.name);
}

/** True when texts of the type compare byte by byte. */
export function isCaseSensitive(type: ColumnType): boolean {
  return (
    isBinaryType(type) ||
    type.name === 'json' ||
    type.charset === 'binary' ||
    (type.collation !== undefined && /_bin$|_cs$|^binary$/.test(type.collation))
  );
}

/** Declared type of a SQLite column that holds values of `type`. */
export function sqliteColumnType(type: ColumnType): string {
  if (isIntegerType(type) || type.name === 'bit' || type.name === 'year' || type.name === 'time') return 'INTEGER';
  if (type.name === 'decimal') return 'NUMERIC';
  if (type.name === 'float' || type.name === 'double') return 'REAL';
  if (isBinaryType(type)) return 'BLOB';
  return isTextType(type) && !isCaseSensitive(type) ? 'TEXT COLLATE NOCASE' : 'TEXT';
}

const displayWidths: Partial<Record<TypeName, readonly [signed: number, unsigned: number]>> = {
  tinyint: [4, 3],
  smallint: [6, 5],
  mediumint: [9, 8],
  int: [11, 10],
  bigint: [20, 20],
};

/** MySQL's text of a type, as SHOW COLUMNS prints it: `varchar(32)`, `bigint(20) unsigned`, `enum('a','b')`. */
export function formatTypeText(type: ColumnType): string {
  const widths = displayWidths[type.name];
  const suffix = `${type.unsigned ? ' unsigned' : ''}${type.zerofill ? ' zerofill' : ''}`;
  if (widths) return `${type.name}(${type.length ?? widths[type.unsigned ? 1 : 0]})${suffix}`;
  switch (type.name) {
    case 'decimal':
      return `decimal(${type.precision ?? 10},${type.scale ?? 0})${suffix}`;
    case 'float':
    case 'double':
      return type.precision === undefined
        ? `${type.name}${suffix}`
        : `${type.name}(${type.precision},${type.scale ?? 0})${suffix}`;
    case 'bit':
      return `bit(${type.length ?? 1})`;
    case 'year':
      return 'year(4)';
    case 'time':
    case 'datetime':
    case 'timestamp':
      return type.scale ? `${type.name}(${type.scale})` : type.name;
    case 'char':
    case 'binary':
      return `${type.name}(${type.length ?? 1})`;
    case 'varchar':
    case 'varbinary':
      return `${type.name}(${type.length ?? 0})`;
    case 'enum':
    case 'set':
      return `${type.name}(${(type.values ?? []).map((value) => `'${value.replaceAll("'", "''")}'`).join(',')})`;
    default:
      return type.name;
  }
}

const textLimits: Partial<Record<TypeName, number>> = {
  tinytext: 255,
  text: 65535,
  mediumtext: 16777215,
  longtext: 4294967295,
  tinyblob: 255,
  blob: 65535,
  mediumblob: 16777215,
  longblob: 4294967295,
};

/** Bytes a TEXT or BLOB type holds; undefined for other types. */
export function textLimitBytes(type: ColumnType): number | undefined {
  return textLimits[type.name];
}

const bitsOfInteger: Partial<Record<TypeName, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};

/** Smallest and largest value of an integer type. */
export function integerRange(type: ColumnType): { readonly low: bigint; readonly high: bigint } {
  const bits = bitsOfInteger[type.name] ?? 64n;
  return type.unsigned
    ? { low: 0n, high: (1n << bits) - 1n }
    : { low: -(1n << (bits - 1n)), high: (1n << (bits - 1n)) - 1n };
}
