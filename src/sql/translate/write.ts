import { fault } from '../../base/errors.ts';
import type { Assignment, Delete, TableExpression, Update } from '../ast.ts';
import type { SourceColumn, TableSource } from '../schema.ts';
import { asBoolean } from './convert.ts';
import { translate } from './expression.ts';
import { bind, type Fragment, join, quoteName, raw, sql } from './fragment.ts';
import { findTable, translateFrom } from './from.ts';
import { limitText, orderBy } from './order.ts';
import type { Plan } from './plan.ts';
import { emptyScope, type Place, type Scope, type ScopeTable, sourceTable, unknownColumn } from './scope.ts';
import { newAlias, newTranslation, type TranslateEnv, type Translation, unsupported, usesTable } from './statement.ts';
import { storeExpression } from './store-expression.ts';
import { finishPlan } from './translate.ts';
import type { Typed } from './typed.ts';
import { defaultTyped } from './write-default.ts';

/** A strict sql_mode with ERROR_FOR_DIVISION_BY_ZERO makes division by zero an error in writes. */
export function strictDivision(sqlMode: string): boolean {
  return /ERROR_FOR_DIVISION_BY_ZERO|TRADITIONAL/i.test(sqlMode) && /STRICT_|TRADITIONAL/i.test(sqlMode);
}

/** UPDATE of one table, or MySQL's multi-table form when it changes one of the tables. */
export function translateUpdate(update: Update, env: TranslateEnv): Plan {
  const translation = newTranslation(env);
  const [only] = update.from;
  const text =
    update.from.length === 1 && only!.kind === 'table'
      ? updateOne(update, only as Named, translation)
      : updateJoined(update, translation);
  return finishPlan('update', text, translation);
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
  const division = strictDivision(translation.env.sqlMode);
  const place = (clause: Place['clause']): Place => ({
    translation,
    scope,
    clause,
    aggregates: false,
    strictDivision: division,
    defaultOf: (name) => defaultTyped(source, name),
  });
  return { source, table, scope, place };
}

function updateOne(update: Update, item: Named, translation: Translation): Fragment {
  const target = writeTarget(item, 'UPDATE', translation);
  if (update.assignments.some(({ value }) => value.kind !== 'literal' && value.kind !== 'placeholder') || update.where)
    usesTable(translation, { schema: target.source.schema, name: target.source.name }, 'SELECT');
  const sets = assignments(update.assignments, target, update.ignore);
  const tail = writeTail(update, target);
  const word = update.ignore ? 'UPDATE OR IGNORE' : 'UPDATE';
  return sql`${word} ${target.source.sql} AS ${target.table.name} SET ${setList(sets, target)}${tail}`;
}

