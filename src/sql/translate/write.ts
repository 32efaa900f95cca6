import { fault } from '../../base/errors.ts';
import type { Assignment, Delete, Update } from '../ast/change.ts';
import type { TableExpression } from '../ast/query.ts';
import type { SourceColumn, TableSource } from '../schema.ts';
import { asBoolean } from './convert.ts';
import { translate } from './expression.ts';
import { bind, type Fragment, join, quoteName, raw, sql } from './fragment.ts';
import { findTable } from './from.ts';
import { limitText, orderBy } from './order.ts';
import type { Plan } from './plan.ts';
import { emptyScope, type Place, type Scope, type ScopeTable, sourceTable, unknownColumn } from './scope.ts';
import { movedTables } from './sorted-assignments.ts';
import { newAlias, newTranslation, type TranslateEnv, type Translation, unsupported, usesTable } from './statement.ts';
import { storeExpression } from './store-expression.ts';
import { ticking } from './tick.ts';
import { finishPlan } from './translate.ts';
import type { Typed } from './typed.ts';
import { assignedOnce, assigns } from './variables.ts';
import { defaultTyped } from './write-default.ts';
import { deleteJoined, updateJoined } from './write-joined.ts';
import { keyList, partOf, partsPlan, rowKey } from './write-parts.ts';

/** UPDATE of one table, or MySQL's multi-table form when it changes one of the tables. */
export function translateUpdate(update: Update, env: TranslateEnv): Plan {
  const translation = newTranslation(env, update);
  const [only] = update.from;
  if (update.from.length > 1 || only!.kind !== 'table') return updateJoined(update, translation);
  return updateOne(update, only as Named, translation);
}

type Named = Extract<TableExpression, { kind: 'table' }>;

interface Target {
  readonly source: TableSource;
  readonly table: ScopeTable;
  readonly scope: Scope;
  readonly place: (clause: Place['clause']) => Place;
}

/** The base table a write goes to; views cannot be written. */
export function writeTarget(
  item: Pick<Named, 'table' | 'alias'>,
  privilege: 'INSERT' | 'UPDATE' | 'DELETE',
  translation: Translation,
): Target {
  const source = findTable(item.table, translation);
  if (source.kind === 'view') throw unsupported(`change of view '${source.name}' is`);
  usesTable(translation, { schema: source.schema, name: source.name }, privilege);
  const table = sourceTable(source, item.alias ?? item.table.name, newAlias(translation));
  const scope: Scope = { ...emptyScope, tables: [table] };
  const place = (clause: Place['clause']): Place => ({
    translation,
    scope,
    clause,
    aggregates: false,
    defaultOf: (name) => defaultTyped(source, name),
  });
  return { source, table, scope, place };
}

function updateOne(update: Update, item: Named, translation: Translation): Plan {
  const target = writeTarget(item, 'UPDATE', translation);
  if (update.assignments.some(({ value }) => value.kind !== 'literal' && value.kind !== 'placeholder') || update.where)
    usesTable(translation, { schema: target.source.schema, name: target.source.name }, 'SELECT');
  if (translation.env.assigning && assigns(update.assignments)) return updateInOrder(update, target, translation);
  const sets = assignments(update.assignments, target, update.ignore);
  const tail = writeTail(update, target);
  const word = update.ignore ? 'UPDATE OR IGNORE' : 'UPDATE';
  const text = sql`${word} ${target.source.sql} AS ${target.table.name} SET ${setList(sets, target)}`;
  if (update.orderBy.length === 0 || !movesKey(sets, target.source))
    return finishPlan('update', sql`${text}${tail}`, translation);
  // SQLite applies ORDER BY only to LIMIT, not to the order in which rows change.
  const part = partOf(
    target,
    sql`SELECT ${keyList(target)} FROM ${target.source.sql} AS ${target.table.name}${tail}`,
    text,
  );
  return partsPlan('update', [part], translation);
}

/** SET assigns user variables: the new values are computed row by row, in order, before the first row changes. */
function updateInOrder(update: Update, target: Target, translation: Translation): Plan {
  const { source, table } = target;
  const name = newAlias(translation);
  const { list } = movedTables([table], name);
  const [moved] = list.tables as [ScopeTable];
  const keys = rowKey(source).map((_, index) => `k${index + 1}`);
  const given = rowKey(source).map((column, index) => `${table.name}.${column} AS ${keys[index]}`);
  const inside = (clause: Place['clause']): Place => ({
    ...target.place(clause),
    scope: { ...emptyScope, tables: [moved] },
    assigns: true,
  });
  const sets = assignments(update.assignments, { source, table: moved, place: inside }, update.ignore);
  const values = join(
    sets.map(({ value }) => value),
    ', ',
  );
  const base = sql`SELECT ${given.join(', ')}, ${list.columns} FROM ${source.sql} AS ${table.name}${writeTail(update, target)}`;
  const rows = sql`WITH ${name}_rows AS MATERIALIZED (${base}) SELECT ${keys.join(', ')}, ${values} FROM ${name}_rows AS ${name}`;
  assignedOnce(rows.text);
  const cells = sets.map(({ column }, index) => ({
    column,
    value: bind({ from: 'cell', index: keys.length + index }),
  }));
  const written = { source, table: { ...table, name: newAlias(translation) } };
  const word = update.ignore ? 'UPDATE OR IGNORE' : 'UPDATE';
  const write = sql`${word} ${source.sql} AS ${written.table.name} SET ${setList(cells, written)}`;
  return partsPlan('update', [partOf(written, rows, write)], translation);
}

