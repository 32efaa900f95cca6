import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Medium, MediumErrorKind } from '../../src/media/medium.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { expectS3Kind, s3Address } from './s3-root.ts';
import { S3Double, s3Keys } from './servers/s3-double.ts';

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();

let double: S3Double;
let medium: Medium;
beforeEach(async () => {
  double = await S3Double.start();
  medium = openS3Medium(s3Address(double));
});
afterEach(async () => {
  await medium.close();
  await double.stop();
});

/** One call of each kind, none of which can do without the server. */
const calls: Readonly<Record<string, (medium: Medium) => Promise<unknown>>> = {
  putSmall: (m) => m.putSmall('a', bytes('x'), 'create'),
  replace: (m) => m.putSmall('a', bytes('x'), 'replace'),
  publish: async (m) => {
    const sink = await m.createObject('a');
    await sink.writeAt(0, bytes('x'));
    await sink.publish(1);
  },
  writeAt: async (m) => (await m.createObject('a')).writeAt(9 << 20, bytes('x')),
  openAppend: (m) => m.openAppend('a', 0),
  read: (m) => m.read('a'),
  'read a part': (m) => m.read('a', 0, 1),
  openObject: (m) => m.openObject('a'),
  head: (m) => m.head('a'),
  list: (m) => m.list(''),
  remove: (m) => m.remove(['a']),
  tag: (m) => m.tag(['a'], { x: 'y' }),
  tagsOf: (m) => m.tagsOf('a'),
  sweep: (m) => m.sweep(0, []),
  status: (m) => m.status(),
};
const everyCall = Object.entries(calls);

describe('what a server refuses has its kind, in every call', () => {
  test.each(everyCall)('%s with a wrong secret is denied', async (_, call) => {
    const accessKey = 'another/secret+key/of/forty/characters/1234';
    const stranger = openS3Medium(s3Address(double, { authorization: { ...s3Keys, accessKey } }));
    const error = await expectS3Kind(call(stranger), 'denied', accessKey);
    expect(error.message).toContain('SignatureDoesNotMatch');
    await stranger.close();
  });

  test.each(everyCall)('%s with an unknown key id is denied', async (_, call) => {
    const stranger = openS3Medium(s3Address(double, { authorization: { ...s3Keys, accessId: 'AKIANOBODY' } }));
    const error = await expectS3Kind(call(stranger), 'denied');
    expect(error.message).toContain('InvalidAccessKeyId');
    await stranger.close();
  });

  test.each(everyCall)('%s in another region is wrongRegion, which names the right one', async (_, call) => {
    const elsewhere = openS3Medium(s3Address(double, { options: { s3_region: 'eu-north-1' } }));
    const error = await expectS3Kind(call(elsewhere), 'wrongRegion');
    expect(error.message).toContain('the bucket is in us-east-1');
    await elsewhere.close();
    double.elsewhere = 'eu-west-3';
    expect((await expectS3Kind(call(medium), 'wrongRegion')).message).toContain('the bucket is in eu-west-3');
  });

  test.each(everyCall)('%s in a missing bucket is noContainer', async (_, call) => {
    const lost = openS3Medium(s3Address(double, { path: 's3://nowhere/dest' }));
    await expectS3Kind(call(lost), 'noContainer');
    await lost.close();
  });

  test.each(everyCall)(
    '%s at a clock 20 minutes ahead is clockSkew, each time, and told by status',
    async (name, call) => {
      double.skewMs = 20 * 60_000;
      if (name !== 'status') for (let i = 0; i < 2; i++) await expectS3Kind(call(medium), 'clockSkew');
      const { clockOffsetMs } = await medium.status();
      expect(Math.abs((clockOffsetMs ?? 0) - 20 * 60_000)).toBeLessThan(60_000);
    },
  );

  test.each(everyCall)('%s met by SlowDown is throttled, after one request', async (_, call) => {
    double.faults.add({ on: 'every', times: 100, deed: { deed: 'refuse', status: 503, code: 'SlowDown' } });
    await expectS3Kind(call(medium), 'throttled');
    // Calls that ask two things side by side got two answers; none was asked twice.
    const asked = double.requests.map(({ operation, key }) => `${operation} ${key}`);
    expect(asked).toEqual([...new Set(asked)]);
  });

  test.each<[number, string, MediumErrorKind]>([
    [400, 'ExpiredToken', 'denied'],
    [400, 'InvalidToken', 'denied'],
    [301, 'PermanentRedirect', 'wrongRegion'],
    // Nothing is said of regions: the header itself was no good.
    [400, 'AuthorizationHeaderMalformed', 'denied'],
    [403, 'RequestTimeTooSkewed', 'clockSkew'],
    [403, 'QuotaExceeded', 'outOfSpace'],
    [507, 'Whatever', 'outOfSpace'],
    [429, 'Whatever', 'throttled'],
    [500, 'InternalError', 'unavailable'],
    [503, 'ServiceUnavailable', 'unavailable'],
    [409, 'ConditionalRequestConflict', 'unavailable'],
    [400, 'RequestTimeout', 'timeout'],
    [501, 'NotImplemented', 'unsupported'],
    [400, 'InvalidRequest', 'io'],
  ])('%d %s is %s', async (status, code, kind) => {
    for (const name of ['putSmall', 'list', 'read', 'remove', 'tagsOf']) {
      double.faults.add({ on: 'every', times: 5, deed: { deed: 'refuse', status, code } });
      const work = calls[name]?.(medium) ?? Promise.resolve();
      // What cannot be deleted together is deleted one by one.
      expect((await expectS3Kind(work, kind)).message).toContain(code);
      double.faults.clear();
    }
  });

  test.each<[number, string, MediumErrorKind]>([
    [502, '<html><body>Bad Gateway</body></html>', 'unavailable'],
    [503, 'busy', 'throttled'],
    [504, '', 'unavailable'],
    [403, '<html>who are you?</html>', 'denied'],
    [500, '<?xml version="1.0"?><Error><Co', 'unavailable'],
    [200, '<?xml version="1.0"?><ListBu', 'network'],
    [200, '{"signed": "double/secret+key"}', 'network'],
  ])('%d with %j from something in between is %s', async (status, body, kind) => {
    double.faults.add({ on: 'every', times: 5, deed: { deed: 'garbage', status, body } });
    await expectS3Kind(medium.list(''), kind);
  });

  test.each(['', '<html>Welcome! Please log in.</html>', '<?xml version="1.0"?><hello/>'])(
    'a good status with %j is not believed by any call that relies on it',
    async (body) => {
      for (const name of [
        'putSmall',
        'replace',
        'publish',
        'writeAt',
        'read',
        'read a part',
        'openObject',
        'head',
        'list',
        'remove',
      ]) {
        double.faults.add({ on: 'every', times: 5, deed: { deed: 'garbage', status: 200, body } });
        const error = await (calls[name]?.(medium) ?? Promise.resolve()).then(
          () => null,
          (thrown) => thrown,
        );
        expect([name, error?.name]).toEqual([name, 'MediumError']);
        double.faults.clear();
      }
      expect(double.bucket().objects.size).toBe(0);
    },
  );

  test('a server that is gone is unavailable, one that was never there a matter of the network', async () => {
    const nowhere = openS3Medium(s3Address(double, { host: 'no-such-host.invalid' }));
    await double.stop();
    await expectS3Kind(medium.list(''), 'unavailable');
    await expectS3Kind(nowhere.list(''), 'network');
    await nowhere.close();
  });

  test('a key that may not be read is told apart from one that is not there', async () => {
    double.deniedPrefix = 'dest/secret/';
    expect(await medium.head('plain')).toBeNull();
    const error = await expectS3Kind(medium.head('secret/a'), 'denied');
    expect(error.message).toContain('AccessDenied');
  });

  test('names under object lock are denied, not taken for removed', async () => {
    await medium.putSmall('a', bytes('x'), 'create');
    double.bucket().lock = 'deletes';
    await expectS3Kind(medium.remove(['a']), 'denied');
    await medium.putSmall('a', bytes('y'), 'replace');
    double.bucket().lock = 'all';
    await expectS3Kind(medium.putSmall('a', bytes('z'), 'replace'), 'denied');
    expect(text(await medium.read('a'))).toBe('y');
  });

  test('a bucket with versions refuses a second create and hides what was removed', async () => {
    double.bucket().versioned = true;
    await medium.putSmall('a', bytes('x'), 'create');
    await expectS3Kind(medium.putSmall('a', bytes('y'), 'create'), 'alreadyExists');
    await medium.remove(['a']);
    expect(await medium.head('a')).toBeNull();
    expect(await medium.list('')).toEqual([]);
    await medium.putSmall('a', bytes('z'), 'create');
    expect(text(await medium.read('a'))).toBe('z');
  });

  test.each(everyCall)('%s that is never answered ends by itself', async (_, call) => {
    double.faults.add({ on: 'every', times: 100, deed: { deed: 'stall' } });
    const impatient = openS3Medium(s3Address(double), undefined, { idleMs: 100 });
    await expectS3Kind(call(impatient), 'timeout');
    await impatient.close();
  });
});

