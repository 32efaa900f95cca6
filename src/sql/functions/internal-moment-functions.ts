import {
  type DateTime,
  dateTimeOfNumber,
  dayAndUs,
  formatDate,
  formatDateTime,
  formatTime,
  maxTimeUs,
  readDateTime,
  readFull,
  readTime,
  roundDateTime,
  roundTimeUs,
  timeOfNumber,
} from '../../value/temporal.ts';
import { localOfUs, localTextToUtc, utcTextToLocal } from '../../value/time-zone.ts';
import { addSpan, negated, spanOf } from './date-arithmetic.ts';
import { type FunctionDefinition, type Given, integer, internal, num, type SqlValue, str } from './definition.ts';

/** Reads texts and numbers as a moment: date text for dates, datetime text with the digits given otherwise. */
function readMoment(
  value: Given,
): { readonly value: DateTime; readonly date: boolean; readonly digits: number } | null {
  const number = typeof value === 'number' || typeof value === 'bigint';
  const read = number ? dateTimeOfNumber(value) : readDateTime(str(value));
  if (!read) return null;
  const digits = read.value.micro === 0 ? 0 : 6 - /0*$/.exec(String(read.value.micro).padStart(6, '0'))![0].length;
  return { value: read.value, date: read.date, digits };
}

function toDateTime(value: Given): string | null {
  const read = readMoment(value);
  if (!read) return null;
  return read.date ? formatDate(read.value) : formatDateTime(read.value, read.digits);
}

/** A text compared with a column: padded like the column so that texts sort as moments; -1 stands for a date. What is none is the zero date. */
function toMoment([value, scaleGiven]: readonly Given[]): string {
  const read = readMoment(value!) ?? readMoment(0n)!;
  const scale = num(scaleGiven);
  if (scale < 0 && dayAndUs(read.value).us === 0) return formatDate(read.value);
  return formatDateTime(read.value, Math.max(scale, read.digits));
}

/** A number as the time or, beyond all times, the datetime it stands for, as text. */
function clockText(value: Given): string | null {
  if (num(value) > largestTime) {
    const full = readMoment(value);
    return full && formatDateTime(full.value, full.digits);
  }
  const time = timeOfNumber(typeof value === 'bigint' ? value : num(value));
  return time && formatTime(time.us, time.us % 1e6 === 0 ? 0 : 6);
}

/** 838:59:59 */
const largestTime = 8_385_959;

/** The number of a text that shows a date, a datetime or a time. */
function momentNumber(text: string): SqlValue {
  const time = /^-?\d+:/.test(text) ? readTime(text) : null;
  return time ? timeNumber(time.us) : datetimeNumber(text);
}

const clampTime = (us: number): number => Math.max(-maxTimeUs, Math.min(maxTimeUs, us));

function datetimeNumber(text: string): SqlValue {
  const read = readDateTime(text);
  if (!read) return 0n;
  const digits = text.replace(/\D/g, '');
  if (read.date) return BigInt(digits);
  const whole = BigInt(digits.slice(0, 14));
  return read.value.micro === 0 ? whole : Number(whole) + read.value.micro / 1e6;
}

function timeNumber(us: number): SqlValue {
  const size = Math.floor(Math.abs(us) / 1e6);
  const whole = Math.floor(size / 3600) * 10000 + (Math.floor(size / 60) % 60) * 100 + (size % 60);
  const micro = Math.abs(us) % 1e6;
  const sign = us < 0 ? -1 : 1;
  return micro === 0 ? BigInt(sign * whole) : sign * (whole + micro / 1e6);
}

function toTime(value: Given): SqlValue {
  const read = typeof value === 'number' || typeof value === 'bigint' ? timeOfNumber(value) : readTime(str(value));
  return read === null ? null : BigInt(read.us);
}

/** DATE_ADD: a date stays a date under days and months; `scale` digits otherwise. */
function dateAdd([value, amount, unit, minus, scaleGiven]: readonly Given[]): SqlValue {
  const read = readMoment(value!);
  const span = spanOf(amount instanceof Uint8Array ? str(amount) : amount!, str(unit));
  if (!read || !span) return null;
  const moved = addSpan(read.value, num(minus) ? negated(span) : span);
  if (!moved) return null;
  const scale = num(scaleGiven);
  if (scale === -1 || (scale < -1 && read.date && /^(DAY|WEEK|MONTH|QUARTER|YEAR|YEAR_MONTH)$/.test(str(unit))))
    return formatDate(moved);
  return formatDateTime(moved, scale >= 0 ? scale : moved.micro === 0 ? 0 : 6);
}

function timeAdd([us, amount, unit, minus]: readonly Given[]): SqlValue {
  const span = spanOf(amount instanceof Uint8Array ? str(amount) : amount!, str(unit));
  if (span?.months !== 0) return null;
  const moved = num(us) + (num(minus) ? -span.us : span.us);
  return Math.abs(moved) > maxTimeUs ? null : BigInt(moved);
}

