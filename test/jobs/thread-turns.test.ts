import { afterEach, expect, test, vi } from 'vitest';
import { makeTable } from './backed-up-tenant.ts';
import { type Harness, makeTenant, setsOf, settle, startArchiving, startHarness } from './job-harness.ts';

let harness: Harness;
afterEach(() => harness.stop());

test('a backup that waits for threads does not keep the log of its tenant from being folded', async () => {
  harness = await startHarness();
  const tenantId = await makeTenant(harness, 'shop');
  await makeTable(harness, 'id INT PRIMARY KEY', 'shop');
  await startArchiving(harness, 'shop');
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('shop/data')}' TENANT = shop`);
  const { workers, engines } = harness.controller;
  const pin = vi.spyOn(await engines.open(tenantId), 'pin');
  const over = Promise.withResolvers<void>();
  const others = workers.use(100, undefined, () => over.promise, { turn: 'backup', most: 100 });
  await harness.say('ALTER SYSTEM BACKUP TENANT = shop');
  await harness.until(async () => workers.room('validate', 0) === 1);
  expect(pin).not.toHaveBeenCalled();
  over.resolve();
  await others;
  await settle(harness);
  expect(pin).toHaveBeenCalledOnce();
  expect((await setsOf(harness, 'shop')).map(({ status }) => status)).toEqual(['SUCCESS']);
});
