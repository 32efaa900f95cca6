import { describe, expect, test } from 'vitest';
import { double, eachOnHdfs, expectDiscreet, medium, meet, mib, open, temps, text, x } from './hdfs-scene.ts';
import { expectKind } from './medium-conformance.ts';

eachOnHdfs();

describe('what the file system refuses', () => {
  test.each([
    ['AccessControlException', 'denied'],
    ['SafeModeException', 'unavailable'],
    ['RetriableException', 'unavailable'],
    ['AlreadyBeingCreatedException', 'unavailable'],
    ['DSQuotaExceededException', 'outOfSpace'],
    ['UnsupportedOperationException', 'unsupported'],
    ['IOException', 'io'],
  ] as const)('%s has its kind, and leaves nothing behind', async (exception, kind) => {
    meet('refuse', 'CREATE', { exception, step: 'data' });
    const error = await expectKind(medium.putSmall('a', x, 'create'), kind);
    expectDiscreet(error);
    expect(error.message).toContain(exception);
    expect(temps()).toEqual([]);
  });

  test('a wrong user and a wrong token are denied, the right token passes', async () => {
    for (const authorization of [
      { accessId: 'nobody', accessKey: '' },
      { accessId: '', accessKey: `${double.token}x` },
    ]) {
      const wrong = open({ authorization });
      const calls = [
        () => wrong.putSmall('a', x, 'create'),
        () => wrong.head('a'),
        () => wrong.list(''),
        () => wrong.status(),
        () => wrong.remove(['a']),
      ];
      for (const call of calls) expectDiscreet(await expectKind(call(), 'denied'));
    }
    const right = open({ authorization: { accessId: '', accessKey: double.token } });
    await right.putSmall('a', x, 'create');
    meet('cutDownload', 'OPEN', { afterBytes: 0, step: 'data' });
    expectDiscreet(await expectKind(right.read('a'), 'network'));
  });

  test('a name that is a directory is not written into', async () => {
    await medium.putSmall('set/a', x, 'create');
    await expectKind(medium.putSmall('set', x, 'create'), 'alreadyExists');
    await expectKind(medium.putSmall('set', x, 'replace'), 'alreadyExists');
    await expectKind(medium.openAppend('set', 0), 'alreadyExists');
    await expectKind(medium.putSmall('set/a/b', x, 'create'), 'notDirectory');
    await expectKind(medium.list('set/a'), 'notDirectory');
    expect(await medium.list('set')).toEqual([{ name: 'a', kind: 'object', sizeBytes: 1 }]);
    expect(temps()).toEqual([]);
  });

  test('a root that is gone is told apart from a name that is', async () => {
    await expectKind(medium.remove(['a']), 'noContainer');
    await medium.putSmall('a', x, 'create');
    await medium.remove(['b']);
  });

  test('data are not sent without TLS when TLS was asked for', async () => {
    const tls = open({ options: { namenode: double.nameNodes, tls: 'true' } });
    expectDiscreet(await expectKind(tls.putSmall('a', x, 'create'), 'network'));
    expect(double.seen).toEqual([]);
  });

  test('where files cannot be joined the parts are carried over, also when that breaks in the middle', async () => {
    double.unknown.add('CONCAT');
    const content = Buffer.alloc(40 * mib, 'carried over ');
    const sink = await medium.createObject('data');
    await sink.writeAt(0, content);
    meet('cutUpload', 'APPEND', { afterBytes: mib });
    await expectKind(sink.publish(content.length), 'network');
    meet('loseReply', 'APPEND', { step: 'data' });
    await expectKind(sink.publish(content.length), 'network');
    await sink.publish(content.length);
    const source = await medium.openObject('data');
    expect(Buffer.from(await source.read(0, content.length)).equals(content)).toBe(true);
    expect(double.count('CONCAT')).toBe(1);
    expect(temps()).toEqual([]);
  });

  test('releases that list at once and do not tell their room are served too', async () => {
    double.unknown.add('LISTSTATUS_BATCH').add('GETSTATUS');
    double.pageLimit = 2;
    for (let i = 0; i < 9; i++) await medium.putSmall(`many/${i}`, x, 'create');
    expect(await medium.list('many')).toHaveLength(9);
    expect((await medium.status()).freeBytes).toBeNull();
  });
});

test('a clock 20 minutes off is told, and temporary names are judged by the clock of the server', async () => {
  const hour = 3_600_000;
  double.skewMs = 20 * 60_000;
  await medium.putSmall('set/kept', x, 'create');
  const { clockOffsetMs } = await medium.status();
  expect(Math.abs((clockOffsetMs ?? 0) - double.skewMs)).toBeLessThan(60_000);
  const sink = await medium.createObject('set/data');
  await sink.writeAt(0, Buffer.alloc(17 * mib));
  double.tree.create('/backup/a/set/small.tmp.1700000000000000', false);
  double.tree.create('/backup/a.tmp.1700000000000000', false);
  expect(await medium.sweep(hour, [])).toBe(0);
  double.skewMs += 2 * hour;
  expect(await medium.sweep(hour, [])).toBe(2);
  expect(temps()).toEqual(['/backup/a.tmp.1700000000000000']);
  expect(text(await medium.read('set/kept'))).toBe('x');
  await sink.abort();
});

test('5,000 names come in pages of 7, each once', async () => {
  for (let i = 0; i < 5000; i++) double.tree.create(`/backup/a/set/object.${i}`, false);
  double.pageLimit = 7;
  const entries = await medium.list('set');
  expect(new Set(entries.map(({ name }) => name)).size).toBe(5000);
  expect(double.count('LISTSTATUS_BATCH')).toBe(Math.ceil(5000 / 7));
});
