import type { LookupFunction } from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { openCosMedium } from '../../src/media/cos-medium.ts';
import { address, double, eachOnCos, expectDiscreet, medium, meet, mib, open, opened, text, x } from './cos-scene.ts';
import { expectKind } from './medium-conformance.ts';

eachOnCos();

describe('destinations that are set wrongly', () => {
  test('wrong keys are denied', async () => {
    const { accessId, accessKey } = address.authorization;
    for (const authorization of [
      { accessId, accessKey: 'not-the-secret' },
      { accessId: 'AKIDnobody', accessKey },
      { accessId: 'has blanks & more', accessKey },
      { accessId, accessKey: '' },
    ]) {
      const wrong = open({ authorization });
      expectDiscreet(await expectKind(wrong.putSmall('a', x, 'create'), 'denied'));
      const calls = [
        () => wrong.head('a'),
        () => wrong.read('a'),
        () => wrong.list(''),
        () => wrong.remove(['a']),
        () => wrong.status(),
      ];
      for (const call of calls) expectDiscreet(await expectKind(call(), 'denied'));
    }
    expect(double.store.objects.size).toBe(0);
  });

  test('a bucket that is missing is noContainer for every call', async () => {
    const gone = open({ path: 'cos://nothere/backup' });
    const sink = await gone.createObject('a');
    const calls: (() => Promise<unknown>)[] = [
      () => gone.putSmall('a', x, 'create'),
      () => gone.head('a'),
      () => gone.read('a'),
      () => gone.openObject('a'),
      () => gone.list(''),
      () => gone.remove(['a']),
      () => gone.tag(['a'], { a: 'b' }),
      () => gone.tagsOf('a'),
      () => gone.sweep(0, []),
      () => gone.status(),
      () => gone.openAppend('a', 0),
      () => sink.publish(0),
    ];
    for (const call of calls) expectDiscreet(await expectKind(call(), 'noContainer'));
  });

  test('what can be no bucket or host is refused before anything is sent', async () => {
    expect(() => open({ path: 'cos://Upper_case/x' })).toThrow(expect.objectContaining({ kind: 'noContainer' }));
    expect(() => open({ options: {} })).toThrow(expect.objectContaining({ kind: 'noContainer' }));
    expect(() => open({ host: 'ftp://somewhere' })).toThrow(expect.objectContaining({ kind: 'noContainer' }));
    expect(double.seen).toEqual([]);
  });

  test.each([20, -20])('a clock %d minutes off is told as such, and by how much', async (minutes) => {
    double.skewMs = minutes * 60_000;
    expectDiscreet(await expectKind(medium.putSmall('a', x, 'create'), 'clockSkew'));
    await expectKind(medium.head('a'), 'clockSkew');
    await expectKind(medium.list(''), 'clockSkew');
    const { clockOffsetMs } = await medium.status();
    expect(Math.abs((clockOffsetMs ?? 0) - minutes * 60_000)).toBeLessThan(60_000);
    const corrected = { ...systemClock, nowUs: () => systemClock.nowUs() + minutes * 60_000_000 };
    await open({}, corrected).putSmall('a', x, 'create');
  });

  test('in a bucket with versions a create is still one', async () => {
    double.store.versioned = true;
    await medium.putSmall('a', Buffer.from('first'), 'create');
    await medium.putSmall('ab', Buffer.from('other'), 'create');
    await expectKind(medium.putSmall('a', Buffer.from('second'), 'create'), 'alreadyExists');
    expect(text(await medium.read('a'))).toBe('first');
    const racers = Array.from({ length: 8 }, (_, i) => medium.putSmall('race', Buffer.from(String(i)), 'create'));
    const ends = await Promise.allSettled(racers);
    const winners = ends.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(text(await medium.read('race'))).toBe(String(winners[0]));
    const [one, two] = [await medium.createObject('large'), await medium.createObject('large')];
    for (const [i, sink] of [one, two].entries()) await sink.writeAt(0, Buffer.alloc(9 * mib, i));
    await one.publish(9 * mib);
    await expectKind(two.publish(9 * mib), 'alreadyExists');
    expect((await medium.read('large', 0, 10))[0]).toBe(0);
    await medium.remove(['a']);
    expect(await medium.head('a')).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await medium.putSmall('a', Buffer.from('again'), 'create');
    expect(text(await medium.read('a'))).toBe('again');
  });
});

