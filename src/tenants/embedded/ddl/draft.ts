import type { TableSchema } from '../table-schema.ts';
import type { Draft } from './table-builder.ts';

/** A table opened for changes. */
export function toDraft(table: TableSchema): Draft {
  return {
    schema: table.schema,
    name: table.name,
    columns: [...table.columns],
    primaryKey: [...table.primaryKey],
    keys: [...table.keys],
    foreignKeys: [...table.foreignKeys],
    checks: [...table.checks],
    charset: table.charset,
    collation: table.collation,
    comment: table.comment,
    options: { ...table.options },
    autoIncrement: table.autoIncrement,
    ...(table.wideKey ? { wideKey: true } : {}),
  };
}