/** ADDTIME and SUBTIME on a moment, with `digits` after the point; -1 is for texts and shows six when there are any. */
function addClock([value, us, minus, digits]: readonly Given[]): SqlValue {
  const read = num(digits) < 0 ? readFull(str(value)) : readMoment(value!);
  if (!read) {
    const time = num(digits) < 0 ? readTime(str(value)) : null;
    const moved = time && clampTime(time.us + (num(minus) ? -num(us) : num(us)));
    return moved === null ? null : formatTime(moved, moved % 1e6 === 0 ? 0 : 6);
  }
  const moved = addSpan(read.value, { months: 0, us: num(minus) ? -num(us) : num(us) });
  return moved && formatDateTime(moved, num(digits) >= 0 ? num(digits) : moved.micro === 0 ? 0 : 6);
}

/** EXTRACT of compound units: the parts written behind each other as one number. */
function extractCompound(unit: string, text: string): number | null {
  const time = /^\s*-?(\d+ )?\d+:\d+/.test(text) ? readTime(text) : null;
  const moment = time ? null : readMoment(text);
  if (!time && !moment) return null;
  const us = time ? Math.abs(time.us) : dayAndUs(moment!.value).us;
  const [from, to] = unit.split('_') as [string, string];
  if (unit === 'YEAR_MONTH') return moment ? moment.value.year * 100 + moment.value.month : null;
  const order = ['DAY', 'HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'];
  const day = moment?.value.day ?? 0;
  const parts = [day, Math.floor(us / 3.6e9), Math.floor(us / 6e7) % 60, Math.floor(us / 1e6) % 60, us % 1e6];
  let number = 0;
  for (let at = order.indexOf(from); at <= order.indexOf(to); at++)
    number = number * (order[at] === 'MICROSECOND' ? 1e6 : 100) + parts[at]!;
  return time && time.us < 0 ? -number : number;
}

/** Moments, times and their arithmetic. */
export const internalMomentFunctions: readonly FunctionDefinition[] = [
  internal('local', [1, 1], ([value], context) => utcTextToLocal(context.timeZone, str(value))),
  internal('utc', [1, 1], ([value], context) => localTextToUtc(context.timeZone, str(value))),
  internal('time_text', [2, 2], ([us, scale]) => formatTime(num(us), num(scale))),
  internal('to_datetime', [1, 1], ([value]) => toDateTime(value!)),
  internal('to_moment', [2, 2], toMoment),
  internal('to_time', [1, 1], ([value]) => toTime(value!)),
  internal('time_datetime', [1, 1], ([us], context) => {
    const today = localOfUs(context.timeZone, context.nowUs)!;
    const moved = addSpan({ ...today, hour: 0, minute: 0, second: 0, micro: 0 }, { months: 0, us: num(us) });
    return moved && formatDateTime(moved, num(us) % 1e6 === 0 ? 0 : 6);
  }),
  internal('clock_text', [1, 1], ([value]) => clockText(value!)),
  internal('moment_number', [1, 1], ([value]) => momentNumber(str(value))),
  internal('datetime_number', [1, 1], ([value]) => datetimeNumber(str(value))),
  internal('time_number', [1, 1], ([us]) => timeNumber(num(us))),
  internal('date_add', [5, 5], dateAdd),
  internal('time_add', [4, 4], timeAdd),
  internal('add_clock', [4, 4], addClock),
  internal('cast_date', [1, 1], ([value]) => {
    const read = readMoment(value!);
    return read && formatDate(read.value);
  }),
  internal('cast_datetime', [2, 2], ([value, scale]) => {
    const read = readMoment(value!);
    const rounded = read && roundDateTime(read.value, num(scale));
    return rounded && formatDateTime(rounded, num(scale));
  }),
  internal('cast_time', [2, 2], ([us, scale]) => roundTimeUs(num(us), num(scale)), integer),
  internal(
    'cast_year',
    [1, 1],
    ([value]) => {
      const year = Math.trunc(num(value));
      if (year >= 1901 && year <= 2155) return year;
      return year > 0 && year < 100 ? year + (year < 70 ? 2000 : 1900) : year === 0 ? 0 : null;
    },
    integer,
  ),
  internal('extract', [2, 2], ([unit, value]) => extractCompound(str(unit), str(value)), integer),
  internal('current_local', [1, 1], ([scale], context) =>
    formatDateTime(localOfUs(context.timeZone, context.nowUs)!, num(scale)),
  ),
  internal('current_utc', [1, 1], ([scale], context) => formatDateTime(localOfUs('UTC', context.nowUs)!, num(scale))),
];
