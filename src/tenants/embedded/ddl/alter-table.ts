import { fault } from '../../../base/errors.ts';
import type { AlterAction, AlterTable, ColumnDefinition, ColumnPosition } from '../../../sql/ast/definition.ts';
import { isTextType } from '../../../value/column-storage.ts';
import { setNextValue } from '../auto-increment.ts';
import { findColumn, type TableColumn, type TableSchema } from '../table-schema.ts';
import { buildEnv, type Change, requireTable, resolveName } from './change.ts';
import { columnDefault } from './column-default.ts';
import { toDraft } from './draft.ts';
import { reindex, renameTable } from './drop-table.ts';
import { checkForeignKeys, checkForeignRows, followColumns } from './foreign-keys.ts';
import { rebuildTable } from './rebuild-table.ts';
import {
  addColumn,
  addColumnKeys,
  addConstraint,
  applyOptions,
  type BuildEnv,
  buildColumn,
  type Draft,
  finishTable,
} from './table-builder.ts';

/** Returns the rows that were copied; 0 when the table stayed in place. */
export function alterTable(change: Change, statement: AlterTable): number {
  const table = requireTable(change.execution, statement.table);
  const env = { ...buildEnv(change.execution), schema: table.schema };
  const draft = toDraft(table);
  const alteration: Alteration = { draft, env, sources: new Map(sameNames(table)), renamedTo: null };
  for (const action of statement.actions) {
    const handle = handlers[action.kind] as (alteration: Alteration, action: AlterAction, change: Change) => void;
    handle(alteration, action, change);
  }
  const changed = finishTable(draft, table, env);
  if (JSON.stringify(changed.foreignKeys) !== JSON.stringify(table.foreignKeys)) checkForeignKeys(change, changed);
  const followers = followColumns(change, table, changed, alteration.sources);
  const rebuild = needsRebuild(table, changed);
  const rows = rebuild ? rebuildTable(change, table, changed, alteration.sources) : 0;
  if (!rebuild) reindex(change, table, changed);
  for (const follower of followers) rebuildTable(change, follower, follower, sameNames(follower));
  if (changed.foreignKeys.length > table.foreignKeys.length) checkForeignRows(change, changed);
  if (changed.autoIncrement !== table.autoIncrement && BigInt(changed.autoIncrement) > 0n)
    setNextValue(change.writer, changed, BigInt(changed.autoIncrement));
  if (alteration.renamedTo) renameTable(change, changed, alteration.renamedTo);
  return rows;
}

function sameNames({ columns }: TableSchema): ReadonlyMap<string, string> {
  return new Map(columns.map(({ name }) => [name.toLowerCase(), name]));
}

interface Alteration {
  readonly draft: Draft;
  readonly env: BuildEnv;
  /** New column name in lower case → name of the old column its values come from. */
  readonly sources: Map<string, string>;
  renamedTo: { schema: string; name: string } | null;
}

type Handlers = {
  readonly [K in AlterAction['kind']]: (
    alteration: Alteration,
    action: Extract<AlterAction, { readonly kind: K }>,
    change: Change,
  ) => void;
};

const handlers: Handlers = {
  addColumn({ draft, env }, action) {
    addColumn(draft, action.column, env, positionOf(draft, action.position));
  },
  changeColumn(alteration, action) {
    changeColumn(alteration, action.oldName, action.column, action.position);
  },
  dropColumn(alteration, action) {
    dropColumn(alteration, action.name);
  },
  renameColumn(alteration, action) {
    renameColumn(alteration, action.oldName, action.newName);
  },
  alterDefault({ draft, env }, action) {
    const column = requireColumn(draft, action.column);
    const given = { name: column.name, nullable: column.nullable, default: action.default };
    replaceColumn(draft, column, { ...column, default: columnDefault(given, column.type, env) });
  },
  addConstraint({ draft, env }, action) {
    addConstraint(draft, action.constraint, env);
  },
  dropIndex({ draft }, action) {
    draft.keys = without(draft.keys, action.name);
  },
  dropPrimary({ draft }) {
    if (draft.primaryKey.length === 0) throw fault('ER_CANT_DROP_FIELD_OR_KEY', 'PRIMARY');
    draft.primaryKey = [];
  },
  dropForeign({ draft }, action) {
    draft.foreignKeys = without(draft.foreignKeys, action.name);
  },
  dropCheck({ draft }, action) {
    draft.checks = without(draft.checks, action.name);
  },
  renameIndex({ draft }, action) {
    renameIndex(draft, action.oldName, action.newName);
  },
  renameTable(alteration, action, change) {
    alteration.renamedTo = resolveName(change.execution, action.table);
  },
  options({ draft }, action) {
    applyOptions(draft, action.options);
  },
  convertCharset({ draft }, action) {
    convertCharset(draft, action.charset, action.collation);
  },
  keys() {
    // Indexes are always kept up; mysqldump says this around every load.
  },
};

function without<T extends { readonly name: string }>(list: readonly T[], name: string): T[] {
  const rest = list.filter((each) => each.name.toLowerCase() !== name.toLowerCase());
  if (rest.length === list.length) throw fault('ER_CANT_DROP_FIELD_OR_KEY', name);
  return rest;
}

