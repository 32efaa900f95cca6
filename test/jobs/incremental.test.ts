import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { openCheckedSet } from './backup-sets.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  restoredValue,
  setsOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
let tenantId: number;
let directory: string;
const settings = { foldLogBytes: 300_000 };
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'obvault-incremental-'));
  harness = await startHarness({ directory, settings });
  tenantId = await archivedTenant(harness, 'id INT PRIMARY KEY, v VARCHAR(200)');
  await insert(1, 4000);
});
afterEach(async () => {
  await harness.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function insert(first: number, last: number): Promise<void> {
  for (let id = first; id <= last; id += 500) {
    const ids = Array.from({ length: Math.min(500, last - id + 1) }, (_, i) => id + i);
    await harness.sql('a', `INSERT INTO d.t VALUES ${ids.map((i) => `(${i}, '${`row ${i} `.repeat(12)}')`).join(',')}`);
  }
}

const backup = (what = 'INCREMENTAL DATABASE') => backedUp(harness, what);

const sum = "SELECT CONCAT(COUNT(*), '/', SUM(CRC32(CONCAT(id, v)))) FROM d.t";
const state = () => harness.value('a', sum);

test('an incremental set holds what changed, names its base, and restores with it', async () => {
  const full = await backup('DATABASE');
  await harness.sql('a', "UPDATE d.t SET v = 'changed' WHERE id IN (7, 3000)");
  const one = await backup();
  await harness.sql('a', 'DELETE FROM d.t WHERE id BETWEEN 100 AND 120');
  const two = await backup();
  expect([full, one, two].map((set) => [set.backupType, set.prevFullBackupSetId, set.prevIncBackupSetId])).toEqual([
    ['FULL', 0, 0],
    ['INC', 1, 1],
    ['INC', 1, 2],
  ]);
  expect(Number(one.inputBytes)).toBeLessThan(Number(full.inputBytes) / 5);
  expect(Number(one.outputBytes)).toBeLessThan(Number(full.outputBytes) / 3);
  const names = readdirSync(join(harness.directory, 'a/data/backup_sets')).map((name) => name.replace(/_\d{8}T.*/, ''));
  expect(names.sort()).toEqual([
    'backup_set_1_full_end_success',
    'backup_set_1_full_start.obbak',
    'backup_set_2_inc_end_success',
    'backup_set_2_inc_start.obbak',
    'backup_set_3_inc_end_success',
    'backup_set_3_inc_start.obbak',
  ]);
  const info = await openCheckedSet(harness, 'a', { backupSetId: 3, backupType: 'inc' });
  expect(info).toMatchObject({ backupType: 'inc', prevFullBackupSetId: 1, prevIncBackupSetId: 2, status: 'SUCCESS' });
  const jobs = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }));
  expect(jobs.map((job) => job.backupType)).toEqual(['FULL', 'INC', 'INC']);
  const before = await state();
  await insert(9000, 9100);
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 'b', sum, `UNTIL SCN = ${two.minRestoreScn}`)).toBe(before);
  expect(await restoredValue(harness, 'a', 'c', sum)).toBe(await state());
  const [row] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'c' }));
  expect(row?.backupSetList.split(',').map((path) => path.split('/').at(-1))).toEqual([
    'backup_set_1_full',
    'backup_set_2_inc',
    'backup_set_3_inc',
  ]);
});

test('without anything to build on it becomes full: at first, after a failed set, on another destination', async () => {
  expect(await backup()).toMatchObject({ backupType: 'FULL', prevFullBackupSetId: 0, prevIncBackupSetId: 0 });
  expect(await backup()).toMatchObject({ backupType: 'INC', prevIncBackupSetId: 1 });
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('a/other')}'`, 'a');
  expect(await backup()).toMatchObject({ backupSetId: 3, backupType: 'FULL' });
  expect(await backup()).toMatchObject({ backupType: 'INC', prevFullBackupSetId: 3, prevIncBackupSetId: 3 });
  const mark = (backupSetId: number, changes: object) =>
    harness.controller.catalog.transaction((tx) => {
      for (const set of tx.backups.sets.list({ tenantId, backupSetId })) tx.backups.sets.update(set, changes);
    });
  await mark(4, { status: 'FAILED', fileStatus: 'INCOMPLETE' });
  expect(await backup()).toMatchObject({ backupSetId: 5, backupType: 'INC', prevIncBackupSetId: 3 });
  await mark(3, { fileStatus: 'DELETING' });
  expect(await backup()).toMatchObject({ backupSetId: 6, backupType: 'FULL' });
  await mark(6, { fileStatus: 'BROKEN' });
  expect(await backup()).toMatchObject({ backupSetId: 7, backupType: 'FULL' });
});

test('a base whose files are gone is BROKEN, and the next set full', async () => {
  await backup();
  await backup();
  rmSync(join(harness.directory, 'a/data/backup_set_2_inc/logstream_1001'), { recursive: true });
  expect(await backup()).toMatchObject({ backupSetId: 3, backupType: 'FULL' });
  const sets = await setsOf(harness, 'a');
  expect(sets.map((set) => set.fileStatus)).toEqual(['AVAILABLE', 'BROKEN', 'AVAILABLE']);
  expect(await restoredValue(harness, 'a', 'b', sum)).toBe(await state());
});

test('nothing changed: a set of next to no bytes, which restores', async () => {
  await backup();
  await backup();
  const set = await backup();
  expect(set).toMatchObject({ backupType: 'INC', prevFullBackupSetId: 1, prevIncBackupSetId: 2, inputBytes: 0n });
  expect(treeBytes(join(harness.directory, 'a/data/backup_set_3_inc'))).toBeLessThan(20_000);
  expect(await restoredValue(harness, 'a', 'b', sum)).toBe(await state());
});

