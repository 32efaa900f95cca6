import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { CallMeter } from './base/call-meter.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { isFault } from './base/errors.ts';
import { createLog, type Log } from './base/log.ts';
import { type CapacityParameter, settleCapacity } from './catalog/capacity.ts';
import type { Catalog } from './catalog/catalog.ts';
import { openCatalog } from './catalog/open-catalog.ts';
import { clusterScope } from './catalog/parameters.ts';
import { type Config, ConfigError } from './config.ts';
import { createController, type ServerController } from './server-controller.ts';
import { Session } from './session/session.ts';
import type { SessionHost } from './session/session-host.ts';
import { SessionRegistry } from './session/session-registry.ts';
import { createTenantDirectory } from './session/tenant-directory.ts';
import { emptySpillDirectory } from './spill-directory.ts';
import { type Listener, listen, type TlsFiles } from './wire/listener.ts';

/** A server that takes logins. */
export interface Server {
  readonly port: number;
  /** Turns everybody out, brings the background work to an end that a later start goes on from, and closes all files. */
  stop(): Promise<void>;
}

export interface ServerParts {
  readonly clock?: Clock;
  readonly log?: Log;
}

/**
 * Starts a server. Rejects with `CatalogOpenError` when the data directory cannot be served, `ConfigError` for settings that
 * do not go together, and the system's error when the port is taken.
 */
export async function startServer(config: Config, parts: ServerParts = {}): Promise<Server> {
  const { clock = systemClock } = parts;
  const log = parts.log ?? (config.quiet ? warningsOnly(createLog()) : createLog());
  const tls = readTls(config);
  const dataDir = resolve(config.dataDir);
  const { clusterName, clusterId, release } = config;
  const meter = new CallMeter();
  const catalog = openCatalog({ directory: dataDir, clusterName, clusterId, release, clock, log, meter });
  const undo: (() => Promise<void>)[] = [() => catalog.close()];
  try {
    emptySpillDirectory(dataDir);
    await requirePassword(config, catalog);
    await setCapacities(config, catalog);
    const registry = new SessionRegistry(clock);
    undo.push(async () => registry.stop());
    const controller = createController({ config, dataDir, catalog, clock, log, registry, meter });
    undo.push(() => controller.close());
    await controller.clearUp();
    const listener = await openPort(config, tls, controller, registry, clock, log);
    undo.push(() => listener.close());
    await catalog.transaction((tx) => tx.cluster.announce({ sqlPort: listener.port }));
    await controller.begin(listener.port);
    return { port: listener.port, stop: () => unwind(undo) };
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
}

/** Beyond the machine itself nobody is let in without a password. */
async function requirePassword({ host }: Config, catalog: Catalog): Promise<void> {
  if (/^(?:127\.|::1$|localhost$)/i.test(host)) return;
  const open = await catalog.read((tx) => tx.sysTenant.accounts().filter((account) => account.passwordHash === ''));
  if (open.length === 0) return;
  const names = open.map(({ user }) => `${user}@sys`).join(', ');
  throw new ConfigError(`${names} has no password: set one before listening on ${host}`);
}

/** What the server was started with goes into the parameters, where ALTER SYSTEM finds it. */
async function setCapacities({ cpuCount, memoryLimit, logDiskSize }: Config, catalog: Catalog): Promise<void> {
  const given = { cpu_count: cpuCount?.toString(), memory_limit: memoryLimit, log_disk_size: logDiskSize };
  const wanted = Object.entries(given).filter(([, value]) => (value ?? null) !== null);
  if (wanted.length === 0) return;
  try {
    await catalog.transaction((tx) => {
      for (const [name, value] of wanted) {
        tx.parameters.set(clusterScope, name, value!);
        settleCapacity(tx, name as CapacityParameter);
      }
    });
  } catch (error) {
    if (isFault(error)) throw new ConfigError(`the capacity cannot be set: ${error.message}`);
    throw error;
  }
}

function readTls({ tlsCertFile, tlsKeyFile }: Config): TlsFiles | null {
  if (tlsCertFile === null || tlsKeyFile === null) return null;
  const read = (path: string) => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConfigError(`TLS file ${path}: ${(error as Error).message}`);
    }
  };
  return { cert: read(tlsCertFile), key: read(tlsKeyFile) };
}

async function openPort(
  config: Config,
  tls: TlsFiles | null,
  controller: ServerController,
  registry: SessionRegistry,
  clock: Clock,
  log: Log,
): Promise<Listener> {
  const place = { port: config.port };
  const facts = {
    release: config.release,
    hostname: hostname(),
    dataDirectory: resolve(config.dataDir),
    get port() {
      return place.port;
    },
  };
  const host: SessionHost = {
    controller,
    registry,
    facts,
    directory: createTenantDirectory(controller, facts),
    hostIp: controller.hostIp,
    rpcPort: controller.rpcPort,
  };
  const { host: address, port } = config;
  const listener = await listen({
    host: address,
    port,
    tls,
    log,
    clock,
    createHandler: (connection) => new Session(host, connection),
  });
  place.port = listener.port;
  return listener;
}

function warningsOnly(log: Log): Log {
  return { ...log, info() {} };
}
