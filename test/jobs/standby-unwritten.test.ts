import { afterEach, expect, test } from 'vitest';
import { fault } from '../../src/base/errors.ts';
import { archivedTenant, backedUp, passes } from './backed-up-tenant.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';

let harness: Harness;
afterEach(() => harness.stop());

test('a catalog that takes nothing ends neither the server nor the rolling of a standby', async () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => void unheard.push(reason);
  process.on('unhandledRejection', note);
  let full = false;
  let refused = 0;
  const onStep = () => {
    if (!full) return;
    refused++;
    throw fault('ER_DISK_FULL');
  };
  harness = await startHarness({ onStep });
  await archivedTenant(harness);
  await backedUp(harness);
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 's', 'SELECT COUNT(*) FROM d.t')).toBe('0');
  const standby = () => harness.controller.catalog.read((tx) => tx.tenants.byName('s'));
  const tenantId = (await standby())?.tenantId ?? 0;
  await harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  full = true;
  // The archive writes nothing down, and so does the rolling.
  await harness.until(async () => refused > 3);
  await passes(harness, 5);
  await harness.controller.holdStandby(tenantId, async () => undefined);
  expect(unheard).toEqual([]);
  full = false;
  const scn = await shipped(harness, 'a');
  await harness.until(async () => ((await standby())?.syncScn ?? 0n) >= scn);
  expect(await harness.value('s', 'SELECT COUNT(*) FROM d.t')).toBe('1');
  process.off('unhandledRejection', note);
});
