import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { mediaThreadsMax } from '../../src/media/limits.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { mediumErrorData, reviveMediumError } from '../../src/media/thread/messages.ts';
import { mediaThreads, openInThread } from '../../src/media/thread/threaded-medium.ts';
import { withDeadlines } from '../../src/media/wrap/deadline.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectKind, mediumConformance } from './medium-conformance.ts';
import { s3Address } from './s3-root.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';
import { S3Double } from './servers/s3-double.ts';

const addressOf = (path: string): MediumAddress => ({
  scheme: 'file',
  path: `file://${path}`,
  host: '',
  authorization: { accessId: 'AK', accessKey: 'very secret' },
  options: {},
});
const open = (path: string) => openInThread(addressOf(path), openFileMedium(path).abilities);

let scratch: Scratch;
let medium: Medium;
beforeEach(() => {
  scratch = scratchDirectory();
  medium = open(scratch.path);
});
afterEach(async () => {
  await medium.close();
  scratch.remove();
});
afterAll(async () => {
  for (const thread of mediaThreads()) await thread.end();
});

mediumConformance('file in a media thread', async () => {
  const place = scratchDirectory();
  return { medium: open(place.path), reopen: () => open(place.path), dispose: async () => place.remove() };
});

test('the caller keeps its bytes, and gets bytes of its own', async () => {
  const bytes = Buffer.from('some bytes of a pool that many share');
  await medium.putSmall('a', bytes, 'create');
  const sink = await medium.createObject('b');
  await sink.writeAt(0, bytes.subarray(5, 10));
  await sink.publish(5);
  expect(bytes.toString()).toBe('some bytes of a pool that many share');
  const read = await medium.read('b');
  expect(Buffer.from(read).toString()).toBe('bytes');
  expect(read.buffer.byteLength).toBe(5);
});

test('a medium that cannot be opened says so at every call, and closes all the same', async () => {
  const address: MediumAddress = { ...addressOf('/'), scheme: 's3', path: 's3://b/dir', host: '127.0.0.1:1' };
  const refused = openInThread(address, medium.abilities);
  for (let i = 0; i < 2; i++) await expectKind(refused.head('a'), 'noContainer');
  await refused.close();
});