test('sys takes increments of all tenants or of those it names', async () => {
  await makeTenant(harness, 'z');
  await startArchiving(harness, 'z');
  await harness.sql('z', 'CREATE DATABASE d');
  for (const what of ['DATABASE', 'INCREMENTAL DATABASE', 'INCREMENTAL TENANT = z']) {
    await harness.say(`ALTER SYSTEM BACKUP ${what}`);
    await settle(harness);
  }
  const types = async (name: string) => (await setsOf(harness, name)).map((set) => set.backupType);
  expect([await types('a'), await types('z')]).toEqual([
    ['FULL', 'INC'],
    ['FULL', 'INC', 'INC'],
  ]);
  const jobs = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId: 1 }));
  expect(jobs.map((job) => `${job.backupType} ${job.status}`)).toEqual([
    'FULL COMPLETED',
    'INC COMPLETED',
    'INC COMPLETED',
  ]);
});

test('two increments made at once, by the tenant and by sys, both restore', async () => {
  await backup();
  await insert(5000, 5100);
  await harness.say('ALTER SYSTEM BACKUP INCREMENTAL TENANT = a PLUS ARCHIVELOG', 'sys');
  await harness.until(() => harness.controller.catalog.read((tx) => tx.backups.liveJobs(tenantId).length === 1));
  await harness.say('ALTER SYSTEM BACKUP INCREMENTAL DATABASE PLUS ARCHIVELOG', 'a');
  await insert(6000, 6100);
  await settle(harness);
  const sets = await setsOf(harness, 'a');
  expect(sets.map((set) => `${set.backupType} ${set.status}`)).toEqual(['FULL SUCCESS', 'INC SUCCESS', 'INC SUCCESS']);
  await insert(7000, 7010);
  const third = await backup();
  expect(third).toMatchObject({ backupType: 'INC', prevFullBackupSetId: 1, prevIncBackupSetId: 3 });
  expect(await restoredValue(harness, 'a', 'b', sum)).toBe(await state());
});

test('every set of a chain has a key of its own, under a password or the master key', async () => {
  const speaker = await harness.speaker('a');
  const withPassword = (password: string | null) => Object.assign(speaker.memory, { encryptionPassword: password });
  withPassword('first');
  await backup();
  withPassword(null);
  await harness.say("ALTER SYSTEM SET tde_method = 'internal'", 'a');
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await insert(5000, 5010);
  await backup();
  withPassword('third');
  await insert(6000, 6010);
  await backup();
  expect((await setsOf(harness, 'a')).map((set) => `${set.backupType} ${set.encryptionMode}`)).toEqual([
    'FULL PASSWORD',
    'INC TRANSPARENT_ENCRYPTION',
    'INC PASSWORD',
  ]);
  await makePool(harness, 'pool_b');
  const keys = harness.place('keys');
  await harness.say(`ALTER SYSTEM BACKUP KEY TENANT = a TO '${keys}' ENCRYPTED BY 'k'`);
  const from = `'${harness.place('a/data')},${harness.place('a/archive')}'`;
  const restore = (to: string) =>
    harness.say(
      `ALTER SYSTEM RESTORE ${to} FROM ${from} WITH 'pool_list=pool_b' WITH KEY FROM '${keys}' ENCRYPTED BY 'k'`,
    );
  await expect(restore('b')).rejects.toMatchObject({ errno: 9047 });
  await harness.say("SET DECRYPTION IDENTIFIED BY 'third', 'first'");
  await restore('b');
  await settle(harness);
  expect(await harness.value('b', sum)).toBe(await state());
});

test('a set of the chain that is missing or damaged never gives a wrong tenant', async () => {
  await backup();
  await insert(5000, 5100);
  const one = await backup();
  await insert(6000, 6100);
  await backup();
  await shipped(harness, 'a');
  const data = join(harness.directory, 'a/data');
  const file = join(data, 'backup_set_2_inc/logstream_1001/major_data_turn_1_retry_0/macro_block_data.0.obbak');
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 3)]! ^= 4;
  writeFileSync(file, bytes);
  await expect(restoredValue(harness, 'a', 'b', sum)).rejects.toThrow(/-4103.*backup_set_2_inc/);
  bytes[Math.floor(bytes.length / 3)]! ^= 4;
  writeFileSync(file, bytes);
  expect(await restoredValue(harness, 'a', 'c', sum)).toBe(await state());
  // Without the set between them the last one does not count; full set and log reach the same point.
  const [end] = readdirSync(join(data, 'backup_sets')).filter((name) => name.startsWith('backup_set_2_inc_end'));
  rmSync(join(data, 'backup_sets', end!));
  expect(await restoredValue(harness, 'a', 'e', sum)).toBe(await state());
  const [row] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'e' }));
  expect(row?.backupSetList).not.toContain(',');
  expect(one.prevFullBackupSetId).toBe(1);
});

test('what changed is known after a restart of the server, also over folds of the log', async () => {
  await backup();
  await insert(5000, 8000);
  await shipped(harness, 'a');
  await harness.stop();
  harness = await startHarness({ directory, settings });
  await harness.sql('a', 'UPDATE d.t SET v = "x" WHERE id = 5');
  const set = await backup();
  expect(set).toMatchObject({ backupType: 'INC', prevIncBackupSetId: 1 });
  expect(await restoredValue(harness, 'a', 'b', sum)).toBe(await state());
});

function treeBytes(path: string): number {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((bytes, name) => bytes + treeBytes(join(path, name)), 0);
}
