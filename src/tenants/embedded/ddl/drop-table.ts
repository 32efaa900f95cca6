import { fault } from '../../../base/errors.ts';
import type { Truncate } from '../../../sql/ast/change.ts';
import type { CreateIndex, DropIndex, DropTable, RenameTable } from '../../../sql/ast/definition.ts';
import { dropSequence, renameSequence, setNextValue } from '../auto-increment.ts';
import { sqliteName, type TableSchema } from '../table-schema.ts';
import { buildEnv, type Change, requireDatabase, requireTable, resolveName } from './change.ts';
import { toDraft } from './draft.ts';
import { followColumns, refuseReferenced } from './foreign-keys.ts';
import { makeIndexes } from './make-indexes.ts';
import { addKey, finishTable, keyParts } from './table-builder.ts';
import { indexStatements } from './table-sql.ts';
import { keepTextReferences } from './text-references.ts';

export function dropTable(change: Change, statement: DropTable): number {
  const { dictionary, execution } = change;
  if (statement.view) return dropView(change, statement);
  const resolved = statement.tables.map((name) => resolveName(execution, name));
  const among = new Set(resolved.map(({ schema, name }) => `${schema}.${name}`));
  const missing = resolved.filter(({ schema, name }) => !dictionary.table(schema, name));
  const names = missing.map(({ schema, name }) => `${schema}.${name}`);
  if (missing.length > 0 && !statement.ifExists) throw fault('ER_BAD_TABLE', names.join(','));
  for (const name of names) change.notes.push({ level: 'Note', code: 1051, message: `Unknown table '${name}'` });
  for (const { schema, name } of resolved) {
    const table = dictionary.table(schema, name);
    if (!table) continue;
    refuseReferenced(change, table, among);
    removeTable(change, table);
  }
  return 0;
}

function dropView(change: Change, statement: DropTable): number {
  const names = statement.tables.map((name) => resolveName(change.execution, name));
  const shown = names.map(({ schema, name }) => `${schema}.${name}`);
  if (!statement.ifExists) throw fault('ER_BAD_TABLE', shown.join(','));
  for (const name of shown) change.notes.push({ level: 'Note', code: 1051, message: `Unknown table '${name}'` });
  return 0;
}

export function removeTable({ writer, dictionary }: Change, table: TableSchema): void {
  dropSequence(writer, table);
  writer.exec(`DROP TABLE ${sqliteName(table.schema, table.name)}`);
  dictionary.removeTable(table.schema, table.name);
}

/** TRUNCATE: empties the table and starts its numbering anew. */
export function truncateTable(change: Change, statement: Truncate): number {
  const table = requireTable(change.execution, statement.table);
  const { writer, dictionary, execution } = change;
  const parent = dictionary
    .allTables()
    .some((other) =>
      other.foreignKeys.some((key) => other.id !== table.id && key.schema === table.schema && key.table === table.name),
    );
  if (parent && execution.context.foreignKeyChecks) throw fault('ER_ROW_IS_REFERENCED');
  writer.exec(`DELETE FROM ${sqliteName(table.schema, table.name)}`);
  setNextValue(writer, table, 1n);
  return 0;
}

export function renameTables(change: Change, statement: RenameTable): number {
  for (const { from, to } of statement.renames) {
    const table = requireTable(change.execution, from);
    renameTable(change, table, resolveName(change.execution, to));
  }
  return 0;
}

/** Moves a table under another name, perhaps into another database; foreign keys that point at it follow. */
export function renameTable(change: Change, table: TableSchema, to: { schema: string; name: string }): TableSchema {
  const { writer, dictionary } = change;
  requireDatabase(change.execution, to.schema);
  if (dictionary.table(to.schema, to.name)) throw fault('OB_ERR_TABLE_EXIST', to.name);
  const follows = <K extends { schema: string; table: string }>(key: K): K =>
    key.schema === table.schema && key.table === table.name ? { ...key, schema: to.schema, table: to.name } : key;
  const renamed: TableSchema = { ...table, ...to, foreignKeys: table.foreignKeys.map(follows) };
  // SQLite looks at all triggers, and some may name what the same statement has changed.
  keepTextReferences(writer, dictionary);
  dropIndexes(change, table);
  renameSequence(writer, table, renamed);
  writer.exec(`ALTER TABLE ${sqliteName(table.schema, table.name)} RENAME TO ${sqliteName(to.schema, to.name)}`);
  dictionary.removeTable(table.schema, table.name);
  dictionary.putTable(renamed);
  makeIndexes(change, renamed, indexStatements(renamed));
  for (const other of dictionary.allTables()) {
    const foreignKeys = other.foreignKeys.map(follows);
    if (foreignKeys.some((key, i) => key !== other.foreignKeys[i])) dictionary.putTable({ ...other, foreignKeys });
  }
  return renamed;
}

function dropIndexes({ writer }: Change, table: TableSchema): void {
  for (const sql of indexStatements(table)) {
    const name = /^CREATE (?:UNIQUE )?INDEX ("(?:[^"]|"")*")/.exec(sql)![1]!;
    writer.exec(`DROP INDEX IF EXISTS ${name}`);
  }
}

export function createIndex(change: Change, statement: CreateIndex): number {
  const table = requireTable(change.execution, statement.table);
  const draft = toDraft(table);
  addKey(draft, statement.name, statement.unique, keyParts(statement.parts));
  const changed = finishTable(draft, table, buildEnv(change.execution));
  reindex(change, table, changed);
  return 0;
}

export function dropIndex(change: Change, statement: DropIndex): number {
  const table = requireTable(change.execution, statement.table);
  const wanted = statement.name.toLowerCase();
  if (!table.keys.some((key) => key.name.toLowerCase() === wanted))
    throw fault('ER_CANT_DROP_FIELD_OR_KEY', statement.name);
  const changed = { ...table, keys: table.keys.filter((key) => key.name.toLowerCase() !== wanted) };
  followColumns(change, table, changed, new Map());
  reindex(change, table, changed);
  return 0;
}

/** Brings the indexes from those of one form of a table to those of another; rows stay as they are. */
export function reindex(change: Change, from: TableSchema, to: TableSchema): void {
  const { writer, dictionary } = change;
  const before = new Set(indexStatements(from));
  const after = new Set(indexStatements(to));
  for (const sql of before) {
    if (after.has(sql)) continue;
    writer.exec(`DROP INDEX IF EXISTS ${/INDEX ("(?:[^"]|"")*")/.exec(sql)![1]!}`);
  }
  makeIndexes(
    change,
    to,
    [...after].filter((sql) => !before.has(sql)),
  );
  dictionary.putTable(to);
}
