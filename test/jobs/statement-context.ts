import type { StatementContext } from '../../src/tenants/engine-session.ts';

export const everyPrivilege = [{ database: null, table: null, privileges: ['ALL PRIVILEGES'], withGrantOption: true }];

/** A session of root without a database. */
export const context: StatementContext = Object.freeze({
  database: null,
  user: 'root',
  host: '127.0.0.1',
  grants: everyPrivilege,
  timeZone: '+08:00',
  sqlMode: 'STRICT_ALL_TABLES',
  autocommit: true,
  isolation: 'READ-COMMITTED',
  foreignKeyChecks: true,
  uniqueChecks: true,
  charset: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
  connectionId: 1,
  lastInsertId: 0n,
  foundRows: 0n,
  rowCount: 0n,
  userVariables: {},
  systemVariables: {},
  lockWaitTimeoutMs: 5_000,
});
