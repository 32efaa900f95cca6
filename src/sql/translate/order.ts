import type { OrderItem } from '../ast/expression.ts';
import type { Limit } from '../ast/query.ts';
import { sortedBy } from './compare.ts';
import { asInteger, memberNumber } from './convert.ts';
import { translate } from './expression.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { type Place, resolveColumn, type ScopeColumn } from './scope.ts';
import { positioned } from './select.ts';
import type { Typed } from './typed.ts';
import { wideKey } from './wide.ts';

/** ORDER BY of one query block: positions, select aliases, columns, expressions; empty when nothing sorts. */
export function orderBy(
  items: readonly OrderItem[],
  columns: readonly ScopeColumn[],
  place: Place,
  alias: (name: string) => Typed | null,
): Fragment {
  const parts = items.flatMap(({ expression, descending }): Fragment[] => {
    if (expression.kind !== 'literal' && hasOnlyLiterals(expression)) return [];
    const named = expression.kind === 'column' && expression.table === null ? alias(expression.name) : null;
    const value =
      positioned(expression, columns, place) ??
      named ??
      (expression.kind === 'column' ? resolveColumn(expression, place) : translate(expression, place));
    return isConstant(value) ? [] : [sql`${sortKey(value)}${descending ? ' DESC' : ''}`];
  });
  return parts.length === 0 ? raw('') : sql` ORDER BY ${join(parts, ', ')}`;
}

const fixedKinds: readonly unknown[] = ['literal', 'unary', 'binary', 'between', 'inList', 'isTest', 'case', 'cast'];

/** True of `0 + (1 + 2)`: equal for every row, so a real server leaves it out unevaluated, however far out of range. */
function hasOnlyLiterals(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return true;
  return (!('kind' in node) || fixedKinds.includes(node.kind)) && Object.values(node).every(hasOnlyLiterals);
}

/** Texts sort by their collation, enums by their number. */
export function sortKey(value: Typed): Fragment {
  if (value.type.name === 'enum' && value.type.values) return memberNumber(value);
  if (value.wide) return wideKey(value);
  return neverPosition(sortedBy(value));
}

/** SQLite folds `x AND 0` into 0, which it would take for the number of a column. */
export function neverPosition(text: Fragment): Fragment {
  return / (AND|OR) /.test(text.text) ? sql`coalesce(${text}, NULL)` : text;
}

/** Names of columns, functions and parameters are what varies: a text of numbers and operators alone is folded by SQLite. */
export function isConstant(value: Typed): boolean {
  return value.literal !== undefined || /^([^a-z"?']*|'[^']*')$/.test(value.sql.text);
}

/** ` LIMIT … OFFSET …`, empty without one. */
export function limitText(limit: Limit | null, place: Place): Fragment {
  if (limit === null) return raw('');
  const number = (expression: Limit['count']): Fragment => {
    const value = translate(expression, place);
    return value.bind ? value.bind({ to: 'limit' }) : asInteger(value);
  };
  const offset = limit.offset === null ? raw('') : sql` OFFSET ${number(limit.offset)}`;
  return sql` LIMIT ${number(limit.count)}${offset}`;
}
