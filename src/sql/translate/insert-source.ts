import type { Insert } from '../ast/change.ts';
import type { ColumnRef, Expression } from '../ast/expression.ts';
import type { Select } from '../ast/query.ts';
import type { TableSource } from '../schema.ts';
import type { BuiltQuery } from './built-query.ts';
import { bind, sql } from './fragment.ts';
import { emptyScope, hasAggregate, positionsOf, type Scope, type ScopeColumn } from './scope.ts';
import { unsupported } from './statement.ts';
import { typed } from './typed.ts';

/** Stands for the tables of the SELECT where ON DUPLICATE KEY UPDATE names columns of them. */
const sourceAlias = '\0source';

/**
 * INSERT … SELECT … ON DUPLICATE KEY UPDATE may use columns of the SELECT's tables, as long as its rows are rows of theirs. The
 * SELECT then gives these columns behind its own, `carried` of them, and the assignments name them there.
 */
export function carrySourceColumns(
  insert: Insert,
  target: TableSource,
): { readonly insert: Insert; readonly carried: number } {
  const { query, onDuplicate } = insert;
  if (query?.kind !== 'select' || onDuplicate === null || !hasPlainRows(query)) return { insert, carried: 0 };
  const found: ColumnRef[] = [];
  const carry = (node: ColumnRef): Expression => {
    if (isOfTarget(node, target)) return node;
    const same = found.findIndex(({ table, name }) => table === node.table && name === node.name);
    if (same < 0) found.push(node);
    return { ...node, schema: null, table: sourceAlias, name: `c${same < 0 ? found.length : same + 1}` };
  };
  const assignments = onDuplicate.map((each) => ({ ...each, value: replaceColumns(each.value, carry) }));
  const items = found.map((expression) => ({
    kind: 'expression' as const,
    expression,
    alias: null,
    label: expression.name,
  }));
  const wider = { ...query, items: [...query.items, ...items] };
  return { insert: { ...insert, query: wider, onDuplicate: assignments }, carried: found.length };
}

function hasPlainRows(query: Select): boolean {
  const { groupBy, distinct, rollup, having, items } = query;
  return groupBy.length === 0 && !distinct && !rollup && having === null && !hasAggregate(items);
}

function isOfTarget({ table, name }: ColumnRef, target: TableSource): boolean {
  if (table !== null) return table.toLowerCase() === target.name.toLowerCase();
  return target.columns.some((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** Columns inside of subqueries stay: these look for their own. */
function replaceColumns<T>(node: T, replace: (column: ColumnRef) => Expression): T {
  if (Array.isArray(node)) return node.map((item) => replaceColumns(item, replace)) as T;
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return node;
  const kind = 'kind' in node ? node.kind : null;
  if (kind === 'column') return replace(node as unknown as ColumnRef) as T;
  if (kind === 'select' || kind === 'setOperation' || kind === 'values') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replaceColumns(value, replace)])) as T;
}

/** The columns that are carried, as cells of the row behind `before` others. */
export function carriedScope(query: BuiltQuery, carried: number, before: number): Scope {
  const own = query.columns.length - carried;
  const columns = query.columns.slice(own).map(({ value }, index): ScopeColumn => {
    if (value.exact) throw unsupported('decimal of a source table in on duplicate key update is');
    const { type, collating } = value;
    const cell = bind({ from: 'cell', index: before + index });
    const texts = collating ? { ...collating, strength: 2, declared: false } : null;
    return { label: `c${index + 1}`, value: typed(sql`(${cell})`, type, { collating: texts }) };
  });
  const table = { schema: '', alias: sourceAlias, name: '', columns, positions: positionsOf(columns) };
  return { ...emptyScope, tables: [table] };
}
