import type { ColumnType } from '../../value/column-type.ts';
import { asExact } from './convert.ts';
import { call, type Fragment, sql } from './fragment.ts';
import { category, isWhole64, type Typed } from './typed.ts';

/** A whole decimal of any size. `exact` gives a number or, surely beyond 64 bits, decimal text. */
export function wideValue(exact: Fragment, type: ColumnType, more: Partial<Typed> = {}): Typed {
  return { sql: sql`CAST(${exact} AS NUMERIC)`, type, collating: null, nullable: true, ...more, exact, wide: true };
}

/** Marks what was made of several sources as wide when one of them is, or passes 2^63 by its type. */
export function wideAmong(sources: readonly Typed[], type: ColumnType): { readonly wide?: true } {
  if (category(type) !== 'decimal' || (type.scale ?? 0) > 0) return {};
  return sources.some((source) => source.wide || isWhole64(source)) ? { wide: true } : {};
}

/** A text that sorts and equals as the decimal does. */
export function wideKey(value: Typed): Fragment {
  return call('my_decimal_key', value.exact ?? value.sql);
}

/** Any number in a form SQLite compares rightly with integers of 64 bits, also unsigned ones as they are stored. */
export function besideIntegers(value: Typed): Fragment {
  if (isWhole64(value)) return value.sql;
  return value.bind ? value.bind({ to: 'beside' }) : call('my_beside', asExact(value));
}
