import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newAliveFlag } from '../../src/tenants/embedded/alive.ts';
import { blockPages, readBlockHeader } from '../../src/tenants/embedded/block-format.ts';
import { tenantPaths } from '../../src/tenants/embedded/tenant-files.ts';
import { TenantStore } from '../../src/tenants/embedded/tenant-store.ts';
import { openBlockWriter, openLogApplier } from '../../src/tenants/embedded/thread-module.ts';
import { type ArchiveRecord, type CrashSet, readArchive, readSets } from './crash-files.ts';

const child = new URL('./crash-child.ts', import.meta.url).pathname;
const kills = 10;
const cuts = 40;

/** Commits each child notes at least, however slow the machine is. */
const leastNoted = 12;
const notedBytes = (root: string) => statSync(join(root, 'oracle'), { throwIfNoEntry: false })?.size ?? 0;

/** Runs the child until it has worked for `lifeMs` and noted some commits, then kills it without warning. */
function runAndKill(root: string, seed: number, lifeMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [child, root, String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    running.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    const least = notedBytes(root) + leastNoted * 90;
    const kill = () => {
      if (notedBytes(root) >= least) running.kill('SIGKILL');
      else if (running.exitCode === null) setTimeout(kill, 7);
    };
    running.stdout.once('data', () => setTimeout(kill, lifeMs));
    running.on('error', reject);
    running.on('exit', () => resolve(errors.replace(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, '')));
  });
}

function blocksOf(path: string): Uint8Array[] {
  const file = readFileSync(path);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at);
    blocks.push(file.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return blocks;
}

function blockNoOf(bytes: Uint8Array): number {
  return (readBlockHeader(bytes).firstPage - 1) / blockPages;
}

function restoreHash(root: string, archive: readonly ArchiveRecord[], untilScn: bigint): string {
  const sets = readSets(root).filter((set) => BigInt(set.scn) <= untilScn);
  const chain: CrashSet[] = [];
  for (let set = sets.at(-1); set; set = sets.find((one) => one.scn === set?.base)) chain.unshift(set);
  const setScn = BigInt(chain.at(-1)!.scn);
  const path = join(root, 'restored');
  const dbFd = openSync(path, 'w+');
  const alive = newAliveFlag();
  for (const { scn } of chain) {
    const writer = openBlockWriter({ dbFd, alive, path: '', whole: new SharedArrayBuffer(4) });
    for (const bytes of blocksOf(join(root, `set-${scn}`))) writer.write(blockNoOf(bytes), bytes);
    void writer.close();
  }
  const applier = openLogApplier({ dbFd, alive, path: '', whole: new SharedArrayBuffer(4) });
  for (const { bytes, commits } of archive)
    applier.apply({ bytes, commits: commits.map(([scn, end]) => ({ scn: BigInt(scn), end })) }, setScn, untilScn);
  applier.close();
  closeSync(dbFd);
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  rmSync(path);
  return hash;
}

test('killed at random, every noted commit can be restored byte by byte', async () => {
  const root = mkdtempSync(join(tmpdir(), 'crash-'));
  const seed = (Date.now() + process.pid * 7919) % 100_000;
  try {
    for (let i = 0; i < kills; i++)
      expect(await runAndKill(root, seed + i, 150 + ((seed * (i + 1) * 7919) % 500)), `seed ${seed}`).toBe('');
    const noted = readFileSync(join(root, 'oracle'), 'utf8')
      .split('\n')
      .filter((line) => line.length > 80)
      .map((line) => line.split(' ') as [string, string])
      .map(([scn, hash]) => ({ scn: BigInt(scn), hash }));
    const archive = readArchive(join(root, 'archive'));
    const archived = new Set(archive.flatMap((record) => record.commits.map(([scn]) => BigInt(scn))));
    const sets = readSets(root);
    const firstSet = BigInt(sets[0]!.scn);
    const bytesOf = ({ scn }: CrashSet) => statSync(join(root, `set-${scn}`)).size;
    const incremental = sets.filter((set) => set.base !== null);
    const full = sets.filter((set) => set.base === null);
    // Most were asked to be incremental, and a kill must not have made them all full.
    expect(incremental.length, `seed ${seed}`).toBeGreaterThan(full.length / 3);
    // The tenant grows: a late increment may hold more than an early full set, but not more than all of it then.
    const largest = Math.max(...full.map(bytesOf));
    expect(incremental.filter((set) => bytesOf(set) < largest).length, `seed ${seed}`).toBeGreaterThan(0);
    for (let i = 1; i < noted.length; i++) expect(noted[i]!.scn).toBeGreaterThan(noted[i - 1]!.scn);

    const candidates = noted.filter(({ scn }) => scn >= firstSet && archived.has(scn));
    expect(candidates.length).toBeGreaterThan(cuts);
    for (let i = 0; i < cuts; i++) {
      const { scn, hash } = candidates[Math.floor((i * candidates.length) / cuts)]!;
      const untilScn = i % 3 === 0 ? scn + 1n : scn;
      expect(restoreHash(root, archive, untilScn), `seed ${seed}, SCN ${untilScn}`).toBe(hash);
    }

    const store = new TenantStore(
      1,
      tenantPaths(root, 1),
      { synchronous: 'FULL', cacheKb: 400, idleReaders: 1, keepLogBytes: 0, snapshotLogBytes: 1 << 30 },
      () => {},
    );
    expect(store.scn).toBeGreaterThanOrEqual(noted.at(-1)!.scn);
    expect(store.writer.pragma('integrity_check', { simple: true })).toBe('ok');
    store.close();
    expect(existsSync(tenantPaths(root, 1).log)).toBe(true);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
