import { createHash } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import { CosClient } from '../../src/media/cos/cos-client.ts';
import { openCosMedium } from '../../src/media/cos-medium.ts';
import type { Medium, MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { cosAddress } from './servers/cos.ts';
import { CosDouble, type CosFault } from './servers/cos-double.ts';

const mib = 1024 * 1024;
const x = Buffer.from('x');
const text = (value: Uint8Array) => Buffer.from(value).toString();

let double: CosDouble;
let address: MediumAddress;
let medium: Medium;
const opened: Medium[] = [];

function open(changed: Partial<MediumAddress> = {}, clock?: Clock): Medium {
  const made = openCosMedium({ ...address, ...changed }, clock);
  opened.push(made);
  return made;
}

beforeEach(async () => {
  double = await CosDouble.start();
  address = cosAddress(double, 'backup/a');
  medium = open();
});

afterEach(async () => {
  await double.stop();
  for (const one of opened.splice(0)) await one.close();
});

function meet(kind: CosFault['kind'], more: Partial<CosFault> = {}): void {
  double.faults.push({ kind, times: 1, ...more });
}

/** The error says what happened in few words, and no secret in any way of printing it. */
function expectDiscreet(error: MediumError): void {
  expect(error.message.length).toBeLessThan(300);
  expect(error.message).toMatch(/^[\x20-\x7e]+$/);
  const all = `${error.message} ${error.stack} ${inspect(error, { depth: 10, showHidden: true })}`;
  expect(all).not.toContain(double.signer.secretKey);
  expect(all).not.toContain('q-signature');
}

describe('connections that break', () => {
  test('an upload cut in the middle is an error, and nothing of it is seen', async () => {
    meet('cutUpload', { on: ['PutObject'], afterBytes: 100_000 });
    expectDiscreet(await expectKind(medium.putSmall('big', Buffer.alloc(4 * mib, 7), 'create'), 'network'));
    expect(double.count('PutObject')).toBe(1);
    expect(await medium.list('')).toEqual([]);
    await medium.putSmall('big', Buffer.alloc(4 * mib, 7), 'create');
    expect((await medium.head('big'))?.sizeBytes).toBe(4 * mib);
  });

  test('a part cut in the middle fails the writer; repeated, it is whole; given up, nothing stays', async () => {
    const content = Buffer.alloc(12 * mib, 'part of it ');
    const sink = await medium.createObject('data');
    meet('cutUpload', { on: ['UploadPart'], afterBytes: mib });
    await sink.writeAt(0, content);
    expectDiscreet(await expectKind(sink.publish(content.length), 'network'));
    expect(await medium.head('data')).toBeNull();
    await sink.publish(content.length);
    const source = await medium.openObject('data');
    expect(digest(await source.read(0, content.length))).toBe(digest(content));
    const other = await medium.createObject('other');
    meet('cutUpload', { on: ['UploadPart'], afterBytes: mib });
    await other.writeAt(0, content);
    await expectKind(other.publish(content.length), 'network');
    await other.abort();
    expect(double.store.uploads.size).toBe(0);
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['data']);
  });

  test('a download cut in the middle is an error, not a short buffer', async () => {
    await medium.putSmall('data', Buffer.alloc(mib, 1), 'create');
    const source = await medium.openObject('data');
    for (const work of [() => medium.read('data'), () => medium.read('data', 5, 500_000), () => source.read(0, mib)]) {
      meet('cutDownload', { on: ['GetObject'], afterBytes: 100_000 });
      expectDiscreet(await expectKind(work(), 'network'));
    }
    expect((await source.read(0, mib)).length).toBe(mib);
  });

  test('a listing cut in the middle is an error, not a short list', async () => {
    for (let i = 0; i < 20; i++) await medium.putSmall(`many/${i}`, x, 'create');
    for (const afterBytes of [0, 400, 2000]) {
      meet('cutDownload', { on: ['ListObjects'], afterBytes });
      await expectKind(medium.list('many'), 'network');
    }
    expect(await medium.list('many')).toHaveLength(20);
  });

  test('a flipped bit of a whole object is found', async () => {
    await medium.putSmall('data', Buffer.alloc(1000, 1), 'create');
    meet('flip', { on: ['GetObject'] });
    await expectKind(medium.read('data'), 'checksum');
    expect((await medium.read('data'))[0]).toBe(1);
  });

  test('a port nobody listens on is network, at once and in one attempt', async () => {
    const { host } = double;
    await double.stop();
    expectDiscreet(await expectKind(open({ host }).putSmall('a', x, 'create'), 'network'));
    double = await CosDouble.start();
  });
});

