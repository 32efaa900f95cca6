import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Medium, MediumError } from '../../src/media/medium.ts';
import { openOssMedium } from '../../src/media/oss-medium.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectKind } from './medium-conformance.ts';
import { lookupHere, ossAddress } from './servers/oss.ts';
import { type OssCall, OssDouble } from './servers/oss-double.ts';

const path = 'oss://backups/dest';
const partBytes = 8 * 1024 * 1024;
const text = (value: Uint8Array) => Buffer.from(value).toString();
const isPart = ({ method, query }: OssCall) => method === 'PUT' && query.has('partNumber');
const isComplete = ({ method, query }: OssCall) => method === 'POST' && query.has('uploadId');

let double: OssDouble;
let medium: Medium;
beforeEach(async () => {
  double = new OssDouble();
  await double.listen();
  double.bucket('backups');
  medium = open();
});
afterEach(async () => {
  await medium.close();
  await double.kill();
});

function open(idleMs?: number): Medium {
  return openOssMedium(ossAddress(double, path), undefined, { lookup: lookupHere, ...(idleMs && { idleMs }) });
}

/** Writes `partCount` parts of zeros and publishes them. */
async function publish(key: string, partCount: number, on: Medium = medium): Promise<void> {
  const sink = await on.createObject(key);
  try {
    for (let i = 0; i < partCount; i++) await sink.writeAt(i * partBytes, Buffer.alloc(partBytes, i));
    await sink.publish(partCount * partBytes);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** Names of calls, such as `PUT key`. */
const sent = () => double.calls.map(({ method, key }) => `${method} ${key}`);
const nothingStands = () => {
  expect([...double.bucket('backups').objects.keys()]).toEqual([]);
  expect(double.bucket('backups').uploads.size).toBe(0);
};

describe('a connection that breaks', () => {
  test.each([0, 70_000, 5_000_000])('in an upload after %i bytes leaves nothing', async (bytes) => {
    double.fail({ kind: 'cutUp', bytes, on: isPart });
    await expectKind(publish('set/data.0', 3), 'network');
    nothingStands();
    double.fail({ kind: 'cutUp', bytes: Math.min(bytes, 1000), on: ({ method }) => method === 'PUT' });
    await expectKind(medium.putSmall('small', Buffer.alloc(2000), 'create'), 'network');
    nothingStands();
  });

  test.each([0, 1000, 100_000])('in a download after %i bytes is no short read', async (bytes) => {
    const secretContent = 'content-that-must-not-be-seen '.repeat(10_000);
    await medium.putSmall('a', Buffer.from(secretContent), 'create');
    const source = await medium.openObject('a');
    for (const read of [() => medium.read('a'), () => medium.read('a', 5, 200_000), () => source.read(0, 250_000)]) {
      double.fail({ kind: 'cutDown', bytes, on: ({ method }) => method === 'GET' });
      const error = await expectKind(read(), 'network');
      expect(inspect(error, { depth: 20 })).not.toContain('must-not-be-seen');
    }
    expect(await source.read(0, 7)).toHaveLength(7);
  });

  test('in a page of a listing is no short list', async () => {
    for (let i = 0; i < 30; i++) await medium.putSmall(`many/${i}`, Buffer.from('x'), 'create');
    double.pageEntries = 7;
    double.fail({ kind: 'cutDown', bytes: 400, on: ({ query }) => query.has('marker') });
    await expectKind(medium.list('many'), 'network');
    expect(await medium.list('many')).toHaveLength(30);
  });

  test('because the server died leaves nothing visible, and its uploads are swept when they are old', async () => {
    const sink = await medium.createObject('set/data.0');
    await sink.writeAt(0, Buffer.alloc(partBytes));
    await double.kill();
    await expectKind(
      sink.writeAt(partBytes, Buffer.alloc(3 * partBytes)).then(() => sink.publish(4 * partBytes)),
      'network',
    );
    await expectKind(sink.abort(), 'network');
    await expectKind(medium.head('set/data.0'), 'network');
    await double.listen();
    expect(await medium.head('set/data.0')).toBeNull();
    expect(double.bucket('backups').uploads.size).toBe(1);
    expect(await medium.sweep(3_600_000)).toBe(0);
    double.clockOffsetMs = 10 * 60_000;
    expect(await medium.sweep(9 * 60_000)).toBe(1);
    nothingStands();
  });
});

describe('a server that stands still', () => {
  test.each(['stall', 'stallUp', 'stallDown', 'lateReply'] as const)('(%s) is left by the signal', async (kind) => {
    await medium.putSmall('a', Buffer.alloc(300_000), 'create');
    const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => medium.read('a', 0, 300_000, signal),
      (signal) => medium.putSmall('b', Buffer.alloc(300_000), 'replace', signal),
      (signal) => medium.list('', signal),
      (signal) => medium.head('a', signal),
    ];
    for (const call of kind === 'stallUp' ? calls.slice(1, 2) : calls) {
      double.fail({ kind, bytes: 100, times: 1 });
      const caller = new AbortController();
      const waiting = call(caller.signal);
      const started = performance.now();
      setTimeout(() => caller.abort(new Error('enough')), 60);
      // A HEAD has no body that could stall.
      const error = await waiting.then(
        () => null,
        (thrown: MediumError) => thrown.kind,
      );
      if (error !== null) expect(error).toBe('cancelled');
      expect(performance.now() - started).toBeLessThan(2_000);
      double.faults.length = 0;
    }
  });

  test('is left without a signal too, by name', async () => {
    medium = open(150);
    await medium.putSmall('a', Buffer.alloc(300_000), 'create');
    double.fail({ kind: 'stallDown', bytes: 100 });
    const startMs = performance.now();
    await expectKind(medium.read('a', 0, 300_000), 'timeout');
    expect(performance.now() - startMs).toBeLessThan(5_000);
    double.fail({ kind: 'stall' });
    const error = await expectKind(medium.head('a'), 'timeout');
    expect(error.message).toContain('150 ms');
    double.fail({ kind: 'stallUp', bytes: 100_000, on: isPart });
    await expectKind(publish('set/data.0', 2), 'timeout');
    expect(double.bucket('backups').uploads.size).toBe(0);
  });

  test('in an upload does not hold back who gives it up', async () => {
    double.fail({ kind: 'stallUp', bytes: 100_000, on: isPart, times: 100 });
    const sink = await medium.createObject('set/data.0');
    const writing = sink.writeAt(0, Buffer.alloc(6 * partBytes));
    const ended = expectKind(writing, 'cancelled');
    while (!double.calls.some(isPart)) await new Promise((resolve) => setImmediate(resolve));
    await sink.abort();
    await ended;
    nothingStands();
  });
});

describe('a service that refuses', () => {
  test.each([
    [503, 'ServiceUnavailable', 'unavailable'],
    [500, 'InternalError', 'unavailable'],
    [503, 'QpsLimitExceeded', 'throttled'],
    [403, 'AccessDenied', 'denied'],
    [403, 'SecurityTokenExpired', 'denied'],
    [400, 'QuotaExceeded', 'outOfSpace'],
    [409, 'FileImmutable', 'denied'],
    [502, '', 'unavailable'],
  ] as const)('with %i %s is %s', async (status, code, kind) => {
    await medium.putSmall('a', Buffer.from('x'), 'create');
    const calls = [
      () => medium.putSmall('b', Buffer.from('x'), 'replace'),
      () => medium.read('a'),
      () => medium.head('a'),
      () => medium.list(''),
      () => medium.remove(['a']),
      () => medium.remove(['a', 'b']),
      () => medium.tag(['a'], { delete_mode: 'tagging' }),
      () => publish('set/data.0', 1),
    ];
    for (const call of calls) {
      double.fail({ kind: 'refuse', status, code });
      await expectKind(call(), kind);
    }
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['a']);
  });

  test('for a while is outlasted by the retries of the wrapper', async () => {
    const patient = withRetries(medium, { random: () => 0 });
    double.fail({ kind: 'refuse', times: 3 });
    await patient.putSmall('a', Buffer.from('x'), 'create');
    expect(text(await patient.read('a'))).toBe('x');
  });

  test.each([
    ['another secret', { accessKey: 'not-the-secret-0123456789' }, 'SignatureDoesNotMatch'],
    ['another id', { accessId: 'LTAIunknown000000001' }, 'InvalidAccessKeyId'],
  ])('%s is denied everywhere, and no text holds a key', async (_, keys, code) => {
    await medium.putSmall('a', Buffer.from('x'), 'create');
    for (const by of ['region', 'address'] as const) {
      const address = ossAddress(double, path, by);
      const authorization = { ...address.authorization, ...keys };
      const stranger = openOssMedium({ ...address, authorization }, undefined, { lookup: lookupHere });
      const sink = await stranger.createObject('set/data.0');
      const calls: readonly (() => Promise<unknown>)[] = [
        () => stranger.head('a'),
        () => stranger.read('a'),
        () => stranger.list(''),
        () => stranger.putSmall('b', Buffer.from('x'), 'create'),
        () => stranger.openAppend('log', 0).then((log) => log.append(Buffer.from('x'))),
        () => stranger.remove(['a', 'b']),
        () => stranger.tagsOf('a'),
        () => stranger.sweep(0),
        () => stranger.status(),
        () => sink.writeAt(0, Buffer.alloc(partBytes)).then(() => sink.publish(partBytes)),
      ];
      for (const call of calls) {
        const error = await expectKind(call(), 'denied');
        const seen = inspect(error, { depth: 20 });
        expect(seen).toContain(code);
        expect(seen).not.toContain(authorization.accessKey);
        expect(seen).not.toContain(authorization.accessId);
        expect(seen).not.toMatch(/Signature=|Credential=|OSS LTAI/);
        expect(error.message.length).toBeLessThan(300);
      }
      await sink.abort();
      await stranger.close();
    }
    expect([...double.bucket('backups').objects.keys()]).toEqual(['dest/a']);
  });

  test('a bucket that is missing is said to be, by every call', async () => {
    double.removeBucket('backups');
    const calls: readonly (() => Promise<unknown>)[] = [
      () => medium.head('a'),
      () => medium.read('a'),
      () => medium.openObject('a'),
      () => medium.list(''),
      () => medium.putSmall('b', Buffer.from('x'), 'create'),
      () => medium.putSmall('b', Buffer.from('x'), 'replace'),
      () => medium.openAppend('log', 0).then((log) => log.append(Buffer.from('x'))),
      () => medium.remove(['a']),
      () => medium.remove(['a', 'b']),
      () => medium.tag(['a'], { delete_mode: 'tagging' }),
      () => medium.tagsOf('a'),
      () => medium.sweep(0),
      () => medium.status(),
      () => publish('set/data.0', 2),
    ];
    for (const call of calls) await expectKind(call(), 'noContainer');
  });

  test('a clock that is 20 minutes off is named, and its offset is known', async () => {
    for (const offsetMs of [20 * 60_000, -20 * 60_000]) {
      double.clockOffsetMs = offsetMs;
      await expectKind(medium.putSmall('a', Buffer.from('x'), 'create'), 'clockSkew');
      await expectKind(medium.head('a'), 'clockSkew');
      const { clockOffsetMs } = await medium.status();
      expect(Math.abs((clockOffsetMs ?? 0) - offsetMs)).toBeLessThan(2_000);
    }
    nothingStands();
  });

  test('an address that leads to no bucket is named before anything is sent', async () => {
    const address = ossAddress(double, path);
    for (const [wrong, kind] of [
      [{ path: 'oss://' }, 'noContainer'],
      [{ path: 'oss://No_Bucket/a' }, 'noContainer'],
      [{ path: 'oss://backups/a/../b' }, 'invalidKey'],
      [{ host: '' }, 'noContainer'],
      [{ authorization: { accessId: '', accessKey: '' } }, 'denied'],
    ] as const)
      await expectKind(openOssMedium({ ...address, ...wrong }).head('a'), kind);
    expect(double.calls).toEqual([]);
  });
});

