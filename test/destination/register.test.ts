import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatFile } from '../../src/destination/codec/identity-files.ts';
import type { Scratch } from '../media/scratch.ts';
import { accepted, type Desk, failure, failureCode, openDesk, shop, TestCatalog, tree } from './desk.ts';

let desk: Desk;
let scratch: Scratch;
let root: string;
let catalog: TestCatalog;
let set: Desk['set'];
beforeEach(() => {
  desk = openDesk();
  ({ scratch, root, catalog, set } = desk);
});
afterEach(() => scratch.remove());

describe('outcomes of setting a destination', () => {
  test('a new directory gets its check file, its format file and 1001', async () => {
    const prepared = await set();
    expect(prepared).toMatchObject({ destId: 1001, fresh: true });
    expect(tree(root)).toEqual(accepted);
    expect(formatFile.decode(readFileSync(join(root, 'format.obbak')))).toEqual({
      clusterName: 'obcluster',
      tenantName: 'shop',
      path: `file://${root}`,
      clusterId: 1,
      tenantId: 1002,
      incarnation: 1,
      destId: 1001,
      destType: 'backup_data',
      ts: desk.clock.nowUs(),
    });
    expect(catalog.row(root)).toMatchObject({
      destId: 1001,
      destType: 'backup_data',
      endpoint: '',
      authorization: '',
      extension: '',
      lastCheckUs: desk.clock.nowUs(),
      checkFileName: readdirSync(join(root, 'check_file'))[0],
    });
  });

  test('the same path again keeps its id, its format file and its check file', async () => {
    await set();
    const before = [readFileSync(join(root, 'format.obbak')), catalog.row(root)?.checkFileName];
    expect(await set({ path: `${root}//` })).toMatchObject({ destId: 1001, fresh: false });
    expect([readFileSync(join(root, 'format.obbak')), catalog.row(root)?.checkFileName]).toEqual(before);
    expect(catalog.row(root)?.lastCheckUs).toBe(desk.clock.nowUs());
    expect(tree(root)).toEqual(accepted);
  });

  test('data and archive share the counter', async () => {
    await set();
    const log = join(scratch.path, 'log');
    expect(await set({ path: log, destType: 'archive_log' })).toMatchObject({ destId: 1002, fresh: true });
    expect(await set()).toMatchObject({ destId: 1001, fresh: false });
  });

  test('a remembered check file that is gone or damaged is written anew, others of the tenant go', async () => {
    await set();
    const directory = join(root, 'check_file');
    const first = readdirSync(directory)[0] ?? '';
    truncateSync(join(directory, first), 60);
    writeFileSync(join(directory, '1002_connect_file_20200101T000000.obbak'), 'left over');
    writeFileSync(join(directory, '10020_connect_file_20200101T000000.obbak'), 'of another tenant');
    await set();
    expect(readdirSync(directory).sort()).toEqual([
      '10020_connect_file_20200101T000000.obbak',
      catalog.row(root)?.checkFileName,
    ]);
    expect(catalog.row(root)?.checkFileName).not.toBe(first);
  });

  test('an emptied path gets a new id and the sets of the old one are marked', async () => {
    await set();
    rmSync(root, { recursive: true });
    expect(await set()).toMatchObject({ destId: 1002, fresh: true });
    expect(catalog.deleted).toEqual([1001]);
    expect(catalog.row(root)).toMatchObject({ destId: 1002 });
    expect(await set()).toMatchObject({ destId: 1002, fresh: false });
    expect(catalog.deleted).toEqual([1001]);
  });

  test.each(['lost+found', '.snapshot', 'x'])('a directory that holds %s is 9080', async (name) => {
    mkdirSync(join(root, name), { recursive: true });
    const error = await failure(set());
    expect([error.code, error.message]).toEqual([-9080, 'the format file does not exist under the destination']);
    expect(catalog.rows.size).toBe(0);
    expect(tree(root)).toEqual([name, ...accepted.slice(0, 2)].sort());
  });

  test('an empty directory below a destination is accepted, one above is 9080', async () => {
    await set();
    expect(await set({ path: join(root, 'sub'), destType: 'archive_log' })).toMatchObject({ destId: 1002 });
    expect(await failureCode(set({ path: scratch.path, destType: 'archive_log' }))).toBe(-9080);
  });

  test('names and time are not compared', async () => {
    await set();
    const renamed = { ...shop, clusterName: 'prod', tenantName: 'store' };
    expect(await set({ identity: renamed })).toMatchObject({ destId: 1001, fresh: false });
  });

  describe('9081', () => {
    const text = 'the content of the format file at the destination does not match';
    beforeEach(() => set());

    test('another tenant, another cluster, another type', async () => {
      for (const identity of [
        { ...shop, tenantId: 1004 },
        { ...shop, clusterId: 2 },
      ]) {
        const error = await failure(set({ identity, owner: new TestCatalog() }));
        expect([error.code, error.message]).toEqual([-9081, text]);
      }
      expect(await failureCode(set({ destType: 'archive_log' }))).toBe(-9081);
    });

    test('same ids, but the row of the path was lost', async () => {
      expect(await failureCode(set({ owner: new TestCatalog() }))).toBe(-9081);
    });

    test('same tenant id in another cluster although the row matches', async () => {
      expect(await failureCode(set({ identity: { ...shop, clusterId: 2 } }))).toBe(-9081);
    });

    test('copied to another path', async () => {
      const copy = join(scratch.path, 'copy');
      renameSync(root, copy);
      expect(await failureCode(set({ path: copy }))).toBe(-9081);
    });

    test('a dest_id other than the recorded one', async () => {
      const old = readFileSync(join(root, 'format.obbak'));
      rmSync(root, { recursive: true });
      await set();
      writeFileSync(join(root, 'format.obbak'), old);
      expect(await failureCode(set())).toBe(-9081);
    });
  });

  test.each([
    ['empty', -4016, (bytes: Buffer) => bytes.subarray(0, 0)],
    ['shorter than a header', -4002, (bytes: Buffer) => bytes.subarray(0, 47)],
    ['cut', -4016, (bytes: Buffer) => bytes.subarray(0, 100)],
    ['damaged in its header', -4103, (bytes: Buffer) => Buffer.from(bytes.with(0, 1))],
    ['damaged in its payload', -4103, (bytes: Buffer) => Buffer.from(bytes.with(80, 1))],
  ])('a format file that is %s is %i', async (_what, code, damage) => {
    await set();
    const file = join(root, 'format.obbak');
    writeFileSync(file, damage(readFileSync(file)));
    expect(await failureCode(set())).toBe(code);
  });
});