describe('servers that do not answer', () => {
  const calls: readonly (readonly [string, (signal: AbortSignal) => Promise<unknown>])[] = [
    ['a create', (signal) => medium.putSmall('b', x, 'create', signal)],
    ['a read', (signal) => medium.read('a', 0, 1000, signal)],
    ['a list', (signal) => medium.list('', signal)],
    ['a head', (signal) => medium.head('a', signal)],
    ['a removal', (signal) => medium.remove(['a'], signal)],
  ];
  test.each(calls)('%s that stalls ends by its signal', async (_, call) => {
    await medium.putSmall('a', Buffer.alloc(1000), 'create');
    meet('stall');
    const started = Date.now();
    expectDiscreet(await expectKind(call(AbortSignal.timeout(100)), 'cancelled'));
    expect(Date.now() - started).toBeLessThan(2_000);
    expect((await medium.head('a'))?.sizeBytes).toBe(1000);
  });

  test('a download that stalls after its first bytes ends by its signal', async () => {
    await medium.putSmall('a', Buffer.alloc(mib), 'create');
    meet('stallDownload', { afterBytes: 1000 });
    await expectKind(medium.read('a', 0, mib, AbortSignal.timeout(100)), 'cancelled');
  });

  test('a connection on which nothing moves is given up', async () => {
    await medium.putSmall('a', Buffer.alloc(mib), 'create');
    const client = new CosClient(address, systemClock);
    const get = () =>
      client.call('a', undefined, (cos, bucket) => cos.getObject({ ...bucket, Key: client.at('a') }), { idleMs: 150 });
    meet('stall');
    await expectKind(get(), 'timeout');
    meet('stallDownload', { afterBytes: 1000 });
    await expectKind(get(), 'timeout');
    client.close();
  });

  test.each([
    ['ServiceUnavailable', 503, 'unavailable'],
    ['InternalError', 500, 'unavailable'],
    ['SlowDown', 503, 'throttled'],
    ['TooManyRequests', 429, 'throttled'],
    ['AccessDenied', 403, 'denied'],
  ] as const)('%s is said once, to one request', async (code, status, kind) => {
    meet('refuse', { code, status, on: ['PutObject'] });
    const error = await expectKind(medium.putSmall('a', x, 'replace'), kind);
    expectDiscreet(error);
    expect(error.message).toContain(code);
    expect(double.seen).toEqual(['PutObject']);
    meet('refuse', { code, status, on: ['HeadObject'] });
    // A HEAD that is denied is asked again by GET, which says why; here the object is only missing.
    if (kind === 'denied') expect(await medium.head('a')).toBeNull();
    else await expectKind(medium.head('a'), kind === 'throttled' && status === 503 ? 'unavailable' : kind);
  });
});

