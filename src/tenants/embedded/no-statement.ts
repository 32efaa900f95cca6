import type { StatementContext } from '../engine-session.ts';
import type { FunctionOwner } from './function-context.ts';

/** The most lenient settings there are: values that lie in a table were let in by those of their day. */
const context: StatementContext = Object.freeze({
  database: null,
  user: 'root',
  host: '%',
  grants: [],
  timeZone: '+00:00',
  sqlMode: '',
  autocommit: true,
  isolation: 'READ-COMMITTED',
  foreignKeyChecks: false,
  uniqueChecks: true,
  charset: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
  connectionId: 0,
  lastInsertId: 0n,
  foundRows: 0n,
  rowCount: 0n,
  userVariables: {},
  systemVariables: {},
  lockWaitTimeoutMs: 0,
});

/** What functions of generated columns and checks know where no statement runs. */
export const noStatement: FunctionOwner = Object.freeze({
  context,
  request: { nowUs: 0 },
  tenant: { tenantId: 0 },
  check: { sleep: () => 0 as const },
});
