import type { Background } from './background.ts';
import type { CallMeter } from './base/call-meter.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Config } from './config.ts';
import { createCopyWorkers } from './copy/copy-workers.ts';
import { createLogShipper } from './copy/log-shipper.ts';
import { type Controller, defaultJobSettings } from './jobs/controller.ts';
import { createLazyEngines } from './lazy-engines.ts';
import { openMedium } from './media/open-medium.ts';
import { Paces } from './media/pace.ts';
import type { SessionRegistry } from './session/session-registry.ts';

/** The controller of a server and what only the server does with it. */
export interface ServerController extends Controller {
  readonly hostIp: string;
  readonly rpcPort: number;
  /** Removes tenants that the last server left half made or half dropped. Nobody may be logged in yet. */
  clearUp(): Promise<void>;
  /** Goes on with what the last server left, now that the port is open. */
  begin(port: number): Promise<void>;
  /** Ends the background work, the threads and the engines. */
  close(): Promise<void>;
}

interface ControllerParts {
  readonly config: Config;
  readonly dataDir: string;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: SessionRegistry;
  readonly meter: CallMeter;
}

const hostIp = '127.0.0.1';
const rpcPort = 2882;

/** Joins the parts statements and jobs work with. The background work is loaded when there is something to do. */
export function createController({
  config,
  dataDir,
  catalog,
  clock,
  log,
  registry,
  meter,
}: ControllerParts): ServerController {
  let background: Promise<Background> | null = null;
  let stopping = false;
  const load = (): Promise<Background> => {
    background ??= import('./background.ts').then((module) => module.startBackground(controller));
    return background;
  };
  const wake = (say: (loaded: Background) => void) => {
    if (stopping) return;
    load().then(say, (error: unknown) => {
      log.error('background work did not start', { error });
      // Statements would say OK and nothing would follow: a server without its background work must not go on.
      queueMicrotask(() => {
        throw error;
      });
    });
  };
  const { jobLingerMs, tickMs } = config;
  const controller: ServerController = {
    release: config.release,
    catalog,
    engines: createLazyEngines({ dataDir, catalog, log, limits: config }, () => wake(() => undefined)),
    workers: createCopyWorkers({ log }),
    shipper: createLogShipper({ log, clock }),
    clock,
    log,
    settings: { ...defaultJobSettings, jobLingerMs, tickMs },
    cluster: { name: config.clusterName, id: config.clusterId },
    address: `${hostIp}:${rpcPort}`,
    hostIp,
    rpcPort,
    openMedium: (destination) => openMedium(destination, clock, meter),
    paces: new Paces(),
    foldWishes: new Set(),
    async forgetTenant(tenantId) {
      registry.endTenant(tenantId);
      if (background) await (await background).forget(tenantId);
    },
    holdStandby: async (tenantId, work) => (await load()).holdStandby(tenantId, work),
    wake: {
      archive: () => wake((loaded) => loaded.wakeArchive()),
      backup: () => wake((loaded) => loaded.wakeBackup()),
      restore: () => wake((loaded) => loaded.wakeRestore()),
      validate: () => wake((loaded) => loaded.wakeValidate()),
      clean: () => wake((loaded) => loaded.wakeClean()),
    },
    async clearUp() {
      const left = await catalog.read((tx) =>
        tx.tenants.users().some(({ status }) => status === 'CREATING' || status === 'DROPPING'),
      );
      if (!left) return;
      const { resumeCreatingTenants } = await import('./jobs/tenant-removal.ts');
      await resumeCreatingTenants(controller);
    },
    async begin(port) {
      await defineVariables(controller, dataDir, port);
      const busy = await catalog.read((tx) => tx.tenants.users().length > 0);
      if (busy) wake(() => undefined);
    },
    async close() {
      stopping = true;
      if (background) await (await background).stop();
      await controller.shipper.closeAll();
      await controller.workers.close();
      await inTime(controller.engines.closeAll(), { clock, log });
    },
  };
  return controller;
}

/** How long a stop waits for a statement that cannot be interrupted; what is committed is safe without an orderly end. */
const stopLimitMs = 10_000;

async function inTime(closing: Promise<void>, { clock, log }: Pick<Controller, 'clock' | 'log'>): Promise<void> {
  const over = new AbortController();
  const limit = clock.sleep(stopLimitMs, over.signal).then(
    () => log.warn('the tenant engines did not close in time', { limitMs: stopLimitMs }),
    () => undefined,
  );
  await Promise.race([closing.finally(() => over.abort()), limit]);
}

/** Writes the system variables down for the views. */
async function defineVariables({ catalog, release }: Controller, dataDirectory: string, port: number): Promise<void> {
  const [{ variableDefinitions }, { hostname }] = await Promise.all([
    import('./session/server-variables.ts'),
    import('node:os'),
  ]);
  const facts = { release, hostname: hostname(), port, dataDirectory, oracle: false };
  const definitions = variableDefinitions(facts);
  await catalog.transaction((tx) => tx.variables.define(definitions));
}
