import { fault } from '../../../base/errors.ts';
import type { CreateTable } from '../../../sql/ast/definition.ts';
import { isUnsigned64 } from '../../../value/unsigned.ts';
import { setNextValue } from '../auto-increment.ts';
import { rowIdColumn, type TableSchema } from '../table-schema.ts';
import { buildEnv, type Change, requireDatabase, requireTable, resolveName } from './change.ts';
import { checkForeignKeys, checkForeignRows } from './foreign-keys.ts';
import { buildTable, type Draft, finishTable } from './table-builder.ts';
import { fillFromQuery, queryColumns } from './table-from-query.ts';
import { createStatements, indexStatements } from './table-sql.ts';

/** CREATE TABLE in its three forms; returns the rows a query brought. */
export function createTable(change: Change, statement: CreateTable): number {
  const { dictionary, execution } = change;
  if (statement.temporary) throw fault('OB_NOT_SUPPORTED', 'temporary table is');
  const { schema, name } = resolveName(execution, statement.table);
  requireDatabase(execution, schema);
  if (dictionary.table(schema, name)) {
    if (!statement.ifNotExists) throw fault('OB_ERR_TABLE_EXIST', name);
    change.notes.push({ level: 'Note', code: 1050, message: `Table '${name}' already exists` });
    return 0;
  }
  const draft = statement.like ? likeTable(change, statement, schema, name) : newTable(change, statement, schema, name);
  const given = statement.query ? queryColumns(change, statement.query, draft) : null;
  const key = given && rowIdColumn(draft);
  // Its rows come at once, and may hold any value.
  if (key && isUnsigned64(key.type)) draft.wideKey = true;
  const identity = { id: dictionary.newTableId(), createdUs: execution.request.nowUs };
  const table = finishTable(draft, identity, { ...buildEnv(execution), schema });
  checkForeignKeys(change, table);
  storeTable(change, table);
  if (!given) return 0;
  const rows = fillFromQuery(change, table, given);
  checkForeignRows(change, table);
  return rows;
}

function newTable({ dictionary, execution }: Change, statement: CreateTable, schema: string, name: string): Draft {
  const database = dictionary.databases().get(schema)!;
  const { charset, collation } = database;
  return buildTable(statement, { schema, name, charset, collation }, { ...buildEnv(execution), schema });
}

function likeTable({ execution }: Change, statement: CreateTable, schema: string, name: string): Draft {
  const source = requireTable(execution, statement.like!);
  const checks = source.checks.map((check, i) => ({ ...check, name: `${name}_OBCHECK_${i + 1}` }));
  const { columns, primaryKey, keys } = source;
  const copies = { columns: [...columns], primaryKey: [...primaryKey], keys: [...keys], checks };
  return { ...source, ...copies, schema, name, foreignKeys: [], options: { ...source.options }, autoIncrement: 0 };
}

/** Makes the SQLite table with its indexes and enters it into the dictionary. */
export function storeTable({ writer, dictionary }: Change, table: TableSchema): void {
  for (const sql of [...createStatements(table), ...indexStatements(table)]) writer.exec(sql);
  dictionary.putTable(table);
  if (BigInt(table.autoIncrement) > 1n) setNextValue(writer, table, BigInt(table.autoIncrement));
}