function writeTail(write: Pick<Update, 'where' | 'orderBy' | 'limit'>, target: Target): Fragment {
  const where =
    write.where === null ? raw('') : sql` WHERE ${asBoolean(translate(write.where, target.place('where clause')))}`;
  const order = orderBy(write.orderBy, [], target.place('order clause'), () => null);
  const limit = limitText(write.limit, target.place('order clause'));
  const open = order.text !== '' && limit.text === '' ? raw(' LIMIT -1') : limit;
  return sql`${where}${limit.text === '' && order.text !== '' ? raw('') : order}${order.text !== '' && limit.text === '' ? raw('') : open}`;
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
      throw unsupported(`value for generated column '${column.name}' is`);
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

/** Columns that tell the rows of a table apart: its primary key, or SQLite's own row number. */
function rowKey(source: TableSource): readonly string[] {
  return source.primaryKey.length > 0 ? source.primaryKey.map(quoteName) : ['rowid'];
}

function updateJoined(update: Update, translation: Translation): Fragment {
  if (update.orderBy.length > 0 || update.limit)
    throw fault('OB_NOT_SUPPORTED', 'update of joined tables with ORDER BY or LIMIT is');
  const from = translateFrom(update.from, { ...emptyScope, parent: null }, translation);
  const scope: Scope = { ...emptyScope, tables: from.tables, merged: from.merged };
  const table = updatedTable(update.assignments, from.tables);
  const source = table.source!;
  if (source.kind === 'view') throw unsupported(`change of view '${source.name}' is`);
  usesTable(translation, { schema: source.schema, name: source.name }, 'UPDATE');
  const place = (clause: Place['clause']): Place => ({
    translation,
    scope,
    clause,
    aggregates: false,
    strictDivision: strictDivision(translation.env.sqlMode),
  });
  const local = update.assignments.map((assignment) => ({ ...assignment, table: table.alias }));
  const sets = assignments(local, { source, table, place }, update.ignore);
  const where =
    update.where === null ? raw('') : sql` WHERE ${asBoolean(translate(update.where, place('where clause')))}`;
  const key = rowKey(source);
  const keys = key.map((column, index) => `${table.name}.${column} AS k${index + 1}`).join(', ');
  const values = join(
    sets.map(({ value }, index) => sql`${value} AS v${index + 1}`),
    ', ',
  );
  const group = key.map((column) => `${table.name}.${column}`).join(', ');
  const rows = sql`SELECT ${keys}, ${values} FROM ${from.text}${where} GROUP BY ${group}`;
  const outer = newAlias(translation);
  const found = newAlias(translation);
  const moved = sets.map(({ column }, index) => ({ column, value: raw(`${found}.v${index + 1}`) }));
  const match = key.map((column, index) => `${outer}.${column} = ${found}.k${index + 1}`).join(' AND ');
  const list = setList(moved, { source, table: { ...table, name: outer } });
  const word = update.ignore ? 'UPDATE OR IGNORE' : 'UPDATE';
  return sql`${word} ${source.sql} AS ${outer} SET ${list} FROM (${rows}) AS ${found} WHERE ${match}`;
}

function updatedTable(list: readonly Assignment[], tables: readonly ScopeTable[]): ScopeTable {
  const found = new Set<ScopeTable>();
  for (const { table, column } of list) {
    const holders = tables.filter(
      (candidate) =>
        (table === null || candidate.alias.toLowerCase() === table.toLowerCase()) &&
        candidate.positions.has(column.toLowerCase()),
    );
    if (holders.length === 0) throw unknownColumn({ schema: null, table, name: column }, 'field list');
    if (holders.length > 1) throw fault('ER_NON_UNIQ', column, 'field list');
    found.add(holders[0]!);
  }
  const [only] = found;
  if (found.size > 1) throw unsupported('update of more than one table at once is');
  if (!only?.source) throw unsupported('update of a derived table is');
  return only;
}

/** DELETE from one table, alone or joined with others. */
export function translateDelete(statement: Delete, env: TranslateEnv): Plan {
  const translation = newTranslation(env);
  const [only] = statement.from;
  const text =
    statement.from.length === 1 && only!.kind === 'table'
      ? deleteOne(statement, only as Named, translation)
      : deleteJoined(statement, translation);
  return finishPlan('delete', text, translation);
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

function deleteJoined(statement: Delete, translation: Translation): Fragment {
  if (statement.targets.length > 1) throw unsupported('delete from more than one table at once is');
  const [named] = statement.targets;
  const from = translateFrom(statement.from, { ...emptyScope, parent: null }, translation);
  const scope: Scope = { ...emptyScope, tables: from.tables, merged: from.merged };
  const table = from.tables.find(({ alias }) => alias.toLowerCase() === named!.name.toLowerCase());
  if (!table?.source) throw fault('ER_UNKNOWN_TABLE', named!.name, 'MULTI DELETE');
  const { source } = table;
  if (source.kind === 'view') throw unsupported(`change of view '${source.name}' is`);
  usesTable(translation, { schema: source.schema, name: source.name }, 'DELETE');
  const place: Place = { translation, scope, clause: 'where clause', aggregates: false };
  const where = statement.where === null ? raw('') : sql` WHERE ${asBoolean(translate(statement.where, place))}`;
  const key = rowKey(source);
  const keys = key.map((column) => `${table.name}.${column}`).join(', ');
  const rows = sql`SELECT ${keys} FROM ${from.text}${where}`;
  const operand = key.length === 1 ? key[0]! : `(${key.join(', ')})`;
  return sql`DELETE FROM ${source.sql} WHERE ${operand} IN (${rows})`;
}
