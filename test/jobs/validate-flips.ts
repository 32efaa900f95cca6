import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backedUp, makeTable } from './backed-up-tenant.ts';
import { type Harness, makePool, makeTenant, settle, shipped, startArchiving, startHarness } from './job-harness.ts';
import { findingsOf, tasksOf, validate } from './validate-scene.ts';

export type FlipMode = 'clear' | 'transparent' | 'password';

const password = 'tests only';

/** A tenant with a full set, an incremental one with its own log, and a stopped round: every file of it that a restore or VALIDATE reads. */
async function makeScene(mode: FlipMode): Promise<Harness> {
  const harness = await startHarness({ maxLogFileBytes: 3_000 });
  await makeTenant(harness, 'a');
  if (mode === 'transparent') {
    await harness.say("ALTER SYSTEM SET tde_method = 'internal'", 'a');
    await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  }
  await startArchiving(harness, 'a');
  await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
  await harness.sql('a', "INSERT INTO d.t VALUES (1, 'in the full set')");
  if (mode === 'password') {
    await harness.say(`SET ENCRYPTION ON IDENTIFIED BY '${password}' ONLY`, 'a');
    await harness.say(`SET DECRYPTION IDENTIFIED BY '${password}'`);
  }
  await backedUp(harness);
  await harness.sql('a', "INSERT INTO d.t VALUES (2, 'in the second set')");
  await backedUp(harness, 'INCREMENTAL DATABASE PLUS ARCHIVELOG');
  for (let id = 3; id <= 6; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id}, '${randomBytes(1_500).toString('hex')}')`);
    await shipped(harness, 'a');
  }
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await harness.until(() =>
    harness.controller.catalog.read((tx) => tx.archives.rounds.list({ status: 'STOP' }).length === 1),
  );
  await makePool(harness, 'p');
  return harness;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** Flips one bit of a file while `work` runs; the place comes from the file's name, so that a failure comes again. */
async function withFlip<T>(path: string, seed: number, work: () => Promise<T>): Promise<T> {
  const whole = readFileSync(path);
  const bad = Buffer.from(whole);
  const at = (seed * 2_654_435_761) % bad.length;
  bad[at]! ^= 1 << (seed % 8);
  writeFileSync(path, bad);
  try {
    return await work();
  } finally {
    writeFileSync(path, whole);
  }
}

const contentOf = 'SELECT CONCAT(COUNT(*), "/", SUM(LENGTH(v))) FROM d.t';

/** A restore that meets damage marks its set and piece for good; every flip is to be met anew. */
async function forgetDamage(harness: Harness): Promise<void> {
  await harness.controller.catalog.transaction((tx) => {
    for (const set of tx.backups.sets.list({ fileStatus: 'BROKEN' }))
      tx.backups.sets.update(set, { fileStatus: 'AVAILABLE' });
    for (const { tenantId } of tx.tenants.users()) tx.proofs.proofs.removeAll({ tenantId });
  });
}

/** What one restore of the scene came to: its error, or the content of the new tenant. */
async function restoreOnce(harness: Harness, name: string): Promise<string> {
  const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
  try {
    await harness.say(`ALTER SYSTEM RESTORE ${name} FROM '${paths}' WITH 'pool_list=p'`);
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
  await settle(harness);
  const [job] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: name }));
  const content = job?.status === 'RESTORE_SUCCESS' ? `restored ${await harness.value(name, contentOf)}` : '';
  await harness.say(`DROP TENANT ${name} FORCE`);
  return content === '' ? `failed: ${job?.comment}` : content;
}

/** Files without which a restore to the end of the log cannot be made: those must be named by it. */
const needed =
  /macro_block_data|logstream_1001\/log\/|set_2_inc\/infos\/locality|format\.obbak|set_1_full\/single|single_piece_info/;
/** Of those, what a restore with an archive path leaves aside. */
const aside = /complement_log|check_file/;

/** What is encrypted; the log of a tenant without a master key is in clear. */
const encrypted = { clear: /./, transparent: /macro_block_data|\/log\/\d+\.obarc$/, password: /macro_block_data/ };

export function describeFlips(mode: FlipMode): void {
  describe(`a flipped bit, ${mode}`, () => {
    let harness: Harness;
    let files: readonly string[] = [];
    let whole = '';
    const nameOf = (path: string) => relative(join(harness.directory, 'a'), path);

    beforeAll(async () => {
      harness = await makeScene(mode);
      const all = filesBelow(join(harness.directory, 'a'));
      // Info files are the same in every mode.
      files = mode === 'clear' ? all : all.filter((path) => encrypted[mode].test(path));
      whole = (await harness.value('a', contentOf)) ?? '';
    }, 60_000);
    afterAll(() => harness.stop());

    test('in any file: the restore fails and names it, or gives every row', { timeout: 120_000 }, async () => {
      expect(files.length).toBeGreaterThan({ clear: 40, transparent: 4, password: 1 }[mode]);
      expect(await restoreOnce(harness, 'r0')).toBe(`restored ${whole}`);
      let failed = 0;
      for (const [i, path] of files.entries()) {
        const outcome = await withFlip(path, i + 1, () => restoreOnce(harness, `r${i + 1}`));
        await forgetDamage(harness);
        const name = nameOf(path);
        if (outcome === `restored ${whole}`) {
          expect(needed.test(name) && !aside.test(name) ? name : '', 'was restored in spite of its damage').toBe('');
          continue;
        }
        failed++;
        expect(outcome, name).toMatch(/^(refused|failed): /);
        expect(outcome).toContain(name.slice(name.indexOf('/') + 1));
      }
      expect(failed).toBeGreaterThan({ clear: 8, transparent: 4, password: 1 }[mode]);
      expect(await harness.value('a', contentOf)).toBe(whole);
    });

    test('in any file is found by VALIDATE, which names that file alone', { timeout: 120_000 }, async () => {
      expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ result: 0, comment: '' });
      for (const [i, path] of files.entries()) {
        const name = nameOf(path);
        const job = await withFlip(path, i + 7, () => validate(harness, 'a', 'BACKUP'));
        const found = await findingsOf(harness, 'a');
        expect(
          found.map(({ kind, object }) => `${kind} ${object}`),
          name,
        ).toEqual([`DAMAGED ${name.slice(name.indexOf('/') + 1)}`]);
        expect(job).toMatchObject({ status: 'COMPLETED', result: -4103, damagedCount: 1 });
        const broken = (await tasksOf(harness, 'a', job)).filter((task) => task.conclusion === 'BROKEN');
        expect(broken).toHaveLength(1);
      }
      expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ result: 0, damagedCount: 0 });
    });
  });
}
