import { fault } from '../base/errors.ts';
import { isBinaryType, isIntegerType } from './column-storage.ts';
import type { Cell, ColumnType } from './column-type.ts';
import { type Store, storeBit, storeDecimal, storeDouble, storeInteger, storeYear } from './store-number.ts';
import { complain, type StoreTarget } from './store-target.ts';
import { storeDate, storeDateTime, storeTime, storeTimestamp } from './store-temporal.ts';
import { storeBytes, storeCharacters, storeEnum, storeJson, storeLongText, storeSet } from './store-text.ts';

export type { StoreTarget } from './store-target.ts';

/** Brings values to the storage form of one column; made once per type. */
export type StoreConverter = (value: Cell, target: StoreTarget) => Cell;

const converters = new WeakMap<ColumnType, StoreConverter>();

/**
 * The converter of a type. Numbers stand for SQL numbers (20240131 is a date to a DATE column), texts for SQL strings,
 * timestamps are given in the session's zone. Errors are MySQL's of strict mode: 1048, 1264, 1265, 1292, 1366, 1406, 3140;
 * values that could only be kept rounded (long decimals) are refused with 1235 in every mode.
 */
export function storeConverter(type: ColumnType): StoreConverter {
  let converter = converters.get(type);
  if (!converter) {
    const store = storeOf(type);
    converter = (value, target) => (value === null ? storeNull(type, target) : store(value, target));
    converters.set(type, converter);
  }
  return converter;
}

/** One value to storage form; see `storeConverter`. */
export function storeValue(type: ColumnType, value: Cell, target: StoreTarget): Cell {
  return storeConverter(type)(value, target);
}

function storeNull(type: ColumnType, target: StoreTarget): Cell {
  if (target.nullable) return null;
  complain(target, fault('ER_BAD_NULL', target.column));
  return implicitDefault(type);
}

/** The value MySQL gives a NOT NULL column that got none, in storage form. */
export function implicitDefault(type: ColumnType): Cell {
  switch (type.name) {
    case 'date':
      return '0000-00-00';
    case 'datetime':
    case 'timestamp':
      return `0000-00-00 00:00:00${type.scale ? `.${'0'.repeat(type.scale)}` : ''}`;
    case 'enum':
      return type.values?.[0] ?? '';
    case 'json':
      return 'null';
    case 'binary':
      return new Uint8Array(type.length ?? 1);
    case 'decimal':
    case 'float':
    case 'double':
    case 'bit':
    case 'year':
    case 'time':
      return 0;
    default:
      if (isIntegerType(type)) return 0;
      return isBinaryType(type) ? new Uint8Array(0) : '';
  }
}

function storeOf(type: ColumnType): Store {
  switch (type.name) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return storeInteger(type);
    case 'decimal':
      return storeDecimal(type);
    case 'float':
    case 'double':
      return storeDouble(type);
    case 'bit':
      return storeBit(type);
    case 'year':
      return storeYear();
    case 'date':
      return storeDate();
    case 'datetime':
      return storeDateTime(type);
    case 'timestamp':
      return storeTimestamp(type);
    case 'time':
      return storeTime(type);
    case 'enum':
      return storeEnum(type);
    case 'set':
      return storeSet(type);
    case 'json':
      return storeJson();
    case 'char':
    case 'varchar':
      return storeCharacters(type);
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return storeLongText(type);
    case 'null':
      return (value) => value;
    default:
      return storeBytes(type);
  }
}
