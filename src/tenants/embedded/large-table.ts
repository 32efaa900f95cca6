import type { ObjectName } from '../../sql/ast/name.ts';
import { resolveName } from './ddl/change.ts';
import type { Execution } from './statement.ts';

/** Work inside of SQLite that walks a table of more rows than this without looking up is not for an engine thread. */
const mostRows = 20_000;

/** Moves a statement that walks a whole table to a thread of its own when the table is large. */
export function leaveWhenLarge(execution: Execution, name: ObjectName, as: 'read' | 'write'): void {
  const { tenant, check } = execution;
  const { schema, name: bare } = resolveName(execution, name);
  const table = tenant.dictionary.table(schema, bare);
  if (table && tenant.estimate(table).rows > mostRows) check.leave(as);
}
