import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  restoredValue,
  setsOf,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
let tenantId: number;
beforeEach(async () => {
  harness = await startHarness();
  tenantId = await archivedTenant(harness);
  await backedUp(harness);
});
afterEach(() => harness.stop());

async function insert(id: number): Promise<void> {
  await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
}

test('a point before the first set or beyond the archive is refused, one with nine digits is exact', async () => {
  await insert(1);
  const scn = await shipped(harness, 'a');
  await insert(2);
  const end = await shipped(harness, 'a');
  const at = (point: bigint) => `UNTIL TIME = '${localTime(point, 8)}'`;
  const [set] = await setsOf(harness, 'a');
  const restored = (to: string, point: bigint) =>
    restoredValue(harness, 'a', to, 'SELECT COUNT(*) FROM d.t', at(point));
  const refused = { errno: 4018, message: 'No enough log for restore' };
  await expect(restored('b', (set?.minRestoreScn ?? 0n) - 1n)).rejects.toMatchObject(refused);
  await expect(restored('c', end + 600_000_000_000n)).rejects.toMatchObject(refused);
  expect(await restored('e', set?.minRestoreScn ?? 0n)).toBe('0');
  expect(await restored('f', scn)).toBe('1');
});

test('UNTIL TIME is read on the clocks the source tenant had when the set was made', async () => {
  const engine = await harness.controller.engines.open(tenantId);
  await engine.setGlobalVariable('time_zone', '-05:00');
  await backedUp(harness);
  await insert(1);
  const scn = await shipped(harness, 'a');
  await insert(2);
  await shipped(harness, 'a');
  await engine.setGlobalVariable('time_zone', '+09:00');
  const at = `UNTIL TIME = '${localTime(scn, -5)}'`;
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t', at)).toBe('1');
});

test('a second archive and a second data path with sets are refused', async () => {
  await makeTenant(harness, 'z');
  await startArchiving(harness, 'z');
  await backedUp(harness, 'DATABASE', 'z');
  await makePool(harness, 'p');
  const from = (...names: readonly string[]) =>
    harness.say(
      `ALTER SYSTEM RESTORE b FROM '${names.map((name) => harness.place(name)).join(',')}' WITH 'pool_list=p'`,
    );
  await expect(from('a/data', 'a/archive', 'z/archive')).rejects.toMatchObject({ errno: 1235 });
  await expect(from('a/data', 'z/data', 'a/archive')).rejects.toMatchObject({
    errno: 1235,
    message: 'It is not support to restore from multiple tenant backup paths. not supported',
  });
});

test('the log of another tenant is refused, also where nothing in it contradicts the data', async () => {
  await makeTenant(harness, 'z');
  await startArchiving(harness, 'z');
  await backedUp(harness);
  await insert(1);
  await shipped(harness, 'a');
  await shipped(harness, 'z');
  await makePool(harness, 'p');
  const from = `FROM '${harness.place('a/data')},${harness.place('z/archive')}'`;
  for (const statement of [
    `RESTORE b ${from} WITH 'pool_list=p'`,
    `RECOVER TABLE d.t TO TENANT a ${from} WITH 'pool_list=p' REMAP TABLE d.t:d.u`,
  ])
    await expect(harness.say(`ALTER SYSTEM ${statement}`)).rejects.toMatchObject({
      errno: 1235,
      message: 'It is not support to restore from multiple tenant backup paths. not supported',
    });
});

test('a set whose deletion has begun is passed by, although all of it still lies there', async () => {
  await insert(1);
  await backedUp(harness, 'INCREMENTAL DATABASE');
  await insert(2);
  await shipped(harness, 'a');
  const [, newest] = await setsOf(harness, 'a');
  expect(newest).toMatchObject({ backupType: 'INC', fileStatus: 'AVAILABLE' });
  await harness.controller.catalog.transaction((tx) => tx.backups.sets.update(newest!, { fileStatus: 'DELETING' }));
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('2');
});

test('a data file that is gone or cut is refused before a tenant is made', async () => {
  const file = join(harness.directory, 'a/data/backup_set_1_full/logstream_1001');
  const [turn] = readdirSync(file).filter((name) => name.startsWith('major_data'));
  truncateSync(join(file, turn ?? '', 'macro_block_data.0.obbak'), 5000);
  await shipped(harness, 'a');
  await expect(restoredValue(harness, 'a', 'b', 'SELECT 1')).rejects.toMatchObject({ errno: 9011 });
  expect(await harness.controller.catalog.read((tx) => tx.tenants.byName('b'))).toBeNull();
});

/** An SCN on clocks so many hours east of UTC, with nine digits. */
function localTime(scn: bigint, hours: number): string {
  const text = new Date(Number(scn / 1_000_000n) + hours * 3_600_000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${String(scn % 1_000_000_000n).padStart(9, '0')}`;
}