describe('answers that are lost', () => {
  test('a create that came through is done', async () => {
    meet('loseReply', { on: ['PutObject'] });
    await medium.putSmall('a', x, 'create');
    expect(double.count('PutObject')).toBe(1);
    await expectKind(medium.putSmall('a', x, 'create'), 'alreadyExists');
  });

  test('a create that did not come through is an error, also when others stand under its name', async () => {
    meet('loseRequest', { on: ['PutObject'] });
    await expectKind(medium.putSmall('a', x, 'create'), 'network');
    expect(await medium.list('')).toEqual([]);
    await medium.putSmall('a', Buffer.from('y'), 'create');
    meet('loseRequest', { on: ['PutObject'] });
    await expectKind(medium.putSmall('a', x, 'create'), 'network');
    expect(text(await medium.read('a'))).toBe('y');
  });

  test.each(['small', 'large'])('a %s object that was published is published', async (size) => {
    const content = Buffer.alloc(size === 'small' ? 1000 : 9 * mib, 'content');
    const sink = await medium.createObject('data');
    await sink.writeAt(0, content);
    meet('loseReply', { on: ['PutObject', 'CompleteUpload'] });
    await sink.publish(content.length);
    await sink.abort();
    expect((await medium.head('data'))?.sizeBytes).toBe(content.length);
    expect(double.store.uploads.size).toBe(0);
  });

  test('a create whose request arrives twice is done', async () => {
    meet('twice', { on: ['PutObject'] });
    await medium.putSmall('a', x, 'create');
    const content = Buffer.alloc(9 * mib, 'content');
    const sink = await medium.createObject('data');
    await sink.writeAt(0, content);
    meet('twice', { on: ['CompleteUpload'] });
    await sink.publish(content.length);
    expect((await medium.head('data'))?.sizeBytes).toBe(content.length);
  });

  test('the same bytes under the same name are another create', async () => {
    await medium.putSmall('a', x, 'create');
    await expectKind(medium.putSmall('a', x, 'create'), 'alreadyExists');
    meet('loseRequest', { on: ['PutObject'] });
    await expectKind(medium.putSmall('a', x, 'create'), 'network');
    for (const bytes of [1000, 9 * mib]) {
      const [one, two] = [await medium.createObject(`b${bytes}`), await medium.createObject(`b${bytes}`)];
      for (const sink of [one, two]) await sink.writeAt(0, Buffer.alloc(bytes));
      await one.publish(bytes);
      await expectKind(two.publish(bytes), 'alreadyExists');
    }
  });

  test('an object whose publishing cannot be looked up is found when it is published again', async () => {
    const content = Buffer.alloc(9 * mib, 'content');
    const sink = await medium.createObject('data');
    await sink.writeAt(0, content);
    meet('loseReply', { on: ['CompleteUpload'] });
    meet('refuse', { on: ['HeadObject'] });
    await expectKind(sink.publish(content.length), 'network');
    await sink.publish(content.length);
    expect(double.count('CompleteUpload')).toBe(2);
    expect(digest(await (await medium.openObject('data')).read(0, content.length))).toBe(digest(content));
  });
});

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
      () => gone.sweep(0),
      () => gone.status(),
      () => gone.openAppend('a', 0),
      () => sink.publish(0),
    ];
    for (const call of calls) expectDiscreet(await expectKind(call(), 'noContainer'));
  });

  test('what can be no bucket or host is refused before anything is sent', async () => {
    expect(() => open({ path: 'cos://Upper_case/x' })).toThrow(/noContainer/);
    expect(() => open({ options: {} })).toThrow(/noContainer/);
    expect(() => open({ host: 'ftp://somewhere' })).toThrow(/noContainer/);
    expect(double.seen).toEqual([]);
  });

  test.each([20, -20])('a clock %d minutes off is told as such, and by how much', async (minutes) => {
    double.skewMs = minutes * 60_000;
    expectDiscreet(await expectKind(medium.putSmall('a', x, 'create'), 'clockSkew'));
    await expectKind(medium.head('a'), 'clockSkew');
    await expectKind(medium.list(''), 'clockSkew');
    const { clockOffsetMs } = await medium.status();
    expect(Math.abs((clockOffsetMs ?? 0) - minutes * 60_000)).toBeLessThan(2_000);
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
  expect(await medium.sweep(3 * hour)).toBe(0);
  expect(await medium.sweep(hour)).toBe(20);
  expect([...store.uploads.values()].map(({ key }) => key).sort()).toEqual(['backup/a/young', 'backup/other']);
});

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