function requireColumn(draft: Draft, name: string): TableColumn {
  const column = findColumn(draft, name);
  if (!column) throw fault('ER_BAD_FIELD', name, draft.name);
  return column;
}

function replaceColumn(draft: Draft, old: TableColumn, column: TableColumn): void {
  draft.columns.splice(draft.columns.indexOf(old), 1, column);
}

function positionOf(draft: Draft, position: ColumnPosition | null): number {
  if (position === null) return draft.columns.length;
  return 'first' in position ? 0 : draft.columns.indexOf(requireColumn(draft, position.after)) + 1;
}

function changeColumn(
  alteration: Alteration,
  oldName: string,
  definition: ColumnDefinition,
  position: ColumnPosition | null,
): void {
  const { draft, env, sources } = alteration;
  const old = requireColumn(draft, oldName);
  if (definition.name.toLowerCase() !== old.name.toLowerCase()) renameColumn(alteration, oldName, definition.name);
  const at = draft.columns.indexOf(requireColumn(draft, definition.name));
  const key = definition.name.toLowerCase();
  sources.set(key, sources.get(key) ?? old.name);
  draft.columns.splice(at, 1, buildColumn(draft, definition, env));
  addColumnKeys(draft, definition, env);
  if (position === null) return;
  const [column] = draft.columns.splice(at, 1);
  draft.columns.splice(positionOf(draft, position), 0, column!);
}

function dropColumn({ draft, sources }: Alteration, name: string): void {
  const column = findColumn(draft, name);
  if (!column) throw fault('ER_CANT_DROP_FIELD_OR_KEY', name);
  const same = (other: string) => other.toLowerCase() === column.name.toLowerCase();
  if (draft.foreignKeys.some((key) => key.columns.some(same)))
    throw fault('OB_NOT_SUPPORTED', `drop of foreign key column '${column.name}' is`);
  draft.columns.splice(draft.columns.indexOf(column), 1);
  sources.delete(column.name.toLowerCase());
  draft.primaryKey = draft.primaryKey.filter((part) => !same(part.column));
  draft.keys = draft.keys
    .map((key) => ({ ...key, parts: key.parts.filter((part) => !same(part.column)) }))
    .filter((key) => key.parts.length > 0);
}

function renameColumn({ draft, sources }: Alteration, oldName: string, newName: string): void {
  const column = requireColumn(draft, oldName);
  const taken = findColumn(draft, newName);
  if (taken && taken !== column) throw fault('ER_DUP_FIELDNAME', newName);
  const same = (other: string) => other.toLowerCase() === column.name.toLowerCase();
  const renamed = (other: string) => (same(other) ? newName : other);
  if (draft.checks.length > 0 || draft.columns.some((each) => each.generated))
    throw fault('OB_NOT_SUPPORTED', 'rename of a column of a table with checks or generated columns is');
  replaceColumn(draft, column, { ...column, name: newName });
  const parts = <P extends { readonly column: string }>(list: readonly P[]) =>
    list.map((part) => ({ ...part, column: renamed(part.column) }));
  draft.primaryKey = parts(draft.primaryKey);
  draft.keys = draft.keys.map((key) => ({ ...key, parts: parts(key.parts) }));
  draft.foreignKeys = draft.foreignKeys.map((key) => ({
    ...key,
    columns: key.columns.map(renamed),
    targetColumns:
      key.schema === draft.schema && key.table === draft.name ? key.targetColumns.map(renamed) : key.targetColumns,
  }));
  const source = sources.get(column.name.toLowerCase());
  sources.delete(column.name.toLowerCase());
  if (source !== undefined) sources.set(newName.toLowerCase(), source);
}

function renameIndex(draft: Draft, oldName: string, newName: string): void {
  const same = (name: string) => (key: { readonly name: string }) => key.name.toLowerCase() === name.toLowerCase();
  if (!draft.keys.some(same(oldName))) throw fault('ER_CANT_DROP_FIELD_OR_KEY', oldName);
  if (draft.keys.some(same(newName)) && oldName.toLowerCase() !== newName.toLowerCase())
    throw fault('ER_DUP_KEYNAME', newName);
  draft.keys = draft.keys.map((key) => (same(oldName)(key) ? { ...key, name: newName } : key));
}

function convertCharset(draft: Draft, charset: string, collation: string | null): void {
  draft.charset = charset.toLowerCase();
  draft.collation = collation?.toLowerCase() ?? `${draft.charset}_general_ci`;
  draft.columns = draft.columns.map((column) =>
    isTextType(column.type)
      ? { ...column, type: { ...column.type, charset: draft.charset, collation: draft.collation } }
      : column,
  );
}

/** True when the SQLite table itself differs, not only its indexes or what the dictionary adds. */
function needsRebuild(from: TableSchema, to: TableSchema): boolean {
  const body = (table: TableSchema) => {
    const columns = table.columns.map(({ name, type, nullable, autoIncrement, generated }) => ({
      name,
      type,
      nullable,
      autoIncrement,
      generated,
    }));
    const { primaryKey, foreignKeys, checks } = table;
    return JSON.stringify({ columns, primaryKey, foreignKeys, checks });
  };
  return body(from) !== body(to);
}
