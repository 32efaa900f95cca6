import { fault } from '../../base/errors.ts';
import type { Expression } from '../ast/expression.ts';
import type { Select, SelectItem } from '../ast/query.ts';
import { type BuiltQuery, type ColumnForm, plainForm } from './built-query.ts';
import { sortedBy } from './compare.ts';
import { asBoolean } from './convert.ts';
import { translate } from './expression.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { type FromClause, translateFrom } from './from.ts';
import { isConstant, limitText, neverPosition, orderBy } from './order.ts';
import { buildRollup } from './rollup.ts';
import { hasAggregate, type Place, rolledKey, rolledUp, type Scope, type ScopeColumn, tablesNamed } from './scope.ts';
import { buildSorted, checkAssigning, sortsAssignments } from './sorted-assignments.ts';
import { fixLiterals, fixSlot, type Translation } from './statement.ts';
import { needsKey } from './text-key.ts';
import { ticking } from './tick.ts';
import type { Typed } from './typed.ts';
import { assigns } from './variables.ts';

/** One SELECT block. */
export function buildSelect(select: Select, outer: Scope, translation: Translation): BuiltQuery {
  const assigning = translation.env.assigning?.blocks.has(select) === true && assigns(select.items);
  if (assigning) checkAssigning(select);
  if (assigning && sortsAssignments(select)) return buildSorted(select, outer, translation);
  return select.rollup ? buildRollup(select, outer, translation) : buildBlock(select, outer, translation);
}

/** A block with what GROUP BY tells its rows apart by. */
export interface Block extends BuiltQuery {
  readonly groups: readonly Fragment[];
  /** As `render` with names, and further columns behind. */
  readonly renderWith: (form: ColumnForm, more: Fragment) => Fragment;
}

/** As `buildSelect`; of the items of GROUP BY only the first `kept` group, the others are NULL wherever they stand. */
export function buildBlock(
  select: Select,
  outer: Scope,
  translation: Translation,
  kept = select.groupBy.length,
): Block {
  // FROM sees common tables through the block's own scope and other tables through the blocks around it.
  const from = translateFrom(
    select.from,
    { tables: [], merged: new Map(), parent: outer, common: outer.common },
    translation,
  );
  const scope: Scope = { tables: from.tables, merged: from.merged, parent: outer, common: outer.common };
  let rolled: ReadonlySet<string> | null = null;
  const windows = new Map(select.windows.map(({ name, spec }) => [name.toLowerCase(), spec]));
  const place = (clause: Place['clause'], aggregates: boolean): Place => ({
    translation,
    scope,
    clause,
    aggregates,
    windows,
    ...(rolled === null || clause === 'where clause' ? {} : { rolled }),
  });

  const assigning = translation.env.assigning?.blocks.has(select) === true && assigns(select.items);
  const own = place('field list', true);
  const given = selectItems(select.items, from, assigning ? { ...own, assigns: true } : own);
  const grouping = groupBy(select, given, {
    ...place('group statement', false),
    aliasLast: aliases(select.items, given),
  });
  if (kept < grouping.length) rolled = new Set(grouping.slice(kept).map(rolledKey));
  const columns =
    rolled === null ? given : rolledColumns(selectItems(select.items, from, place('field list', true)), rolled);
  const alias = aliases(select.items, columns);
  const where = select.where === null ? null : asBoolean(translate(select.where, place('where clause', false)));
  const asked = grouping.map(groupKey);
  const grouped =
    asked.length > 0 || hasAggregate(select.items) || hasAggregate(select.having) || hasAggregate(select.orderBy);
  const named = [...columns.map(({ value }) => value), ...grouping];
  const having =
    select.having === null
      ? null
      : asBoolean(translate(select.having, { ...place('having clause', true), aliasFirst: alias, named }));
  const order = orderBy(orderItems(select), columns, { ...place('order clause', true), aliasLast: alias }, alias);
  const limit = limitText(select.limit, place('order clause', false));

  const wanted = grouped || having === null ? where : where === null ? having : sql`(${where}) AND (${having})`;
  const distinct = !select.distinct || grouped ? null : distinctKeys(columns);
  const groups = distinct ?? (asked.length > 0 && kept === 0 ? [constantKey] : asked.slice(0, kept));
  const filter = ticking(wanted, from.tables, translation);
  const tail = sql`${from.text.text === '' ? '' : ' FROM '}${from.text}${clause(' WHERE ', filter)}${
    groups.length === 0 ? raw('') : sql` GROUP BY ${join(groups, ', ')}`
  }${clause(' HAVING ', grouped ? having : null)}`;
  const unique = select.distinct && distinct === null;
  const head = unique ? 'SELECT DISTINCT ' : 'SELECT ';
  const list = (form: ColumnForm, named: boolean) => columnList(columns, unique ? plainForm(form) : form, named);
  return {
    columns,
    groups: asked,
    renderWith: (form, more) => sql`${head}${list(form, true)}, ${more}${tail}`,
    render: (form, named) => sql`${head}${list(form, named)}${tail}${order}${limit}`,
    single: select.from.length === 0 || (grouped && groups.length === 0) || isOne(select),
    ...(select.calcFoundRows ? { unlimited: () => sql`${head}${list((value) => value.sql, true)}${tail}` } : {}),
    into: select.into,
    ...(assigning ? { assigns: true } : {}),
  };
}

