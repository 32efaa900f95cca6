import { textColumn } from './memory-table.ts';
import type { SessionContext } from './session-context.ts';
import { type SessionTable, sessionTable } from './session-table.ts';
import { status } from './show/server-rows.ts';
import { variableRows } from './show/variable-rows.ts';

const columns = [textColumn('VARIABLE_NAME', 128), textColumn('VARIABLE_VALUE', 4096)];
const statusRows = async (session: SessionContext) => status(null, session).rows;

/** What SHOW VARIABLES and SHOW STATUS show; both scopes of STATUS are the server's. */
export const variableTables: readonly SessionTable[] = [
  sessionTable(['information_schema', 'GLOBAL_VARIABLES'], columns, async (session) => variableRows(true, session)),
  sessionTable(['information_schema', 'SESSION_VARIABLES'], columns, async (session) => variableRows(false, session)),
  sessionTable(['information_schema', 'GLOBAL_STATUS'], columns, statusRows),
  sessionTable(['information_schema', 'SESSION_STATUS'], columns, statusRows),
];
