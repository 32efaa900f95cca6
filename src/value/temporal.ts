import { civilOfDays, daysOfCivil, daysOfMonth } from './calendar.ts';

/** A date and time of day without zone. Zero parts are MySQL's zero dates. `micro` counts microseconds of the second. */
export interface DateTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micro: number;
}

export const dayUs = 86_400_000_000;

/** Largest TIME: 838:59:59. */
export const maxTimeUs = (838 * 3600 + 59 * 60 + 59) * 1_000_000;

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

export function formatDate(value: Pick<DateTime, 'year' | 'month' | 'day'>): string {
  return `${String(value.year).padStart(4, '0')}-${two(value.month)}-${two(value.day)}`;
}

function fraction(micro: number, scale: number): string {
  return scale === 0 ? '' : `.${String(micro).padStart(6, '0').slice(0, scale)}`;
}

/** `YYYY-MM-DD HH:MM:SS[.f…]` with exactly `scale` digits; digits beyond are cut. */
export function formatDateTime(value: DateTime, scale: number): string {
  return `${formatDate(value)} ${two(value.hour)}:${two(value.minute)}:${two(value.second)}${fraction(value.micro, scale)}`;
}

/** `[-]HH:MM:SS[.f…]` of signed microseconds; hours may pass 99. */
export function formatTime(us: number, scale: number): string {
  const size = Math.abs(us);
  const seconds = Math.floor(size / 1_000_000);
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${us < 0 ? '-' : ''}${text}${fraction(size % 1_000_000, scale)}`;
}

/** True when the parts name a real day, or a zero date. */
function validDate(year: number, month: number, day: number): boolean {
  if (month > 12 || day > 31) return false;
  if (month === 0 || day === 0) return true;
  return day <= daysOfMonth(year, month);
}

const twoDigitYear = (year: number): number => (year < 70 ? 2000 + year : 1900 + year);

const separated =
  /^\s*(\d{1,4})[^\d\s]+(\d{1,2})[^\d\s]+(\d{1,2})(?:(?:[T]|\s+)(\d{1,2})(?:[^\d\s](\d{1,2})(?:[^\d\s](\d{1,2})(?:\.(\d*))?)?)?)?(\D[\s\S]*)?$/;
const compact = /^\s*(\d{5,8}|\d{12}|\d{14})(?:\.(\d*))?(?:T(\d{6})(?:\.(\d*))?)?(\D[\s\S]*)?$/;

/** A text read as date and time; `date` tells that it held no time, `rest` that something followed. */
export interface ReadDateTime {
  readonly value: DateTime;
  readonly date: boolean;
  readonly rest: string;
}

/** Reads MySQL's lenient forms of a date or datetime. Null when it is none. Digits beyond microseconds round. */
export function readDateTime(text: string): ReadDateTime | null {
  const fast = readCanonical(text);
  if (fast) return fast;
  const match = separated.exec(text);
  if (match) {
    const [, y = '', mo = '', d = '', h, mi, s, f, rest] = match;
    const year = y.length <= 2 ? twoDigitYear(Number(y)) : Number(y);
    return build(
      year,
      Number(mo),
      Number(d),
      Number(h ?? 0),
      Number(mi ?? 0),
      Number(s ?? 0),
      f,
      h === undefined,
      rest,
    );
  }
  const digits = compact.exec(text);
  if (!digits) return null;
  let [, run = '', f] = digits;
  const [, , , afterT, fT, rest] = digits;
  if (afterT !== undefined) {
    run += afterT;
    f = fT;
  }
  if (run.length === 5 || run.length === 7) run = `0${run}`;
  const long = run.length === 8 || run.length === 14;
  const year = long ? Number(run.slice(0, 4)) : twoDigitYear(Number(run.slice(0, 2)));
  const at = long ? 4 : 2;
  const part = (index: number) => Number(run.slice(at + 2 * index, at + 2 * index + 2) || 0);
  return build(year, part(0), part(1), part(2), part(3), part(4), f, run.length <= 8, rest);
}

function readCanonical(text: string): ReadDateTime | null {
  const { length } = text;
  if ((length !== 10 && length !== 19 && length !== 26) || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45)
    return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (year < 0 || month < 0 || day < 0 || !validDate(year, month, day)) return null;
  if (length === 10)
    return { value: { year, month, day, hour: 0, minute: 0, second: 0, micro: 0 }, date: true, rest: '' };
  if (text.charCodeAt(10) !== 32 || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null;
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const micro = length === 19 ? 0 : text.charCodeAt(19) === 46 ? digits(text, 20, 26) : -1;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || micro < 0) return null;
  return { value: { year, month, day, hour, minute, second, micro }, date: false, rest: '' };
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function build(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fractionText: string | undefined,
  date: boolean,
  rest: string | undefined,
): ReadDateTime | null {
  if (!validDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  const value = { year, month, day, hour, minute, second, micro: 0 };
  const micro = microOf(fractionText);
  const whole = micro === 1_000_000 ? addUs(value, 1_000_000) : { ...value, micro };
  return whole === null ? null : { value: whole, date, rest: (rest ?? '').trim() };
}

/** Microseconds of the digits after the point; the seventh digit rounds and may give 1000000. */
function microOf(text: string | undefined): number {
  if (!text) return 0;
  const micro = Number(text.slice(0, 6).padEnd(6, '0'));
  return text.length > 6 && text.charCodeAt(6) >= 53 ? micro + 1 : micro;
}

/** Reads a number as MySQL does: YYYYMMDD, YYMMDD, YYYYMMDDHHMMSS or YYMMDDHHMMSS. */
export function dateTimeOfNumber(value: number | bigint): ReadDateTime | null {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    const whole = Math.trunc(value);
    const read = dateTimeOfNumber(whole);
    return read && { ...read, value: { ...read.value, micro: Math.round((value - whole) * 1e6) % 1_000_000 } };
  }
  if (value < 0) return null;
  if (Number(value) === 0)
    return { value: { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, micro: 0 }, date: true, rest: '' };
  const text = String(value);
  if (text.length > 14 || text.length < 3) return null;
  const width = text.length <= 6 ? 6 : text.length <= 8 ? 8 : text.length <= 12 ? 12 : 14;
  return readDateTime(text.padStart(width, '0'));
}

/** Day number (1970-01-01 is 0) and microseconds of that day. */
export function dayAndUs(value: DateTime): { readonly days: number; readonly us: number } {
  const seconds = value.hour * 3600 + value.minute * 60 + value.second;
  return { days: daysOfCivil(value.year, value.month, value.day), us: seconds * 1_000_000 + value.micro };
}

/** The date and time of a day number and microseconds of any size; null outside of the years 0 to 9999. */
export function fromDayAndUs(days: number, us: number): DateTime | null {
  const carried = Math.floor(us / dayUs);
  const rest = us - carried * dayUs;
  const civil = civilOfDays(days + carried);
  if (civil.year < 0 || civil.year > 9999) return null;
  const seconds = Math.floor(rest / 1_000_000);
  return {
    ...civil,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micro: rest % 1_000_000,
  };
}

export function addUs(value: DateTime, us: number): DateTime | null {
  const at = dayAndUs(value);
  return fromDayAndUs(at.days, at.us + us);
}

/** Rounds the fraction half up to `scale` digits; may carry into the next second. */
export function roundDateTime(value: DateTime, scale: number): DateTime | null {
  const unit = 10 ** (6 - scale);
  const rounded = Math.floor((value.micro + unit / 2) / unit) * unit;
  if (rounded === value.micro) return value;
  if (value.month === 0 || value.day === 0) return { ...value, micro: 0 };
  return rounded === 1_000_000 ? addUs({ ...value, micro: 0 }, 1_000_000) : { ...value, micro: rounded };
}

export function roundTimeUs(us: number, scale: number): number {
  const unit = 10 ** (6 - scale);
  const size = Math.floor((Math.abs(us) + unit / 2) / unit) * unit;
  return us < 0 ? -size : size;
}

/** The date and time of microseconds since 1970 UTC. */
export function dateTimeOfUs(us: number): DateTime | null {
  return fromDayAndUs(0, us);
}

/** Microseconds since 1970 of a date and time read as UTC. Exact within the years a timestamp may have. */
export function usOfDateTime(value: DateTime): number {
  const at = dayAndUs(value);
  return at.days * dayUs + at.us;
}

const timeText = /^\s*(-?)(?:(\d+)\s+)?(\d+)(?::(\d{1,2})(?::(\d{1,2}))?)?(?:\.(\d*))?(\D[\s\S]*)?$/;

/**
 * Reads `[-][D ]HH:MM[:SS[.f]]`, `HHMMSS`, or the time of a full datetime. Null when it is none (a date alone is one: its
 * year is read as MMSS, as in MySQL); `clipped` when it was
 * beyond 838:59:59.
 */
export function readTime(
  text: string,
): { readonly us: number; readonly clipped: boolean; readonly rest: string } | null {
  const full = text.length >= 12 ? readFull(text) : null;
  if (full) return { us: dayAndUs(full.value).us, clipped: false, rest: full.rest };
  const match = timeText.exec(text);
  if (!match) return null;
  const [, sign, dayText, first = '', minuteText, secondText, fractionText, rest = ''] = match;
  let hours: number;
  let minutes: number;
  let seconds: number;
  if (minuteText === undefined && dayText === undefined) {
    if (first.length > 7) return null;
    const run = first.padStart(7, '0');
    [hours, minutes, seconds] = [Number(run.slice(0, 3)), Number(run.slice(3, 5)), Number(run.slice(5, 7))];
  } else {
    [hours, minutes, seconds] = [Number(first), Number(minuteText ?? 0), Number(secondText ?? 0)];
    hours += Number(dayText ?? 0) * 24;
  }
  if (minutes > 59 || seconds > 59) return null;
  const size = (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + microOf(fractionText);
  const us = Math.min(size, maxTimeUs);
  return { us: sign === '-' ? -us : us, clipped: size > maxTimeUs, rest: rest.trim() };
}

/** A date with a time, as texts of twelve characters and more may hold one; null for a date alone. */
export function readFull(text: string): ReadDateTime | null {
  if (!/^\s*\d{2,4}[-/]\d/.test(text) && !/^\s*\d{12}(\d\d)?(\.|\s|$)/.test(text)) return null;
  const read = readDateTime(text);
  return read === null || read.date ? null : read;
}

/** Numbers from here on are a date with a time. */
const firstFullNumber = 1e10;

/** Microseconds of a number HHMMSS[.f], or of the time of a full datetime. Null when minutes or seconds pass 59. */
export function timeOfNumber(value: number | bigint): { readonly us: number; readonly clipped: boolean } | null {
  const full = value >= firstFullNumber ? dateTimeOfNumber(value) : null;
  if (full) return { us: dayAndUs(full.value).us, clipped: false };
  const size = Math.abs(Number(value));
  const whole = Math.trunc(size);
  const micro = Math.round((size - whole) * 1e6);
  const seconds = whole % 100;
  const minutes = Math.floor(whole / 100) % 100;
  if (minutes > 59 || seconds > 59) return null;
  const us = (Math.floor(whole / 10000) * 3600 + minutes * 60 + seconds) * 1_000_000 + micro;
  const cut = Math.min(us, maxTimeUs);
  return { us: value < 0 ? -cut : cut, clipped: us > maxTimeUs };
}
