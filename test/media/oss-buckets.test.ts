import { describe, expect, test } from 'vitest';
import { expectKind } from './medium-conformance.ts';
import { ossScene, partBytes, text } from './oss-scene.ts';

const scene = ossScene();

describe('a bucket with versions', () => {
  test.each(['Enabled', 'Suspended'] as const)('(%s) does not let a create overwrite', async (versioning) => {
    scene.double.bucket('backups').versioning = versioning;
    await scene.medium.putSmall('a', Buffer.from('one'), 'create');
    await expectKind(scene.medium.putSmall('a', Buffer.from('two'), 'create'), 'alreadyExists');
    await scene.publish('large', 2);
    await expectKind(scene.publish('large', 1), 'alreadyExists');
    await expectKind(scene.publish('a', 2), 'alreadyExists');
    await scene.medium.putSmall('a', Buffer.from('three'), 'replace');
    expect(text(await scene.medium.read('a'))).toBe('three');
    expect((await scene.medium.head('large'))?.sizeBytes).toBe(2 * partBytes);
    await scene.medium.remove(['a', 'large']);
    expect(await scene.medium.list('')).toEqual([]);
    await scene.medium.putSmall('a', Buffer.from('four'), 'create');
  });

  test('lets one of many creators win, again and again after a removal', async () => {
    scene.double.bucket('backups').versioning = 'Enabled';
    for (let round = 0; round < 3; round++) {
      const racers = Array.from({ length: 8 }, (_, i) =>
        scene.medium.putSmall('race', Buffer.from(`racer ${i}`), 'create'),
      );
      const ends = await Promise.allSettled(racers);
      const winners = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const end of ends) if (end.status === 'rejected') expect(end.reason.kind).toBe('alreadyExists');
      expect(text(await scene.medium.read('race'))).toBe(`racer ${winners[0]}`);
      await scene.medium.remove(['race']);
    }
  });

  test('whose versions we may not list does not fail a create', async () => {
    scene.double.bucket('backups').versioning = 'Enabled';
    scene.double.fail({
      kind: 'refuse',
      status: 403,
      code: 'AccessDenied',
      on: ({ query }) => query.has('versions'),
      times: 9,
    });
    await scene.medium.putSmall('a', Buffer.from('one'), 'create');
    await expectKind(scene.medium.putSmall('a', Buffer.from('two'), 'create'), 'alreadyExists');
  });

  test('is expected where we may not ask', async () => {
    scene.double.bucket('backups').versioning = 'Enabled';
    scene.double.fail({
      kind: 'refuse',
      status: 403,
      code: 'AccessDenied',
      on: ({ query }) => query.has('versioning'),
    });
    await scene.medium.putSmall('a', Buffer.from('one'), 'create');
    await expectKind(scene.medium.putSmall('a', Buffer.from('two'), 'create'), 'alreadyExists');
    expect(
      scene.double.calls.map(({ method, key }) => `${method} ${key}`).filter((call) => call === 'HEAD dest/a'),
    ).toHaveLength(2);
  });
});

test('old uploads are swept page by page, young ones and those of other destinations stay', async () => {
  const bucket = scene.double.bucket('backups');
  scene.double.pageEntries = 7;
  scene.double.clockOffsetMs = -600_000;
  for (let i = 0; i < 20; i++) bucket.initiate(`dest/set/old.${i % 6}`, {});
  bucket.initiate('destination/set/other', {});
  scene.double.clockOffsetMs = 0;
  for (let i = 0; i < 5; i++) bucket.initiate(`dest/set/young.${i}`, {});
  expect(await scene.medium.sweep(300_000, [])).toBe(20);
  expect([...bucket.uploads.values()].map(({ key }) => key).sort()).toEqual([
    ...Array.from({ length: 5 }, (_, i) => `dest/set/young.${i}`),
    'destination/set/other',
  ]);
  expect(await scene.medium.sweep(300_000, [])).toBe(0);
});

test.each(['', 'dest/0'])(
  'pages that are cut and go on at %j do not pass for the end, nor go round',
  async (marker) => {
    for (let i = 0; i < 5; i++) {
      await scene.medium.putSmall(`${i}`, Buffer.from('x'), 'create');
      scene.double.bucket('backups').initiate(`dest/${i}`, {});
    }
    scene.double.pageEntries = 3;
    scene.double.rewritten = (body) =>
      body
        .replace(/(<Next(?:Key)?Marker>)[^<]*/, `$1${encodeURIComponent(marker)}`)
        .replace(/(<NextUploadIdMarker>)[^<]*/, '$1')
        .replace('<IsTruncated>false', '<IsTruncated>true');
    await expectKind(scene.medium.list(''), 'io');
    await expectKind(scene.medium.sweep(300_000, []), 'io');
  },
);

test('5,000 keys come by pages of seven, each once', async () => {
  scene.double.pageEntries = 7;
  const bucket = scene.double.bucket('backups');
  for (let i = 0; i < 5_000; i++) bucket.put(`dest/many/${i}`, Buffer.from('x'), {}, false);
  for (let i = 0; i < 20; i++) bucket.put(`dest/many/deep.${i % 3}/${i}`, Buffer.from('x'), {}, false);
  bucket.put('dest/many/', Buffer.alloc(0), {}, false);
  bucket.put('dest/many/x.tmp.12', Buffer.alloc(1), {}, false);
  const names: string[] = [];
  for await (const page of scene.medium.listPages('many'))
    names.push(...page.map(({ name, kind }) => `${kind} ${name}`));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(5_003);
  await scene.medium.remove(Array.from({ length: 5_000 }, (_, i) => `many/${i}`));
  expect(scene.double.calls.filter(({ query }) => query.has('delete'))).toHaveLength(5);
  expect((await scene.medium.list('many')).map(({ name }) => name)).toEqual(['deep.0', 'deep.1', 'deep.2']);
}, 30_000);
