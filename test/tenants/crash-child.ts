/**
 * A tenant that is written, archived, folded and copied until somebody kills the process. After every commit it notes
 * the SCN and the hash of the whole database; archive records and backup sets are durable before they count.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newAliveFlag } from '../../src/tenants/embedded/alive.ts';
import { blockPages } from '../../src/tenants/embedded/block-format.ts';
import { createDataFile, openConnection } from '../../src/tenants/embedded/connection.ts';
import { encodePosition } from '../../src/tenants/embedded/log-position.ts';
import { tenantPaths } from '../../src/tenants/embedded/tenant-files.ts';
import { TenantStore } from '../../src/tenants/embedded/tenant-store.ts';
import { openBlockReader, openLogReader } from '../../src/tenants/embedded/thread-module.ts';
import type { LogPosition } from '../../src/tenants/tenant-engine.ts';
import { appendRecord, type CrashSet, lastPosition, readSets } from './crash-files.ts';

const [root, seedText] = process.argv.slice(2) as [string, string];
let seed = Number(seedText);
const random = (below: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

const paths = tenantPaths(root, 1);
if (!existsSync(paths.data)) {
  mkdirSync(dirname(paths.data), { recursive: true });
  createDataFile(`${paths.data}.new`, BigInt(Date.now()) * 1_000_000n, []);
  renameSync(`${paths.data}.new`, paths.data);
}
const keepLogBytes = random(2) === 0 ? 0 : 1 << 30;
const store = new TenantStore(
  1,
  paths,
  { synchronous: 'NORMAL', cacheKb: 400, idleReaders: 1, keepLogBytes, snapshotLogBytes: 1 << 30 },
  () => {},
);
const archivePath = join(root, 'archive');
const readerData = { walFd: store.files.walFd, cell: store.cell.buffer, alive: newAliveFlag() };
const known = lastPosition(archivePath);
let reader = openLogReader(readerData, known);
if (!known) {
  // The first record only says where the archive begins.
  reader = openLogReader(readerData, encodePosition(store.position()));
  appendRecord(archivePath, { position: reader.position, commits: [] }, new Uint8Array(0));
}

function archive(): void {
  for (let chunk = reader.next(1 + random(200_000)); chunk; chunk = reader.next(1 + random(200_000)))
    appendRecord(
      archivePath,
      { position: chunk.position, commits: chunk.commits.map((c) => [String(c.scn), c.end]) },
      chunk.bytes,
    );
}

function fold(): void {
  archive();
  const position: LogPosition = { ...reader.position, sealed: 1 };
  appendRecord(archivePath, { position, commits: [] }, new Uint8Array(0));
  store.cell.seal({ ...store.position() });
  store.foldLog();
  reader = openLogReader(readerData, position);
}

/** A commit falls into the fold, before it or behind: it must be told and archived either way. */
async function foldAhead(): Promise<void> {
  await store.fold.ahead(async (data) => {
    if (random(2) === 0) change();
    const connection = openConnection(data, { readonly: false, synchronous: 'NORMAL', cacheKb: 400 });
    connection.pragma('wal_checkpoint(PASSIVE)');
    connection.close();
    if (random(2) === 0) change();
  }, 0);
}

function note(scn: bigint): void {
  const hash = createHash('sha256').update(store.writer.serialize()).digest('hex');
  appendFileSync(join(root, 'oracle'), `${scn} ${hash}\n`);
}

const tables = ['a', 'b', 'c'];
store.begin();
for (const name of tables)
  store.writer.exec(`CREATE TABLE IF NOT EXISTS ${name} (id INTEGER PRIMARY KEY, v TEXT, w BLOB)`);
note(store.commit());

interface Copying {
  readonly pin: ReturnType<TenantStore['pin']>;
  readonly base: CrashSet | null;
  readonly fd: number;
  blockNo: number;
}
let copying: Copying | null = null;

/** Copies one block of a set between two transactions; the set counts when it is renamed. */
function copyStep(): void {
  if (!copying) {
    const base = random(4) === 0 ? null : (readSets(root).at(-1) ?? null);
    const pin = store.pin(base?.point ?? null);
    // Sets are named by their SCN here: a second one of the same moment would take the place of the first.
    if (readSets(root).some(({ scn }) => scn === String(pin.scn))) {
      store.unpin();
      return;
    }
    copying = { pin, base, fd: openSync(join(root, 'copying'), 'w'), blockNo: 0 };
  }
  const { pin, base, fd, blockNo } = copying;
  const blocks = openBlockReader(pin.data);
  const into = new Uint8Array(blocks.maxBlockBytes);
  if (blockNo * blockPages < pin.data.databasePages) {
    copying.blockNo++;
    const length = blocks.read(blockNo, into);
    if (length === 0) return;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(length);
    writeSync(fd, head);
    writeSync(fd, into, 0, length);
    return;
  }
  fsyncSync(fd);
  closeSync(fd);
  renameSync(join(root, 'copying'), join(root, `set-${pin.scn}`));
  const set = { scn: String(pin.scn), base: pin.incremental ? base!.scn : null, point: pin.point };
  appendFileSync(join(root, 'sets'), `${JSON.stringify(set)}\n`);
  store.unpin();
  copying = null;
}

process.stdout.write('ready\n');
let changes = 0;
function change(): void {
  const i = changes++;
  const table = tables[random(3)]!;
  store.begin();
  for (let j = random(6); j >= 0; j--) {
    const id = random(400);
    const action = random(10);
    if (action < 5)
      store.writer
        .prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?, ?)`)
        .run(id, `v${i}`.repeat(1 + random(40)), Buffer.alloc(random(12) === 0 ? 9000 : 20, i & 255));
    else if (action < 8) store.writer.prepare(`UPDATE ${table} SET v = ? WHERE id % 17 = ?`).run(`u${i}`, random(17));
    else store.writer.prepare(`DELETE FROM ${table} WHERE id BETWEEN ? AND ?`).run(id, id + random(20));
  }
  if (random(25) === 0) store.writer.exec(`CREATE INDEX IF NOT EXISTS i_${table} ON ${table} (v)`);
  else if (random(40) === 0) store.writer.exec(`DROP INDEX IF EXISTS i_${table}`);
  if (random(9) === 0) store.rollback();
  else note(store.commit());
}

for (;;) {
  change();
  if (random(3) === 0) archive();
  if (random(12) === 0 && !copying) await foldAhead();
  if (random(12) === 0 && !copying) fold();
  if (copying || random(15) === 0) copyStep();
}
