import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unlimitedScn } from '../../src/base/scn.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { FaultSwitch } from './fault-switch.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';

const faults = new FaultSwitch();
let harness: Harness;
beforeEach(async () => {
  harness = await startHarness({ wrapMedium: (medium, path) => faults.wrap(medium, path), maxLogFileBytes: 3_000 });
  await archivedTenant(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT');
  await insert(1);
  await backedUp(harness);
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 's', count)).toBe('1');
});
afterEach(async () => {
  faults.clear();
  await harness.stop();
});

const count = 'SELECT COUNT(*) FROM d.t';
const insert = async (rows: number) => {
  for (let i = 0; i < rows; i++)
    await harness.sql('a', `INSERT INTO d.t (v) VALUES ('${randomBytes(2000).toString('hex')}')`);
};
const standby = () =>
  harness.controller.catalog.read((tx) => {
    const tenant = tx.tenants.byName('s');
    if (tenant === null) throw new Error('no standby');
    return tenant;
  });
const reaches = (scn: bigint) => harness.until(async () => ((await standby()).syncScn ?? 0n) >= scn);
const recover = (clause: string) => harness.say(`ALTER SYSTEM RECOVER STANDBY TENANT = s ${clause}`);

/** Log files of the archive in the order they were written. */
function logFiles(): readonly string[] {
  const root = join(harness.directory, 'a/archive');
  const number = (name: string) => Number(/(\d+)\.obarc$/.exec(name)?.[1]);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/log\/\d+\.obarc$/.test(name))
    .sort((a, b) => number(a) - number(b))
    .map((name) => join(root, name));
}

