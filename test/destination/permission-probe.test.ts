import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { parseRelease } from '../../src/base/release.ts';
import { formatFile } from '../../src/destination/codec/identity-files.ts';
import { configureDeadlineMs } from '../../src/destination/limits.ts';
import { type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';
import { type FaultyMedium, withFault } from '../../src/media/wrap/fault.ts';
import { openBelow } from '../media/descriptors.ts';
import { accepted, type Desk, failure, failureCode, openDesk, TestCatalog, tree } from './desk.ts';

let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.scratch.remove());

const keys = 'host=h&access_id=AK&access_key=SK';
const s3 = `s3://b/d?${keys}`;
const tagging = `oss://b/d?${keys}&delete_mode=tagging`;
const at = parseRelease;

/** The file medium, which has no tags, with tags. */
function withTags(inner: Medium): Medium {
  const tags = new Map<string, Readonly<Record<string, string>>>();
  return {
    ...inner,
    tag: async (names, value) => void names.map((name) => tags.set(name, value)),
    tagsOf: async (name) => tags.get(name) ?? {},
  };
}

describe('the permission probe of a remote destination', () => {
  test('tries everything, leaves nothing and is not made on files', async () => {
    let probed: FaultyMedium | null = null;
    const wrap = (medium: Medium) => {
      probed = withFault(medium, { at: 0, kind: 'io' });
      return probed;
    };
    const prepared = await desk.set({ text: s3, wrap });
    expect(prepared).toMatchObject({ destId: 1001, fresh: true, findings: { createOnly: true, createRace: null } });
    const done = (probed as unknown as FaultyMedium).trace.filter((step) => step.includes('_permission_file_'));
    expect(done.map((step) => step.replace(/ .*1002_(\w+)_permission_file_.*/, ' $1'))).toEqual([
      'putSmall write',
      'head write',
      'read write',
      'putSmall write',
      'openAppend append',
      'append append',
      'close append',
      'openAppend append',
      'append append',
      'close append',
      'read append',
      'createObject multipart',
      'writeAt multipart',
      'publish multipart',
      'read multipart',
      'remove multipart',
    ]);
    expect(tree(desk.root)).toEqual(accepted);
    const onFile = await desk.set({ path: join(desk.scratch.path, 'other') });
    expect(onFile.findings).toBeNull();
  });

  test('what a former probe of the tenant left behind goes', async () => {
    const directory = join(desk.root, 'check_file');
    mkdirSync(directory, { recursive: true });
    const [mine, other] = ['1002_append_permission_file_20200101T000000', '1004_write_permission_file_20200101T000000'];
    for (const name of [mine, other]) writeFileSync(join(directory, `${name}.obbak`), 'x');
    expect(await failureCode(desk.set({ text: s3 }))).toBe(-9080);
    expect(tree(directory)).toEqual(['1002_connect_file_<T>.obbak', `${other?.replace(/\d{8}T\d{6}/, '<T>')}.obbak`]);
  });

  test('a refused step is 9071 in every release, and its objects go', async () => {
    for (const release of ['4.2.1', '4.3.3'].map(at))
      for (let step = 1; step <= 16; step++) {
        const path = join(desk.scratch.path, `${release.text}-${step}`);
        const probe = (key: string) => key.includes('_permission_file_');
        const wrap = (medium: Medium) => withFault(medium, { at: step, kind: 'denied', keys: probe });
        const refused = await failure(desk.set({ text: s3, path, release, wrap, owner: new TestCatalog() }));
        expect([step, refused.code]).toEqual([step, -9071]);
        // A refused removal leaves them for the next probe.
        if (step < 16) expect(tree(path)).toEqual(accepted.slice(0, 2));
        expect([step, openBelow(path)]).toEqual([step, []]);
      }
  });

  test('content that does not come back is a checksum error', async () => {
    for (const access of ['write', 'append', 'multipart']) {
      const path = join(desk.scratch.path, access);
      const wrap = (medium: Medium): Medium => ({
        ...medium,
        async read(key, ...rest) {
          const bytes = await medium.read(key, ...rest);
          return key.includes(`_${access}_`) ? bytes.with(20, (bytes[20] ?? 0) ^ 1) : bytes;
        },
      });
      expect(await failureCode(desk.set({ text: s3, path, wrap, owner: new TestCatalog() }))).toBe(-4103);
    }
  });

  test('a second object of one name that is taken is told, not refused', async () => {
    const wrap = (medium: Medium): Medium => ({
      ...medium,
      putSmall: (key, bytes, _mode, signal) => medium.putSmall(key, bytes, 'replace', signal),
    });
    expect((await desk.set({ text: s3, wrap })).findings).toEqual({ createOnly: false, createRace: null });
  });
});

