import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';

/** A standby that failed once is not tried again. */
const clock: Clock = {
  ...systemClock,
  sleep(delayMs, signal) {
    if (delayMs !== 1_000) return systemClock.sleep(delayMs, signal);
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  },
};

let directory: string;
let harness: Harness;
const start = async () => {
  harness = await startHarness({ directory, clock, settings: { rollRetryMs: 60_000 } });
};
/** Where the standby stands, and where its row said before. */
let stands: bigint;
let saidBefore: bigint;

/** A standby that has taken commits over which its row knows nothing of; its archive is out of reach. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'obvault-standby-'));
  await start();
  await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  await backedUp(harness);
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 's', count)).toBe('1');
  for (let id = 2; id <= 5; id++) await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
  await shipped(harness, 'a');
  const { tenantId, syncScn } = await standby();
  saidBefore = syncScn ?? 0n;
  const engine = await tenantEngineOf(harness.controller, tenantId);
  const beginRoll = engine.beginRoll.bind(engine);
  let ended = false;
  const killed: Pick<TenantEngine, 'beginRoll'> = {
    async beginRoll() {
      const target = await beginRoll();
      return {
        ...target,
        async apply(throughScn) {
          stands = await target.apply(throughScn);
          ended = true;
          throw new Error('killed');
        },
      };
    },
  };
  Object.assign(engine, killed);
  await recover('UNTIL UNLIMITED');
  await harness.until(async () => ended);
  expect(stands).toBeGreaterThan(saidBefore);
  await harness.stop();
  renameSync(archive(), `${archive()}-away`);
  await start();
});
afterEach(async () => {
  await harness.stop();
  rmSync(directory, { recursive: true });
});

const count = 'SELECT COUNT(*) FROM d.t';
const archive = () => join(directory, 'a/archive');
const recover = (clause: string) => harness.say(`ALTER SYSTEM RECOVER STANDBY TENANT = s ${clause}`);
const standby = () =>
  harness.controller.catalog.read((tx) => {
    const tenant = tx.tenants.byName('s');
    if (tenant === null) throw new Error('no standby');
    return tenant;
  });

test('RECOVER goes by what a standby holds, not by what its row said when it was killed', async () => {
  expect((await standby()).syncScn).toBe(saidBefore);
  expect(await harness.value('s', count)).toBe('5');
  await expect(recover(`UNTIL SCN = ${saidBefore + 1n}`)).rejects.toMatchObject({
    errno: 4179,
    message: 'recover before tenant sync_scn sync_scn is not allowed',
  });
  expect(await standby()).toMatchObject({ syncScn: stands, readableScn: stands });
  await recover('CANCEL');
  expect(await standby()).toMatchObject({ syncScn: stands, recoveryUntilScn: stands });

  renameSync(`${archive()}-away`, archive());
  await harness.sql('a', 'INSERT INTO d.t VALUES (6)');
  const scn = await shipped(harness, 'a');
  await recover('UNTIL UNLIMITED');
  await harness.until(async () => ((await standby()).syncScn ?? 0n) >= scn);
  expect(await harness.value('s', count)).toBe('6');
});

test('ACTIVATE states the point the standby holds', async () => {
  await harness.say('ALTER SYSTEM ACTIVATE STANDBY TENANT = s');
  expect(await standby()).toMatchObject({ role: 'PRIMARY', syncScn: stands });
});

test('the first look after a start raises the row, although the archive is out of reach', async () => {
  await harness.until(async () => (await standby()).syncScn === stands);
});
