import type { ColumnType } from '../src/value/column-type.ts';

/** The column types of the views. */
export const bigint: ColumnType = Object.freeze({ name: 'bigint', length: 20 });
export const bigint21: ColumnType = Object.freeze({ name: 'bigint', length: 21 });
export const unsigned: ColumnType = Object.freeze({ name: 'bigint', length: 20, unsigned: true });
export const tinyint: ColumnType = Object.freeze({ name: 'tinyint', length: 4 });
export const double: ColumnType = Object.freeze({ name: 'double' });
export const text: ColumnType = Object.freeze({ name: 'text' });
export const longtext: ColumnType = Object.freeze({ name: 'longtext' });
export const timestamp: ColumnType = Object.freeze({ name: 'timestamp', scale: 6 });
export const datetime: ColumnType = Object.freeze({ name: 'datetime', scale: 6 });

export function varchar(length: number): ColumnType {
  return Object.freeze({ name: 'varchar', length });
}

export function decimal(precision: number, scale: number): ColumnType {
  return Object.freeze({ name: 'decimal', precision, scale });
}
