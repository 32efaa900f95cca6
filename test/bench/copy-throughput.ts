import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { silentLog } from '../../src/base/log.ts';
import { backupBlocks } from '../../src/copy/backup-blocks.ts';
import { createCopyWorkers } from '../../src/copy/copy-workers.ts';
import { generateMasterKey, generateSetKey, type SetKey } from '../../src/copy/keys.ts';
import { restoreBlocks } from '../../src/copy/restore-blocks.ts';
import type { ObjectSink, ObjectSource } from '../../src/media/medium.ts';

/**
 * MB/s of backup and restore of a synthetic tenant file against `zstd -1 -T2` and `zstd -d` of the same bytes, all synced.
 * The rounds are interleaved, the best of each counts: `node test/bench/copy-throughput.ts [megabytes] [rounds]`.
 */
const megabytes = Number(process.argv[2] ?? 1000);
const rounds = Number(process.argv[3] ?? 3);
const blockBytes = 2 << 20;
const folder = mkdtempSync(join(tmpdir(), 'copy-bench-'));
const tenant = join(folder, 'tenant');
const workers = createCopyWorkers({ threads: 2, log: silentLog });
const module = new URL('../copy/toy-engine.ts', import.meta.url).href;
const key = generateSetKey(generateMasterKey(1, 0), { kind: 'set', tenantId: 1002, owner: '1' });
const sizeBytes = writeTenant();
const best = new Map<string, number>();

try {
  for (let round = 0; round < rounds; round++) {
    await measure('zstd -1 -T2', async () => {
      execFileSync('zstd', ['-q', '-f', '-1', '-T2', tenant, '-o', join(folder, 'tenant.zst')]);
      execFileSync('sync', [join(folder, 'tenant.zst')]);
    });
    await measure('backup', () => backup(null));
    await measure('backup encrypted', () => backup(key));
    await measure('zstd -d', async () => {
      rmSync(join(folder, 'plain'), { force: true });
      execFileSync('zstd', ['-q', '-f', '-d', join(folder, 'tenant.zst'), '-o', join(folder, 'plain')]);
      execFileSync('sync', [join(folder, 'plain')]);
    });
    await measure('restore', () => restore(null));
    await measure('restore encrypted', () => restore(key));
  }
  const zstdBytes = statSync(join(folder, 'tenant.zst')).size;
  const ownBytes = statSync(join(folder, 'clear')).size;
  process.stdout.write(`size: zstd ${zstdBytes}, backup ${ownBytes} of ${sizeBytes}\n`);
  for (const [name, rate] of best) process.stdout.write(`best ${name}: ${rate.toFixed(0)} MB/s\n`);
} finally {
  await workers.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Rows as a table holds them: numbers, words, JSON and some random bytes; shrinks by about half. */
function writeTenant(): number {
  const rows: Buffer[] = [];
  for (let i = 0, total = 0; total < 64_000_000; i++) {
    const text = `${i}|customer-${(i * 7919) % 100_003}|{"state":"open","sum":${(i * 31) % 9973}.${i % 100},"tag":"`;
    const row = Buffer.concat([
      Buffer.from(text),
      randomBytes(20),
      Buffer.from(`"}|${randomBytes(8).toString('hex')}\n`),
    ]);
    rows.push(row);
    total += row.length;
  }
  const sample = Buffer.concat(rows);
  const fd = openSync(tenant, 'w');
  for (let left = megabytes * 1_000_000; left > 0; left -= sample.length)
    writeSync(fd, sample, 0, Math.min(left, sample.length));
  fsyncSync(fd);
  const { size } = fstatSync(fd);
  closeSync(fd);
  return size;
}

async function measure(name: string, work: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  await work();
  const rate = sizeBytes / 1000 / (performance.now() - startMs);
  best.set(name, Math.max(best.get(name) ?? 0, rate));
  process.stdout.write(`${name}: ${rate.toFixed(0)} MB/s\n`);
}

async function backup(setKey: SetKey | null): Promise<void> {
  const fd = openSync(tenant, 'r');
  const reader = { module, data: { fd, blockBytes, sizeBytes } };
  await backupBlocks({
    snapshot: { blockCount: Math.ceil(sizeBytes / blockBytes), reader },
    openSink: async () => fileSink(join(folder, setKey ? 'sealed' : 'clear')),
    maxFileBytes: 4 * 2 ** 30,
    setId: 1,
    tenantId: 1002,
    key: setKey,
    workers,
  });
  closeSync(fd);
}

async function restore(setKey: SetKey | null): Promise<void> {
  const from = openSync(join(folder, setKey ? 'sealed' : 'clear'), 'r');
  rmSync(join(folder, 'restored'), { force: true });
  const to = openSync(join(folder, 'restored'), 'w+');
  await restoreBlocks({
    sources: [{ no: 0, source: fileSource(from) }],
    target: { module, data: { fd: to, blockBytes, sizeBytes } },
    key: setKey?.bytes ?? null,
    workers,
  });
  closeSync(from);
  closeSync(to);
}

function fileSink(path: string): ObjectSink {
  const fd = openSync(path, 'w');
  return {
    fd,
    async writeAt(offset, bytes) {
      writeSync(fd, bytes, 0, bytes.length, offset);
    },
    async publish() {
      fsyncSync(fd);
      closeSync(fd);
    },
    async abort() {
      closeSync(fd);
    },
  };
}

function fileSource(fd: number): ObjectSource {
  return {
    fd,
    sizeBytes: fstatSync(fd).size,
    async read(offset, length) {
      const bytes = Buffer.alloc(length);
      readSync(fd, bytes, 0, length, offset);
      return bytes;
    },
    async close() {},
  };
}
