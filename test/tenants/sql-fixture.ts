import type { EngineSession, RowsEnd, StatementContext, StatementOutcome } from '../../src/tenants/engine-session.ts';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import type { Cell } from '../../src/value/column-type.ts';
import type { RowBatch } from '../../src/value/row-batch.ts';
import { type EnginePlace, mysqlTenant } from './engine-fixture.ts';

export const rootContext: StatementContext = {
  database: 'test',
  user: 'root',
  host: '%',
  grants: [{ database: null, table: null, privileges: ['ALL PRIVILEGES'], withGrantOption: true }],
  timeZone: '+08:00',
  sqlMode: 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER',
  autocommit: true,
  isolation: 'READ-COMMITTED',
  foreignKeyChecks: true,
  uniqueChecks: true,
  charset: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
  connectionId: 7,
  lastInsertId: 0n,
  foundRows: 0n,
  rowCount: 0n,
  userVariables: {},
  systemVariables: { version: '5.7.25-OceanBase-v4.2.1.0' },
  lockWaitTimeoutMs: 2000,
};

export type Ok = Extract<StatementOutcome, { kind: 'ok' }>;
export type Texts = readonly (string | null)[];

export interface SqlClient {
  readonly session: EngineSession;
  run(sql: string, parameters?: readonly Cell[]): Promise<StatementOutcome>;
  /** Rows of a query as texts. */
  rows(sql: string, parameters?: readonly Cell[]): Promise<Texts[]>;
  /** First cell of the first row. */
  value(sql: string): Promise<string | null>;
  labels(sql: string): Promise<string[]>;
  ok(sql: string, parameters?: readonly Cell[]): Promise<Ok>;
  /** Error number and text. */
  fails(sql: string): Promise<{ errno: number; message: string }>;
  with(change: Partial<StatementContext>): SqlClient;
}

/** Speaks SQL to a session as the server would. */
export async function sqlClient(
  engine: TenantEngine,
  change: Partial<StatementContext> = {},
  sessionId = 1,
): Promise<SqlClient> {
  return clientOver(await engine.openSession(sessionId), Object.freeze({ ...rootContext, ...change }));
}

/** Speaks SQL to a new tenant, 1002, with the database `test` of `rootContext`. */
export async function testClient({ engines }: EnginePlace): Promise<SqlClient> {
  await engines.create(1002, mysqlTenant);
  const client = await sqlClient(await engines.open(1002));
  await client.ok('CREATE DATABASE IF NOT EXISTS test');
  return client;
}

function clientOver(session: EngineSession, context: StatementContext): SqlClient {
  const run = (sql: string, parameters: readonly Cell[] = []) =>
    session.execute({ sql, parameters, format: 'text', context, nowUs: Date.now() * 1000, deadlineUs: 0 });
  const client: SqlClient = {
    session,
    run,
    async rows(sql, parameters) {
      const outcome = await run(sql, parameters);
      if (outcome.kind !== 'rows') throw new Error(`no rows from ${sql}`);
      return (await drain(outcome)).rows;
    },
    async value(sql) {
      const [row] = await client.rows(sql);
      if (!row) throw new Error(`no row from ${sql}`);
      return row[0]!;
    },
    async labels(sql) {
      const outcome = await run(sql);
      if (outcome.kind !== 'rows') throw new Error(`no rows from ${sql}`);
      await outcome.batches.return(undefined as never);
      return outcome.columns.map((column) => column.label);
    },
    async ok(sql, parameters) {
      const outcome = await run(sql, parameters);
      if (outcome.kind === 'ok') return outcome;
      await drain(outcome);
      throw new Error(`rows from ${sql}`);
    },
    async fails(sql) {
      try {
        const outcome = await run(sql);
        if (outcome.kind === 'rows') await drain(outcome);
      } catch (error) {
        const { errno, message } = error as { errno?: number; message: string };
        if (errno === undefined) throw error;
        return { errno, message };
      }
      throw new Error(`no error from ${sql}`);
    },
    with: (more) => clientOver(session, Object.freeze({ ...context, ...more })),
  };
  return client;
}

export async function drain(
  outcome: Extract<StatementOutcome, { kind: 'rows' }>,
): Promise<{ rows: Texts[]; end: RowsEnd }> {
  const rows: Texts[] = [];
  for (;;) {
    const next = await outcome.batches.next();
    if (next.done) return { rows, end: next.value };
    rows.push(...decodeRows(next.value));
  }
}

/** Cells of a batch in the text protocol. */
export function decodeRows(batch: RowBatch): Texts[] {
  const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length);
  const rows: Texts[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = batch.framed ? at + 4 + bytes.readUIntLE(at, 3) : bytes.length;
    if (batch.framed) at += 4;
    const cells: (string | null)[] = [];
    while (at < end) {
      const lead = bytes[at++]!;
      if (lead === 0xfb) {
        cells.push(null);
        continue;
      }
      const width = lead < 0xfb ? 0 : lead - 0xfa === 4 ? 8 : lead - 0xfa;
      const length = width === 0 ? lead : width === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, width);
      at += width;
      cells.push(bytes.toString('utf8', at, at + length));
      at += length;
    }
    rows.push(cells);
  }
  return rows;
}
