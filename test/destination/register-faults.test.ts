import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { readFormatFile, requireFormat } from '../../src/destination/identity.ts';
import { mapMediumError } from '../../src/destination/medium-fault.ts';
import { parseDestination } from '../../src/destination/parse.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { mountRefusal, type Scratch } from '../media/scratch.ts';
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

describe('crashes and repeats', () => {
  test('the check file of a refused call makes the directory non-empty: 9080', async () => {
    const dying = (medium: Medium) =>
      withFault(medium, { at: 1, kind: 'io', keys: (key) => key === 'format.obbak', lasting: true });
    expect(await failureCode(set({ wrap: dying }))).toBe(-4009);
    expect(tree(root)).toEqual(accepted.slice(0, 2));
    expect(await failureCode(set())).toBe(-9080);
  });

  test('a crash between format file and commit leaves 9081 until somebody cleans up', async () => {
    await set({ crashBeforeCommit: true });
    expect(tree(root)).toEqual(accepted);
    expect(await failureCode(set())).toBe(-9081);
    rmSync(root, { recursive: true });
    expect(await set()).toMatchObject({ destId: 1001, fresh: true });
  });

  test('whichever operation fails, the answer is coded and nothing is registered by halves', async () => {
    const count = withFault(openFileMedium(root, desk.clock), { at: 0, kind: 'io' });
    await set({ wrap: () => count });
    rmSync(root, { recursive: true });
    expect(count.trace.length).toBeGreaterThan(4);
    for (let at = 1; at <= count.trace.length; at++)
      for (const kind of ['io', 'denied', 'outOfSpace', 'timeout'] as const)
        for (const moment of ['before', 'after'] as const) {
          const path = join(scratch.path, `${kind}-${moment}-${at}`);
          const owner = new TestCatalog();
          const wrap = (medium: Medium) => withFault(medium, { at, kind, moment });
          const expected = { io: -4009, denied: -9071, outOfSpace: -9082, timeout: -9070 }[kind];
          expect(await failureCode(set({ path, owner, wrap }))).toBe(expected);
          expect(owner.rows.size).toBe(0);
          const again = await set({ path, owner }).then(
            () => 0,
            (error: ObError) => error.code,
          );
          expect([0, -9080, -9081]).toContain(again);
          const found = await readFormatFile(openFileMedium(path));
          if (again === 0) expect(found?.destId).toBe(owner.row(path)?.destId);
          else expect(owner.rows.size).toBe(0);
        }
  });

  test('two first calls at once: one wins, the other is refused', async () => {
    const owners = [new TestCatalog(), new TestCatalog()] as const;
    const other = { ...shop, tenantId: 1004 };
    const ends = await Promise.allSettled([set({ owner: owners[0] }), set({ owner: owners[1], identity: other })]);
    const codes = ends.map((end) => (end.status === 'fulfilled' ? 0 : (end.reason as ObError).code));
    expect(codes.filter((code) => code === 0).length).toBeLessThanOrEqual(1);
    for (const code of codes) expect([0, -9080, -9081, -4117]).toContain(code);
  });
});

describe('sick media', () => {
  const refusal = mountRefusal();
  if (refusal !== null) console.warn(`tests with mounts are skipped: ${refusal}`);

  test('a file at the end of the path is -4009, in the middle -4117', async () => {
    writeFileSync(join(scratch.path, 'file'), 'x');
    expect(await failureCode(set({ path: join(scratch.path, 'file') }))).toBe(-4009);
    expect(await failureCode(set({ path: join(scratch.path, 'file/data') }))).toBe(-4117);
  });

  test.skipIf(refusal !== null)('a full file system is 9082, and after space came 9080 as documented', async () => {
    const full = scratch.mount('full', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs']);
    const destination = join(full, 'data');
    mkdirSync(destination);
    writeFileSync(join(full, 'ballast'), Buffer.alloc(64 * 1024));
    const error = await failure(set({ path: destination }));
    expect([error.code, error.message]).toEqual([-9082, 'backup device out of space']);
    rmSync(join(full, 'ballast'));
    const again = await set({ path: destination }).then(
      () => 0,
      (thrown: ObError) => thrown.code,
    );
    expect(again).toBe(readdirSync(destination).includes('format.obbak') ? 0 : -9080);
  });

  test.skipIf(refusal !== null)('a read-only mount is 9071', async () => {
    const source = join(scratch.path, 'source');
    mkdirSync(source);
    const readOnly = scratch.mount('ro', ['--bind', source]);
    execFileSync('mount', ['-o', 'remount,bind,ro', readOnly], { stdio: 'pipe' });
    const error = await failure(set({ path: readOnly }));
    expect([error.code, error.message]).toEqual([-9071, 'no I/O operation permission at the backup destination']);
    expect(await failureCode(set({ path: join(readOnly, 'a/b') }))).toBe(-9071);
  });

  test.skipIf(refusal !== null)('a mount that went away is 9080 for those who need the format file', async () => {
    const mount = scratch.mount('dest', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs']);
    await set({ path: mount });
    const destination = parseDestination(`file://${mount}`);
    const expected = { destination, destType: 'backup_data' as const, identity: shop, row: catalog.row(mount) ?? null };
    expect(await requireFormat(openMedium(destination), expected)).toMatchObject({ destId: 1001 });
    scratch.unmount(mount);
    expect(await failureCode(requireFormat(openMedium(destination), expected))).toBe(-9080);
    expect(readdirSync(mount)).toEqual([]);
  });
});

describe('what errors of a medium are called', () => {
  const kinds: Readonly<Record<MediumErrorKind, readonly [working: number, configuring: number]>> = {
    notFound: [-9011, -9011],
    alreadyExists: [-4117, -4117],
    noContainer: [-4009, -4009],
    denied: [-9071, -9071],
    outOfSpace: [-9082, -9082],
    throttled: [-4009, -9070],
    unavailable: [-4009, -9070],
    timeout: [-4404, -9070],
    network: [-4009, -9070],
    checksum: [-4103, -4103],
    clockSkew: [-4009, -9071],
    wrongRegion: [-4009, -4009],
    invalidKey: [-4002, -4002],
    notDirectory: [-4117, -4117],
    unsupported: [-4007, -4007],
    cancelled: [-4072, -4072],
    io: [-4009, -4009],
  };

  test.each(Object.entries(kinds))('%s', (kind, codes) => {
    const error = new MediumError(kind as MediumErrorKind, 'a/b', 'detail');
    const mapped = (['working', 'configuring'] as const).map((moment) => mapMediumError(error, moment) as ObError);
    expect(mapped.map((fault) => fault.code)).toEqual(codes);
    for (const fault of mapped) expect([fault.cause, fault.message.includes('detail')]).toEqual([error, false]);
  });

  test('a region that does not fit has a code of its own from 4.3 on, and that of its store before', () => {
    const error = new MediumError('wrongRegion', '', 'detail');
    const codeAt = (release: string) =>
      (mapMediumError(error, 'configuring', { scheme: 's3', release: parseRelease(release) }) as ObError).code;
    expect(['4.1.0', '4.2.5', '4.3.0', '4.4.2'].map(codeAt)).toEqual([-9105, -9105, -9117, -9117]);
  });

  test('a bug stays a bug, a coded error stays itself', () => {
    const bug = new TypeError('undefined is not a function');
    expect(mapMediumError(bug)).toBe(bug);
    const coded = mapMediumError(new MediumError('io', '', '')) as ObError;
    expect(mapMediumError(coded)).toBe(coded);
  });
});
