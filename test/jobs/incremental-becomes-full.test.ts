import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, restoredValue, setsOf, shipped, startHarness } from './job-harness.ts';
import { expectTruth } from './media-truth.ts';

let harness: Harness;
let tenantId: number;
let directory: string;
/** What happens before the first object of that name is written. */
let surprise: { readonly key: RegExp; readonly deed: () => unknown } | null;

function surprised(medium: Medium): Medium {
  const before = async (key: string) => {
    if (!surprise?.key.test(key)) return;
    const { deed } = surprise;
    surprise = null;
    await deed();
  };
  return {
    ...medium,
    async putSmall(key, bytes, mode, signal) {
      await before(key);
      await medium.putSmall(key, bytes, mode, signal);
    },
    async createObject(key, signal) {
      await before(key);
      return medium.createObject(key, signal);
    },
  };
}

beforeEach(async () => {
  surprise = null;
  directory = mkdtempSync(join(tmpdir(), 'obvault-becomes-'));
  harness = await startHarness({ directory, wrapMedium: surprised });
  tenantId = await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1), (2), (3)');
  await backup('DATABASE');
  await harness.sql('a', 'INSERT INTO d.t VALUES (4)');
});
afterEach(async () => {
  await harness.stop();
  rmSync(directory, { recursive: true, force: true });
});

const backup = (what = 'INCREMENTAL DATABASE PLUS ARCHIVELOG') => backedUp(harness, what);

const touchTenant = () => utimesSync(join(directory, `server/tenants/t${tenantId}/data.db`), new Date(), new Date());

/** The second set is full, nothing is left of the incremental one it was to be, and it restores by itself. */
async function expectFull(): Promise<void> {
  expect(surprise).toBeNull();
  const set = (await setsOf(harness, 'a')).at(-1);
  expect(set).toMatchObject({ backupSetId: 2, status: 'SUCCESS', backupType: 'FULL', prevFullBackupSetId: 0 });
  expect(set?.prevIncBackupSetId).toBe(0);
  const job = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }).at(-1));
  expect(job).toMatchObject({ status: 'COMPLETED', backupType: 'FULL' });
  const left = readdirSync(join(directory, 'a/data'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => name.includes('_inc'))).toEqual([]);
  rmSync(join(directory, 'a/data/backup_set_1_full'), { recursive: true });
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('4');
}

test('when the tenant file was touched before the statement', async () => {
  touchTenant();
  await backup();
  await expectFull();
});

test('when the tenant file is touched between the first files and the copy', async () => {
  surprise = { key: /backup_set_2_inc_start/, deed: touchTenant };
  await backup();
  await expectTruth(harness, tenantId, join(directory, 'a/data'));
  await expectFull();
});

for (const [moment, key] of [
  ['while pages are copied', /backup_set_2_inc.*macro_block_data/],
  ['while its log is copied', /backup_set_2_inc.*complement_log/],
] as const) {
  test(`when its base breaks ${moment}`, async () => {
    const deed = () =>
      harness.controller.catalog.transaction((tx) => {
        for (const set of tx.backups.sets.list({ tenantId, backupSetId: 1 })) {
          tx.backups.sets.update(set, { fileStatus: 'BROKEN' });
        }
      });
    surprise = { key, deed };
    await backup();
    await expectFull();
  });
}
