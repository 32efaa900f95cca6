import type { ColumnType } from './column-type.ts';
import type { Given, Store } from './store-number.ts';
import { complain, incorrect, type StoreTarget, truncated } from './store-target.ts';
import {
  type DateTime,
  dateTimeOfNumber,
  dateTimeOfUs,
  formatDate,
  formatDateTime,
  type ReadDateTime,
  readDateTime,
  readTime,
  roundDateTime,
  roundTimeUs,
  timeOfNumber,
} from './temporal.ts';
import { usOfLocal } from './time-zone.ts';

const zero: DateTime = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, micro: 0 };

function textOf(value: Given): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
}

/** Reads a given value, complaining in MySQL's words; a zero date when there is nothing to read. */
function dateTimeOf(value: Given, kind: 'date' | 'datetime', target: StoreTarget): ReadDateTime {
  const text = textOf(value);
  const read = typeof value === 'number' || typeof value === 'bigint' ? dateTimeOfNumber(value) : readDateTime(text);
  if (read === null) {
    complain(target, incorrect(target, kind, text));
    return { value: zero, date: true, rest: '' };
  }
  const { year, month, day } = read.value;
  const isZero = year === 0 && month === 0 && day === 0;
  if (isZero ? target.noZeroDate : (month === 0 || day === 0) && target.noZeroInDate) {
    complain(target, incorrect(target, kind, text));
    return { value: zero, date: read.date, rest: '' };
  }
  if (read.rest !== '') complain(target, kind === 'date' ? truncated(target) : incorrect(target, kind, text));
  return read;
}

/** DATE: a time of day is dropped. */
export function storeDate(): Store {
  return (value, target) => formatDate(dateTimeOf(value, 'date', target).value);
}

/** DATETIME(n): the fraction rounds half up and may carry. */
export function storeDateTime(type: ColumnType): Store {
  const scale = type.scale ?? 0;
  return (value, target) => {
    const read = dateTimeOf(value, 'datetime', target).value;
    const rounded = roundDateTime(read, scale);
    if (rounded === null) complain(target, incorrect(target, 'datetime', textOf(value)));
    return formatDateTime(rounded ?? zero, scale);
  };
}

const firstUs = 1_000_000;
const lastUs = 2147483647_999999;

/** TIMESTAMP(n): session time to UTC; 1970-01-01 00:00:01 to 2038-01-19 03:14:07 and the zero timestamp. */
export function storeTimestamp(type: ColumnType): Store {
  const scale = type.scale ?? 0;
  return (value, target) => {
    const rounded = roundDateTime(dateTimeOf(value, 'datetime', target).value, scale) ?? zero;
    if (rounded.year === 0 && rounded.month === 0 && rounded.day === 0) return formatDateTime(zero, scale);
    const us = usOfLocal(target.timeZone, rounded);
    const utc = us >= firstUs && us <= lastUs ? dateTimeOfUs(us) : null;
    if (utc === null) complain(target, incorrect(target, 'datetime', textOf(value)));
    return formatDateTime(utc ?? zero, scale);
  };
}

/** TIME(n): signed microseconds. */
export function storeTime(type: ColumnType): Store {
  const scale = type.scale ?? 0;
  return (value, target) => {
    const number = typeof value === 'number' || typeof value === 'bigint';
    const read = number ? timeOfNumber(value) : readTime(textOf(value));
    if (read === null) {
      complain(target, incorrect(target, 'time', textOf(value)));
      return 0;
    }
    if (read.clipped) complain(target, incorrect(target, 'time', textOf(value)));
    if ('rest' in read && read.rest !== '') complain(target, truncated(target));
    return roundTimeUs(read.us, scale);
  };
}
