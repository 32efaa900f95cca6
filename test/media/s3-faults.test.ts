import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import type { Medium } from '../../src/media/medium.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectS3Kind, s3Address } from './s3-root.ts';
import { S3Double } from './servers/s3-double.ts';
import type { S3Operation } from './servers/s3-faults.ts';

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();
/** Pauses of retries take no time. */
const hasty: Clock = { nowNs: () => 0n, nowUs: () => Date.now() * 1000, sleep: async () => undefined };

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

describe('connections that break', () => {
  test('an upload that is cut leaves nothing, and goes through when it is repeated', async () => {
    const content = randomBytes(3 << 20);
    double.faults.add({ on: ['PutObject'], deed: { deed: 'cutUpload', afterBytes: 1 << 20 } });
    await expectS3Kind(medium.putSmall('a', content, 'create'), 'network');
    expect(await medium.list('')).toEqual([]);
    double.faults.add({ on: ['PutObject'], times: 2, deed: { deed: 'cutUpload', afterBytes: 1 << 20 } });
    await withRetries(medium, { clock: hasty }).putSmall('a', content, 'create');
    expect(Buffer.from(await medium.read('a')).equals(content)).toBe(true);
  });

  test('a part that is cut is sent again by whoever repeats the call, and the object is whole', async () => {
    const content = randomBytes(20 << 20);
    double.faults.add({ on: ['UploadPart'], skip: 1, deed: { deed: 'cutUpload', afterBytes: 1 << 20 } });
    const sink = await medium.createObject('a');
    const failed: string[] = [];
    const again = async (work: () => Promise<void>) => {
      for (;;) {
        const error = await work().then(
          () => null,
          (thrown) => thrown,
        );
        if (error === null) return;
        failed.push(error.kind);
      }
    };
    for (let at = 0; at < content.length; at += 1 << 20)
      await again(() => sink.writeAt(at, content.subarray(at, at + (1 << 20))));
    expect(await medium.list('')).toEqual([]);
    await again(() => sink.publish(content.length));
    expect(failed).toEqual(['network']);
    const source = await medium.openObject('a');
    expect(Buffer.from(await source.read(0, content.length)).equals(content)).toBe(true);
    expect(double.bucket().uploads.size).toBe(0);
  });

  test('a download that is cut is an error, never a short buffer', async () => {
    const content = randomBytes(2 << 20);
    await medium.putSmall('a', content, 'create');
    const cut = { on: ['GetObject'] as const, deed: { deed: 'cutDownload' as const, afterBytes: 1 << 20 } };
    const reads: readonly ((m: Medium) => Promise<Uint8Array>)[] = [
      (m) => m.read('a'),
      (m) => m.read('a', 0, content.length),
      async (m) => (await m.openObject('a')).read(0, content.length),
    ];
    for (const read of reads) {
      double.faults.add(cut);
      await expectS3Kind(read(medium), 'network');
      double.faults.add(cut);
      expect(Buffer.from(await read(withRetries(medium, { clock: hasty }))).equals(content)).toBe(true);
    }
  });

  test('a bit turned over on the way is refused by the server, and sent again', async () => {
    const content = randomBytes(100_000);
    for (const checksum_type of ['md5', 'crc32', 'no_checksum']) {
      const other = openS3Medium(s3Address(double, { options: { checksum_type } }));
      double.faults.add({ on: ['PutObject'], deed: { deed: 'flipUpload' } });
      await expectS3Kind(other.putSmall(checksum_type, content, 'create'), 'network');
      expect(await other.head(checksum_type)).toBeNull();
      double.faults.add({ on: ['PutObject'], deed: { deed: 'flipUpload' } });
      await withRetries(other, { clock: hasty }).putSmall(checksum_type, content, 'create');
      expect(Buffer.from(await other.read(checksum_type)).equals(content)).toBe(true);
      await other.close();
    }
  });

  test.each(['PutObject', 'CompleteMultipartUpload', 'DeleteObjects'] as const)(
    'a %s damaged on its way is no end of an object, but sent again',
    async (operation) => {
      const content = randomBytes(operation === 'CompleteMultipartUpload' ? 9 << 20 : 100_000);
      const patient = withRetries(medium, { clock: hasty });
      double.faults.add({ on: [operation], deed: { deed: 'flipUpload' } });
      const sink = await patient.createObject('a');
      await sink.writeAt(0, content);
      await sink.publish(content.length);
      const source = await medium.openObject('a');
      expect(Buffer.from(await source.read(0, content.length)).equals(content)).toBe(true);
      const log = await patient.openAppend('log', 0);
      double.faults.add({ on: ['PutObject'], deed: { deed: 'flipUpload' } });
      await log.append(bytes('record'));
      expect(text(await medium.read('log'))).toBe('record');
      await patient.remove(['a', 'log']);
      expect(double.faults.left).toBe(0);
      expect(await medium.list('')).toEqual([]);
    },
  );

  test('a stalled call ends with its caller, also in the middle of an answer', async () => {
    await medium.putSmall('a', Buffer.alloc(2 << 20), 'create');
    const whenAsked = (operation: S3Operation) => {
      const caller = new AbortController();
      double.faults.add({ on: [operation], deed: { deed: 'stall' } });
      const asked = double.count(operation);
      const waiting = setInterval(() => {
        if (double.count(operation) > asked) caller.abort(new Error('gone'));
      }, 5);
      caller.signal.addEventListener('abort', () => clearInterval(waiting));
      return caller.signal;
    };
    await expectS3Kind(medium.putSmall('b', bytes('x'), 'create', whenAsked('PutObject')), 'cancelled');
    await expectS3Kind(medium.list('', whenAsked('ListObjectsV2')), 'cancelled');
    const signal = whenAsked('CreateMultipartUpload');
    const sink = await medium.createObject('c', signal);
    await expectS3Kind(sink.writeAt(9 << 20, bytes('x')), 'cancelled');
    const completed = await medium.createObject('d', whenAsked('CompleteMultipartUpload'));
    await completed.writeAt(0, Buffer.alloc(9 << 20));
    await expectS3Kind(completed.publish(9 << 20), 'cancelled');
    await completed.abort();
    const caller = new AbortController();
    double.faults.add({ on: ['GetObject'], deed: { deed: 'stallDownload', afterBytes: 1 << 20 } });
    const read = medium.read('a', undefined, undefined, caller.signal);
    setTimeout(() => caller.abort(new Error('gone')), 50);
    await expectS3Kind(read, 'cancelled');
    double.faults.add({ on: ['GetObject'], deed: { deed: 'stallDownload', afterBytes: 1 << 20 } });
    const impatient = openS3Medium(s3Address(double), undefined, { idleMs: 100 });
    await expectS3Kind(impatient.read('a'), 'timeout');
    await impatient.close();
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['a']);
  });

  test('closing gives all sockets back', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => medium.putSmall(`a${i}`, bytes('x'), 'create')));
    expect(double.openSockets).toBeGreaterThan(1);
    expect(double.openSockets).toBeLessThanOrEqual(16);
    await medium.close();
    await expect.poll(() => double.openSockets).toBe(0);
    await expectS3Kind(medium.list(''), 'cancelled');
  });
});

