import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFormatFile } from '../../src/destination/identity.ts';
import { parseDestination } from '../../src/destination/parse.ts';
import type { Medium } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, makePool, roundOf, setsOf, settle, startHarness } from './job-harness.ts';

let harness: Harness;
let directory: string;
/** Runs when the data file of a set has been opened: what it commits is in no block of the set. */
let whileCopying: (() => Promise<unknown>) | null;
const pools = new Set<string>();

function disturbed(medium: Medium): Medium {
  return {
    ...medium,
    async createObject(key, signal) {
      const work = key.includes('macro_block_data') ? whileCopying : null;
      whileCopying = null;
      await work?.();
      return medium.createObject(key, signal);
    },
  };
}

beforeEach(async () => {
  whileCopying = null;
  pools.clear();
  directory = mkdtempSync(join(tmpdir(), 'obvault-plus-'));
  harness = await startHarness({ directory, wrapMedium: disturbed });
  await archivedTenant(harness, 'id INT PRIMARY KEY, v VARCHAR(200)');
  for (let id = 1; id <= 50; id++) await harness.sql('a', `INSERT INTO d.t VALUES (${id}, 'row ${id}')`);
});
afterEach(async () => {
  await harness.stop();
  rmSync(directory, { recursive: true, force: true });
});

const backup = (what = 'DATABASE PLUS ARCHIVELOG') => backedUp(harness, what);

/** Restores with the data path alone; answers how many rows there are. */
async function restored(to: string, until = ''): Promise<string> {
  if (!pools.has(to)) await makePool(harness, `pool_${to}`);
  pools.add(to);
  await harness.say(
    `ALTER SYSTEM RESTORE ${to} FROM '${harness.place('a/data')}' ${until} WITH 'pool_list=pool_${to}'`,
  );
  await settle(harness);
  const jobs = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: to }));
  const failed = jobs.find((job) => job.status !== 'RESTORE_SUCCESS');
  return failed ? failed.comment : String(await harness.value(to, 'SELECT COUNT(*) FROM d.t'));
}

const inserts = (first: number, last: number) => async () => {
  for (let id = first; id <= last; id++) await harness.sql('a', `INSERT INTO d.t VALUES (${id}, '${'x'.repeat(100)}')`);
};

function logFiles(set: string): string[] {
  const root = join(directory, 'a/data', set, 'complement_log');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /log\/\d+\.obarc$/.test(name))
    .map((name) => join(root, name));
}

test('the set carries the log of its own making and restores to MIN_RESTORE_SCN without an archive', async () => {
  whileCopying = inserts(101, 140);
  const set = await backup();
  expect(set).toMatchObject({ status: 'SUCCESS', plusArchivelog: true, backupType: 'FULL' });
  expect(set.minRestoreScn).toBeGreaterThan(set.startReplayScn);
  await inserts(201, 210)();
  const root = join(directory, 'a/data/backup_set_1_full/complement_log');
  expect(readdirSync(root).sort()).toEqual(['format.obbak', 'piece_d1001r1p1', 'pieces', 'rounds']);
  const medium = openMedium(
    parseDestination(harness.place('a/data/backup_set_1_full/complement_log'), harness.controller.release),
  );
  expect(await readFormatFile(medium)).toMatchObject({
    destType: 'archive_log',
    path: harness.place('a/data/backup_set_1_full/complement_log'),
  });
  await medium.close();
  expect(await restored('b')).toBe('90');
  expect(await restored('c', `UNTIL SCN = ${set.minRestoreScn}`)).toBe('90');
  const [job] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'b' }));
  expect(job?.backupPieceList).toMatch(/a\/data\/backup_set_1_full\/complement_log\/piece_d1001r1p1$/);
  const [task] = await harness.controller.catalog.read((tx) => tx.backups.tasks.list({ backupSetId: 1 }));
  expect(task).toMatchObject({ logFileCount: 1, finishLogFileCount: 1, endScn: set.minRestoreScn });
});

test('what lies beyond the log of the sets, or before it, is refused', async () => {
  const plain = await backup('DATABASE');
  const refusal = { errno: 4018, message: 'No enough log for restore' };
  await expect(restored('b')).rejects.toMatchObject(refusal);
  await expect(restored('b', `UNTIL SCN = ${plain.minRestoreScn}`)).rejects.toMatchObject(refusal);
  whileCopying = inserts(101, 103);
  const set = await backup('INCREMENTAL DATABASE PLUS ARCHIVELOG');
  expect(set).toMatchObject({ backupType: 'INC', plusArchivelog: true });
  await expect(restored('b', `UNTIL SCN = ${set.minRestoreScn + 1n}`)).rejects.toMatchObject(refusal);
  await expect(restored('b', `UNTIL SCN = ${set.minRestoreScn - 1n}`)).rejects.toMatchObject(refusal);
  await inserts(201, 202)();
  // A later set without a log of its own is no point without an archive; the one before it is.
  await backup('INCREMENTAL DATABASE');
  expect(await restored('b')).toBe('53');
});