test('of large objects with one name the first that is published stands', async () => {
  const [one, two] = [await medium.createObject('large'), await medium.createObject('large')];
  for (const [i, sink] of [one, two].entries()) await sink.writeAt(0, Buffer.alloc(9 * mib, i));
  await one.publish(9 * mib);
  await expectKind(two.publish(9 * mib), 'alreadyExists');
  expect((await medium.read('large', 0, 10))[0]).toBe(0);
  expect(double.store.uploads.size).toBe(0);
  const late = await medium.createObject('large');
  await late.writeAt(0, Buffer.alloc(9 * mib, 2));
  await expectKind(late.publish(9 * mib), 'alreadyExists');
});

test('where versions were switched off again a create still refuses, and where nobody may ask', async () => {
  double.store.suspended = true;
  await medium.putSmall('a', Buffer.from('first'), 'create');
  const careful = open();
  meet('refuse', { on: ['GetVersioning'], status: 403, code: 'AccessDenied' });
  for (const one of [medium, careful]) {
    await expectKind(one.putSmall('a', Buffer.from('second'), 'create'), 'alreadyExists');
    const sink = await one.createObject('a');
    await sink.writeAt(0, Buffer.alloc(9 * mib));
    await expectKind(sink.publish(9 * mib), 'alreadyExists');
  }
  expect(text(await medium.read('a'))).toBe('first');
  expect(double.count('GetVersioning')).toBe(2);
  expect(double.store.uploads.size).toBe(0);
});

test('a head that stays forbidden where a read is allowed is denied', async () => {
  await medium.putSmall('a', x, 'create');
  meet('refuse', { on: ['HeadObject'], status: 403, code: 'AccessDenied', times: 100 });
  await expectKind(medium.head('a'), 'denied');
});

test('a refused removal names its object', async () => {
  await medium.putSmall('set/a.locked', x, 'create');
  await medium.putSmall('set/b', x, 'create');
  const error = await expectKind(medium.remove(['set/b', 'set/a.locked']), 'denied');
  expect(error.key).toBe('set/a.locked');
  expect((await medium.list('set')).map(({ name }) => name)).toEqual(['a.locked']);
});

test('a bucket stands in the name of the host, and copies name it too', async () => {
  const port = Number(double.host.split(':')[1]);
  const names: string[] = [];
  double.host = `cos.ap-somewhere.myqcloud.test:${port}`;
  const lookup: LookupFunction = (name, options, found) => {
    names.push(name);
    if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }]);
    else found(null, '127.0.0.1', 4);
  };
  const named = openCosMedium({ ...address, host: double.host }, undefined, { lookup });
  opened.push(named);
  await named.putSmall('a', x, 'create');
  expect(text(await named.read('a'))).toBe('x');
  const log = await named.openAppend('log', 0);
  await log.append(Buffer.from('confirmed and more'));
  await (await named.openAppend('log', 9)).append(Buffer.from('!'));
  expect(text(await named.read('log'))).toBe('confirmed!');
  expect(new Set(names)).toEqual(new Set(['vault-1250000000.cos.ap-somewhere.myqcloud.test']));
});

test('uploads nobody ends are swept below the root only, the young ones stay', async () => {
  const hour = 3_600_000;
  const { store } = double;
  store.begin('backup/other', false);
  double.skewMs = -2 * hour;
  for (let i = 0; i < 20; i++) store.begin(`backup/a/set/data.${i}`, true);
  double.skewMs = 0;
  store.begin('backup/a/young', true);
  double.pageLimit = 7;
  expect(await medium.sweep(3 * hour, [])).toBe(0);
  expect(await medium.sweep(hour, [])).toBe(20);
  expect([...store.uploads.values()].map(({ key }) => key).sort()).toEqual(['backup/a/young', 'backup/other']);
});