describe('answers that are lost or come twice', () => {
  const two = Buffer.concat([Buffer.alloc(8 << 20, 1), bytes('the end')]);
  const publish = async (m: Medium) => {
    const sink = await m.createObject('a');
    await sink.writeAt(0, two);
    await sink.publish(two.length);
  };

  test('a create that arrives twice is one create', async () => {
    double.faults.add({ on: ['PutObject'], deed: { deed: 'duplicate' } });
    await medium.putSmall('a', bytes('x'), 'create');
    expect(text(await medium.read('a'))).toBe('x');
    await medium.remove(['a']);
    double.faults.add({ on: ['CompleteMultipartUpload'], deed: { deed: 'duplicate' } });
    await publish(medium);
    expect((await medium.head('a'))?.sizeBytes).toBe(two.length);
  });

  test.each(['PutObject', 'CompleteMultipartUpload'] as const)(
    'a create whose answer to %s is lost says so, and is known again when it is repeated',
    async (operation) => {
      const create = operation === 'PutObject' ? (m: Medium) => m.putSmall('a', two.subarray(0, 9), 'create') : publish;
      double.faults.add({ on: [operation], deed: { deed: 'loseReply' } });
      await expectS3Kind(create(medium), 'network');
      await medium.remove(['a']);
      double.faults.add({ on: [operation], deed: { deed: 'loseReply' } });
      await create(withRetries(medium, { clock: hasty }));
      await expectS3Kind(create(medium), 'alreadyExists');
      await expectS3Kind(create(withRetries(medium, { clock: hasty })), 'alreadyExists');
      expect((await medium.list('')).length).toBe(1);
      await medium.sweep(-10_000, []);
      expect(double.bucket().uploads.size).toBe(0);
    },
  );

  test('publish repeated after a lost answer succeeds by itself', async () => {
    const sink = await medium.createObject('a');
    await sink.writeAt(0, two);
    double.faults.add({ on: ['CompleteMultipartUpload'], deed: { deed: 'loseReply' } });
    await expectS3Kind(sink.publish(two.length), 'network');
    await sink.publish(two.length);
    expect(Buffer.from(await (await medium.openObject('a')).read(0, two.length)).equals(two)).toBe(true);
  });

  test('a store that does not look at the condition of Complete is asked first', async () => {
    double.completeIgnoresCondition = true;
    await publish(medium);
    const modified = double.bucket().get('dest/a').modifiedMs;
    await expectS3Kind(publish(medium), 'alreadyExists');
    expect(double.bucket().get('dest/a').modifiedMs).toBe(modified);
    expect(double.bucket().uploads.size).toBe(0);
  });
});

