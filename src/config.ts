import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { defaultRelease, knownReleases, parseRelease, type Release } from './base/release.ts';
import { parseCapacity } from './catalog/parameter-values.ts';
import { descriptorLimit, descriptorsPerTenant } from './tenants/embedded/open-limit.ts';

/** What a server is started with: the command line wins over the configuration file, the file over the defaults. */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly dataDir: string;
  readonly release: Release;
  readonly clusterName: string;
  readonly clusterId: number;
  /** PEM files; TLS is offered only when both are given, as OceanBase offers it only when configured. */
  readonly tlsCertFile: string | null;
  readonly tlsKeyFile: string | null;
  /** How long a finished job stays in the live view before it moves to history. */
  readonly jobLingerMs: number;
  /** Longest pause between two passes of the job schedulers. */
  readonly tickMs: number;
  /** Level of the server's log on standard error. */
  readonly quiet: boolean;
  /** Values for OceanBase's parameters cpu_count, memory_limit and log_disk_size; null leaves them as they are. */
  readonly cpuCount: number | null;
  readonly memoryLimit: string | null;
  readonly logDiskSize: string | null;
  /** Threads tenants are spread over, and threads a tenant's statements that take long have at a time; null for the standard. */
  readonly engineThreads: number | null;
  readonly guestThreads: number | null;
  /** Tenants kept open at a time; null for what descriptors allow. */
  readonly openTenants: number | null;
}

export const defaultConfig: Config = {
  host: '127.0.0.1',
  port: 2881,
  dataDir: './obvault-data',
  release: defaultRelease,
  clusterName: 'obcluster',
  clusterId: 1,
  tlsCertFile: null,
  tlsKeyFile: null,
  jobLingerMs: 5_000,
  tickMs: 1_000,
  quiet: false,
  cpuCount: null,
  memoryLimit: null,
  logDiskSize: null,
  engineThreads: null,
  guestThreads: null,
  openTenants: null,
};

/** Settings that are numbers when given: the least and the most they may be. */
const numberSettings: Readonly<Record<string, readonly [least: number, most: number]>> = {
  cpuCount: [1, 1_000_000],
  engineThreads: [1, 64],
  guestThreads: [1, 64],
  openTenants: [8, 100_000],
};
const sizeSettings: ReadonlySet<string> = new Set(['memoryLimit', 'logDiskSize']);
/** Options that carry a setting of their own name, hyphens aside. */
const plainOptions = [
  'cpu-count',
  'memory-limit',
  'log-disk-size',
  'engine-threads',
  'guest-threads',
  'open-tenants',
] as const;

/** A mistake in the command line or the configuration file: told in one line, exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const usage = `usage: obvault [--host HOST] [--port PORT] [--data-dir DIR] [--release RELEASE] [--config FILE] [--quiet]
               [--cpu-count N] [--memory-limit SIZE] [--log-disk-size SIZE]
               [--engine-threads N] [--guest-threads N] [--open-tenants N]

  --host HOST        address to listen on (default 127.0.0.1; another one needs a password for root@sys)
  --port PORT        port to listen on (default 2881)
  --data-dir DIR     where everything is kept (default ./obvault-data)
  --release RELEASE  OceanBase release to emulate (default 4.2.1)
  --config FILE      JSON file with host, port, dataDir, release, clusterName, clusterId, tlsCertFile, tlsKeyFile,
                     jobLingerMs, tickMs, quiet, cpuCount, memoryLimit, logDiskSize, engineThreads, guestThreads,
                     openTenants
  --cpu-count N, --memory-limit SIZE, --log-disk-size SIZE
                     what resource units are held against (at first 64, 256G, 1T); written into the parameters
                     cpu_count, memory_limit and log_disk_size, where it stays
  --engine-threads N threads the tenants are spread over (default one per processor, 2 to 4)
  --guest-threads N  threads for statements that take long (default 8)
  --open-tenants N   tenants kept open at a time (default what the descriptor limit allows, at most 1000)
`;

/** Reads the arguments; `help` is true when the usage was asked for. Throws ConfigError. */
export function readConfig(args: readonly string[]): { readonly config: Config; readonly help: boolean } {
  const { values } = parse(args);
  const file = values.config === undefined ? {} : readFile(values.config);
  const line: Record<string, unknown> = {};
  if (values.host !== undefined) line['host'] = values.host;
  if (values.port !== undefined) line['port'] = portOf(values.port);
  if (values['data-dir'] !== undefined) line['dataDir'] = values['data-dir'];
  if (values.release !== undefined) line['release'] = values.release;
  if (values.quiet !== undefined) line['quiet'] = values.quiet;
  for (const option of plainOptions) {
    const given = values[option];
    const name = option.replace(/-./g, (part) => part[1]!.toUpperCase());
    if (given !== undefined) line[name] = name in numberSettings && /^\d{1,9}$/.test(given) ? Number(given) : given;
  }
  return { config: check({ ...file, ...line }), help: values.help === true };
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new ConfigError(`'${text}' is not a port`);
  return Number(text);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        release: { type: 'string' },
        config: { type: 'string' },
        quiet: { type: 'boolean' },
        'cpu-count': { type: 'string' },
        'memory-limit': { type: 'string' },
        'log-disk-size': { type: 'string' },
        'engine-threads': { type: 'string' },
        'guest-threads': { type: 'string' },
        'open-tenants': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new ConfigError((error as Error).message.split('. ')[0] ?? 'bad option');
  }
}

function readFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`configuration file ${path}: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`configuration file ${path} does not hold a JSON object`);
  }
  return value as Record<string, unknown>;
}

function check(given: Record<string, unknown>): Config {
  const config: Record<string, unknown> = { ...defaultConfig };
  for (const [name, value] of Object.entries(given)) {
    const standard = config[name];
    if (standard === undefined) throw new ConfigError(`unknown setting '${name}'`);
    if (name === 'release') config[name] = releaseOf(String(value));
    else if (name in numberSettings) config[name] = numberOf(name, value);
    else if (sizeSettings.has(name)) config[name] = sizeOf(name, value);
    else if (standard === null ? typeof value !== 'string' : typeof value !== typeof standard) {
      throw new ConfigError(`setting '${name}' has the wrong type`);
    } else config[name] = value;
  }
  const checked = config as unknown as Config;
  if (!Number.isInteger(checked.port) || checked.port < 0 || checked.port > 65535) {
    throw new ConfigError(`'${given['port']}' is not a port`);
  }
  if (!(checked.jobLingerMs >= 0) || !(checked.tickMs > 0))
    throw new ConfigError('jobLingerMs and tickMs are milliseconds');
  if ((checked.tlsCertFile === null) !== (checked.tlsKeyFile === null)) {
    throw new ConfigError('tlsCertFile and tlsKeyFile go together');
  }
  if (checked.dataDir === '') throw new ConfigError('the data directory has no name');
  if (checked.openTenants !== null) requireDescriptors(checked.openTenants);
  return checked;
}

function numberOf(name: string, value: unknown): number {
  const [least, most] = numberSettings[name]!;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new ConfigError(`setting '${name}' is a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`);
  return value;
}

function sizeOf(name: string, value: unknown): string {
  const bytes = typeof value === 'string' ? parseCapacity(value) : null;
  if (bytes === null || bytes < leastSizeBytes)
    throw new ConfigError(`setting '${name}' is a size of 1G or more such as '256G', not ${JSON.stringify(value)}`);
  return value as string;
}

const leastSizeBytes = 1n << 30n;

function requireDescriptors(openTenants: number): void {
  const needed = openTenants * descriptorsPerTenant;
  const limit = descriptorLimit();
  if (needed > limit)
    throw new ConfigError(`${openTenants} open tenants need ${needed} descriptors, this process may hold ${limit}`);
}

function releaseOf(text: string): Release {
  const known: readonly string[] = knownReleases;
  if (!known.includes(text)) throw new ConfigError(`release '${text}' is not known; one of ${known.join(', ')}`);
  return parseRelease(text);
}
