import { fault } from '../../base/errors.ts';
import type { Assignment, Delete, Update } from '../ast/change.ts';
import type { TableSource } from '../schema.ts';
import { asBoolean } from './convert.ts';
import { translate } from './expression.ts';
import { bind, type Fragment, join, raw, sql } from './fragment.ts';
import { translateFrom } from './from.ts';
import type { Plan, WritePart } from './plan.ts';
import { emptyScope, type Place, type Scope, type ScopeTable, unknownColumn } from './scope.ts';
import { newAlias, type Translation, unsupported, usesTable } from './statement.ts';
import { ticking } from './tick.ts';
import { assignments, setList } from './write.ts';
import { keyCells, keyList, partOf, partsPlan, rowKey } from './write-parts.ts';

/** UPDATE of joined tables: every row of a table that is met changes once, by the first row that met it. */
export function updateJoined(update: Update, translation: Translation): Plan {
  if (update.orderBy.length > 0 || update.limit)
    throw fault('OB_NOT_SUPPORTED', 'update of joined tables with ORDER BY or LIMIT is');
  const from = translateFrom(update.from, { ...emptyScope, parent: null }, translation);
  const scope: Scope = { ...emptyScope, tables: from.tables, merged: from.merged };
  const place = (clause: Place['clause']): Place => ({
    translation,
    scope,
    clause,
    aggregates: false,
  });
  const wanted = update.where === null ? null : asBoolean(translate(update.where, place('where clause')));
  const where = ticking(wanted, from.tables, translation);
  const parts = updatedTables(update.assignments, from.tables).map(({ table, list }): WritePart => {
    const source = writableSource(table, 'UPDATE', translation);
    const local = list.map((assignment) => ({ ...assignment, table: table.alias }));
    const sets = assignments(local, { source, table, place }, update.ignore);
    const values = join(
      sets.map(({ value }) => value),
      ', ',
    );
    const keys = keyList({ source, table });
    const rows = sql`SELECT ${keys}, ${values} FROM ${from.text}${presentWhere(where, source, table)} GROUP BY ${keys}`;
    const target = { source, table: { ...table, name: newAlias(translation) } };
    const first = rowKey(source).length;
    const cells = sets.map(({ column }, index) => ({ column, value: bind({ from: 'cell', index: first + index }) }));
    const word = update.ignore ? 'UPDATE OR IGNORE' : 'UPDATE';
    return partOf(target, rows, sql`${word} ${source.sql} AS ${target.table.name} SET ${setList(cells, target)}`);
  });
  return partsPlan('update', parts, translation);
}

/** Rows an outer join made of nothing are not there to be written. */
function presentWhere(where: Fragment | null, source: TableSource, table: ScopeTable): Fragment {
  const present = `${table.name}.${rowKey(source)[0]!} IS NOT NULL`;
  return where === null ? raw(` WHERE ${present}`) : sql` WHERE (${where}) AND ${present}`;
}

/** Assignments by the table they go to, in the order of their first. */
function updatedTables(
  list: readonly Assignment[],
  tables: readonly ScopeTable[],
): readonly { readonly table: ScopeTable; readonly list: readonly Assignment[] }[] {
  const found = new Map<ScopeTable, Assignment[]>();
  for (const assignment of list) {
    const { table, column } = assignment;
    const holders = tables.filter(
      (candidate) =>
        (table === null || candidate.alias.toLowerCase() === table.toLowerCase()) &&
        candidate.positions.has(column.toLowerCase()),
    );
    if (holders.length === 0) throw unknownColumn({ schema: null, table, name: column }, 'field list');
    if (holders.length > 1) throw fault('ER_NON_UNIQ', column, 'field list');
    const [holder] = holders as [ScopeTable];
    found.set(holder, [...(found.get(holder) ?? []), assignment]);
  }
  return [...found].map(([table, own]) => ({ table, list: own }));
}

function writableSource(table: ScopeTable, privilege: 'UPDATE' | 'DELETE', translation: Translation): TableSource {
  const { source } = table;
  if (!source) throw unsupported(`${privilege.toLowerCase()} of derived table '${table.alias}' is`);
  if (source.kind === 'view') throw unsupported(`change of view '${source.name}' is`);
  usesTable(translation, { schema: source.schema, name: source.name }, privilege);
  return source;
}

/** DELETE from one or more of the tables that are joined. */
export function deleteJoined(statement: Delete, translation: Translation): Plan {
  if (statement.orderBy.length > 0 || statement.limit)
    throw fault('OB_NOT_SUPPORTED', 'delete from joined tables with ORDER BY or LIMIT is');
  const from = translateFrom(statement.from, { ...emptyScope, parent: null }, translation);
  const scope: Scope = { ...emptyScope, tables: from.tables, merged: from.merged };
  const place: Place = { translation, scope, clause: 'where clause', aggregates: false };
  const wanted = statement.where === null ? null : asBoolean(translate(statement.where, place));
  const where = ticking(wanted, from.tables, translation);
  const parts = statement.targets.map((named): WritePart => {
    const table = from.tables.find(
      ({ alias, schema }) =>
        alias.toLowerCase() === named.name.toLowerCase() &&
        (named.schema === null || schema.toLowerCase() === named.schema.toLowerCase()),
    );
    if (!table) throw fault('ER_UNKNOWN_TABLE', named.name, 'MULTI DELETE');
    const source = writableSource(table, 'DELETE', translation);
    const rows = sql`SELECT DISTINCT ${keyList({ source, table })} FROM ${from.text}${presentWhere(where, source, table)}`;
    const target = { source, table: { name: newAlias(translation) } };
    const write = sql`DELETE FROM ${source.sql} AS ${target.table.name}${keyCells(target)}`;
    return { rows: { sql: rows.text, binds: rows.binds }, write: { sql: write.text, binds: write.binds } };
  });
  return partsPlan('delete', parts, translation);
}
