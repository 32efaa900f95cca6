import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { ObError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { defaultRelease, parseRelease } from '../../src/base/release.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import type { Tenant } from '../../src/catalog/tenants.ts';
import { type Controller, defaultJobSettings } from '../../src/jobs/controller.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { Paces } from '../../src/media/pace.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import { runObStatement } from '../../src/statements/run-statement.ts';
import type { Speaker, StatementResult } from '../../src/statements/statement-handler.ts';
import { createEmbeddedEngines } from '../../src/tenants/embedded/embedded-engines.ts';
import type { Grant } from '../../src/tenants/tenant-account.ts';
import type { TenantEngines } from '../../src/tenants/tenant-engine.ts';

export interface Warned {
  readonly level: 'Note' | 'Warning';
  readonly errno: number;
  readonly message: string;
}

/** What a statement said on it answered: a result with warnings, or the error as a client reads it. */
export interface Answer {
  readonly result: StatementResult | null;
  readonly warnings: readonly Warned[];
  readonly error: { readonly errno: number; readonly sqlstate: string; readonly message: string } | null;
}

/** A server without sockets and drivers: catalog and engines on a temporary directory. */
export interface Desk {
  readonly controller: Controller;
  /** Tenants the drivers were told to forget. */
  readonly forgotten: readonly number[];
  /** Says a statement as root of sys unless `as` says who. Only coded errors are answers; a bug is thrown. */
  say(sql: string, as?: Partial<Speaker>): Promise<Answer>;
  /** Says a statement that must be carried out. */
  ok(sql: string, as?: Partial<Speaker>): Promise<StatementResult>;
  /** Root of a tenant. */
  rootOf(tenantName: string): Promise<Partial<Speaker>>;
  tenant(tenantName: string): Promise<Tenant | null>;
  /** Ends the server, as a crash does, and starts another one over the same files. */
  restart(): Promise<Desk>;
  stop(): Promise<void>;
}

export interface DeskOptions {
  readonly directory?: string;
  readonly release?: string;
  /** Stands between the statements and the engines. */
  readonly wrapEngines?: (engines: TenantEngines) => TenantEngines;
  /** Is told where the files lie. */
  readonly onDirectory?: (directory: string) => void;
  /** Stands between the statements and the controller. */
  readonly wrap?: (controller: Controller) => Controller;
}

export const everyPrivilege: readonly Grant[] = [
  { database: null, table: null, privileges: ['ALL PRIVILEGES'], withGrantOption: true },
];

export async function openDesk(options: DeskOptions = {}): Promise<Desk> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'obvault-statements-'));
  options.onDirectory?.(directory);
  const release = options.release === undefined ? defaultRelease : parseRelease(options.release);
  const names = { clusterName: 'obcluster', clusterId: 1 };
  const catalog = openCatalog({ directory, ...names, release, clock: systemClock, log: silentLog });
  const engines = createEmbeddedEngines({ directory: join(directory, 'tenants'), synchronous: 'NORMAL' });
  const forgotten: number[] = [];
  const plain = {
    ...{ release, catalog, clock: systemClock, log: silentLog, settings: defaultJobSettings, openMedium },
    engines: options.wrapEngines?.(engines) ?? engines,
    cluster: { name: 'obcluster', id: 1 },
    paces: new Paces(),
    foldWishes: new Set<number>(),
    address: '127.0.0.1:2882',
    wake: { archive() {}, backup() {}, restore() {}, validate() {}, clean() {} },
    holdStandby: (_: number, work: () => Promise<never>) => work(),
    forgetTenant: async (tenantId: number) => void forgotten.push(tenantId),
    // Administration needs no workers.
    ...({ workers: null, shipper: null } as unknown as Pick<Controller, 'workers' | 'shipper'>),
  };
  const controller: Controller = options.wrap?.(plain) ?? plain;
  const tenant = (tenantName: string) => controller.catalog.read((tx) => tx.tenants.byName(tenantName));
  const speakerOf = (as: Partial<Speaker>, warnings: Warned[]): Speaker => ({
    ...{ connectionId: 1, loginTenant: { tenantId: 1, tenantName: 'sys', mode: 'MYSQL' }, effectiveTenantId: 1 },
    ...{ user: 'root', host: '%', grants: everyPrivilege, timeZone: '+08:00', inTransaction: false },
    memory: { encryptionPassword: null, decryptionPasswords: [], restoreSources: [] },
    warn: (level, errno, message) => void warnings.push({ level, errno, message }),
    systemVariable: (name) => (name === 'recyclebin' ? 'OFF' : null),
    ...as,
  });

  const say = async (sql: string, as: Partial<Speaker> = {}): Promise<Answer> => {
    const warnings: Warned[] = [];
    const oracle = as.loginTenant?.mode === 'ORACLE';
    try {
      const statement = parseObStatement(sql, { release, oracle });
      const result = await runObStatement(statement, speakerOf(as, warnings), controller);
      return { result, warnings, error: null };
    } catch (error) {
      if (!(error instanceof ObError)) throw error;
      const { errno, sqlstate, message } = error;
      return { result: null, warnings, error: { errno, sqlstate, message } };
    }
  };
  const close = async () => {
    await engines.closeAll();
    await catalog.close();
  };

  return {
    controller,
    forgotten,
    say,
    async ok(sql, as) {
      const { result, error } = await say(sql, as);
      if (result === null) throw new Error(`${sql}: ${error?.errno} ${error?.message}`);
      return result;
    },
    async rootOf(tenantName) {
      const found = await tenant(tenantName);
      if (found === null) throw new Error(`there is no tenant ${tenantName}`);
      const user = found.mode === 'ORACLE' ? 'SYS' : 'root';
      return { loginTenant: found, effectiveTenantId: found.tenantId, user };
    },
    tenant,
    async restart() {
      await close();
      return openDesk({ ...(options.release === undefined ? {} : { release: options.release }), directory });
    },
    async stop() {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Makes a unit, a pool and a tenant of that name. */
export async function makeTenant(desk: Desk, name: string, rest = ''): Promise<Partial<Speaker>> {
  await desk.ok(`CREATE RESOURCE UNIT IF NOT EXISTS u_test MAX_CPU 1, MEMORY_SIZE '5G'`);
  await desk.ok(`CREATE RESOURCE POOL pool_${name} UNIT = u_test, UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  await desk.ok(`CREATE TENANT ${name} RESOURCE_POOL_LIST = ('pool_${name}') ${rest}`);
  return desk.rootOf(name);
}

/** Errno, SQLSTATE and text of a refusal in one line, `OK` for none. */
export function said({ error }: Answer): string {
  return error === null ? 'OK' : `${error.errno} (${error.sqlstate}): ${error.message}`;
}
