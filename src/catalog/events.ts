import { openTable, type Store, type TableAccess } from './store.ts';

/** Name and value pairs of an event, at most six. */
export type EventPairs = Readonly<Record<string, string | number | bigint>>;

/** Six pairs as they lie in a row. */
export interface EventAttributes {
  readonly name1: string;
  readonly value1: string;
  readonly name2: string;
  readonly value2: string;
  readonly name3: string;
  readonly value3: string;
  readonly name4: string;
  readonly value4: string;
  readonly name5: string;
  readonly value5: string;
  readonly name6: string;
  readonly value6: string;
  readonly extraInfo: string;
}

/** How a tenant event went. */
export interface TenantEventOutcome {
  readonly traceId?: string;
  readonly costTimeUs?: number;
  readonly retCode?: number;
  readonly errorMsg?: string;
}

/** A job of the root service, shown in DBA_OB_TENANT_JOBS, _UNIT_JOBS or _SERVER_JOBS by its type. */
export interface RootServiceJob {
  readonly jobId: number;
  readonly jobType: string;
  readonly jobStatus: 'INPROGRESS' | 'SUCCESS' | 'FAILED';
  readonly resultCode: number | null;
  readonly progress: number;
  readonly startUs: number;
  readonly modifyUs: number;
  readonly tenantId: number | null;
  readonly unitId: number | null;
  readonly svrIp: string | null;
  readonly svrPort: number | null;
  readonly sqlText: string | null;
  readonly extraInfo: string | null;
}

/** What happened: root service events, tenant events, root service jobs. The oldest events make room for new ones. */
export interface EventRepository {
  /** Writes a root service event; pairs after the sixth go to EXTRA_INFO. */
  record(module: string, event: string, pairs?: EventPairs): void;
  recordOfTenant(
    tenantId: number,
    module: string,
    event: string,
    pairs?: EventPairs,
    outcome?: TenantEventOutcome,
  ): void;
  readonly rootServiceJobs: TableAccess<RootServiceJob, 'jobId'>;
}

/** Events kept per table. */
export const maxEvents = 20_000;

export function createEvents(store: Store): EventRepository {
  const rootColumns = 'event_us, module, event, svr_ip, svr_port, extra_info';
  const tenantColumns = `${rootColumns}, tenant_id, trace_id, cost_time_us, ret_code, error_msg`;
  const pairColumns = [1, 2, 3, 4, 5, 6].flatMap((n) => [`name${n}`, `value${n}`]).join(', ');
  const places = (columns: string) => columns.replace(/[a-z_0-9]+/g, '?');
  const toRoot = `INSERT INTO rootservice_event (${rootColumns}, ${pairColumns}) VALUES (${places(rootColumns)}, ${places(pairColumns)})`;
  const toTenant = `INSERT INTO tenant_event (${tenantColumns}, ${pairColumns}) VALUES (${places(tenantColumns)}, ${places(pairColumns)})`;
  const insertRoot = store.database.prepare(toRoot);
  const insertTenant = store.database.prepare(toTenant);
  const trimRoot = store.database.prepare('DELETE FROM rootservice_event WHERE id <= ?');
  const trimTenant = store.database.prepare('DELETE FROM tenant_event WHERE id <= ?');
  const server = store.database.prepare('SELECT svr_ip AS ip, svr_port AS port FROM server WHERE id = 1');
  const place = () => server.get() as { ip: string; port: number };
  const rootServiceJobs = openTable<RootServiceJob, 'jobId'>(store, {
    name: 'rs_job',
    key: ['jobId'],
    fields: {
      jobId: 'int',
      jobType: 'text',
      jobStatus: 'text',
      resultCode: 'int',
      progress: 'int',
      startUs: 'int',
      modifyUs: 'int',
      tenantId: 'int',
      unitId: 'int',
      svrIp: 'text',
      svrPort: 'int',
      sqlText: 'text',
      extraInfo: 'text',
    },
  });
  return Object.freeze({
    record: (module: string, event: string, pairs: EventPairs = {}) => {
      const { ip, port } = place();
      const { extra, cells } = spread(pairs);
      const id = insertRoot.run(store.nowUs(), module, event, ip, port, extra, ...cells).lastInsertRowid;
      trimRoot.run(Number(id) - maxEvents);
    },
    recordOfTenant: (
      tenantId: number,
      module: string,
      event: string,
      pairs: EventPairs = {},
      outcome: TenantEventOutcome = {},
    ) => {
      const { ip, port } = place();
      const { extra, cells } = spread(pairs);
      const head = [store.nowUs(), module, event, ip, port, extra, tenantId];
      const tail = [outcome.traceId ?? '', outcome.costTimeUs ?? 0, outcome.retCode ?? 0, outcome.errorMsg ?? ''];
      const id = insertTenant.run(...head, ...tail, ...cells).lastInsertRowid;
      trimTenant.run(Number(id) - maxEvents);
    },
    rootServiceJobs,
  });
}

function spread(pairs: EventPairs): { readonly extra: string; readonly cells: readonly string[] } {
  const all = Object.entries(pairs).map(([name, value]) => [name, String(value)] as const);
  const cells = all.slice(0, 6).flatMap(([name, value]) => [name, value.slice(0, 512)]);
  while (cells.length < 12) cells.push('');
  const extra = all
    .slice(6)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
    .slice(0, 512);
  return { extra, cells };
}
