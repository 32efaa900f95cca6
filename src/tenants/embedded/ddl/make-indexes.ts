import { fault } from '../../../base/errors.ts';
import type { Cell } from '../../../value/column-type.ts';
import { plainInteger } from '../../../value/unsigned.ts';
import { isDuplicate } from '../duplicate-key.ts';
import { findColumn, quoteName, sqliteName, type TableSchema } from '../table-schema.ts';
import type { Change } from './change.ts';
import { indexName, partKey } from './table-sql.ts';

/** Makes indexes over rows that are there; 1062 with a value that is there twice for a unique one. */
export function makeIndexes(change: Change, table: TableSchema, statements: readonly string[]): void {
  for (const sql of statements) {
    try {
      change.writer.exec(sql);
    } catch (error) {
      throw isDuplicate(error) ? duplicateOf(change, table, sql) : error;
    }
  }
}

function duplicateOf({ writer }: Change, table: TableSchema, sql: string): Error {
  const key = table.keys.find((each) => sql.includes(`INDEX ${indexName(table, each.name)} `));
  const parts = key?.parts ?? table.primaryKey;
  const list = parts.map((part) => quoteName(part.column)).join(', ');
  const keys = parts.map((part) => partKey(table, part, true)).join(', ');
  const name = sqliteName(table.schema, table.name);
  const found = writer.prepare(`SELECT ${list} FROM ${name} GROUP BY ${keys} HAVING count(*) > 1 LIMIT 1`);
  const row = found.raw().safeIntegers().get() as readonly Cell[] | undefined;
  const shown = row?.map((cell, i) => {
    const column = findColumn(table, parts[i]!.column);
    return String(column ? plainInteger(column.type, cell) : cell);
  });
  return fault('OB_ERR_PRIMARY_KEY_DUPLICATE', shown?.join('-') ?? '', key?.name ?? 'PRIMARY');
}