/** True when the order of changes decides whether a unique key is in the way. */
function movesKey(sets: readonly StoredAssignment[], source: TableSource): boolean {
  const keys = new Set(source.uniqueKeys.flatMap(({ columns }) => columns.map((name) => name.toLowerCase())));
  return sets.some(({ column }) => keys.has(column.name.toLowerCase()));
}

function writeTail(write: Pick<Update, 'where' | 'orderBy' | 'limit'>, target: Target): Fragment {
  const place = target.place('where clause');
  // Without a condition SQLite empties a table at once.
  const where =
    write.where === null
      ? raw('')
      : sql` WHERE ${ticking(asBoolean(translate(write.where, place)), [target.table], place.translation)!}`;
  const order = orderBy(write.orderBy, [], target.place('order clause'), () => null);
  const limit = limitText(write.limit, target.place('order clause'));
  const open = order.text !== '' && limit.text === '' ? raw(' LIMIT -1') : limit;
  return sql`${where}${order}${open}`;
}

export interface StoredAssignment {
  readonly column: SourceColumn;
  readonly value: Fragment;
}

/** SET in order: later values see what earlier ones assigned, as MySQL does for one table. */
export function assignments(
  list: readonly Assignment[],
  target: Pick<Target, 'source' | 'table' | 'place'>,
  ignore: boolean,
  more: Partial<Place> = {},
): readonly StoredAssignment[] {
  const assigned = new Map<string, Typed>();
  const sets = new Map<string, StoredAssignment>();
  for (const assignment of list) {
    const column = assignedColumn(assignment, target);
    const place: Place = { ...target.place('field list'), ...more, assigned };
    const own: Place = { ...place, defaultOf: (name) => defaultTyped(target.source, name ?? column.name) };
    if (column.generated) {
      if (assignment.value.kind === 'default') continue;
      throw fault('ER_NON_DEFAULT_VALUE_FOR_GENERATED_COLUMN', column.name, target.source.name);
    }
    const value = storeExpression(translate(assignment.value, own), column, ignore);
    const key = column.name.toLowerCase();
    const shown = target.table.columns.find(({ label }) => label.toLowerCase() === key)!.value;
    assigned.set(key, { ...shown, sql: value });
    sets.set(key, { column, value });
  }
  return [...sets.values()];
}

function assignedColumn(assignment: Assignment, target: Pick<Target, 'source' | 'table'>): SourceColumn {
  const { table, column } = assignment;
  const wrongTable = table !== null && table.toLowerCase() !== target.table.alias.toLowerCase();
  const found = target.source.columns.find(({ name }) => name.toLowerCase() === column.toLowerCase());
  if (wrongTable || !found) throw unknownColumn({ schema: null, table, name: column }, 'field list');
  return found;
}

/**
 * The SET list. The first column's value passes `my_touch`, which tells the statement that a row was met and whether it
 * changes; ON UPDATE CURRENT_TIMESTAMP columns move only with a row that changes.
 */
export function setList(sets: readonly StoredAssignment[], target: Pick<Target, 'source' | 'table'>): Fragment {
  if (sets.length === 0) throw unsupported('update of nothing but generated columns is');
  const old = (column: SourceColumn) => `${target.table.name}.${quoteName(column.name)}`;
  const changed = join(
    sets.map(({ column, value }) => sql`${old(column)} COLLATE BINARY IS NOT ${value}`),
    ' OR ',
  );
  const named = new Set(sets.map(({ column }) => column.name.toLowerCase()));
  const moved = target.source.columns.filter(({ onUpdateNow, name }) => onUpdateNow && !named.has(name.toLowerCase()));
  const parts = sets.map(({ column, value }, index) =>
    index === 0
      ? sql`${quoteName(column.name)} = my_touch(${changed}, ${value})`
      : sql`${quoteName(column.name)} = ${value}`,
  );
  const now = moved.map(
    (column) => sql`${quoteName(column.name)} = CASE WHEN ${changed} THEN ${nowBind(column)} ELSE ${old(column)} END`,
  );
  return join([...parts, ...now], ', ');
}

function nowBind({ type }: SourceColumn): Fragment {
  const to = type.name === 'timestamp' ? 'utcDatetime' : 'nowDatetime';
  return bind({ from: 'context', name: 'nowUs', convert: { to, scale: type.scale ?? 0 } });
}

/** DELETE from one table, or from tables joined with others. */
export function translateDelete(statement: Delete, env: TranslateEnv): Plan {
  const translation = newTranslation(env);
  const [only] = statement.from;
  if (statement.from.length > 1 || only!.kind !== 'table') return deleteJoined(statement, translation);
  return finishPlan('delete', deleteOne(statement, only as Named, translation), translation);
}

function deleteOne(statement: Delete, item: Named, translation: Translation): Fragment {
  const [named] = statement.targets;
  const target = writeTarget(item, 'DELETE', translation);
  if (statement.where) usesTable(translation, { schema: target.source.schema, name: target.source.name }, 'SELECT');
  if (
    named &&
    named.name.toLowerCase() !== target.table.alias.toLowerCase() &&
    named.name.toLowerCase() !== item.table.name.toLowerCase()
  )
    throw fault('ER_UNKNOWN_TABLE', named.name, 'MULTI DELETE');
  return sql`DELETE FROM ${target.source.sql} AS ${target.table.name}${writeTail(statement, target)}`;
}