/** DISTINCT over texts, as a grouping by their keys; null when SQLite's own DISTINCT does, or windows see the rows first. */
function distinctKeys(columns: readonly ScopeColumn[]): Fragment[] | null {
  const values = columns.map(({ value }) => value).filter((value) => !isConstant(value));
  if (!values.some(needsKey) || values.some(({ aggregate, sql: text }) => aggregate || / OVER /.test(text.text)))
    return null;
  return values.map((value) => neverPosition(sortedBy(value)));
}

function clause(word: string, condition: Fragment | null): Fragment {
  return condition === null ? raw('') : sql`${word}${condition}`;
}

function isOne(select: Select): boolean {
  const count = select.limit?.count;
  return count?.kind === 'literal' && count.value === '1';
}

/** The list of a SELECT. */
export function columnList(columns: readonly ScopeColumn[], form: ColumnForm, named: boolean): Fragment {
  return join(
    columns.map(({ value }, index) => {
      const made = form(value, index);
      return named ? { text: `${made.text} AS c${index + 1}`, binds: made.binds } : made;
    }),
    ', ',
  );
}

/** Select items with `*` written out. */
export function selectItems(items: readonly SelectItem[], from: FromClause, place: Place): readonly ScopeColumn[] {
  return items.flatMap((item): readonly ScopeColumn[] => {
    if (item.kind === 'star') return starColumns(item, from, place);
    const { expression } = item;
    if (item.alias === null && expression.kind !== 'column') fixLiterals(place.translation, expression);
    return [{ label: item.label, value: translate(expression, place) }];
  });
}

function starColumns(
  item: Extract<SelectItem, { kind: 'star' }>,
  from: FromClause,
  place: Place,
): readonly ScopeColumn[] {
  if (item.table === null) {
    if (from.tables.length === 0) throw fault('ER_NO_TABLES_USED');
    return from.star;
  }
  const [table] = tablesNamed(place.scope, item.schema, item.table);
  if (!table) throw fault('ER_BAD_TABLE', item.schema === null ? item.table : `${item.schema}.${item.table}`);
  return table.columns;
}

/** Finds the value of an alias; two different ones of a name are ambiguous only when used, the first wins as in MySQL. */
export function aliases(items: readonly SelectItem[], columns: readonly ScopeColumn[]): (name: string) => Typed | null {
  const found = new Map<string, Typed>();
  if (items.every((item) => item.kind === 'expression'))
    items.forEach((item, index) => {
      if (item.kind !== 'expression') return;
      const key = (item.alias ?? (item.expression.kind === 'column' ? item.label : '')).toLowerCase();
      if (key !== '' && !found.has(key)) found.set(key, columns[index]!.value);
    });
  else {
    const named = new Set(
      items.flatMap((item) => (item.kind === 'expression' && item.alias !== null ? [item.alias.toLowerCase()] : [])),
    );
    for (const { label, value } of columns) if (named.has(label.toLowerCase())) found.set(label.toLowerCase(), value);
  }
  return (name) => found.get(name.toLowerCase()) ?? null;
}

/** GROUP BY: positions, columns, aliases, expressions. Constants group nothing and are kept from being positions. */
function groupBy(select: Select, columns: readonly ScopeColumn[], place: Place): Typed[] {
  return select.groupBy.map(({ expression }) => {
    const value = positioned(expression, columns, place) ?? translate(expression, place);
    if (value.aggregate)
      throw fault('ER_WRONG_GROUP_FIELD', expression.kind === 'column' ? expression.name : 'aggregate');
    return value;
  });
}

function groupKey(value: Typed): Fragment {
  return isConstant(value) && !value.wide ? constantKey : neverPosition(sortedBy(value));
}

const constantKey = raw("'constant'");

/** `*` brings columns that were not translated one by one. */
function rolledColumns(columns: readonly ScopeColumn[], rolled: ReadonlySet<string>): readonly ScopeColumn[] {
  return columns.map(({ label, value }) => ({ label, value: rolledUp(value, rolled) }));
}

/** The select item a whole number names; 1054 when there is none. */
export function positioned(expression: Expression, columns: readonly ScopeColumn[], place: Place): Typed | null {
  if (expression.kind !== 'literal' || expression.type !== 'integer') return null;
  fixSlot(place.translation, expression);
  const column = columns[Number(expression.value) - 1];
  if (!column) throw fault('ER_BAD_FIELD', String(expression.value), place.clause);
  return column.value;
}

/** GROUP BY … DESC sorts like an ORDER BY when there is none. */
function orderItems(select: Select) {
  const sorted = select.orderBy.length === 0 && select.groupBy.some(({ descending }) => descending);
  return sorted ? select.groupBy : select.orderBy;
}
