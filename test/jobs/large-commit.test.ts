import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scanLogFile } from '../../src/copy/log-scan.ts';
import { bytesSource } from '../copy/toy-setup.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, restoredFrom, restoredValue, shipped, startHarness } from './job-harness.ts';
import { validate } from './validate-scene.ts';

/** A commit of some 120 records in about 20 files. */
const options = { maxLogFileBytes: 50_000, logBatchBytes: 10_000, settings: { rollBatchBytes: 1 } };
const sum = "SELECT CONCAT_WS('/', COUNT(*), SUM(LENGTH(v)), SUM(CRC32(v))) FROM d.t";

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness(options);
  await archivedTenant(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT');
  await backedUp(harness);
});
afterAll(() => harness.stop());

/** One transaction of about 1.2 MB that hardly compresses; the SCN before it and the one it is shipped at. */
async function largeCommit(): Promise<{ before: bigint; at: bigint }> {
  const before = await shipped(harness, 'a');
  const row = (i: number) =>
    `('${Array.from({ length: 60 }, (_, k) => ((i * 7919 + k * 104_729) ** 3).toString(36)).join('')}')`;
  await harness.sql('a', `INSERT INTO d.t (v) VALUES ${Array.from({ length: 1200 }, (_, i) => row(i)).join()}`);
  return { before, at: await shipped(harness, 'a') };
}

test('a commit larger than a record lies in the archive in parts and is restored whole or not at all', async () => {
  await harness.sql('a', "INSERT INTO d.t (v) VALUES ('small')");
  const small = await harness.value('a', sum);
  const { before, at } = await largeCommit();
  const large = await harness.value('a', sum);
  expect(await partsIn(harness)).toBeGreaterThan(50);
  expect(await restoredValue(harness, 'a', 'r1', sum, `UNTIL SCN = ${before}`)).toBe(small);
  expect(await restoredValue(harness, 'a', 'r2', sum, `UNTIL SCN = ${at}`)).toBe(large);
});

test('it is in the log a set carries itself', async () => {
  const set = await backedUp(harness, 'DATABASE PLUS ARCHIVELOG');
  expect(set.status).toBe('SUCCESS');
  expect(await restoredFrom(harness, harness.place('a/data'), 'r3', sum)).toBe(await harness.value('a', sum));
});

test('a standby takes over commits that span many files, and the archive is found sound', async () => {
  await restoredValue(harness, 'a', 's', 'SELECT 1');
  await harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
  for (let turn = 0; turn < 2; turn++) {
    const { at } = await largeCommit();
    await harness.until(() => harness.controller.catalog.read((tx) => (tx.tenants.byName('s')?.syncScn ?? 0n) >= at));
    expect(await harness.value('s', sum)).toBe(await harness.value('a', sum));
  }
  expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', result: 0, damagedCount: 0 });
});

/** How many records of the archive are parts. */
async function partsIn({ place }: Harness): Promise<number> {
  const root = place('a/archive').slice('file://'.length);
  let parts = 0;
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\/log\/\d+\.obarc$/.test(path),
  )) {
    const { records } = await scanLogFile(bytesSource(readFileSync(join(root, name))));
    parts += records.filter(({ header }) => header.kind === 'part').length;
  }
  return parts;
}
