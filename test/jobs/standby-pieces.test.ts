import { afterAll, beforeAll, expect, test } from 'vitest';
import { backedUp, makeTable, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { type Harness, makeTenant, restoredValue, roundOf, shipped, startHarness } from './job-harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ maxLogFileBytes: 20_000 });
  const tenantId = await makeTenant(harness, 'a');
  await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await setShortPieces(harness, tenantId, '300ms');
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT');
  await backedUp(harness);
  await shipped(harness, 'a');
  await restoredValue(harness, 'a', 's', 'SELECT COUNT(*) FROM d.t');
});
afterAll(() => harness.stop());

const sum = 'SELECT CONCAT(COUNT(*), "/", SUM(LENGTH(v))) FROM d.t';
const synced = () => harness.controller.catalog.read((tx) => tx.tenants.byName('s')?.syncScn ?? 0n);

test('a standby follows an encrypted archive over piece switches and new master keys', async () => {
  await harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
  for (let turn = 0; turn < 5; turn++) {
    const used = (await roundOf(harness, 'a'))?.usedPieceId ?? 0;
    await harness.sql('a', `INSERT INTO d.t (v) VALUES ('${'piece '.repeat(500)}')`);
    await harness.until(async () => ((await roundOf(harness, 'a'))?.usedPieceId ?? 0) > used);
    if (turn === 2) await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
    const scn = await shipped(harness, 'a');
    if (turn % 2 === 0) await harness.until(async () => (await synced()) >= scn);
  }
  const scn = await shipped(harness, 'a');
  await harness.until(async () => (await synced()) >= scn);
  expect(await harness.value('s', sum)).toBe(await harness.value('a', sum));
});

test('it stops where a round ended, says that the log has a gap, and may become primary there', async () => {
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  const end = (await roundOf(harness, 'a'))?.checkpointScn ?? 0n;
  const rows = await harness.value('a', sum);
  await harness.sql('a', "INSERT INTO d.t (v) VALUES ('between the rounds')");
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  await shipped(harness, 'a');
  await harness.until(async () => (await synced()) >= end);
  expect(await synced()).toBe(end);
  const trouble = async () =>
    JSON.stringify((await harness.controller.catalog.read((tx) => tx.tenants.byName('s')))?.stepData);
  await harness.until(async () => (await trouble())?.includes('-4018') ?? false);
  expect(await trouble()).toContain('round 1 ends at');
  await harness.say('ALTER SYSTEM ACTIVATE STANDBY TENANT = s');
  expect(await harness.value('s', sum)).toBe(rows);
});
