import { daysOfCivil } from '../../value/calendar.ts';
import type { ColumnType } from '../../value/column-type.ts';
import {
  formatDate,
  formatDateTime,
  fromDayAndUs,
  maxTimeUs,
  readFull,
  readTime,
  usOfDateTime,
} from '../../value/temporal.ts';
import { isTimeZone, localOfUs, usOfLocal } from '../../value/time-zone.ts';
import { civilOfToDays, unitsBetween } from './date-arithmetic.ts';
import { formatKind, formatMoment, readByFormat } from './date-format.ts';
import { daysOf, momentOf } from './date-part-functions.ts';
import {
  type ArgumentInfo,
  define,
  type FunctionDefinition,
  type Given,
  integer,
  num,
  returns,
  str,
  types,
} from './definition.ts';

const clamp = (us: number): number => Math.max(-maxTimeUs, Math.min(maxTimeUs, us));

const scaleOf = (info: ArgumentInfo | undefined): number => {
  if (!info) return 0;
  if (/char|text/.test(info.type.name))
    return info.constant === null ? 6 : Math.min(6, /\.(\d+)/.exec(info.constant)?.[1]?.length ?? 0);
  return info.type.name === 'double' ? 6 : Math.min(6, info.type.scale ?? 0);
};

function secondsType(args: readonly ArgumentInfo[]): ColumnType {
  const scale = scaleOf(args[0]);
  return scale === 0 ? types.bigint : { name: 'decimal', precision: 12 + scale, scale };
}

function fromUnixType(args: readonly ArgumentInfo[]): ColumnType {
  if (args.length > 1) return { name: 'varchar', length: 255 };
  const scale = args[0]!.type.name === 'varchar' ? 6 : scaleOf(args[0]);
  return scale === 0 ? { name: 'datetime' } : { name: 'datetime', scale };
}

function strToDateType(args: readonly ArgumentInfo[]): ColumnType {
  const format = args[1]!.constant;
  if (format === null) return { name: 'datetime', scale: 6 };
  const kind = formatKind(format);
  return /%f/.test(format) && kind !== 'date' ? { name: kind, scale: 6 } : { name: kind };
}

function makeTime([hour, minute, second]: readonly Given[]): number | null {
  const [h, m, s] = [num(hour), num(minute), num(second)];
  if (m < 0 || m > 59 || s < 0 || s >= 60) return null;
  const size = (Math.abs(h) * 3600 + m * 60) * 1e6 + Math.round(s * 1e6);
  return clamp(h < 0 ? -size : size);
}

/** 9999-12-31 as FROM_DAYS counts. */
const lastDay = 3_652_424;

/** Months since year 0 of YYMM or YYYYMM; 0 is 0. */
const period = (value: number): number => {
  if (value === 0) return 0;
  const year = Math.floor(value / 100);
  return (year < 70 ? year + 2000 : year < 100 ? year + 1900 : year) * 12 + (value % 100) - 1;
};

