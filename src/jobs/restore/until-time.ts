import { type ErrorName, fault } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import { daysOfMonth } from '../../value/calendar.ts';
import { usOfLocal } from '../../value/time-zone.ts';

interface Field {
  /** Stands before the number. */
  readonly sign: string;
  readonly digits: RegExp;
  readonly min: number;
  readonly max: number;
  readonly wrong: ErrorName;
}

const year: Field = { sign: '', digits: /^\d{4}/, min: 1, max: 9999, wrong: 'OB_ERR_INVALID_YEAR_VALUE' };
const upToTwo = /^\d{1,2}/;
const fields: readonly Field[] = [
  year,
  { sign: '-', digits: upToTwo, min: 1, max: 12, wrong: 'OB_ERR_INVALID_MONTH' },
  { sign: '-', digits: upToTwo, min: 1, max: 31, wrong: 'OB_ERR_DAY_OF_MONTH_RANGE' },
  { sign: ' ', digits: upToTwo, min: 0, max: 23, wrong: 'OB_ERR_INVALID_HOUR24_VALUE' },
  { sign: ':', digits: upToTwo, min: 0, max: 59, wrong: 'OB_ERR_INVALID_MINUTES_VALUE' },
  { sign: ':', digits: upToTwo, min: 0, max: 59, wrong: 'OB_ERR_INVALID_SECONDS_VALUE' },
];

/**
 * The point `YYYY-MM-DD HH:MM:SS[.fffffffff]` on the clocks of a time zone. Errors: those of the part that is wrong
 * (5639, 5641, 5667, 5645, 5646, 5647), 5663 for a letter where a digit belongs, 1292 for another form.
 */
export function scnOfTime(text: string, timeZone: string): Scn {
  let rest = text.trim();
  const values: number[] = [];
  for (const field of fields) {
    const read = readField(rest, field);
    values.push(read.value);
    rest = read.rest;
  }
  const fraction = /^(?:\.(\d{0,9}))?$/.exec(rest);
  if (!fraction) throw fault('OB_INVALID_DATE_FORMAT');
  const [y = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = values;
  if (day > daysOfMonth(y, month)) throw fault('OB_ERR_DAY_OF_MONTH_RANGE');
  const us = usOfLocal(timeZone, { year: y, month, day, hour, minute, second, micro: 0 });
  return BigInt(us) * 1000n + BigInt((fraction[1] ?? '').padEnd(9, '0'));
}

function readField(text: string, { sign, digits, min, max, wrong }: Field): { value: number; rest: string } {
  if (!text.startsWith(sign)) throw fault('OB_INVALID_DATE_FORMAT');
  const after = text.slice(sign.length);
  if (/^\D/.test(after)) throw fault('OB_ERR_NON_NUMERIC_CHARACTER_VALUE');
  const found = digits.exec(after)?.[0];
  if (found === undefined) throw fault('OB_INVALID_DATE_FORMAT');
  const value = Number(found);
  if (value < min || value > max) throw fault(wrong);
  return { value, rest: after.slice(found.length) };
}
