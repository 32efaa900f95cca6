import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, ftruncateSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { sqlClient } from '../tenants/sql-fixture.ts';
import { archivedTenant, backedUp, passes } from './backed-up-tenant.ts';
import { type Harness, makePool, makeTenant, restoredValue, roundOf, shipped, startHarness } from './job-harness.ts';

/*
 * The server's own directory on a small file system that is filled to the last byte; the backups lie elsewhere.
 */
let mount = '';
let mounted = false;
let harness: Harness;
let filler = -1;
const elsewhere = mkdtempSync(join(tmpdir(), 'obvault-elsewhere-'));

beforeEach(() => {
  mount = mkdtempSync(join(tmpdir(), 'obvault-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount], { stdio: 'ignore' });
    mounted = true;
  } catch {
    // Only root mounts.
    mounted = false;
  }
});
afterEach(() => {
  if (filler >= 0) closeSync(filler);
  filler = -1;
  if (mounted) execFileSync('umount', [mount]);
  rmSync(mount, { recursive: true });
  rmSync(elsewhere, { recursive: true, force: true });
});

/** Leaves no byte. */
function fill(): void {
  if (filler < 0) filler = openSync(join(mount, 'filler'), 'w');
  // What is under way may free a block meanwhile.
  for (let turn = 0; turn < 10 && (turn === 0 || statfsSync(mount).bavail > 0); turn++)
    for (let size = 1 << 20; size >= 1; ) {
      try {
        writeSync(filler, Buffer.alloc(size));
      } catch {
        size >>= 1;
      }
    }
  expect(statfsSync(mount).bavail).toBe(0);
}

function makeRoom(): void {
  ftruncateSync(filler, 0);
  fsyncSync(filler);
}

test('a transaction the full disk took back is not committed in parts', async ({ skip }) => {
  if (!mounted) return skip();
  harness = await startHarness({ directory: join(mount, 'home') });
  try {
    const tenantId = await makeTenant(harness, 'a');
    const client = await sqlClient(await tenantEngineOf(harness.controller, tenantId));
    await client.ok('CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)');
    await client.ok("INSERT INTO t VALUES (0, '')");
    const insert = (id: number) => client.ok(`INSERT INTO t VALUES (${id}, REPEAT('x', 500000))`);
    await client.ok('BEGIN');
    await insert(1);
    fill();
    let refusal: unknown = null;
    // The cache of the writer takes 8 MiB before anything is written.
    for (let id = 2; refusal === null && id < 40; id++) await insert(id).catch((error: unknown) => (refusal = error));
    expect(refusal).toMatchObject({ errno: 1021 });
    makeRoom();
    await expect(insert(50)).rejects.toMatchObject({ errno: 6224 });
    expect(await client.fails('COMMIT')).toMatchObject({ errno: 6224 });
    await client.ok('ROLLBACK');
    expect(await client.value('SELECT COUNT(*) FROM t')).toBe('1');
    await insert(51);
    expect(await client.value('SELECT COUNT(*) FROM t')).toBe('2');
    await client.session.close();
  } finally {
    await harness.stop();
  }
});

test('a full disk of the server: coded errors, a whole catalog, and everything goes on when there is room', async ({
  skip,
}) => {
  if (!mounted) return skip();
  harness = await startHarness({ directory: join(mount, 'home') });
  try {
    const place = harness.place;
    Object.assign(harness, {
      place: (name: string) => (name.startsWith('a/') ? `file://${join(elsewhere, name)}` : place(name)),
    });
    await archivedTenant(harness, 'id INT PRIMARY KEY, v TEXT');
    await backedUp(harness);
    let rows = 0;
    const insert = () =>
      harness.sql('a', `INSERT INTO d.t VALUES (${rows + 1}, '${'x'.repeat(20_000)}')`).then(() => rows++);
    for (let turn = 0; turn < 3; turn++) {
      for (let i = 0; i < 5; i++) await insert();
      fill();
      const refusals: unknown[] = [];
      for (let i = 0; i < 40; i++) await insert().catch((error: unknown) => refusals.push(error));
      expect(refusals.length).toBeGreaterThan(0);
      for (const refusal of refusals) expect(refusal).toMatchObject({ errno: 1021, sqlstate: 'HY000' });
      expect(await harness.value('a', 'SELECT COUNT(*) FROM d.t')).toBe(String(rows));
      // Statements of the catalog say so too, once its file cannot grow.
      const said: unknown[] = [];
      for (let i = 0; i < 200; i++) {
        await harness
          .say(`CREATE RESOURCE UNIT unit_${turn}_${i} MAX_CPU 1, MEMORY_SIZE '5G'`)
          .catch((error: unknown) => said.push(error));
      }
      expect(said.length).toBeGreaterThan(0);
      for (const refusal of said) expect(refusal).toMatchObject({ errno: 1021 });
      await passes(harness, 5);
      expect((await roundOf(harness, 'a'))?.status).toBe('DOING');
      const { readDatabase } = harness.controller.catalog;
      expect(readDatabase.pragma('integrity_check', { simple: true })).toBe('ok');
      makeRoom();
      await insert();
      await shipped(harness, 'a');
    }
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING', comment: '' });
    await makePool(harness, 'spare');
    await backedUp(harness);
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe(String(rows));
  } finally {
    await harness.stop();
  }
});