test('where two writers may both succeed, the one whose format file was replaced has lost', async () => {
  const careless = (medium: Medium): Medium => ({
    ...medium,
    putSmall: (key, bytes, _mode, signal) => medium.putSmall(key, bytes, 'replace', signal),
    status: async () => ({ clockOffsetMs: null, freeBytes: null, createRace: 'nobody looks' }),
  });
  expect(await desk.set({ text: s3, wrap: careless })).toMatchObject({
    fresh: true,
    findings: { createRace: 'nobody looks' },
  });
  const path = join(desk.scratch.path, 'raced');
  const owner = new TestCatalog();
  // Another tenant writes in the very moment: its file is the one that stays.
  const raced = (medium: Medium): Medium => ({
    ...careless(medium),
    async putSmall(key, bytes, _mode, signal) {
      const stays = key === 'format.obbak' ? formatFile.encode({ ...formatFile.decode(bytes), tenantId: 1004 }) : bytes;
      await medium.putSmall(key, stays, 'replace', signal);
    },
  });
  expect(await failureCode(desk.set({ text: s3, path, owner, wrap: raced }))).toBe(-9081);
  expect(owner.rows.size).toBe(0);
});

describe('delete_mode=tagging', () => {
  test('needs tags', async () => {
    expect(await failureCode(desk.set({ text: tagging }))).toBe(-4007);
    const path = join(desk.scratch.path, 'tags');
    expect(await desk.set({ text: tagging, path, wrap: withTags })).toMatchObject({ fresh: true });
    const untold = (medium: Medium): Medium => ({ ...withTags(medium), tagsOf: async () => ({}) });
    const other = join(desk.scratch.path, 'none');
    expect(await failureCode(desk.set({ text: tagging, path: other, wrap: untold, owner: new TestCatalog() }))).toBe(
      -9071,
    );
  });

  test('does with the right to tag where there is none to remove', async () => {
    const wrap = (medium: Medium): Medium => ({
      ...withTags(medium),
      remove: async () => {
        throw new MediumError('denied', 'x', 'AccessDenied');
      },
    });
    expect(await desk.set({ text: tagging, wrap })).toMatchObject({ fresh: true });
    const path = join(desk.scratch.path, 'other');
    expect(await failureCode(desk.set({ text: `oss://b/d?${keys}`, path, wrap, owner: new TestCatalog() }))).toBe(
      -9071,
    );
  });
});

describe('codes of a destination that cannot be used', () => {
  const cases: readonly (readonly [MediumErrorKind, string, number, number])[] = [
    ['denied', s3, -9071, -9116],
    ['clockSkew', s3, -9071, -9116],
    ['noContainer', s3, -9011, -9120],
    ['network', s3, -9070, -9070],
    ['timeout', s3, -9070, -9070],
    ['unavailable', s3, -9070, -9070],
    ['throttled', s3, -9070, -9070],
    ['io', s3, -9105, -9129],
    ['io', `oss://b/d?${keys}`, -9003, -9129],
    ['io', `cos://b/d?${keys}&appid=1`, -9060, -9129],
    ['io', 'cifs://h/s?user=u&password=p', -4009, -4009],
    ['outOfSpace', 'cifs://h/s?user=u&password=p', -9082, -9082],
  ];

  test.each(cases)('%s on %s', async (kind, text, before43, later) => {
    for (const [release, code] of [
      ['4.2.1', before43],
      ['4.3.3', later],
    ] as const) {
      const wrap = (medium: Medium) => withFault(medium, { at: 1, kind, lasting: true });
      const path = join(desk.scratch.path, release);
      expect(await failureCode(desk.set({ text, path, wrap, release: at(release), owner: new TestCatalog() }))).toBe(
        code,
      );
    }
  });

  test('whoever hangs is given up at the deadline, also one that is deaf to its signal', async () => {
    for (const name of ['list', 'read', 'openAppend'] as const) {
      const asked: number[] = [];
      let giveUp = () => {};
      const clock: Clock = {
        ...desk.clock,
        sleep: (delayMs) => {
          asked.push(delayMs);
          return new Promise((resolve) => {
            giveUp = resolve;
          });
        },
      };
      const wrap = (medium: Medium): Medium => ({
        ...medium,
        [name]: () => {
          giveUp();
          return new Promise(() => undefined);
        },
      });
      const path = join(desk.scratch.path, name);
      expect(await failureCode(desk.set({ text: s3, path, wrap, clock, owner: new TestCatalog() }))).toBe(-9070);
      expect(asked).toEqual([configureDeadlineMs]);
    }
  });
});

describe('new keys for the same path', () => {
  test('keep the id, and the row takes them', async () => {
    await desk.set({ text: s3 });
    expect(desk.catalog.only()?.authorization).toBe('access_id=AK&access_key=SK');
    const again = await desk.set({ text: 's3://b/d/?host=h&access_id=AK2&access_key=SK2&delete_mode=delete' });
    expect(again).toMatchObject({ destId: 1001, fresh: false });
    expect(desk.catalog.rows.size).toBe(1);
    expect(desk.catalog.only()).toMatchObject({
      authorization: 'access_id=AK2&access_key=SK2',
      extension: 'delete_mode=delete',
      destId: 1001,
      destType: 'backup_data',
    });
  });

  test('that are refused leave the row alone', async () => {
    await desk.set({ text: s3 });
    const wrap = (medium: Medium) => withFault(medium, { at: 1, kind: 'denied', lasting: true });
    expect(await failureCode(desk.set({ text: 's3://b/d?host=h&access_id=X&access_key=Y', wrap }))).toBe(-9071);
    expect(desk.catalog.only()?.authorization).toBe('access_id=AK&access_key=SK');
  });

  test('of a destination in use need its format file', async () => {
    expect(await failureCode(desk.set({ text: s3, known: true }))).toBe(-9080);
  });
});
