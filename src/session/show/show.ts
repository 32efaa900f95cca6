import { fault } from '../../base/errors.ts';
import { viewSchema } from '../../catalog/view-reader.ts';
import type { Describe, Show } from '../../sql/ast/session.ts';
import type { TenantStatement } from '../../sql/ast/statement.ts';
import { parseForPlan } from '../../sql/parse/parse.ts';
import type { MaybePromise } from '../client.ts';
import { engineRunnable } from '../engine-statements.ts';
import { filterLike, filterWhere, type MemoryRows } from '../memory-table.ts';
import { catalogQueries } from '../queries.ts';
import { isOfServer } from '../query-place.ts';
import type { Runnable } from '../runnable.ts';
import { countParameters } from '../runnable.ts';
import { sendRows } from '../send-rows.ts';
import type { SessionContext } from '../session-context.ts';
import { grants, showCreateUser } from './account-rows.ts';
import { countRow, messages } from './message-rows.ts';
import { parameters } from './parameter-rows.ts';
import { restorePreview } from './preview-rows.ts';
import { processlist } from './process-rows.ts';
import { charsets, collations, empty, engines, plugins, privileges, status } from './server-rows.ts';
import { createTenant, recyclebin, tenant, tenantStatus } from './tenant-rows.ts';
import { variables } from './variable-rows.ts';
import { createView, viewColumns, viewIndexes, viewStatus, viewTables } from './view-rows.ts';

/** Makes the rows of one SHOW; LIKE and WHERE are looked at afterwards unless it says so. */
type Source = (show: Show, session: SessionContext) => MaybePromise<MemoryRows>;

const sources: Readonly<Partial<Record<Show['what'], Source>>> = {
  variables,
  status,
  warnings: messages,
  errors: messages,
  countWarnings: countRow,
  countErrors: countRow,
  processlist,
  engines,
  charset: charsets,
  collation: collations,
  plugins,
  privileges,
  parameters,
  tenant,
  tenantStatus,
  createTenant,
  recyclebin,
  grants,
  createUser: showCreateUser,
  restorePreview,
  masterStatus: empty('File', 'Position', 'Binlog_Do_DB', 'Binlog_Ignore_DB', 'Executed_Gtid_Set'),
  slaveStatus: empty('Slave_IO_State', 'Master_Host'),
  profiles: empty('Query_ID', 'Duration', 'Query'),
};

/** Those that name a table or a database: views of the server are answered here, the rest is the tenant's own. */
const viewSources: Readonly<Partial<Record<Show['what'], Source>>> = {
  tables: viewTables,
  tableStatus: viewStatus,
  columns: viewColumns,
  index: viewIndexes,
  createTable: createView,
};

const diagnosticKinds: ReadonlySet<Show['what']> = new Set(['warnings', 'errors', 'countWarnings', 'countErrors']);

export function showRunnable(text: string, session: SessionContext): Runnable {
  const { statement } = parseForPlan(text, session.state.scan);
  if (statement.kind === 'unsupported') throw fault('OB_NOT_SUPPORTED', statement.feature);
  if (statement.kind !== 'show') throw new Error(`a ${statement.kind} is no SHOW`);
  const source = sourceOf(statement, session);
  if (source === null) return engineRunnable(text);
  const rows = async (at: SessionContext) => filtered(statement, text, await source(statement, at), at);
  const runnable = memoryRunnable(text, rows);
  return diagnosticKinds.has(statement.what) ? { ...runnable, keepsDiagnostics: true } : runnable;
}

function sourceOf(show: Show, session: SessionContext): Source | null {
  const source = sources[show.what];
  if (source) return source;
  const { state, host } = session;
  const forViews = viewSources[show.what];
  if (!forViews) return null;
  const views = catalogQueries(host).provider(state);
  if (show.subject) return isOfServer(show.subject, views, state) ? forViews : null;
  const database = show.database ?? state.database;
  return database?.toLowerCase() === viewSchema(state.kind) ? forViews : null;
}

function filtered(show: Show, text: string, made: MemoryRows, session: SessionContext): MemoryRows {
  const rows = filterLike(made.rows, show.like, likeColumn(show));
  return { columns: made.columns, rows: filterWhere({ columns: made.columns, rows }, show.where, text, session) };
}

/** SHOW PARAMETERS compares names, which stand in the fifth column. */
function likeColumn(show: Show): number {
  return show.what === 'parameters' ? 4 : 0;
}

/** DESC and EXPLAIN. */
export function describeRunnable(text: string, session: SessionContext): Runnable {
  const { statement } = parseForPlan(text, session.state.scan);
  if (statement.kind === 'unsupported') throw fault('OB_NOT_SUPPORTED', statement.feature);
  if (statement.kind === 'describe') return describeTable(statement, text, session);
  return isCatalogExplain(statement, session) ? explainRunnable(text, statement) : engineRunnable(text);
}

function describeTable({ table, column }: Describe, text: string, session: SessionContext): Runnable {
  const { state, host } = session;
  if (!isOfServer(table, catalogQueries(host).provider(state), state)) return engineRunnable(text);
  return memoryRunnable(text, (at) => {
    const show = { subject: table, full: false } as Show;
    const { columns, rows } = viewColumns(show, at);
    return { columns, rows: filterLike(rows, column) };
  });
}

function isCatalogExplain(statement: TenantStatement, session: SessionContext): boolean {
  if (statement.kind !== 'explain' || statement.statement.kind !== 'query') return false;
  return catalogQueries(session.host).make(statement.statement.query, session.state, null).where === 'catalog';
}

/** EXPLAIN of a query over views: that it is one. */
function explainRunnable(text: string, statement: TenantStatement): Runnable {
  return memoryRunnable(text, (session) => {
    const inner = statement.kind === 'explain' ? statement.statement : statement;
    if (inner.kind !== 'query') return noPlan;
    const { plan } = catalogQueries(session.host).make(inner.query, session.state, null);
    const lines = plan?.uses.map(({ table }) => `TABLE SCAN|${table.name}`) ?? [];
    return { columns: planColumns, rows: (lines.length > 0 ? lines : ['EXPRESSION']).map((line) => [line]) };
  });
}

const planColumns = empty('Query Plan')().columns;
const noPlan: MemoryRows = { columns: planColumns, rows: [] };

/** Something that answers with rows made here. */
function memoryRunnable(text: string, make: (session: SessionContext) => MaybePromise<MemoryRows>): Runnable {
  return {
    parameterCount: countParameters(text),
    columns: async (session) => (await make(session)).columns,
    async run(session, { answer, more }) {
      const { columns, rows } = await make(session);
      session.state.foundRows = BigInt(rows.length);
      session.state.rowCount = -1n;
      await sendRows(answer, columns, rows, { warnings: session.diagnostics.count, more });
    },
  };
}
