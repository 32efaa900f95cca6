import { daysOfCivil, weekday, weekOf } from '../../value/calendar.ts';
import {
  type DateTime,
  dayAndUs,
  formatDate,
  formatDateTime,
  formatTime,
  fromDayAndUs,
  maxTimeUs,
} from '../../value/temporal.ts';

export const monthNames = 'January February March April May June July August September October November December'.split(
  ' ',
);
export const dayNames = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function ordinal(day: number): string {
  const last = day % 10;
  const teen = day % 100 >= 11 && day % 100 <= 13;
  return `${day}${teen ? 'th' : last === 1 ? 'st' : last === 2 ? 'nd' : last === 3 ? 'rd' : 'th'}`;
}

/** DATE_FORMAT; null where a zero date has no name or week. `hours` of a TIME may pass 24. */
export function formatMoment(value: DateTime, format: string): string | null {
  if (format === '') return null;
  let result = '';
  for (let at = 0; at < format.length; at++) {
    const character = format[at]!;
    if (character !== '%' || at + 1 === format.length) {
      result += character;
      continue;
    }
    const shown = specifier(value, format[++at]!);
    if (shown === null) return null;
    result += shown;
  }
  return result;
}

function specifier(value: DateTime, letter: string): string | null {
  const hour12 = value.hour % 12 === 0 ? 12 : value.hour % 12;
  const half = value.hour % 24 < 12 ? 'AM' : 'PM';
  switch (letter) {
    case 'Y':
      return pad(value.year, 4);
    case 'y':
      return pad(value.year % 100, 2);
    case 'm':
      return pad(value.month, 2);
    case 'c':
      return String(value.month);
    case 'M':
      return monthNames[value.month - 1] ?? null;
    case 'b':
      return monthNames[value.month - 1]?.slice(0, 3) ?? null;
    case 'd':
      return pad(value.day, 2);
    case 'e':
      return String(value.day);
    case 'D':
      return ordinal(value.day);
    case 'H':
      return pad(value.hour, 2);
    case 'k':
      return String(value.hour);
    case 'h':
    case 'I':
      return pad(hour12, 2);
    case 'l':
      return String(hour12);
    case 'i':
      return pad(value.minute, 2);
    case 's':
    case 'S':
      return pad(value.second, 2);
    case 'f':
      return pad(value.micro, 6);
    case 'p':
      return half;
    case 'r':
      return `${pad(hour12, 2)}:${pad(value.minute, 2)}:${pad(value.second, 2)} ${half}`;
    case 'T':
      return `${pad(value.hour, 2)}:${pad(value.minute, 2)}:${pad(value.second, 2)}`;
    default:
      return ofTheYear(value, letter);
  }
}

function ofTheYear(value: DateTime, letter: string): string | null {
  if (!'jaWwUuVvXx'.includes(letter)) return letter;
  if (value.month === 0 || value.day === 0) return null;
  const days = daysOfCivil(value.year, value.month, value.day);
  switch (letter) {
    case 'j':
      return pad(days - daysOfCivil(value.year, 1, 1) + 1, 3);
    case 'a':
      return dayNames[weekday(days)]!.slice(0, 3);
    case 'W':
      return dayNames[weekday(days)]!;
    case 'w':
      return String((weekday(days) + 1) % 7);
    case 'U':
      return pad(weekOf(value, 0).week, 2);
    case 'u':
      return pad(weekOf(value, 1).week, 2);
    case 'V':
      return pad(weekOf(value, 2).week, 2);
    case 'v':
      return pad(weekOf(value, 3).week, 2);
    case 'X':
      return pad(weekOf(value, 2).year, 4);
    default:
      return pad(weekOf(value, 3).year, 4);
  }
}

/** Which parts a STR_TO_DATE format asks for: it decides the type of the result. */
export function formatKind(format: string): 'date' | 'time' | 'datetime' {
  const hasDate = /%[YymcMbdeDjaWwUuVvXx]/.test(format);
  const hasTime = /%[HkhIlisSfprT]/.test(format);
  return hasDate && hasTime ? 'datetime' : hasTime ? 'time' : 'date';
}

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micro: number;
  pm: boolean | null;
  dayOfYear: number;
}

/** STR_TO_DATE; null when the text does not follow the format. Time-only formats give a time text. */
export function readByFormat(text: string, format: string): string | null {
  const parts: Parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, micro: 0, pm: null, dayOfYear: 0 };
  let position = 0;
  for (let at = 0; at < format.length; at++) {
    const character = format[at]!;
    if (/\s/.test(character)) {
      while (/\s/.test(text[position] ?? '')) position++;
      continue;
    }
    while (/\s/.test(text[position] ?? '')) position++;
    if (position >= text.length) break;
    if (character !== '%') {
      if (text[position] !== character) return null;
      position++;
      continue;
    }
    const taken = take(text.slice(position), format[++at] ?? '', parts);
    if (taken < 0) return null;
    position += taken;
  }
  return finish(parts, formatKind(format), /%f/.test(format) ? 6 : 0);
}

