import { daysOfCivil, daysOfMonth, toDaysOffset, weekday, weekOf } from '../../value/calendar.ts';
import { type DateTime, dayAndUs, formatDate, readDateTime } from '../../value/temporal.ts';
import { dayNames, monthNames } from './date-format.ts';
import {
  define,
  type FunctionDefinition,
  type Given,
  integer,
  num,
  returns,
  type SqlValue,
  str,
} from './definition.ts';

/** The moment an argument holds, null when it is none. */
export function momentOf(value: SqlValue | undefined): DateTime | null {
  return value === undefined || value === null ? null : (readDateTime(str(value))?.value ?? null);
}

type Result = NonNullable<FunctionDefinition['result']>;

/** A function of one date; NULL for zero dates unless `zero`. */
function ofDate(name: string, result: Result, run: (value: DateTime) => SqlValue, zero = false): FunctionDefinition {
  return define(
    name,
    [1, 1],
    ['moment'],
    result,
    ([given]) => {
      const value = momentOf(given);
      return value === null || (!zero && (value.month === 0 || value.day === 0)) ? null : run(value);
    },
    integer,
  );
}

/** A function of the microseconds of a time. */
function ofTime(name: string, result: Result, run: (us: number) => SqlValue): FunctionDefinition {
  return define(name, [1, 1], ['time'], result, ([us]) => run(num(us)), integer);
}

/** Days since 1970 of a date. */
export const daysOf = (value: DateTime): number => daysOfCivil(value.year, value.month, value.day);

/** WEEK and YEARWEEK: a mode that is NULL is 0. */
function weekCall(name: string, run: (args: readonly Given[]) => number | null): FunctionDefinition {
  const runNulls: FunctionDefinition['runNulls'] = ([given, mode]) =>
    given === null ? null : run([given as Given, mode ?? 0n]);
  return { name, least: 1, most: 2, kinds: ['moment', 'integer'], result: returns.bigint, runNulls, integer: true };
}

function week([given, mode]: readonly Given[]): number | null {
  const value = momentOf(given);
  return value === null || value.month === 0 || value.day === 0 ? null : weekOf(value, num(mode)).week;
}

function yearWeek([given, mode]: readonly Given[]): number | null {
  const value = momentOf(given);
  if (value === null || value.month === 0 || value.day === 0) return null;
  const found = weekOf(value, num(mode) | 2);
  return found.year * 100 + found.week;
}

/** What is read off one date or one time. */
export const datePartFunctions: readonly FunctionDefinition[] = [
  ofDate('year', returns.bigint, (value) => value.year, true),
  ofDate('month', returns.bigint, (value) => value.month, true),
  ofDate('day', returns.bigint, (value) => value.day, true),
  ofDate('dayofmonth', returns.bigint, (value) => value.day, true),
  ofDate('quarter', returns.bigint, (value) => Math.ceil(value.month / 3), true),
  ofDate('dayofweek', returns.bigint, (value) => ((weekday(daysOf(value)) + 1) % 7) + 1),
  ofDate('weekday', returns.bigint, (value) => weekday(daysOf(value))),
  ofDate('dayofyear', returns.bigint, (value) => daysOf(value) - daysOfCivil(value.year, 1, 1) + 1),
  ofDate('dayname', returns.text(9), (value) => dayNames[weekday(daysOf(value))]!),
  ofDate('monthname', returns.text(9), (value) => monthNames[value.month - 1] ?? null),
  ofDate('last_day', returns.date, (value) => formatDate({ ...value, day: daysOfMonth(value.year, value.month) })),
  ofDate('to_days', returns.bigint, (value) => daysOf(value) + toDaysOffset),
  ofDate(
    'to_seconds',
    returns.bigint,
    (value) => (daysOf(value) + toDaysOffset) * 86400 + Math.floor(dayAndUs(value).us / 1e6),
  ),
  ofDate('weekofyear', returns.bigint, (value) => weekOf(value, 3).week),
  ofDate('date', returns.date, (value) => formatDate(value), true),
  weekCall('week', week),
  weekCall('yearweek', yearWeek),
  ofTime('hour', returns.bigint, (us) => Math.floor(Math.abs(us) / 3.6e9)),
  ofTime('minute', returns.bigint, (us) => Math.floor(Math.abs(us) / 6e7) % 60),
  ofTime('second', returns.bigint, (us) => Math.floor(Math.abs(us) / 1e6) % 60),
  ofTime('microsecond', returns.bigint, (us) => Math.abs(us) % 1e6),
];