describe('a reply that is lost, or a request that comes twice,', () => {
  test('does not make a create of ours somebody else’s', async () => {
    const patient = withRetries(medium, { random: () => 0 });
    for (const kind of ['loseReply', 'twice'] as const) {
      double.fail({ kind, on: ({ method }) => method === 'PUT' });
      await patient.putSmall(`put.${kind}`, Buffer.from(kind), 'create');
      expect(text(await medium.read(`put.${kind}`))).toBe(kind);
      double.fail({ kind, on: isComplete });
      await publish(`large.${kind}`, 2, patient);
      expect((await medium.head(`large.${kind}`))?.sizeBytes).toBe(2 * partBytes);
    }
    double.fail({ kind: 'loseReply', on: isPart });
    await publish('part', 2, patient);
    expect(double.bucket('backups').uploads.size).toBe(0);
    await expectKind(patient.putSmall('put.twice', Buffer.from('twice'), 'create'), 'alreadyExists');
  });

  test('does not double what is appended', async () => {
    const patient = withRetries(medium, { random: () => 0 });
    const log = await patient.openAppend('log', 0);
    for (const [kind, part] of [
      ['loseReply', 'one'],
      ['twice', 'two'],
      ['cutUp', 'three'],
    ] as const) {
      double.fail({ kind, on: ({ query }) => query.has('append') });
      await log.append(Buffer.from(part));
    }
    expect(log.sizeBytes).toBe(11);
    expect(text(await medium.read('log'))).toBe('onetwothree');
  });

  test('a part damaged on its way is refused by the service and never seen', async () => {
    double.fail({ kind: 'damage', on: isPart });
    await expectKind(publish('set/data.0', 2), 'network');
    double.fail({ kind: 'damage' });
    await expectKind(medium.putSmall('a', Buffer.from('abc'), 'replace'), 'network');
    nothingStands();
  });
});