const numbers: Readonly<Record<string, readonly [key: keyof Parts, digits: number]>> = {
  Y: ['year', 4],
  m: ['month', 2],
  c: ['month', 2],
  d: ['day', 2],
  e: ['day', 2],
  H: ['hour', 2],
  k: ['hour', 2],
  h: ['hour', 2],
  I: ['hour', 2],
  l: ['hour', 2],
  i: ['minute', 2],
  s: ['second', 2],
  S: ['second', 2],
  j: ['dayOfYear', 3],
};

/** Characters one specifier takes; -1 when the text does not fit. */
function take(text: string, letter: string, parts: Parts): number {
  const number = numbers[letter];
  if (number) {
    const match = new RegExp(`^\\d{1,${number[1]}}`).exec(text);
    if (!match) return -1;
    (parts[number[0]] as number) = Number(match[0]);
    if ('hIl'.includes(letter)) {
      if (Number(match[0]) < 1 || Number(match[0]) > 12) return -1;
      parts.hour = Number(match[0]) % 12;
      parts.pm ??= false;
    }
    if (letter === 'Y' && match[0].length <= 2) parts.year += Number(match[0]) < 70 ? 2000 : 1900;
    return match[0].length;
  }
  switch (letter) {
    case 'y': {
      const match = /^\d{1,2}/.exec(text);
      if (!match) return -1;
      parts.year = Number(match[0]) + (Number(match[0]) < 70 ? 2000 : 1900);
      return match[0].length;
    }
    case 'f': {
      const match = /^\d{1,6}/.exec(text);
      if (!match) return -1;
      parts.micro = Number(match[0].padEnd(6, '0'));
      return match[0].length;
    }
    case 'D': {
      const match = /^(\d{1,2})[a-z]{2}/i.exec(text);
      if (!match) return -1;
      parts.day = Number(match[1]);
      return match[0].length;
    }
    case 'p': {
      const match = /^[ap]m/i.exec(text);
      if (!match) return -1;
      parts.pm = match[0][0]!.toLowerCase() === 'p';
      return 2;
    }
    case 'M':
    case 'b':
      return takeName(text, letter === 'b' ? monthNames.map((name) => name.slice(0, 3)) : monthNames, (index) => {
        parts.month = index + 1;
      });
    case 'W':
    case 'a':
      return takeName(text, letter === 'a' ? dayNames.map((name) => name.slice(0, 3)) : dayNames, () => undefined);
    case 'T':
      return takeClock(text, /^(\d{1,2}):(\d{1,2}):(\d{1,2})/, parts);
    case 'r':
      return takeClock(text, /^(\d{1,2}):(\d{1,2}):(\d{1,2}) ?([AP]M)/i, parts);
    case '%':
      return text.startsWith('%') ? 1 : -1;
    default:
      return -1;
  }
}

function takeName(text: string, names: readonly string[], found: (index: number) => void): number {
  const index = names.findIndex((name) => text.toLowerCase().startsWith(name.toLowerCase()));
  if (index < 0) return -1;
  found(index);
  return names[index]!.length;
}

function takeClock(text: string, pattern: RegExp, parts: Parts): number {
  const match = pattern.exec(text);
  if (!match) return -1;
  [parts.hour, parts.minute, parts.second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (match[4] !== undefined) {
    parts.hour %= 12;
    parts.pm = match[4].toUpperCase() === 'PM';
  }
  return match[0].length;
}

function finish(parts: Parts, kind: 'date' | 'time' | 'datetime', scale: number): string | null {
  const hour = parts.hour + (parts.pm ? 12 : 0);
  const clock = { hour, minute: parts.minute, second: parts.second, micro: parts.micro };
  if (hour > 23 || parts.minute > 59 || parts.second > 59 || parts.month > 12) return null;
  let value: DateTime = { ...parts, ...clock };
  if (parts.dayOfYear > 0) {
    const at = fromDayAndUs(daysOfCivil(parts.year, 1, 1) + parts.dayOfYear - 1, 0);
    if (!at) return null;
    value = { ...at, ...clock };
  }
  if (kind === 'time')
    return formatTime(Math.min(dayAndUs({ ...value, year: 1970, month: 1, day: 1 }).us, maxTimeUs), scale);
  if (
    value.month !== 0 &&
    value.day > 28 &&
    formatDate(fromDayAndUs(daysOfCivil(value.year, value.month, value.day), 0)!) !== formatDate(value)
  )
    return null;
  return kind === 'date' ? formatDate(value) : formatDateTime(value, scale);
}