test('a bucket is named by the host where it is asked for so', async () => {
  const virtual = await S3Double.start({ domain: 's3.double.test', region: 'eu-north-1' });
  const asked: string[] = [];
  const lookup: NonNullable<Parameters<typeof openS3Medium>[2]>['lookup'] = (name, options, found) => {
    asked.push(name);
    if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }]);
    else found(null, '127.0.0.1', 4);
  };
  const host = `s3.double.test:${virtual.port}`;
  const options = { s3_region: 'eu-north-1' };
  const named = openS3Medium(s3Address(virtual, { host, options }), undefined, { lookup });
  await named.putSmall('a/b=c+d@e', bytes('x'), 'create');
  expect(text(await named.read('a/b=c+d@e'))).toBe('x');
  expect(await named.list('a')).toEqual([{ name: 'b=c+d@e', kind: 'object', sizeBytes: 1 }]);
  expect([...new Set(asked)]).toEqual(['bucket.s3.double.test']);
  const paths = openS3Medium(
    s3Address(virtual, { host, options: { ...options, addressing_model: 'path_style' } }),
    undefined,
    { lookup },
  );
  expect(text(await paths.read('a/b=c+d@e'))).toBe('x');
  expect([...new Set(asked)]).toEqual(['bucket.s3.double.test', 's3.double.test']);
  const elsewhere = openS3Medium(s3Address(virtual, { host, options: { s3_region: 'us-west-2' } }), undefined, {
    lookup,
  });
  await expectS3Kind(elsewhere.list(''), 'wrongRegion');
  for (const opened of [named, paths, elsewhere]) await opened.close();
  await virtual.stop();
});
