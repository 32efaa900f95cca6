import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallMeter } from '../../src/base/call-meter.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { createLog, silentLog } from '../../src/base/log.ts';
import { defaultRelease, type Release } from '../../src/base/release.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { createCopyWorkers } from '../../src/copy/copy-workers.ts';
import { createLogShipper } from '../../src/copy/log-shipper.ts';
import { createArchiveDriver } from '../../src/jobs/archive/archive-driver.ts';
import { createBackupDriver } from '../../src/jobs/backup/backup-driver.ts';
import { createCleanDriver } from '../../src/jobs/clean/clean-driver.ts';
import { type Controller, defaultJobSettings, type JobSettings } from '../../src/jobs/controller.ts';
import { createRecoverTableDriver } from '../../src/jobs/recover-table/recover-table-driver.ts';
import { createRestoreDriver } from '../../src/jobs/restore/restore-driver.ts';
import { createStandbyDriver } from '../../src/jobs/standby/standby-driver.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { createValidateDriver } from '../../src/jobs/validate/validate-driver.ts';
import type { Medium } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { Paces } from '../../src/media/pace.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import { runObStatement } from '../../src/statements/run-statement.ts';
import type { Speaker } from '../../src/statements/statement-handler.ts';
import { createEmbeddedEngines } from '../../src/tenants/embedded/embedded-engines.ts';
import type { EngineSession } from '../../src/tenants/engine-session.ts';
import { context, everyPrivilege } from './statement-context.ts';