test('the log inside of a set is under the key of the set', async () => {
  const speaker = await harness.speaker('a');
  Object.assign(speaker.memory, { encryptionPassword: 'secret' });
  whileCopying = inserts(101, 110);
  await backup();
  Object.assign(speaker.memory, { encryptionPassword: null });
  await harness.say("ALTER SYSTEM SET tde_method = 'internal'", 'a');
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  whileCopying = inserts(111, 120);
  const set = await backup('INCREMENTAL DATABASE PLUS ARCHIVELOG');
  expect(set).toMatchObject({ backupType: 'INC', encryptionMode: 'TRANSPARENT_ENCRYPTION' });
  for (const file of [...logFiles('backup_set_1_full'), ...logFiles('backup_set_2_inc')]) {
    expect(readFileSync(file).readUInt16LE(10), file).toBe(1);
  }
  await harness.say("SET DECRYPTION IDENTIFIED BY 'secret'");
  const first = (await setsOf(harness, 'a'))[0]!;
  expect(await restored('b', `UNTIL SCN = ${first.minRestoreScn}`)).toBe('60');
  const keys = harness.place('keys');
  await harness.say(`ALTER SYSTEM BACKUP KEY TENANT = a TO '${keys}' ENCRYPTED BY 'k'`);
  await makePool(harness, 'pool_c');
  const from = harness.place('a/data');
  await harness.say(
    `ALTER SYSTEM RESTORE c FROM '${from}' WITH 'pool_list=pool_c' WITH KEY FROM '${keys}' ENCRYPTED BY 'k'`,
  );
  await settle(harness);
  expect(await harness.value('c', 'SELECT COUNT(*) FROM d.t')).toBe('70');
});

/** The restore has marked the set BROKEN, for good: as if another server had met the damage. */
async function forgetDamage(): Promise<void> {
  await harness.controller.catalog.transaction((tx) => {
    const [set] = tx.backups.sets.list({ backupSetId: 1 });
    expect(set?.fileStatus).toBe('BROKEN');
    tx.backups.sets.update(set!, { fileStatus: 'AVAILABLE' });
    tx.proofs.proofs.removeAll({ tenantId: set!.tenantId });
  });
}

test('damage in the log of a set, or its loss, ends the restore with a coded failure', async () => {
  whileCopying = inserts(101, 140);
  await backup();
  const [file] = logFiles('backup_set_1_full');
  const bytes = readFileSync(file!);
  const damaged = Buffer.from(bytes);
  damaged[Math.floor(bytes.length / 2)]! ^= 8;
  writeFileSync(file!, damaged);
  expect(await restored('b')).toMatch(/-4103|-4018/);
  await forgetDamage();
  writeFileSync(file!, bytes.subarray(0, Math.floor(bytes.length / 2)));
  expect(await restored('c')).toMatch(/-4103|-4018/);
  await forgetDamage();
  rmSync(file!);
  expect(await restored('e')).toMatch(/-4103|-4018/);
  await forgetDamage();
  writeFileSync(file!, bytes);
  expect(await restored('f')).toBe('90');
});

test('sys takes the log with the sets of the tenants it names', async () => {
  whileCopying = inserts(101, 104);
  await harness.say('ALTER SYSTEM BACKUP TENANT = a PLUS ARCHIVELOG');
  await settle(harness);
  const jobs = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({}));
  expect(jobs.map((job) => [job.tenantId === 1, job.plusArchivelog, job.status])).toEqual([
    [true, true, 'COMPLETED'],
    [false, true, 'COMPLETED'],
  ]);
  expect(await restored('b')).toBe('54');
});

test('pieces without a commit inside of the range are no loss', async () => {
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  const status = async () => (await roundOf(harness, 'a'))?.status;
  await harness.until(async () => (await status()) === 'STOP');
  await harness.controller.catalog.transaction((tx) =>
    tx.destinations.setArchiveDest(tx.tenants.byName('a')?.tenantId ?? 0, 0, { piece_switch_interval: '60ms' }),
  );
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await harness.until(async () => (await status()) === 'DOING');
  const used = async () => (await roundOf(harness, 'a'))?.usedPieceId ?? 0;
  const before = await used();
  whileCopying = async () => {
    while ((await used()) < before + 8) await harness.controller.clock.sleep(10);
  };
  expect(await backup()).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE' });
  expect(await restored('idle')).toBe('50');
});