describe('a bucket with versions', () => {
  test.each(['Enabled', 'Suspended'] as const)('(%s) does not let a create overwrite', async (versioning) => {
    double.bucket('backups').versioning = versioning;
    await medium.putSmall('a', Buffer.from('one'), 'create');
    await expectKind(medium.putSmall('a', Buffer.from('two'), 'create'), 'alreadyExists');
    await publish('large', 2);
    await expectKind(publish('large', 1), 'alreadyExists');
    await expectKind(publish('a', 2), 'alreadyExists');
    await medium.putSmall('a', Buffer.from('three'), 'replace');
    expect(text(await medium.read('a'))).toBe('three');
    expect((await medium.head('large'))?.sizeBytes).toBe(2 * partBytes);
    await medium.remove(['a', 'large']);
    expect(await medium.list('')).toEqual([]);
    await medium.putSmall('a', Buffer.from('four'), 'create');
  });

  test('lets one of many creators win, again and again after a removal', async () => {
    double.bucket('backups').versioning = 'Enabled';
    for (let round = 0; round < 3; round++) {
      const racers = Array.from({ length: 8 }, (_, i) => medium.putSmall('race', Buffer.from(`racer ${i}`), 'create'));
      const ends = await Promise.allSettled(racers);
      const winners = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const end of ends) if (end.status === 'rejected') expect(end.reason.kind).toBe('alreadyExists');
      expect(text(await medium.read('race'))).toBe(`racer ${winners[0]}`);
      await medium.remove(['race']);
    }
  });

  test('whose versions we may not list does not fail a create', async () => {
    double.bucket('backups').versioning = 'Enabled';
    double.fail({
      kind: 'refuse',
      status: 403,
      code: 'AccessDenied',
      on: ({ query }) => query.has('versions'),
      times: 9,
    });
    await medium.putSmall('a', Buffer.from('one'), 'create');
    await expectKind(medium.putSmall('a', Buffer.from('two'), 'create'), 'alreadyExists');
  });

  test('is expected where we may not ask', async () => {
    double.bucket('backups').versioning = 'Enabled';
    double.fail({ kind: 'refuse', status: 403, code: 'AccessDenied', on: ({ query }) => query.has('versioning') });
    await medium.putSmall('a', Buffer.from('one'), 'create');
    await expectKind(medium.putSmall('a', Buffer.from('two'), 'create'), 'alreadyExists');
    expect(sent().filter((call) => call === 'HEAD dest/a')).toHaveLength(2);
  });
});

