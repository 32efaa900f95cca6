import { isCaseSensitive } from '../../value/column-storage.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { asText, isPlainName } from './convert.ts';
import { call, type Fragment, raw, sql } from './fragment.ts';
import { type Collating, category, kindOf, type Typed } from './typed.ts';

/**
 * Texts are compared by keys, for SQLite folds the letters of ASCII only and counts trailing blanks. A column's key is
 * made by SQLite's own functions as long as its text is ASCII, and by ours otherwise; indexes hold the same expression.
 */

/** How the texts of a column are compared; null for what is no text of characters. */
export function keyOrder(type: ColumnType): 'folded' | 'binary' | null {
  if (category(type) !== 'text' || type.name === 'null' || type.charset === 'binary') return null;
  return isCaseSensitive(type) ? 'binary' : 'folded';
}

/** The key of a text column under a collation that folds letters; `name` as it stands in the text or index. */
export function columnKey(name: string, part = name): string {
  return `CASE WHEN length(${name})=octet_length(${name}) THEN upper(rtrim(${part})) ELSE ob_key(${part}) END`;
}

/** What a text equals and sorts by, byte by byte; under `nocase` the text itself, with the COLLATE to write behind it. */
export function textKey(value: Typed, order: Collating['order']): Fragment {
  if (order === 'nocase') return asText(value);
  const folded = order === 'folded';
  if (value.bind) return value.bind({ to: folded ? 'folded' : 'unpadded' });
  const text = asText(value);
  if (!folded) return value.type.collation === 'binary' ? text : sql`rtrim(${text})`;
  return isColumn(value, text) ? raw(`(${columnKey(text.text)})`) : call('ob_key', text);
}

/** The weights of a text's characters, trailing blanks too, for LIKE: SQLite's own folds the rest. */
export function textWeights(value: Typed): Fragment {
  if (value.bind) return value.bind({ to: 'weights' });
  const text = kindOf(value) === 'binary' ? sql`CAST(${asText(value)} AS TEXT)` : asText(value);
  if (!isColumn(value, text)) return call('ob_weights', text);
  const name = text.text;
  return raw(`CASE WHEN length(${name})=octet_length(${name}) THEN ${name} ELSE ob_weights(${name}) END`);
}

/** A column of a table, also through derived tables. */
function isColumn(value: Typed, text: Fragment): boolean {
  return (value.origin?.orgTable ?? '') !== '' && isPlainName(text);
}

/** True for a text that SQLite does not compare as MySQL by itself. */
export function needsKey(value: Typed): boolean {
  return kindOf(value) === 'text' && value.collating !== null && value.collating.order !== 'nocase';
}

/** The text with its key in front, for the smallest and the largest of several. */
export function keyed(value: Typed): Fragment {
  return sql`(${textKey(value, value.collating!.order)} || char(0) || ${asText(value)})`;
}

/** The text of the smallest or largest `keyed` one. */
export function unkeyed(text: Fragment): Fragment {
  return call('ob_unkey', text);
}

/** The text where SQLite's own comparison has to do: 1235 for one it would compare otherwise than MySQL. */
export function plainText(value: Typed, text: Fragment): Fragment {
  const folds = value.collating?.order !== 'binary';
  return sql`ob_plain(${text}, ${folds ? '0' : '1'})${folds ? ' COLLATE NOCASE' : ''}`;
}
