import type { Expression } from '../ast/expression.ts';
import type { Cursor } from './cursor.ts';
import { expression } from './expression.ts';

/** Units of INTERVAL, EXTRACT and TIMESTAMPDIFF. */
const units: ReadonlySet<string> = new Set(
  (
    'MICROSECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR SECOND_MICROSECOND MINUTE_MICROSECOND MINUTE_SECOND ' +
    'HOUR_MICROSECOND HOUR_SECOND HOUR_MINUTE DAY_MICROSECOND DAY_SECOND DAY_MINUTE DAY_HOUR YEAR_MONTH'
  ).split(' '),
);

/** A unit at the cursor in upper case, `SQL_TSI_DAY` as `DAY`. */
export function unit(c: Cursor): string {
  const { text } = c.peek();
  const word = text.startsWith('SQL_TSI_') ? text.slice('SQL_TSI_'.length) : text;
  if (!units.has(word)) c.fail();
  c.next();
  return word;
}

/** `INTERVAL n unit`, or the function INTERVAL(n, a, b, …). The cursor stands on INTERVAL. */
export function interval(c: Cursor): Expression {
  const { start } = c.next();
  if (!c.isSign('(')) return { kind: 'interval', amount: expression(c), unit: unit(c) };
  c.next();
  const first = expression(c);
  if (c.isSign(',')) {
    const items = [first];
    while (c.acceptSign(',')) items.push(expression(c));
    c.expectSign(')');
    return { kind: 'function', name: 'interval', schema: null, arguments: items, start, end: c.lastEnd };
  }
  c.expectSign(')');
  return { kind: 'interval', amount: expression(c, first), unit: unit(c) };
}