test('a refusal longer than what was asked for is read all the same', async () => {
  await expectKind(medium.read('missing', 0, 1), 'notFound');
  await medium.putSmall('a', Buffer.from('abc'), 'create');
  await expectKind(medium.read('a', 3, 1), 'checksum');
  double.fail({ kind: 'refuse', status: 503, code: 'ServiceUnavailable' });
  await expectKind(medium.read('a', 0, 1), 'unavailable');
});

test('5,000 keys come by pages of seven, each once', async () => {
  double.pageEntries = 7;
  const bucket = double.bucket('backups');
  for (let i = 0; i < 5_000; i++) bucket.put(`dest/many/${i}`, Buffer.from('x'), {}, false);
  for (let i = 0; i < 20; i++) bucket.put(`dest/many/deep.${i % 3}/${i}`, Buffer.from('x'), {}, false);
  bucket.put('dest/many/', Buffer.alloc(0), {}, false);
  bucket.put('dest/many/x.tmp.12', Buffer.alloc(1), {}, false);
  const names: string[] = [];
  for await (const page of medium.listPages('many')) names.push(...page.map(({ name, kind }) => `${kind} ${name}`));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(5_003);
  await medium.remove(Array.from({ length: 5_000 }, (_, i) => `many/${i}`));
  expect(double.calls.filter(({ query }) => query.has('delete'))).toHaveLength(5);
  expect((await medium.list('many')).map(({ name }) => name)).toEqual(['deep.0', 'deep.1', 'deep.2']);
}, 30_000);
