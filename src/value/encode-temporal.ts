import type { ByteWriter } from './byte-writer.ts';

/**
 * Dates and times in the binary protocol, from their text cells. Parts that are zero are left out as the server does:
 * a length byte of 0, 4, 7 or 11 for dates, 0, 8 or 12 for times. Text of another form throws a RangeError.
 */

/** `YYYY-MM-DD`; a time behind it is left out. */
export function writeDate(out: ByteWriter, text: string): void {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (year + month + day === 0) {
    out.u8(0);
    return;
  }
  out.u8(4);
  out.u16(year);
  out.u8(month);
  out.u8(day);
}

/** `YYYY-MM-DD[ HH:MM:SS[.ffffff]]`. */
export function writeDateTime(out: ByteWriter, text: string): void {
  if (text.length <= 10) {
    writeDate(out, text);
    return;
  }
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const micros = fraction(text, 19);
  if (hour + minute + second + micros === 0) {
    writeDate(out, text);
    return;
  }
  out.u8(micros === 0 ? 7 : 11);
  out.u16(digits(text, 0, 4));
  out.u8(digits(text, 5, 2));
  out.u8(digits(text, 8, 2));
  out.u8(hour);
  out.u8(minute);
  out.u8(second);
  if (micros !== 0) out.u32(micros);
}

/** `[-]HH:MM:SS[.ffffff]` with two or three digits of hours. */
export function writeTime(out: ByteWriter, text: string): void {
  const start = text.charCodeAt(0) === 0x2d ? 1 : 0;
  const colon = text.indexOf(':', start);
  const hours = digits(text, start, colon - start);
  const minute = digits(text, colon + 1, 2);
  const second = digits(text, colon + 4, 2);
  const micros = fraction(text, colon + 6);
  if (hours + minute + second + micros === 0) {
    out.u8(0);
    return;
  }
  out.u8(micros === 0 ? 8 : 12);
  out.u8(start);
  out.u32(Math.floor(hours / 24));
  out.u8(hours % 24);
  out.u8(minute);
  out.u8(second);
  if (micros !== 0) out.u32(micros);
}

function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) throw new RangeError(`'${text}' is not a date or time`);
    value = value * 10 + digit;
  }
  if (count < 1) throw new RangeError(`'${text}' is not a date or time`);
  return value;
}

/** Microseconds of `.f…` at `start`; 0 when the text ends there. */
function fraction(text: string, start: number): number {
  const count = Math.min(6, text.length - start - 1);
  return count <= 0 ? 0 : digits(text, start + 1, count) * 10 ** (6 - count);
}
