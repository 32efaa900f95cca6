import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Desk, makeTenant, openDesk, said } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk({ release: '4.3.2' });
});
afterAll(() => desk.stop());

const nobody = '1235 (0A000): No valid tenant name given not supported';
const changes = (tenant: string) => [
  `ALTER SYSTEM SET ha_low_thread_score = 7 TENANT = ${tenant}`,
  `ALTER SYSTEM RESET ha_low_thread_score TENANT = ${tenant}`,
];

test('with nobody to set a parameter for there is nothing to say OK to', async () => {
  for (const word of ['all', 'ALL_USER', 'all_meta'])
    for (const sql of changes(word)) expect(said(await desk.say(sql)), sql).toBe(nobody);
  await makeTenant(desk, 't');
  for (const word of ['all', 'all_user', 'all_meta', 't']) for (const sql of changes(word)) await desk.ok(sql);

  const { tenantId } = (await desk.tenant('t'))!;
  await desk.controller.catalog.transaction((tx) => tx.tenants.change(tenantId, { status: 'DROPPING' }));
  for (const word of ['t', 'all', 'all_meta'])
    for (const sql of changes(word)) expect(said(await desk.say(sql)), sql).toBe(nobody);
  const set = await desk.controller.catalog.read((tx) => tx.parameters.text(tenantId, 'ha_low_thread_score'));
  expect(set).toBe('0');
});
