import type { Select } from '../ast/query.ts';
import { type BuiltQuery, outerValue, workingForm } from './built-query.ts';
import { asBoolean } from './convert.ts';
import { translate } from './expression.ts';
import { join, raw, sql } from './fragment.ts';
import { type FromClause, translateFrom } from './from.ts';
import { limitText, orderBy } from './order.ts';
import { hasAggregate, type Place, type Scope, type ScopeColumn, type ScopeTable } from './scope.ts';
import { aliases, columnList, selectItems } from './select.ts';
import { newAlias, type Translation, unsupported } from './statement.ts';
import { ticking } from './tick.ts';
import type { Typed } from './typed.ts';
import { assigns } from './variables.ts';

/** Refuses what stands beside assignments in a list whose rows MySQL would not make one after the other. */
export function checkAssigning(select: Select): void {
  const folds = select.distinct || select.groupBy.length > 0 || select.having !== null || select.rollup;
  if (folds || select.windows.length > 0 || select.calcFoundRows || select.into !== null || hasWindow(select.items))
    throw unsupported(
      'assignment of a user variable beside DISTINCT, GROUP BY, HAVING, windows, INTO or SQL_CALC_FOUND_ROWS is',
    );
}

function hasWindow(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasWindow);
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return false;
  if ('over' in node && node.over !== null) return true;
  return Object.values(node).some(hasWindow);
}

/** True for a list that assigns and comes in an order: SQLite would assign before it sorts. */
export function sortsAssignments(select: Select): boolean {
  return select.orderBy.length > 0 && select.from.length > 0 && !hasAggregate(select.items);
}

/** The rows are sorted and cut first; the list is evaluated over them. */
export function buildSorted(select: Select, outer: Scope, translation: Translation): BuiltQuery {
  const around: Scope = { tables: [], merged: new Map(), parent: outer, common: outer.common };
  const from = translateFrom(select.from, around, translation);
  const scope: Scope = { ...around, tables: from.tables, merged: from.merged };
  const place = (clause: Place['clause']): Place => ({ translation, scope, clause, aggregates: false });
  const where = select.where === null ? null : asBoolean(translate(select.where, place('where clause')));
  const filter = ticking(where, from.tables, translation);
  const order = sortedOrder(select, from, place);
  const limit = limitText(select.limit, place('order clause'));

  const name = newAlias(translation);
  const { moved, list } = movedTables(from.tables, name);
  const look = ({ label, value }: ScopeColumn): ScopeColumn => ({ label, value: moved(value) });
  const merged = new Map([...from.merged].map(([key, value]) => [key, moved(value)]));
  const shown: FromClause = { ...from, tables: list.tables, merged, star: from.star.map(look) };
  const inside: Scope = { ...around, tables: list.tables, merged };
  const columns = selectItems(select.items, shown, { ...place('field list'), scope: inside, assigns: true });
  const rows = sql`SELECT ${list.columns} FROM ${from.text}${filter === null ? raw('') : sql` WHERE ${filter}`}${order}${limit}`;
  return {
    columns,
    render: (form, named) =>
      sql`WITH ${name}_rows AS MATERIALIZED (${rows}) SELECT ${columnList(columns, form, named)} FROM ${name}_rows AS ${name}`,
    single: false,
    into: null,
    assigns: true,
  };
}

/** ORDER BY over columns and those items of the list that assign nothing. */
function sortedOrder(select: Select, from: FromClause, place: (clause: Place['clause']) => Place) {
  const setting = new Set<string>();
  const plain = select.items.filter((item) => {
    if (item.kind === 'star' || !assigns(item.expression)) return true;
    setting.add((item.alias ?? item.label).toLowerCase());
    return false;
  });
  for (const { expression } of select.orderBy) {
    const named =
      expression.kind === 'column' && expression.table === null && setting.has(expression.name.toLowerCase());
    if (named || expression.kind === 'literal' || assigns(expression))
      throw unsupported('order by an assignment of a user variable, or by a position beside one, is');
  }
  const given = selectItems(plain, from, place('field list'));
  const alias = aliases(plain, given);
  return orderBy(select.orderBy, [], { ...place('order clause'), aliasLast: alias }, alias);
}

/** The columns of tables as they look when their rows come as c1, c2 … of `name`. */
export function movedTables(tables: readonly ScopeTable[], name: string) {
  const values = new Map<string, Typed>();
  const columns = tables.flatMap((table) => table.columns);
  const texts = columns.map(({ label, value }, index) => {
    const own = `c${index + 1}`;
    values.set(value.sql.text, outerValue(value, `${name}.${own}`, value.origin?.table ?? '', label));
    return sql`${workingForm(value, index)} AS ${own}`;
  });
  const moved = (value: Typed): Typed => values.get(value.sql.text) ?? value;
  const list = {
    columns: join(texts, ', '),
    tables: tables.map(
      (table): ScopeTable => ({
        ...table,
        name,
        columns: table.columns.map(({ label, value }) => ({ label, value: moved(value) })),
      }),
    ),
  };
  return { moved, list };
}