describe('a restored standby', () => {
  test('rolls to a point exactly, then on, then with its source for as long as it grows', async () => {
    await insert(2);
    const first = await shipped(harness, 'a');
    await insert(3);
    await recover(`UNTIL SCN = ${first}`);
    await reaches(first);
    expect(await standby()).toMatchObject({
      syncScn: first,
      readableScn: first,
      recoveryUntilScn: first,
      role: 'STANDBY',
    });
    expect(await harness.value('s', count)).toBe('3');

    const second = await shipped(harness, 'a');
    await insert(1);
    await shipped(harness, 'a');
    const local = new Date(Number(second / 1_000_000n) + 8 * 3_600_000).toISOString();
    const fraction = String(second % 1_000_000_000n).padStart(9, '0');
    await recover(`UNTIL TIME = '${local.slice(0, 10)} ${local.slice(11, 19)}.${fraction}'`);
    await reaches(second);
    expect(await harness.value('s', count)).toBe('6');

    await recover('UNTIL UNLIMITED');
    for (let round = 0; round < 3; round++) {
      await insert(6);
      await harness.sql('a', `ALTER TABLE d.t ADD COLUMN c${round} INT DEFAULT ${round}`);
      await reaches(await shipped(harness, 'a'));
      expect(await harness.value('s', count)).toBe(await harness.value('a', count));
      expect(await harness.value('s', `SELECT SUM(c${round}) FROM d.t`)).toBe(
        await harness.value('a', `SELECT SUM(c${round}) FROM d.t`),
      );
    }
    expect((await standby()).recoveryUntilScn).toBe(unlimitedScn);

    await recover('CANCEL');
    const stopped = await standby();
    expect(stopped.recoveryUntilScn).toBe(stopped.syncScn);
    await insert(1);
    await shipped(harness, 'a');
    expect((await standby()).syncScn).toBe(stopped.syncScn);

    await harness.say('ALTER SYSTEM ACTIVATE STANDBY TENANT = s');
    await harness.sql('s', "INSERT INTO d.t (v) VALUES ('own')");
    expect(await standby()).toMatchObject({ role: 'PRIMARY', recoveryUntilScn: unlimitedScn });
    const engine = await harness.controller.engines.open(stopped.tenantId);
    expect((await engine.pin()).scn).toBeGreaterThan(stopped.syncScn ?? 0n);
  });

  test('refuses what is documented', async () => {
    const { syncScn } = await standby();
    await expect(recover(`UNTIL SCN = ${(syncScn ?? 0n) - 1n}`)).rejects.toMatchObject({
      errno: 4179,
      message: 'recover before tenant sync_scn sync_scn is not allowed',
    });
    await recover(`UNTIL SCN = ${syncScn}`);
    await expect(recover("UNTIL TIME = 'tomorrow'")).rejects.toMatchObject({
      errno: 1525,
      message: "Incorrect TIMESTAMP value: 'tomorrow'",
    });
    await expect(recover('UNTIL SCN = 5')).rejects.toMatchObject({ errno: 1210 });
    await expect(harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s')).rejects.toMatchObject({
      message: 'Incorrect arguments to restore until, should specify restore until point',
    });
    await expect(harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = a UNTIL UNLIMITED')).rejects.toMatchObject({
      errno: 4179,
      message: 'tenant role is not STANDBY, recover is not allowed',
    });
    await recover('UNTIL UNLIMITED');
    await expect(harness.say('ALTER SYSTEM ARCHIVELOG', 's')).rejects.toMatchObject({ errno: 1235 });
  });

  test('takes its log from another path once it is told to, never from itself', async () => {
    const set = (value: string) => harness.say(`ALTER SYSTEM SET LOG_RESTORE_SOURCE = '${value}' TENANT = s`);
    await expect(set(`LOCATION=${harness.place('nowhere')}`)).rejects.toMatchObject({
      errno: 9011,
      message: 'Incorrect arguments to access the log restore source location',
    });
    await expect(set(`LOCATION=${harness.place('a/data')}`)).rejects.toMatchObject({ errno: 1210 });
    await expect(
      harness.say(`ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'LOCATION=${harness.place('a/archive')}' TENANT = a`),
    ).rejects.toMatchObject({ message: 'Incorrect arguments to set standby itself as log restore source' });
    await set('');
    await recover('UNTIL UNLIMITED');
    await insert(1);
    const scn = await shipped(harness, 'a');
    expect((await standby()).syncScn).toBeLessThan(scn);
    await set(`LOCATION=${harness.place('a/archive')}`);
    await reaches(scn);
    expect(await harness.value('s', count)).toBe('2');
  });

  test('says what keeps its log away and goes on when it is back', async () => {
    await insert(12);
    await shipped(harness, 'a');
    await insert(1);
    const scn = await shipped(harness, 'a');
    const logs = logFiles();
    const middle = logs.at(-2) ?? '';
    renameSync(middle, `${middle}.away`);
    await recover('UNTIL UNLIMITED');
    const trouble = async () =>
      ((await standby()).stepData as { logRestore?: { code: number } } | null)?.logRestore?.code;
    await harness.until(async () => (await trouble()) === -4018);
    expect(await harness.value('s', count)).toMatch(/^\d+$/);
    renameSync(`${middle}.away`, middle);
    await reaches(scn);
    await harness.until(async () => (await trouble()) === undefined);
    expect(await harness.value('s', count)).toBe('14');
  });

  test('survives a fault of the medium before any operation', async () => {
    await recover('UNTIL UNLIMITED');
    for (let at = 1; ; at++) {
      await insert(1);
      const scn = await shipped(harness, 'a');
      faults.arm(at, { kind: 'io' }, (path) => path.endsWith('a/archive'));
      await reaches(scn);
      const hit = faults.hits.length > 0;
      faults.clear();
      expect(await harness.value('s', count)).toBe(await harness.value('a', count));
      if (at > 25 || !hit) break;
    }
  });

  test('does not take a damaged record', async () => {
    await insert(3);
    const scn = await shipped(harness, 'a');
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await harness.until(() =>
      harness.controller.catalog.read((tx) => tx.archives.rounds.list({ status: 'STOP' }).length === 1),
    );
    const logs = logFiles();
    truncateSync(logs.at(-1) ?? '', 300);
    await recover(`UNTIL SCN = ${scn}`);
    await harness.until(
      async () => (await standby()).stepData !== null && JSON.stringify((await standby()).stepData).includes('-4018'),
    );
    expect((await standby()).syncScn).toBeLessThan(scn);
  });
});
