import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restoreJob } from '../catalog/sample-rows.ts';
import { type Desk, makeTenant, openDesk } from './desk.ts';

let desk: Desk;
let scratch: string;
beforeEach(async () => {
  desk = await openDesk({
    onDirectory: (directory) => {
      scratch = join(directory, 'media');
    },
  });
});
afterEach(() => desk.stop());

test('who takes the log of another tenant than the one it was made from is told', async () => {
  for (const name of ['shop', 'other']) {
    const root = await makeTenant(desk, name);
    await desk.ok(`ALTER SYSTEM SET log_archive_dest = 'LOCATION=file://${scratch}/${name}'`, root);
  }
  const copy = await makeTenant(desk, 'copy');
  const { tenantId } = copy.loginTenant!;
  const setSource = (name: string) =>
    desk.say(`ALTER SYSTEM SET log_restore_source = 'LOCATION=file://${scratch}/${name}'`, copy);
  expect(await setSource('other')).toMatchObject({ error: null, warnings: [] });
  const made = { tenantId, restoreTenantId: tenantId, backupTenantId: 1002, backupClusterName: 'obcluster' };
  await desk.controller.catalog.transaction((tx) => tx.restores.jobs.insert({ ...restoreJob, ...made }));
  expect(await setSource('shop')).toMatchObject({ error: null, warnings: [] });
  const { warnings } = await setSource('other');
  expect(warnings).toEqual([
    {
      level: 'Warning',
      errno: 1210,
      message: 'tenant 1004 of obcluster archives there, this one was made from tenant 1002 of obcluster',
    },
  ]);
});
