import type { ColumnType } from '../../value/column-type.ts';
import { call, type Fragment, sql } from './fragment.ts';
import type { Typed } from './typed.ts';

/** A whole decimal of any size. `exact` gives a number or, surely beyond 64 bits, decimal text. */
export function wideValue(exact: Fragment, type: ColumnType, more: Partial<Typed> = {}): Typed {
  return { sql: sql`CAST(${exact} AS NUMERIC)`, type, collating: null, nullable: true, ...more, exact, wide: true };
}

/** Marks what was made of several sources as wide when one of them is. */
export function wideAmong(sources: readonly Typed[], { scale }: ColumnType): { readonly wide?: true } {
  return (scale ?? 0) === 0 && sources.some((source) => source.wide) ? { wide: true } : {};
}

/** A text that sorts and equals as the decimal does. */
export function wideKey(value: Typed): Fragment {
  return call('my_decimal_key', value.exact ?? value.sql);
}

/** A number SQLite compares rightly with every integer of 64 bits; two of them are not to be compared. */
export function besideIntegers(value: Typed): Fragment {
  return call('my_wide_number', value.exact!);
}
