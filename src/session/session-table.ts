import type { TableSource } from '../sql/schema.ts';
import type { ResultColumn } from '../value/column-type.ts';
import { type MemoryRows, memorySource } from './memory-table.ts';
import type { SessionContext } from './session-context.ts';

/** A system table whose rows only the server knows: a query over nothing but views and such tables runs on the catalog. */
export interface SessionTable {
  readonly schema: string;
  readonly name: string;
  /** Named parameter its rows come in, as JSON. */
  readonly bind: string;
  readonly source: TableSource;
  rows(session: SessionContext): Promise<MemoryRows['rows']>;
}

/** A session table; its columns are those of the rows. */
export function sessionTable(
  [schema, name]: readonly [string, string],
  columns: readonly ResultColumn[],
  rows: SessionTable['rows'],
): SessionTable {
  const bind = `rows_${schema}_${name.toLowerCase().replaceAll('$', '_')}`;
  return Object.freeze({ schema, name, bind, source: memorySource(schema, name, columns, bind), rows });
}
