import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedEngines, type EmbeddedEnginesOptions } from '../../src/tenants/embedded/embedded-engines.ts';
import type {
  EngineThreadModule,
  LogChunk,
  LogPosition,
  LogReader,
  LogSource,
  RestoreTarget,
  Snapshot,
  TenantEngines,
  TenantOptions,
} from '../../src/tenants/tenant-engine.ts';

export const mysqlTenant: TenantOptions = {
  mode: 'mysql',
  charset: 'utf8mb4',
  collation: 'utf8mb4_general_ci',
  variables: { time_zone: '+08:00' },
};

/** Limits of a store or an engine thread that is made without the engines around it; slices never end. */
export const storeLimits = {
  synchronous: 'NORMAL',
  cacheKb: 1024,
  idleReaders: 1,
  keepLogBytes: 1 << 20,
  snapshotLogBytes: 1 << 30,
  openTenants: 8,
  readSliceMs: Number.POSITIVE_INFINITY,
  writeSliceMs: Number.POSITIVE_INFINITY,
} as const;

export interface EnginePlace {
  readonly directory: string;
  readonly engines: TenantEngines;
  end(): Promise<void>;
}

/** Engines over a directory of their own. */
export function enginePlace(options: Partial<EmbeddedEnginesOptions> = {}): EnginePlace {
  const directory = mkdtempSync(join(tmpdir(), 'tenants-'));
  const engines = createEmbeddedEngines({ directory, ...options });
  return {
    directory,
    engines,
    async end() {
      await engines.closeAll();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function load(module: string): Promise<EngineThreadModule> {
  return (await import(module)) as EngineThreadModule;
}

/** All blocks of a snapshot, as a copy worker would read them. */
export async function readBlocks(snapshot: Snapshot): Promise<Uint8Array[]> {
  const { openBlockReader } = await load(snapshot.reader.module);
  const reader = openBlockReader(snapshot.reader.data);
  const into = new Uint8Array(reader.maxBlockBytes);
  const blocks: Uint8Array[] = [];
  for (let blockNo = 0; blockNo < snapshot.blockCount; blockNo++)
    blocks.push(into.slice(0, reader.read(blockNo, into)));
  reader.close();
  return blocks;
}

export async function openReader(log: LogSource, from: LogPosition | null): Promise<LogReader> {
  const { openLogReader } = await load(log.reader.module);
  return openLogReader(log.reader.data, from);
}

export function readAll(reader: LogReader, maxBytes = 1 << 20): LogChunk[] {
  const chunks: LogChunk[] = [];
  for (let chunk = reader.next(maxBytes); chunk; chunk = reader.next(maxBytes)) chunks.push(chunk);
  return chunks;
}

/** Fills a tenant under restore; returns how many commits of the log were applied. */
export async function fill(
  target: RestoreTarget,
  set: { readonly blocks: readonly Uint8Array[]; readonly scn: bigint },
  chunks: readonly LogChunk[],
  untilScn: bigint,
): Promise<number> {
  const { openBlockWriter, openLogApplier } = await load(target.writer.module);
  const writer = openBlockWriter(target.writer.data);
  set.blocks.forEach((bytes, blockNo) => {
    writer.write(blockNo, bytes);
  });
  await writer.close();
  const applier = openLogApplier(target.writer.data);
  let applied = 0;
  for (const chunk of chunks) applied += applier.apply(chunk, set.scn, untilScn);
  applier.close();
  return applied;
}