/** What is computed of dates and times, or made of other values. */
export const dateFunctions: readonly FunctionDefinition[] = [
  define(
    'time',
    [1, 1],
    ['time'],
    (args) => timeType(scaleOf(args[0])),
    ([us]) => num(us),
    integer,
  ),
  define('time_to_sec', [1, 1], ['time'], returns.bigint, ([us]) => Math.trunc(num(us) / 1e6), integer),
  define(
    'sec_to_time',
    [1, 1],
    ['number'],
    (args) => timeType(/char|text/.test(args[0]!.type.name) ? 6 : scaleOf(args[0])),
    ([seconds]) => clamp(Math.round(num(seconds) * 1e6)),
    integer,
  ),
  define('maketime', [3, 3], ['integer', 'integer', 'number'], (args) => timeType(scaleOf(args[2])), makeTime, integer),
  define(
    'timediff',
    [2, 2],
    ['raw'],
    (args) => timeType(Math.max(...args.map(scaleOf))),
    ([a, b]) => difference(a!, b!),
    integer,
  ),
  define(
    'datediff',
    [2, 2],
    ['moment'],
    returns.bigint,
    ([a, b]) => {
      const [left, right] = [momentOf(a), momentOf(b)];
      return left && right && left.month && right.month ? daysOf(left) - daysOf(right) : null;
    },
    integer,
  ),
  define('from_days', [1, 1], ['integer'], returns.date, ([count]) =>
    num(count) < 366 || num(count) > lastDay ? '0000-00-00' : formatDate(civilOfToDays(num(count))),
  ),
  define('makedate', [2, 2], ['integer'], returns.date, ([year, day]) => {
    if (num(day) < 1) return null;
    const full = num(year) < 70 ? num(year) + 2000 : num(year) < 100 ? num(year) + 1900 : num(year);
    const made = fromDayAndUs(daysOfCivil(full, 1, 1) + num(day) - 1, 0);
    return made && formatDate(made);
  }),
  define('date_format', [2, 2], ['moment', 'characters'], returns.text(255), ([given, format]) => {
    const value = momentOf(given);
    return value && formatMoment(value, str(format));
  }),
  define('time_format', [2, 2], ['time', 'characters'], returns.text(255), ([us, format]) => {
    const size = Math.abs(num(us));
    const value = {
      year: 0,
      month: 0,
      day: 0,
      hour: Math.floor(size / 3.6e9),
      minute: Math.floor(size / 6e7) % 60,
      second: Math.floor(size / 1e6) % 60,
      micro: size % 1e6,
    };
    const shown = formatMoment(value, str(format));
    return shown !== null && num(us) < 0 ? `-${shown}` : shown;
  }),
  define(
    'str_to_date',
    [2, 2],
    ['characters'],
    strToDateType,
    ([text, format]) => {
      const read = readByFormat(str(text), str(format));
      return read === null || formatKind(str(format)) !== 'time' ? read : timeUs(read);
    },
    integer,
  ),
  define('unix_timestamp', [1, 1], ['moment'], secondsType, ([given], context) => {
    const value = momentOf(given);
    if (!value || value.month === 0) return 0;
    const us = usOfLocal(context.timeZone, value);
    return us < 0 ? 0 : us % 1e6 === 0 ? BigInt(us / 1e6) : us / 1e6;
  }),
  define('from_unixtime', [1, 2], ['number', 'characters'], fromUnixType, ([seconds, format], context) => {
    const us = typeof seconds === 'bigint' ? Number(seconds) * 1e6 : Math.round(num(seconds) * 1e6);
    const value = us < 0 || us >= 32536771200 * 1e6 ? null : localOfUs(context.timeZone, us);
    if (!value) return null;
    if (format !== undefined) return formatMoment(value, str(format));
    return formatDateTime(value, typeof seconds === 'bigint' ? 0 : 6);
  }),
  define(
    'convert_tz',
    [3, 3],
    ['moment', 'characters'],
    (args) => returns.datetime(scaleOf(args[0]))(),
    ([given, from, to]) => {
      const value = momentOf(given);
      if (!value || value.month === 0 || !isTimeZone(str(from)) || !isTimeZone(str(to))) return null;
      const moved = localOfUs(str(to), usOfLocal(str(from), value));
      const scale = Math.max(0, str(given).length - 20);
      return moved && formatDateTime(moved, scale);
    },
  ),
  define(
    'period_add',
    [2, 2],
    ['integer'],
    returns.bigint,
    ([value, months]) => {
      if (num(value) === 0) return 0;
      const total = period(num(value)) + num(months);
      return Math.floor(total / 12) * 100 + (total % 12) + 1;
    },
    integer,
  ),
  define('period_diff', [2, 2], ['integer'], returns.bigint, ([a, b]) => period(num(a)) - period(num(b)), integer),
  define(
    'time_to_usec',
    [1, 1],
    ['moment'],
    returns.bigint,
    ([given], context) => {
      const value = momentOf(given);
      return value && usOfLocal(context.timeZone, value);
    },
    integer,
  ),
  define('usec_to_time', [1, 1], ['integer'], returns.datetime(6), ([us], context) => {
    const value = localOfUs(context.timeZone, num(us));
    return value && formatDateTime(value, 6);
  }),
  define('timestamp_to_scn', [1, 1], ['moment'], returns.unsigned, ([given], context) => {
    const value = momentOf(given);
    const us = value === null ? -1 : usOfLocal(context.timeZone, value);
    return us < 0 ? null : BigInt(us) * 1000n;
  }),
  define('scn_to_timestamp', [1, 1], ['integer'], returns.datetime(6), ([scn], context) => {
    const ns = BigInt(scn as bigint);
    const value = ns > 0n ? localOfUs(context.timeZone, Number(ns / 1000n)) : null;
    return value && formatDateTime(value, 6);
  }),
  // Behind TIMESTAMPDIFF(unit, a, b), which the translator writes with the unit as a text.
  define(
    'timestampdiff',
    [3, 3],
    ['characters', 'moment'],
    returns.bigint,
    ([unit, a, b]) => {
      const [from, to] = [momentOf(a), momentOf(b)];
      if (!from || !to || !from.month || !to.month) return null;
      return unitsBetween(str(unit), from, to, usOfDateTime(to) - usOfDateTime(from));
    },
    integer,
  ),
];

function timeType(scale: number): ColumnType {
  return scale === 0 ? { name: 'time' } : { name: 'time', scale };
}

function timeUs(text: string): number {
  const match = /^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text)!;
  const us =
    (Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4])) * 1e6 +
    Number((match[5] ?? '').padEnd(6, '0'));
  return match[1] ? -us : us;
}

/** TIMEDIFF of two times (microseconds or texts) or two datetimes. */
function difference(a: Given, b: Given): number | null {
  const [left, right] = [operand(a), operand(b)];
  if (left === null || right === null || left.moment !== right.moment) return null;
  return clamp(left.us - right.us);
}

function operand(value: Given): { readonly us: number; readonly moment: boolean } | null {
  if (typeof value !== 'string') return { us: num(value), moment: false };
  const full = readFull(value);
  if (full) return { us: usOfDateTime(full.value), moment: true };
  const time = readTime(value);
  return time && { us: time.us, moment: false };
}
