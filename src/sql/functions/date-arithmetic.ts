import { civilOfDays, daysOfMonth } from '../../value/calendar.ts';
import { addUs, type DateTime, dayUs } from '../../value/temporal.ts';

/** What an INTERVAL adds: whole months, and microseconds. */
export interface Span {
  readonly months: number;
  readonly us: number;
}

const unitUs: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  SECOND: 1e6,
  MINUTE: 6e7,
  HOUR: 3.6e9,
  DAY: dayUs,
  WEEK: 7 * dayUs,
};
const unitMonths: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** Parts of compound units, largest first; the last is what a lone number means. */
const compound: Readonly<Record<string, readonly string[]>> = {
  SECOND_MICROSECOND: ['SECOND', 'MICROSECOND'],
  MINUTE_MICROSECOND: ['MINUTE', 'SECOND', 'MICROSECOND'],
  MINUTE_SECOND: ['MINUTE', 'SECOND'],
  HOUR_MICROSECOND: ['HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'],
  HOUR_SECOND: ['HOUR', 'MINUTE', 'SECOND'],
  HOUR_MINUTE: ['HOUR', 'MINUTE'],
  DAY_MICROSECOND: ['DAY', 'HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'],
  DAY_SECOND: ['DAY', 'HOUR', 'MINUTE', 'SECOND'],
  DAY_MINUTE: ['DAY', 'HOUR', 'MINUTE'],
  DAY_HOUR: ['DAY', 'HOUR'],
  YEAR_MONTH: ['YEAR', 'MONTH'],
};

/** The span of `INTERVAL amount unit`. Only SECOND keeps a fraction; other units round. */
export function spanOf(amount: number | bigint | string, unit: string): Span | null {
  const parts = compound[unit];
  if (parts) return compoundSpan(String(amount), parts);
  const given = typeof amount === 'string' ? (/^\s*[+-]?\d*\.?\d*/.exec(amount)?.[0] ?? '0') : amount;
  const number = Number(given) || 0;
  const months = unitMonths[unit];
  if (months !== undefined) return { months: Math.round(number) * months, us: 0 };
  const us = unitUs[unit];
  if (us === undefined) return null;
  return {
    months: 0,
    us: unit === 'SECOND' ? Math.round(number * us) : roundAway(number, typeof amount === 'string') * us,
  };
}

function roundAway(value: number, cut: boolean): number {
  if (cut) return Math.trunc(value);
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

/** Null for more numbers than the unit has parts. */
function compoundSpan(text: string, parts: readonly string[]): Span | null {
  const negative = text.trimStart().startsWith('-');
  const numbers: readonly string[] = text.match(/\d+/g) ?? [];
  if (numbers.length > parts.length) return null;
  const used = parts.slice(parts.length - numbers.length);
  let months = 0;
  let us = 0;
  used.forEach((part, index) => {
    const digits = numbers[index]!;
    const number = part === 'MICROSECOND' ? Number(digits.slice(0, 6).padEnd(6, '0')) : Number(digits);
    months += number * (unitMonths[part] ?? 0);
    us += number * (unitUs[part] ?? 0);
  });
  return negative ? { months: -months, us: -us } : { months, us };
}

export function negated({ months, us }: Span): Span {
  return { months: -months, us: -us };
}

/** The moment a span later; the day is cut to the length of the month. Null beyond the years 0 to 9999. */
export function addSpan(value: DateTime, span: Span): DateTime | null {
  if (value.month === 0 || value.day === 0) return null;
  let moved = value;
  if (span.months !== 0) {
    const total = value.year * 12 + value.month - 1 + span.months;
    const year = Math.floor(total / 12);
    const month = total - year * 12 + 1;
    if (year < 0 || year > 9999) return null;
    moved = { ...value, year, month, day: Math.min(value.day, daysOfMonth(year, month)) };
  }
  return span.us === 0 ? moved : addUs(moved, span.us);
}

/** Whole units from one moment to another, as TIMESTAMPDIFF counts them. */
export function unitsBetween(unit: string, from: DateTime, to: DateTime, us: number): number {
  const months = unitMonths[unit];
  if (months === undefined) return Math.trunc(us / (unitUs[unit] ?? 1)) + 0;
  const [early, late] = us < 0 ? [to, from] : [from, to];
  let count = (late.year - early.year) * 12 + late.month - early.month;
  if (withinMonth(late) < withinMonth(early)) count--;
  const units = Math.floor(count / months);
  return us < 0 && units !== 0 ? -units : units;
}

function withinMonth(value: DateTime): number {
  const seconds = ((value.day * 24 + value.hour) * 60 + value.minute) * 60 + value.second;
  return seconds * 1e6 + value.micro;
}

/** Day number counted from year 0, as TO_DAYS and FROM_DAYS count. */
export function civilOfToDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  return civilOfDays(days - 719528);
}
