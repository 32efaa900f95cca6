import { fault } from '../../../base/errors.ts';
import type { AlterDatabase, CreateDatabase, DropDatabase } from '../../../sql/ast/definition.ts';
import { charsetByName } from '../../../value/charset.ts';
import type { DatabaseSchema } from '../dictionary.ts';
import { builtInDatabases } from '../settings.ts';
import { type Change, requireDatabase } from './change.ts';
import { removeTable } from './drop-table.ts';
import { refuseReferenced } from './foreign-keys.ts';

export function createDatabase(change: Change, statement: CreateDatabase): number {
  const { dictionary, execution } = change;
  const name = statement.name.toLowerCase();
  if (!/\S/.test(name) || name.length > 128) throw fault('ER_WRONG_DB_NAME', statement.name);
  if (dictionary.hasDatabase(name)) {
    if (!statement.ifNotExists) throw fault('ER_DB_CREATE_EXISTS', name);
    change.notes.push({ level: 'Note', code: 1007, message: `Can't create database '${name}'; database exists` });
    return 1;
  }
  const { charset, collation } = execution.tenant.meta;
  dictionary.putDatabase(name, chosen(statement, { charset, collation }));
  return 1;
}

export function alterDatabase(change: Change, statement: AlterDatabase): number {
  const name = (statement.name ?? change.execution.context.database)?.toLowerCase();
  if (name === undefined) throw fault('ER_NO_DB');
  requireDatabase(change.execution, name);
  change.dictionary.putDatabase(name, chosen(statement, change.dictionary.databases().get(name)!));
  return 1;
}

/** Returns the number of tables dropped with the database. */
export function dropDatabase(change: Change, statement: DropDatabase): number {
  const { dictionary } = change;
  const name = statement.name.toLowerCase();
  if (!dictionary.hasDatabase(name)) {
    if (!statement.ifExists) throw fault('ER_DB_DROP_EXISTS', name);
    change.notes.push({ level: 'Note', code: 1008, message: `Can't drop database '${name}'; database doesn't exist` });
    return 0;
  }
  if (name !== 'test' && builtInDatabases.some((each) => each === name))
    throw fault('OB_NOT_SUPPORTED', `drop of database ${name} is`);
  const tables = dictionary.tables(name);
  const among = new Set(tables.map((table) => `${table.schema}.${table.name}`));
  for (const table of tables) refuseReferenced(change, table, among);
  for (const table of tables) removeTable(change, table);
  dictionary.removeDatabase(name);
  return tables.length;
}

function chosen(
  given: { readonly charset: string | null; readonly collation: string | null },
  inherited: DatabaseSchema,
): DatabaseSchema {
  const charset = given.charset?.toLowerCase() ?? given.collation?.split('_')[0]?.toLowerCase() ?? inherited.charset;
  charsetByName(charset);
  const usual = charset === inherited.charset ? inherited.collation : `${charset}_general_ci`;
  return { charset, collation: given.collation?.toLowerCase() ?? (charset === 'binary' ? 'binary' : usual) };
}
