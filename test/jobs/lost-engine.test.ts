import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { TenantArchive } from '../../src/jobs/archive/tenant-archive.ts';
import type { RestoreMemory } from '../../src/jobs/restore/restore-rows.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import type { Medium } from '../../src/media/medium.ts';
import { watchEngineWorkers } from '../tenants/engine-workers.ts';
import { sqlClient } from '../tenants/sql-fixture.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, makePool, makeTenant, restoredValue, roundOf, shipped, startHarness } from './job-harness.ts';

const workers = watchEngineWorkers();
let harness: Harness;
/** Is waited for before a data file of a set is opened. */
let atDataFile: () => Promise<void>;
const watched = (medium: Medium): Medium => ({
  ...medium,
  async openObject(key, signal) {
    if (key.includes('macro_block_data')) await atDataFile();
    return medium.openObject(key, signal);
  },
});
beforeEach(async () => {
  atDataFile = () => Promise.resolve();
  harness = await startHarness({ wrapMedium: watched });
});
afterEach(() => harness.stop());
afterAll(() => workers.stop());

test('the archive goes on with what is committed after an engine thread was lost', async () => {
  const tenantId = await archivedTenant(harness);
  await backedUp(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  await shipped(harness, 'a');
  for (let id = 2; id < 5; id++) {
    await workers.lose();
    const engine = await tenantEngineOf(harness.controller, tenantId);
    await (await sqlClient(engine, { database: 'd' }, 10 + id)).ok(`INSERT INTO t VALUES (${id})`);
    await shipped(harness, 'a');
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
  }
  await makePool(harness, 'spare');
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('4');
});

test('a checkpoint is not told for what an idle archive has not seen', async () => {
  const tenantId = await makeTenant(harness, 'a');
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${harness.place('a/archive')}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  // Driven here, so that nothing of it is under way when the thread is lost.
  const archive = new TenantArchive(harness.controller, tenantId);
  const step = async () => {
    await archive.step(new AbortController().signal);
    return roundOf(harness, 'a');
  };
  try {
    await expect.poll(async () => (await step())?.status).toBe('DOING');
    await step();
    await workers.lose();
    const engine = await tenantEngineOf(harness.controller, tenantId);
    await (await sqlClient(engine)).ok('CREATE TABLE t (id INT PRIMARY KEY)');
    const { scn, release } = await engine.pin();
    await release();
    await expect.poll(async () => ((await step())?.checkpointScn ?? 0n) >= scn).toBe(true);
    expect(await roundOf(harness, 'a')).toMatchObject({ status: 'DOING', maxScn: scn });
  } finally {
    await archive.close();
  }
});

test('a restore whose engine thread is lost begins anew', async () => {
  await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  await backedUp(harness);
  await shipped(harness, 'a');
  const live = () => harness.controller.catalog.read((tx) => tx.restores.liveJobs().map(({ status }) => status));
  atDataFile = async () => {
    // The statement that starts it reads them, too.
    if (!(await live()).includes('RESTORE_CREATE_INIT_LS')) return;
    atDataFile = () => Promise.resolve();
    await workers.lose();
  };
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('1');
  const jobs = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'b' }));
  expect(jobs.map(({ stepData }) => (stepData as Partial<RestoreMemory>).retryCount ?? null)).toContain(1);
});
