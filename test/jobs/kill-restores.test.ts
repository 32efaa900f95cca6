import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../torture/random.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { makePool, restoredValue, settle, shipped, startHarness } from './job-harness.ts';
import { KilledServer, lastNumber } from './killed-server.ts';

const server = new KilledServer('./kill-restores-child.ts');
const { directory } = server;
const samples = 3;
const rows = 40;
let points = 0;

beforeAll(async () => {
  const harness = await startHarness({ directory, maxLogFileBytes: 30_000 });
  await archivedTenant(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT, KEY (v(20))');
  await harness.sql('a', 'CREATE TABLE d.u (id INT)');
  await backedUp(harness);
  await shipped(harness, 'a');
  await restoredValue(harness, 'a', 's', 'SELECT COUNT(*) FROM d.t');
  for (let i = 1; i <= rows; i++) await harness.sql('a', `INSERT INTO d.t (v) VALUES ('${`${i} `.repeat(500)}')`);
  await harness.sql('a', 'INSERT INTO d.u VALUES (1), (2), (3)');
  await makePool(harness, 'aux');
  await harness.stop();
  server.keep();
  points = lastNumber(await server.run(0), 'points');
});
afterAll(() => server.remove());

/** The next server goes on by itself: the standby gets to the end of the log, the tables are there whole, nothing is left over. */
async function expectRecovery(): Promise<void> {
  const harness = await startHarness({ directory });
  try {
    await settle(harness);
    await harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
    const scn = await shipped(harness, 'a');
    await harness.until(() => harness.controller.catalog.read((tx) => (tx.tenants.byName('s')?.syncScn ?? 0n) >= scn));
    const sum = (table: string) => `SELECT CONCAT(COUNT(*), "/", SUM(LENGTH(v))) FROM d.${table}`;
    expect(await harness.value('s', sum('t'))).toBe(await harness.value('a', sum('t')));
    const { jobs, aux, pool } = await harness.controller.catalog.read((tx) => ({
      jobs: tx.recoverTables.jobs.list(),
      aux: tx.tenants.users().filter(({ tenantName }) => tenantName.startsWith('AUX')),
      pool: tx.resources.poolByName('aux')?.tenantId,
    }));
    expect([aux, pool]).toEqual([[], null]);
    // Killed before the statement was durable, or done.
    if (jobs.length === 0) return;
    expect(jobs.map(({ status, history }) => [status, history])).toEqual([
      ['COMPLETED', true],
      ['COMPLETED', true],
    ]);
    expect(await harness.value('a', sum('t2'))).toBe(await harness.value('a', sum('t')));
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.u2')).toBe('3');
    await harness.sql('a', "INSERT INTO d.t2 (v) VALUES ('next')");
    expect(await harness.value('a', 'SELECT MAX(id) FROM d.t2')).toBe(String(rows + 1));
  } finally {
    await harness.stop();
  }
}

test('a SIGKILL while a standby rolls forward or a table is recovered loses nothing and leaves nothing', {
  timeout: 3_600_000,
}, async () => {
  expect(points).toBeGreaterThan(100);
  const random = createRandom(20261121);
  const width = Math.floor(points / samples);
  const all = Array.from({ length: points }, (_, i) => i + 1);
  const few = Array.from({ length: samples }, (_, i) => i * width + 1 + random.below(width));
  const failures: string[] = [];
  for (const at of process.env['OBVAULT_KILL_POINTS'] === 'all' ? all : few) {
    const { errors } = await server.run(at);
    if (errors !== '') failures.push(`point ${at}: ${errors}`);
    else await expectRecovery().catch((error: unknown) => failures.push(`point ${at}: ${String(error)}`));
  }
  expect(failures).toEqual([]);
});