describe('many', () => {
  test('5,000 names come seven to a page, and all go', async () => {
    double.pageLimit = 7;
    const empty = { bytes: bytes('x'), etag: 'e', modifiedMs: 0, meta: {}, tags: {} };
    const names = Array.from({ length: 5_000 }, (_, i) => `${i}.obarc`);
    for (const name of names) double.bucket().put(`dest/many/${name}`, empty);
    double.bucket().put('dest/manyfold', empty);
    expect((await medium.list('many')).map(({ name }) => name)).toEqual([...names].sort());
    expect(double.count('ListObjectsV2')).toBe(Math.ceil(5_000 / 7));
    await medium.remove(names.map((name) => `many/${name}`));
    expect(double.count('DeleteObjects')).toBe(5);
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['manyfold']);
  });

  test('a store that cannot delete many at once is asked for each', async () => {
    const empty = { bytes: bytes('x'), etag: 'e', modifiedMs: 0, meta: {}, tags: {} };
    for (let i = 0; i < 20; i++) double.bucket().put(`dest/${i}`, empty);
    double.faults.add({ on: ['DeleteObjects'], deed: { deed: 'refuse', status: 501, code: 'NotImplemented' } });
    await medium.remove(Array.from({ length: 21 }, (_, i) => String(i)));
    expect(await medium.list('')).toEqual([]);
    expect(double.count('DeleteObject')).toBe(21);
  });

  test('names nobody may see are not listed', async () => {
    const empty = { bytes: bytes('x'), etag: 'e', modifiedMs: 0, meta: {}, tags: {} };
    for (const key of [
      'dest/',
      'dest/a/',
      'dest/a/b',
      'dest/a/c.tmp.17',
      'dest/a/@APD_PART@x',
      'dest//x',
      'destination',
    ])
      double.bucket().put(key, empty);
    expect(await medium.list('')).toEqual([{ name: 'a', kind: 'directory' }]);
    expect(await medium.list('a')).toEqual([{ name: 'b', kind: 'object', sizeBytes: 1 }]);
  });

  test.each(['', 'ZGVzdC8w'])(
    'pages that are cut and go on at %j do not pass for the end, nor go round',
    async (marker) => {
      for (let i = 0; i < 5; i++) {
        await medium.putSmall(`${i}`, bytes('x'), 'create');
        double.bucket().begin(`dest/${i}`, Date.now(), {});
      }
      double.pageLimit = 3;
      double.rewritten = (body) =>
        body
          .replace(/(<Next(?:KeyMarker|ContinuationToken)>)[^<]*/, `$1${marker}`)
          .replace(/(<NextUploadIdMarker>)[^<]*/, '$1')
          .replace('<IsTruncated>false', '<IsTruncated>true');
      await expectS3Kind(medium.list(''), 'io');
      await expectS3Kind(medium.sweep(300_000, []), 'io');
    },
  );

  test('stale uploads are swept below the root, young and foreign ones are left', async () => {
    double.pageLimit = 7;
    const hourAgo = Date.now() - 3_600_000;
    for (let i = 0; i < 20; i++) double.bucket().begin(`dest/set/${i}`, hourAgo - i, {});
    double.bucket().begin('dest/set/1', Date.now(), {});
    double.bucket().begin('destination/set/1', hourAgo, {});
    expect(await medium.sweep(3_600_000 * 2, [])).toBe(0);
    expect(await medium.sweep(1_800_000, [])).toBe(20);
    expect([...double.bucket().uploads.values()].map(({ key }) => key).sort()).toEqual([
      'dest/set/1',
      'destination/set/1',
    ]);
  });
});
