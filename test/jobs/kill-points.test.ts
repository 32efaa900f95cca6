import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../torture/random.ts';
import { backedUp, makeTable, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { type Harness, makeTenant, restoredValue, roundOf, settle, shipped, startHarness } from './job-harness.ts';
import { KilledServer, lastNumber } from './killed-server.ts';
import { expectTruth } from './media-truth.ts';

const server = new KilledServer('./kill-child.ts');
const { directory } = server;
const firstRows = 5;
const samples = 7;
let points = 0;

beforeAll(async () => {
  const harness = await startHarness({ directory });
  const tenantId = await makeTenant(harness, 'a');
  await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await setShortPieces(harness, tenantId, '700ms');
  await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
  for (let id = 1; id <= firstRows; id++) await harness.sql('a', `INSERT INTO d.t VALUES (${id}, 'first')`);
  await harness.stop();
  server.keep();
  points = lastNumber(await server.run(0, firstRows), 'points');
});
afterAll(() => server.remove());

/** The server after the kill: everything comes to an end by itself, and nothing that was acknowledged is missing. */
async function expectRecovery(acknowledged: number): Promise<void> {
  const harness = await startHarness({ directory });
  try {
    await settle(harness);
    const wish = await harness.controller.catalog.read((tx) => ({
      tenant: tx.tenants.byName('a'),
      state: tx.destinations.archiveDest(tx.tenants.byName('a')?.tenantId ?? 0, 0)?.state,
    }));
    const rest = wish.tenant?.logMode === 'ARCHIVELOG' ? (wish.state === 'DEFER' ? 'SUSPEND' : 'DOING') : 'STOP';
    await harness.until(async () => ((await roundOf(harness, 'a'))?.status ?? 'STOP') === rest);
    expect((await roundOf(harness, 'a'))?.comment ?? '').toBe('');
    const rows = Number(await harness.value('a', 'SELECT COUNT(*) FROM d.t'));
    expect(await harness.value('a', 'SELECT MAX(id) FROM d.t')).toBe(String(rows));
    expect([acknowledged, acknowledged + 1]).toContain(rows);
    await expectTruth(harness, wish.tenant?.tenantId ?? 0, join(directory, 'a/data'));
    await expectCopy(harness, rows);
    await expectService(harness, rest, rows);
  } finally {
    await harness.stop();
  }
}

/** The restore the child had begun went on to its end. */
async function expectCopy(harness: Harness, rows: number): Promise<void> {
  const copy = await harness.controller.catalog.read((tx) => tx.tenants.byName('copy'));
  if (copy === null) return;
  expect(copy).toMatchObject({ status: 'NORMAL', role: 'STANDBY' });
  const copied = Number(await harness.value('copy', 'SELECT COUNT(*) FROM d.t'));
  expect(copied).toBeGreaterThanOrEqual(firstRows + 3);
  expect(copied).toBeLessThanOrEqual(rows);
}

/** Archive, backup and restore still do their work, and a restore has every row. */
async function expectService(harness: Harness, rest: string, rows: number): Promise<void> {
  if (rest === 'SUSPEND') await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
  if (rest === 'STOP') await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  if (rest === 'STOP') {
    await backedUp(harness);
  }
  await harness.sql('a', `INSERT INTO d.t VALUES (${rows + 1}, 'last')`);
  await shipped(harness, 'a');
  const query = 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t';
  const restored = await restoredValue(harness, 'a', 'after', query).catch((error: unknown) => String(error));
  // A round the child had stopped may have been followed by one without a set yet.
  if (restored?.includes('4018') || restored === 'ObError: No enough log for restore') {
    await backedUp(harness);
    await harness.say('DROP RESOURCE POOL IF EXISTS pool_after');
    expect(await restoredValue(harness, 'a', 'after', query)).toBe(`${rows + 1}/${rows + 1}`);
  } else expect(restored).toBe(`${rows + 1}/${rows + 1}`);
}

test('the child counts its points', () => {
  expect(points).toBeGreaterThan(300);
});

/** All of them with OBVAULT_KILL_POINTS=all, or `<first>-<last>/<step>`; a few else. */
function chosen(): readonly number[] {
  const all = Array.from({ length: points }, (_, i) => i + 1);
  const wish = process.env['OBVAULT_KILL_POINTS'];
  if (wish === 'all') return all;
  const range = /^(\d+)-(\d+)(?:\/(\d+))?$/.exec(wish ?? '');
  if (range) {
    const [first = 0, last = 0, step = 1] = range.slice(1).map((text) => Number(text ?? 1));
    return all.filter((n) => n >= first && n <= last && (n - first) % step === 0);
  }
  const random = createRandom(20261121);
  const width = Math.floor(points / samples);
  return Array.from({ length: samples }, (_, i) => i * width + 1 + random.below(width));
}

test('a SIGKILL at any point of a tenant’s life loses nothing and leaves nothing stuck', {
  timeout: 3_600_000,
}, async () => {
  for (const at of chosen()) {
    const end = await server.run(at, firstRows);
    expect(end.errors).toBe('');
    await expectRecovery(lastNumber(end, 'row') || firstRows).catch((error: unknown) => {
      throw new Error(`killed at point ${at} of ${points}`, { cause: error });
    });
  }
});
