import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { identityName, isObjectStore, isOurs, secretName } from '../../src/destination/destination.ts';
import type { ListEntry, Medium } from '../../src/media/medium.ts';
import { type MediumAddress, openMedium } from '../../src/media/open-medium.ts';
import type { MediumServer, MediumServerModule } from '../media/servers/fixture.ts';
import { backedUp, cleanUpsEnded, makeTable, roundIs } from './backed-up-tenant.ts';
import {
  type Harness,
  makeTenant,
  restoredFrom,
  setsOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';
import { findingsOf, tasksOf, validate } from './validate-scene.ts';

/** A root on a medium: the text of a destination below it, and the medium itself to look at. */
export interface Place {
  text(directory: string, more?: string): string;
  readonly medium: Medium;
}

export function placeAt(address: MediumAddress): Place {
  const { scheme, path, host, authorization, options } = address;
  const identity = identityName(scheme);
  const { accessKey } = authorization;
  const secret = isOurs(scheme) ? encodeURIComponent(accessKey).replaceAll("'", '%27') : accessKey;
  const pairs: (readonly [string, string])[] = [
    ...(isObjectStore(scheme) ? [['host', host] as const] : []),
    ...(identity === null || scheme === 'file' ? [] : [[identity, authorization.accessId] as const]),
    ...(scheme === 'file' ? [] : [[secretName(scheme), secret] as const]),
    ...Object.entries(options),
  ];
  const query = pairs.filter(([, value]) => value !== '').map(([key, value]) => `${key}=${value}`);
  return {
    text(directory, more = '') {
      const all = [...query, ...(more === '' ? [] : [more])].join('&');
      return `${path}/${directory}${all === '' ? '' : `?${all}`}`;
    },
    medium: openMedium(address),
  };
}

/** Every object below a directory with its size, sorted. */
export async function objectsBelow(medium: Medium, directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (at: string, entries: readonly ListEntry[]): Promise<void> => {
    for (const entry of entries) {
      const key = `${at}/${entry.name}`;
      if (entry.kind === 'object') found.push(key);
      else await walk(key, await medium.list(key));
    }
  };
  await walk(directory, await medium.list(directory));
  return found.sort();
}

export const verticalOptions = {
  release: parseRelease('4.4.2'),
  maxLogFileBytes: 60_000,
  settings: { foldLogBytes: 150_000 },
} as const;

/** Life of a tenant whose backups lie on a medium, from the first log record to the last restore. */
export function mediaVertical(scheme: string, module: MediumServerModule, refusal: string | null): void {
  if (refusal !== null) console.warn(`the jobs over ${scheme} are not tested: ${refusal}`);
  describe.skipIf(refusal !== null)(`jobs over ${scheme}`, () => {
    let server: MediumServer;
    let address: MediumAddress;
    let place: Place;
    let directory: string;
    let harness: Harness;
    beforeAll(async () => {
      server = await module.start();
    });
    afterAll(() => server?.end());
    beforeEach(async () => {
      const under = await server.openRoot();
      // Archive destinations are separated by blanks, and what stands behind a `&` would be an option.
      address = { ...under.address!, path: under.address!.path.replace(/[^\w./:@+=?-]/g, '_') };
      await under.medium.close();
      place = placeAt(address);
      directory = mkdtempSync(join(tmpdir(), `obvault-${scheme}-`));
      harness = await startHarness({ directory, ...verticalOptions });
      await makeTenant(harness, 'a');
    });
    afterEach(async () => {
      await harness.stop();
      await place.medium.close();
      rmSync(directory, { recursive: true, force: true });
    });

    const begin = async (data: string, archive: string) => {
      await startArchiving(harness, 'a', data, archive);
      await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
    };
    let rows = 0;
    const addRows = async (count: number) => {
      for (let i = 0; i < count; i++)
        await harness.sql(
          'a',
          `INSERT INTO d.t VALUES (${++rows}, '${randomBytes(1500).toString('hex')} row ${rows} ')`,
        );
    };
    const backUp = async (kind: string) => {
      await harness.say(`ALTER SYSTEM BACKUP ${kind}DATABASE`, 'a');
      await settle(harness);
      expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE' });
    };
    const restored = async (to: string, from: string, until = '') => {
      const count = await restoredFrom(harness, from, to, 'SELECT COUNT(*) FROM d.t', until);
      const damaged = await harness.value(to, 'SELECT COUNT(*) FROM d.t WHERE v NOT LIKE CONCAT("%row ", id, " %")');
      expect(damaged).toBe('0');
      return Number(count);
    };
    const restart = async () => {
      await harness.stop();
      await tearNewestLog(place.medium);
      harness = await startHarness({ directory, ...verticalOptions });
      await roundIs(harness, 'DOING');
    };

    test('archive, full and incremental sets, restart, validate, restore to an SCN and to the end, clean', async () => {
      rows = 0;
      const [data, archive] = [place.text('data'), place.text('archive')];
      await begin(data, archive);
      await addRows(30);
      await backUp('');
      await addRows(20);
      await backUp('INCREMENTAL ');
      await addRows(5);
      await shipped(harness, 'a');
      await restart();
      await addRows(7);
      const scn = await shipped(harness, 'a');
      const then = rows;
      await addRows(40);
      await shipped(harness, 'a');
      expect(
        (await objectsBelow(place.medium, 'archive')).filter((key) => key.includes('/log/')).length,
      ).toBeGreaterThan(2);

      const job = await validate(harness, 'a', 'BACKUP');
      expect(await findingsOf(harness, 'a')).toEqual([]);
      for (const task of await tasksOf(harness, 'a', job))
        expect([task.taskType, task.status, task.conclusion]).toEqual([task.taskType, 'COMPLETED', 'OK']);

      expect(await restored('b', `${data},${archive}`, `UNTIL SCN = ${scn}`)).toBe(then);
      expect(await restored('c', `${data},${archive}`)).toBe(rows);

      await backUp('');
      await harness.say('ALTER SYSTEM DELETE BACKUPSET 1, 2', 'a');
      await cleanUpsEnded(harness);
      expect((await setsOf(harness, 'a')).map((set) => set.fileStatus)).toEqual(['DELETED', 'DELETED', 'AVAILABLE']);
      expect((await objectsBelow(place.medium, 'data')).filter((key) => /backup_set_[12]_/.test(key))).toEqual([]);
      expect(await restored('e', `${data},${archive}`)).toBe(rows);
      expect(await place.medium.sweep(0, [])).toBe(0);
    });

    test('data on it and log in files, and the other way round', async () => {
      rows = 0;
      await begin(place.text('data'), harness.place('archive'));
      await addRows(10);
      await backUp('');
      await addRows(10);
      await shipped(harness, 'a');
      expect(await restored('b', `${place.text('data')},${harness.place('archive')}`)).toBe(rows);
      expect(await objectsBelow(place.medium, 'archive')).toEqual([]);

      await makeTenant(harness, 'x');
      await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${place.text('xlog')}' TENANT = x`);
      await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('xdata')}' TENANT = x`);
      await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = x');
      await roundIs(harness, 'DOING', 'x');
      await makeTable(harness, 'id INT PRIMARY KEY, v TEXT', 'x');
      await backedUp(harness, 'DATABASE', 'x');
      await harness.sql('x', "INSERT INTO d.t VALUES (1, ' row 1 ')");
      await shipped(harness, 'x');
      expect(await restored('y', `${harness.place('xdata')},${place.text('xlog')}`)).toBe(1);
    });

    if (scheme === 'oss' || scheme === 'cos' || scheme === 's3')
      test('delete_mode=tagging marks what a clean-up deletes, and nothing stumbles over it', async () => {
        rows = 0;
        const [data, archive] = [place.text('data', 'delete_mode=tagging'), place.text('archive')];
        await begin(data, archive);
        await addRows(3);
        await backUp('');
        await addRows(3);
        await backUp('');
        const before = await objectsBelow(place.medium, 'data');
        const deleteSet = async (id: number) => {
          await harness.say(`ALTER SYSTEM DELETE BACKUPSET ${id}`, 'a');
          await cleanUpsEnded(harness);
          const jobs = await harness.controller.catalog.read((tx) => tx.deletions.jobs.list({}));
          expect(jobs.map((job) => job.status)).not.toContain('FAILED');
        };
        await deleteSet(1);
        expect((await setsOf(harness, 'a')).map((set) => set.fileStatus)).toEqual(['DELETED', 'AVAILABLE']);
        expect(await objectsBelow(place.medium, 'data')).toEqual(before);
        const tagged = async (id: number) => {
          const own = before.filter((key) => key.includes(`backup_set_${id}_`));
          expect(own.length).toBeGreaterThan(5);
          return Promise.all(own.map(async (key) => (await place.medium.tagsOf(key))['delete_mode'] ?? ''));
        };
        expect(new Set(await tagged(1))).toEqual(new Set(['tagging']));
        expect(new Set(await tagged(2))).toEqual(new Set(['']));

        await backUp('');
        await deleteSet(2);
        await addRows(2);
        await shipped(harness, 'a');
        const job = await validate(harness, 'a', 'BACKUP');
        expect(job).toMatchObject({ status: 'COMPLETED', damagedCount: 0 });
        expect(await restored('b', `${data},${archive}`)).toBe(rows);
        expect(await restored('c', `${place.text('data')},${archive}`)).toBe(rows);

        // The store removes what is tagged in its own order.
        const rest = (await objectsBelow(place.medium, 'data')).filter((key) => key.includes('backup_set_2_'));
        await place.medium.remove(rest.filter((key) => /single_backup_set_info|macro_block_data/.test(key)));
        expect(await restored('e', `${place.text('data')},${archive}`)).toBe(rows);
        expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', damagedCount: 0 });
      });
  });
}

/** Leaves behind the newest log file what a write that broke off leaves: half a record. */
async function tearNewestLog(medium: Medium): Promise<void> {
  const key = (await objectsBelow(medium, 'archive')).filter((one) => one.includes('/log/')).at(-1)!;
  const { sizeBytes } = (await medium.head(key))!;
  const torn = await medium.openAppend(key, sizeBytes);
  await torn.append(randomBytes(777));
  await torn.close();
}