/** A server without sockets: catalog, engines and drivers on a temporary directory. */
export interface Harness {
  readonly controller: Controller;
  readonly directory: string;
  /** `file://` path below the harness's directory. */
  place(name: string): string;
  /** Says one of OceanBase's statements as root of sys or of a tenant. */
  say(sql: string, tenantName?: string): Promise<void>;
  /** Memory of the speaker, per tenant name: what SET ENCRYPTION leaves. */
  speaker(tenantName?: string): Promise<Speaker>;
  /** Runs tenant SQL and returns the number of affected rows. */
  sql(tenantName: string, text: string): Promise<number>;
  /** First column of the first row of a query over a tenant, as text. */
  value(tenantName: string, text: string): Promise<string | null>;
  /** Runs passes of all drivers until `done` holds. */
  until(done: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  readonly directory?: string;
  readonly settings?: Partial<JobSettings>;
  readonly release?: Release;
  readonly clock?: Clock;
  /** The clock the deadlines of media are measured by. */
  readonly mediumClock?: Clock;
  /** Puts something between the jobs and a medium; `path` is the destination's. */
  readonly wrapMedium?: (medium: Medium, path: string) => Medium;
  /** Called before and after every durable step of the catalog. */
  readonly onStep?: (moment: 'before' | 'after') => void;
  /** Log files are closed before they pass this. */
  readonly maxLogFileBytes?: number;
  /** Records of the archive hold about so much log. */
  readonly logBatchBytes?: number;
  /** A tenant whose log waits this long for a thread others use goes to another one. */
  readonly logCrowdedMs?: number;
}

/** No pauses worth waiting for. */
const testSettings: JobSettings = {
  ...defaultJobSettings,
  jobLingerMs: 0,
  tickMs: 20,
  retryPauseMs: 1,
  archiveRetryMs: 5,
  rollRetryMs: 20,
  noteSizesMs: 20,
};

/** Failures of the jobs are printed when OBVAULT_TEST_LOG is set. */
const log = process.env['OBVAULT_TEST_LOG'] ? createLog() : silentLog;

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'obvault-jobs-'));
  mkdirSync(directory, { recursive: true });
  const clock = options.clock ?? systemClock;
  const release = options.release ?? defaultRelease;
  const meter = new CallMeter();
  const opened = openCatalog({
    directory: join(directory, 'server'),
    clusterName: 'obcluster',
    clusterId: 1,
    release,
    clock,
    log: silentLog,
    meter,
  });
  const catalog: Catalog = {
    ...opened,
    async transaction(step) {
      options.onStep?.('before');
      const result = await opened.transaction(step);
      options.onStep?.('after');
      return result;
    },
  };
  const engines = createEmbeddedEngines({ directory: join(directory, 'server', 'tenants') });
  const workers = createCopyWorkers({ log });
  const { maxLogFileBytes: maxFileBytes, logBatchBytes: batchBytes, logCrowdedMs: crowdedMs } = options;
  const shipper = createLogShipper({
    log,
    ...(maxFileBytes === undefined ? {} : { maxFileBytes }),
    ...(batchBytes === undefined ? {} : { batchBytes }),
    ...(crowdedMs === undefined ? {} : { crowdedMs }),
  });
  const controller: Controller = {
    release,
    catalog,
    engines,
    workers,
    shipper,
    clock,
    log,
    settings: { ...testSettings, ...options.settings },
    cluster: { name: 'obcluster', id: 1 },
    address: '127.0.0.1:2882',
    openMedium: (destination) => {
      const medium = openMedium(destination, options.mediumClock, meter);
      return options.wrapMedium?.(medium, destination.path) ?? medium;
    },
    paces: new Paces(),
    foldWishes: new Set(),
    wake: { archive() {}, backup() {}, restore() {}, validate() {}, clean() {} },
    holdStandby: (tenantId, work) => standby.hold(tenantId, work),
    forgetTenant: async (tenantId) => {
      for (const driver of drivers) await driver.forget(tenantId);
    },
  };
  const standby = createStandbyDriver(controller);
  const drivers = [
    createArchiveDriver(controller),
    createBackupDriver(controller),
    createRestoreDriver(controller),
    createValidateDriver(controller),
    createCleanDriver(controller),
    standby,
    createRecoverTableDriver(controller),
  ];
  const stopping = new AbortController();
  const speakers = new Map<string, Speaker>();
  const sessions = new Map<string, Promise<EngineSession>>();

  const tenantOf = async (name: string) => {
    const tenant = await catalog.read((tx) => tx.tenants.byName(name));
    if (!tenant) throw new Error(`no tenant ${name}`);
    return tenant;
  };
  const speaker = async (name = 'sys') => {
    const known = speakers.get(name);
    if (known) return known;
    const tenant = await tenantOf(name);
    const made: Speaker = {
      connectionId: 1,
      loginTenant: tenant,
      effectiveTenantId: tenant.tenantId,
      user: 'root',
      host: '127.0.0.1',
      grants: everyPrivilege,
      timeZone: '+08:00',
      inTransaction: false,
      memory: { encryptionPassword: null, decryptionPasswords: [], restoreSources: [] },
      warn() {},
      systemVariable: () => null,
    };
    speakers.set(name, made);
    return made;
  };
  const session = (name: string) => {
    const known = sessions.get(name);
    if (known) return known;
    const opened = tenantOf(name)
      .then((tenant) => tenantEngineOf(controller, tenant.tenantId))
      .then((engine) => engine.openSession(sessions.size + 1));
    sessions.set(name, opened);
    return opened;
  };
  const execute = async (name: string, text: string) =>
    (await session(name)).execute({ sql: text, format: 'text', context, nowUs: clock.nowUs(), deadlineUs: 0 });

  return {
    controller,
    directory,
    place: (name) => `file://${join(directory, name)}`,
    speaker,
    async say(sql, tenantName) {
      const statement = parseObStatement(sql, { release, oracle: false });
      await runObStatement(statement, await speaker(tenantName), controller);
    },
    async sql(tenantName, text) {
      const outcome = await execute(tenantName, text);
      if (outcome.kind === 'ok') return outcome.affectedRows;
      throw new Error(`${text} gave rows`);
    },
    async value(tenantName, text) {
      const outcome = await execute(tenantName, text);
      if (outcome.kind !== 'rows') throw new Error(`${text} gave no rows`);
      let first: string | null = null;
      for (;;) {
        const step = await outcome.batches.next();
        if (step.done) return first;
        first ??= firstCell(step.value.bytes);
      }
    },
    async until(done) {
      const end = performance.now() + 240_000;
      for (;;) {
        for (const driver of drivers) await driver.pass(stopping.signal);
        if (await done()) return;
        if (performance.now() > end) throw new Error(`waited in vain: ${await whatStands(catalog)}`);
        await systemClock.sleep(10);
      }
    },
    async stop() {
      stopping.abort(new Error('stopping'));
      for (const driver of drivers) await driver.close();
      for (const opened of sessions.values()) await (await opened).close();
      await shipper.closeAll();
      await workers.close();
      await engines.closeAll();
      await catalog.close();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Rounds and live jobs, for the message of a wait that came to nothing. */
function whatStands(catalog: Catalog): Promise<string> {
  return catalog.read((tx) =>
    JSON.stringify(
      [tx.archives.rounds.list({}), tx.backups.liveJobs(), tx.restores.liveJobs(), tx.deletions.liveJobs()],
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    ),
  );
}

/** First column of the first row packet of a batch. */
function firstCell(bytes: Uint8Array): string | null {
  const length = bytes[4] ?? 0xfb;
  if (length === 0xfb) return null;
  if (length > 250) throw new Error('long cells are not read here');
  return Buffer.from(bytes.subarray(5, 5 + length)).toString();
}

/** A tenant of that name, without units and pools. */
export async function makeTenant(harness: Harness, name: string): Promise<number> {
  const tenantId = await harness.controller.catalog.transaction((tx) => {
    const id = tx.counters.nextOfCluster('tenant');
    tx.tenants.create(id, { tenantName: name });
    return id;
  });
  const options = { mode: 'mysql' as const, charset: 'utf8mb4', collation: 'utf8mb4_general_ci', variables: {} };
  await harness.controller.engines.create(tenantId, options);
  return tenantId;
}

export async function makePool(harness: Harness, name: string): Promise<void> {
  await harness.say(`CREATE RESOURCE UNIT IF NOT EXISTS u MAX_CPU 1, MEMORY_SIZE '5G'`);
  await harness.say(`CREATE RESOURCE POOL ${name} UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
}

/** Archive and data destinations, archiving in DOING. */
export async function startArchiving(
  harness: Harness,
  name: string,
  data = harness.place(`${name}/data`),
  archive = harness.place(`${name}/archive`),
): Promise<void> {
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${archive}' TENANT = ${name}`);
  await harness.say(`ALTER SYSTEM ARCHIVELOG TENANT = ${name}`);
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${data}' TENANT = ${name}`);
  await harness.until(async () => (await roundOf(harness, name))?.status === 'DOING');
}

export async function roundOf(harness: Harness, name: string) {
  return harness.controller.catalog.read((tx) => {
    const tenant = tx.tenants.byName(name);
    return tenant && tx.archives.rounds.get({ tenantId: tenant.tenantId, destNo: 0 });
  });
}

export async function setsOf(harness: Harness, name: string) {
  return harness.controller.catalog.read((tx) => {
    const tenant = tx.tenants.byName(name);
    return tenant ? tx.backups.sets.list({ tenantId: tenant.tenantId }) : [];
  });
}

/** Waits until no backup or restore job is live. */
export async function settle(harness: Harness): Promise<void> {
  await harness.until(() =>
    harness.controller.catalog.read(
      (tx) =>
        tx.backups.liveJobs().length === 0 &&
        tx.restores.liveJobs().length === 0 &&
        tx.recoverTables.liveJobs().length === 0,
    ),
  );
}

/** Waits until everything committed by now is archived; returns the SCN that has passed. */
export async function shipped(harness: Harness, name: string): Promise<bigint> {
  const tenant = await harness.controller.catalog.read((tx) => tx.tenants.byName(name));
  const engine = await tenantEngineOf(harness.controller, tenant?.tenantId ?? 0);
  const { scn } = await (await engine.log()).barrier();
  await harness.until(async () => ((await roundOf(harness, name))?.checkpointScn ?? 0n) >= scn);
  return scn;
}

/** Restores tenant `from`, as `startArchiving` left its paths, as `to`, which must succeed, and answers a query there. */
export function restoredValue(
  harness: Harness,
  from: string,
  to: string,
  query: string,
  until = '',
): Promise<string | null> {
  const paths = `${harness.place(`${from}/data`)},${harness.place(`${from}/archive`)}`;
  return restoredFrom(harness, paths, to, query, until);
}

/** As `restoredValue`, from any paths. */
export async function restoredFrom(
  harness: Harness,
  paths: string,
  to: string,
  query: string,
  until = '',
): Promise<string | null> {
  await makePool(harness, `pool_${to}`);
  await harness.say(`ALTER SYSTEM RESTORE ${to} FROM '${paths}' ${until} WITH 'pool_list=pool_${to}'`);
  await settle(harness);
  const jobs = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: to }));
  const told = jobs.map((job) => `${job.status} ${job.comment}`);
  if (told.join() !== 'RESTORE_SUCCESS ,RESTORE_SUCCESS ') throw new Error(`restore of ${to}: ${told.join()}`);
  return harness.value(to, query);
}