describe('a thread that is lost', () => {
  /** A call that does not come back: opening a named pipe nobody writes to. */
  const hanging = () => {
    const path = join(scratch.path, 'pipe');
    execFileSync('mkfifo', [path]);
    const release = () => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    return { call: medium.read('pipe'), release };
  };

  test('fails what it was at with unavailable, and another takes its place', async () => {
    await medium.putSmall('a', Buffer.from('x'), 'create');
    const source = await medium.openObject('a');
    const sink = await medium.createObject('b');
    const { call, release } = hanging();
    const refused = expectKind(call, 'unavailable');
    const ended = Promise.all(mediaThreads().map((thread) => thread.end()));
    await refused;
    expect(Buffer.from(await medium.read('a')).toString()).toBe('x');
    expect(mediaThreads()).toHaveLength(1);
    await expectKind(source.read(0, 1), 'unavailable');
    await expectKind(sink.writeAt(0, Buffer.from('x')), 'io');
    await source.close();
    await sink.abort();
    let gone = false;
    void ended.then(() => {
      gone = true;
    });
    // The thread ends when the system lets go of it; its call may reach the pipe only now.
    while (!gone) {
      release();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test('costs readers and appenders under retries nothing', async () => {
    const safe = withRetries(withDeadlines(medium));
    await safe.putSmall('a', Buffer.from('content'), 'create');
    const log = await safe.openAppend('log', 0);
    await log.append(Buffer.from('one'));
    const source = await safe.openObject('a');
    for (const thread of mediaThreads()) await thread.end();
    expect(Buffer.from(await safe.read('a')).toString()).toBe('content');
    expect(Buffer.from(await source.read(3, 4)).toString()).toBe('tent');
    for (const thread of mediaThreads()) await thread.end();
    await log.append(Buffer.from('two'));
    await source.close();
    await log.close();
    expect(Buffer.from(await safe.read('log')).toString()).toBe('onetwo');
  });
});

test('many destinations share few threads', async () => {
  const media = Array.from({ length: 20 }, () => open(scratch.path));
  await Promise.all(media.map((one) => one.list('')));
  expect(mediaThreads().length).toBeLessThanOrEqual(mediaThreadsMax);
  await Promise.all(media.map((one) => one.close()));
});

test('a large object opened with a signal ends with it', async () => {
  const caller = new AbortController();
  const source = await medium.createObject('a', caller.signal);
  caller.abort(new Error('gone'));
  await source.abort();
  expect(await medium.list('')).toEqual([]);
});

describe('a server that stalls', () => {
  let double: S3Double;
  let stalled: Medium;
  beforeEach(async () => {
    double = await S3Double.start();
    const address = s3Address(double);
    stalled = openInThread(address, openS3Medium(address).abilities);
    await stalled.putSmall('a', Buffer.from('content'), 'create');
  });
  afterEach(async () => {
    await stalled.close();
    await double.stop();
  });

  test('is left when the caller goes', async () => {
    for (const call of [
      (signal: AbortSignal) => stalled.read('a', 0, 1, signal),
      (signal: AbortSignal) => stalled.putSmall('b', Buffer.from('x'), 'create', signal),
      (signal: AbortSignal) => stalled.list('', signal),
    ]) {
      const caller = new AbortController();
      double.faults.add({ on: 'every', deed: { deed: 'stall' } });
      const ended = expectKind(call(caller.signal), 'cancelled');
      setTimeout(() => caller.abort(new Error('gone')), 30);
      await ended;
    }
    // A call that was given up before it came to the server has left its fault there.
    double.faults.clear();
    expect(await stalled.list('')).toEqual([{ name: 'a', kind: 'object', sizeBytes: 7 }]);
  });

  test('lets go of reads when their object is closed, and of uploads when theirs is given up', async () => {
    const source = await stalled.openObject('a');
    double.faults.add({ on: ['GetObject'], deed: { deed: 'stall' } });
    const read = expectKind(source.read(0, 1), 'cancelled');
    await source.close();
    await read;
    const sink = await stalled.createObject('c');
    double.faults.add({ on: ['UploadPart'], times: 9, deed: { deed: 'stall' } });
    const writes = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => sink.writeAt(i << 23, Buffer.alloc(8 << 20)));
    await Promise.race(writes);
    await sink.abort();
    await Promise.allSettled(writes);
    expect(double.bucket().uploads.size).toBe(0);
  });
});

describe('errors on their way', () => {
  test('keep kind, key and detail', () => {
    const error = new MediumError('denied', 'a/b', 'AccessDenied of 127.0.0.1');
    expect(reviveMediumError(mediumErrorData(error, ''))).toMatchObject({
      kind: 'denied',
      key: 'a/b',
      message: error.message,
    });
  });

  test('leave the text of a foreign error behind', () => {
    const data = mediumErrorData(Object.assign(new TypeError('raw object bytes, or a key'), { code: 'EX' }), 'a');
    expect(data).toEqual({ kind: 'io', key: 'a', detail: 'the medium failed with TypeError EX' });
  });
});

test('no module of a client is loaded by opening a medium', () => {
  const source = `
    import { openMedium } from ${JSON.stringify(new URL('../../src/media/open-medium.ts', import.meta.url).href)};
    import { createRequire } from 'node:module';
    const path = { file: 'file:///x', oss: 'oss://b/p', cos: 'cos://b/p', s3: 's3://b/p', sftp: 'sftp://u@h/p', cifs: 'cifs://h/s/p', hdfs: 'hdfs://n/p' };
    const common = { host: '127.0.0.1:1', authorization: { accessId: 'a', accessKey: 'k' }, options: { appid: '1', s3_region: 'r', namenode: 'h:1', host_key: 'SHA256:x' } };
    const opened = [];
    for (const scheme of Object.keys(path)) {
      try { openMedium({ scheme, path: path[scheme], ...common }); opened.push(scheme); } catch {}
    }
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => /node_modules/.test(file));
    console.log(JSON.stringify({ opened, loaded }));
    process.exit(0);`;
  const args = ['--input-type=module', '-e', source];
  const out = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, string[]>;
  expect(out['opened']).toContain('file');
  expect(out['loaded']).toEqual([]);
});

test('no address goes into the data a thread is started with', () => {
  const seat = fileURLToPath(new URL('../../src/media/thread/thread-seat.ts', import.meta.url));
  expect(readFileSync(seat, 'utf8')).not.toContain('workerData');
});
