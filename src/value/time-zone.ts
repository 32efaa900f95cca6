import { type DateTime, dateTimeOfUs, formatDateTime, readDateTime, usOfDateTime } from './temporal.ts';

const offsetText = /^([+-])(\d{1,2}):(\d{2})$/;

/** Microseconds of an offset such as `+08:00`, null when the text is a zone name or beyond -13:59 to +14:00. */
export function fixedOffsetUs(zone: string): number | null {
  if (zone === 'UTC') return 0;
  const match = offsetText.exec(zone);
  if (!match) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  if (Number(match[3]) > 59 || minutes > 14 * 60 || (match[1] === '-' && minutes >= 14 * 60)) return null;
  return (match[1] === '-' ? -minutes : minutes) * 60_000_000;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const key = zone.toUpperCase() === 'SYSTEM' ? (process.env.TZ ?? systemZone()) : zone;
  let format = formats.get(key);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: key,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      format = null;
    }
    formats.set(key, format);
  }
  return format;
}

// Asked for only when a zone is SYSTEM: the first use of Intl brings in 10 MB of data.
function systemZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** True for an offset or a zone name this machine knows. */
export function isTimeZone(zone: string): boolean {
  return fixedOffsetUs(zone) !== null || formatOf(zone) !== null;
}

/** Distance from UTC in microseconds at an instant; unknown zones count as UTC. */
export function offsetAtUs(zone: string, utcUs: number): number {
  const fixed = fixedOffsetUs(zone);
  if (fixed !== null) return fixed;
  const format = formatOf(zone);
  if (!format) return 0;
  const second = Math.floor(utcUs / 1_000_000);
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(second * 1000)) part[type] = Number(value);
  const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
  return (local / 1000 - second) * 1_000_000;
}

/** Local date and time of an instant. */
export function localOfUs(zone: string, utcUs: number): DateTime | null {
  return dateTimeOfUs(utcUs + offsetAtUs(zone, utcUs));
}

/** Instant of a local date and time; inside a gap the time moves forward, of two the earlier offset wins. */
export function usOfLocal(zone: string, local: DateTime): number {
  const asUtc = usOfDateTime(local);
  const fixed = fixedOffsetUs(zone);
  if (fixed !== null) return asUtc - fixed;
  const first = asUtc - offsetAtUs(zone, asUtc - 86_400_000_000);
  if (first + offsetAtUs(zone, first) === asUtc) return first;
  const second = asUtc - offsetAtUs(zone, asUtc + 86_400_000_000);
  return second + offsetAtUs(zone, second) === asUtc ? second : first;
}

/** Stored UTC text to session text with the same digits; zero timestamps stay. */
export function utcTextToLocal(zone: string, text: string): string {
  return shift(text, (value) => {
    const us = usOfDateTime(value);
    return localOfUs(zone, us);
  });
}

/** Session text to stored UTC text with the same digits. */
export function localTextToUtc(zone: string, text: string): string {
  return shift(text, (value) => dateTimeOfUs(usOfLocal(zone, value)));
}

function shift(text: string, move: (value: DateTime) => DateTime | null): string {
  const read = readDateTime(text);
  if (!read || read.value.month === 0 || read.value.day === 0) return text;
  const moved = move(read.value);
  return moved ? formatDateTime(moved, text.length > 20 ? text.length - 20 : 0) : text;
}
