import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backedUp, tenantWithTwoSets } from './backed-up-tenant.ts';
import { FaultSwitch } from './fault-switch.ts';
import { type Harness, makePool, restoredValue, setsOf, settle, shipped, startHarness } from './job-harness.ts';
import { proofsOf, validate } from './validate-scene.ts';

const faults = new FaultSwitch();
let harness: Harness;
let restores: number;

beforeEach(async () => {
  restores = 0;
  harness = await startHarness({
    wrapMedium: (medium, path) => faults.wrap(medium, path),
    settings: { maxJobRetries: 1 },
  });
  await tenantWithTwoSets(harness);
});
afterEach(() => harness.stop());

const files = (directory: string, ending: string) =>
  readdirSync(join(harness.directory, 'a', directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(harness.directory, 'a', directory, name));
const blocks = (setId: number) => files(`data/backup_set_${setId}_full`, 'macro_block_data.0.obbak')[0]!;

/** Turns one bit over in the middle of a file. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(path, bytes);
}

/** What the jobs of a new restore say. */
async function restore(paths = ['a/data', 'a/archive']): Promise<{ status: string; comment: string }> {
  const name = `r${++restores}`;
  await makePool(harness, `p${restores}`);
  const from = paths.map((path) => harness.place(path)).join();
  await harness.say(`ALTER SYSTEM RESTORE ${name} FROM '${from}' WITH 'pool_list=p${restores}'`);
  await settle(harness);
  const [job] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: name }));
  return job!;
}

const fileStatuses = async () => (await setsOf(harness, 'a')).map((set) => set.fileStatus);
const broken = async () => (await proofsOf(harness, 'a')).filter(({ result }) => result === 'BROKEN');

describe('a restore that meets damage', () => {
  test('marks the set BROKEN, and the next one takes another', async () => {
    flip(blocks(2));
    const failed = await restore();
    expect(failed.status).toBe('RESTORE_FAIL');
    expect(failed.comment).toMatch(/-4103.*backup_set_2_full\/logstream_1001/);
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'BROKEN']);
    expect((await setsOf(harness, 'a'))[1]!.comment).toMatch(/^restore of tenant r1: .*backup_set_2_full/);
    expect(await broken()).toMatchObject([
      { objectType: 'BACKUP SET', backupSetId: 2, method: 'RESTORE', damagedCount: 1 },
    ]);
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
  });

  test('names the piece in its proof until VALIDATE finds it whole again', async () => {
    const log = files('archive/piece_d1001r1p1/logstream_1001/log', '.obarc')[0]!;
    const whole = readFileSync(log);
    truncateSync(log, whole.length - 10);
    const failed = await restore();
    expect(failed.status).toBe('RESTORE_FAIL');
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE']);
    expect(await broken()).toMatchObject([{ objectType: 'BACKUP PIECE', pieceId: 1, method: 'RESTORE' }]);
    await expect(restore()).rejects.toThrow(/backup piece 1 is BROKEN/);
    writeFileSync(log, whole);
    await validate(harness, 'a', 'ARCHIVELOG_PIECE');
    expect(await broken()).toEqual([]);
    expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
  });

  test('looks again with the key of the set: what only the key shows is damage too', async () => {
    await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
    await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
    await backedUp(harness);
    await harness.sql('a', 'INSERT INTO d.t VALUES (4)');
    await shipped(harness, 'a');
    // The authentication of the footer, under a checksum that is right.
    const bytes = readFileSync(blocks(3));
    const footer = bytes.subarray(-88);
    footer[48]! ^= 1;
    footer.writeUInt32LE(crc32(footer.subarray(0, 84)), 84);
    writeFileSync(blocks(3), bytes);
    expect((await restore()).comment).toMatch(/-4103.*backup_set_3_full.*not authentic/);
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE', 'BROKEN']);
  });

  test('concludes nothing from a medium that fails, nor from a directory that is no longer the destination', async () => {
    for (const kind of ['io', 'notFound', 'denied', 'checksum', 'timeout'] as const) {
      const name = `f${kind}`;
      await makePool(harness, `p_${name}`);
      const from = `${harness.place('a/data')},${harness.place('a/archive')}`;
      await harness.say(`ALTER SYSTEM RESTORE ${name} FROM '${from}' WITH 'pool_list=p_${name}'`);
      faults.arm(3, { kind, lasting: true });
      await settle(harness);
      expect(faults.hits.length).toBeGreaterThan(0);
      faults.clear();
      const [job] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: name }));
      expect(job).toMatchObject({ status: 'RESTORE_FAIL' });
    }
    flip(blocks(2));
    const from = `${harness.place('a/data')},${harness.place('a/archive')}`;
    await makePool(harness, 'gone');
    await harness.say(`ALTER SYSTEM RESTORE gone FROM '${from}' WITH 'pool_list=gone'`);
    rmSync(files('data', 'format.obbak')[0]!);
    await settle(harness);
    expect(await broken()).toEqual([]);
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE']);
  });
});
