import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { MediumError } from '../../src/media/medium.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectKind } from './medium-conformance.ts';
import { isComplete, isPart, ossScene, partBytes, text } from './oss-scene.ts';
import type { OssCall } from './servers/oss-double.ts';

const scene = ossScene();

describe('a connection that breaks', () => {
  test.each([0, 70_000, 5_000_000])('in an upload after %i bytes leaves nothing', async (bytes) => {
    scene.double.fail({ kind: 'cutUp', bytes, on: isPart });
    await expectKind(scene.publish('set/data.0', 3), 'network');
    scene.nothingStands();
    scene.double.fail({ kind: 'cutUp', bytes: Math.min(bytes, 1000), on: ({ method }) => method === 'PUT' });
    await expectKind(scene.medium.putSmall('small', Buffer.alloc(2000), 'create'), 'network');
    scene.nothingStands();
  });

  test.each([0, 1000, 100_000])('in a download after %i bytes is no short read', async (bytes) => {
    const secretContent = 'content-that-must-not-be-seen '.repeat(10_000);
    await scene.medium.putSmall('a', Buffer.from(secretContent), 'create');
    const source = await scene.medium.openObject('a');
    for (const read of [
      () => scene.medium.read('a'),
      () => scene.medium.read('a', 5, 200_000),
      () => source.read(0, 250_000),
    ]) {
      scene.double.fail({ kind: 'cutDown', bytes, on: ({ method }) => method === 'GET' });
      const error = await expectKind(read(), 'network');
      expect(inspect(error, { depth: 20 })).not.toContain('must-not-be-seen');
    }
    expect(await source.read(0, 7)).toHaveLength(7);
  });

  test('in a page of a listing is no short list', async () => {
    for (let i = 0; i < 30; i++) await scene.medium.putSmall(`many/${i}`, Buffer.from('x'), 'create');
    scene.double.pageEntries = 7;
    scene.double.fail({ kind: 'cutDown', bytes: 400, on: ({ query }) => query.has('marker') });
    await expectKind(scene.medium.list('many'), 'network');
    expect(await scene.medium.list('many')).toHaveLength(30);
  });

  test('because the server died leaves nothing visible, and its uploads are swept when they are old', async () => {
    const sink = await scene.medium.createObject('set/data.0');
    await sink.writeAt(0, Buffer.alloc(partBytes));
    await scene.double.kill();
    await expectKind(
      sink.writeAt(partBytes, Buffer.alloc(3 * partBytes)).then(() => sink.publish(4 * partBytes)),
      'network',
    );
    await expectKind(sink.abort(), 'network');
    await expectKind(scene.medium.head('set/data.0'), 'network');
    await scene.double.listen();
    expect(await scene.medium.head('set/data.0')).toBeNull();
    expect(scene.double.bucket('backups').uploads.size).toBe(1);
    expect(await scene.medium.sweep(3_600_000, [])).toBe(0);
    scene.double.clockOffsetMs = 10 * 60_000;
    expect(await scene.medium.sweep(9 * 60_000, [])).toBe(1);
    scene.nothingStands();
  });
});

describe('a server that stands still', () => {
  test.each(['stall', 'stallUp', 'stallDown', 'lateReply'] as const)('(%s) is left by the signal', async (kind) => {
    await scene.medium.putSmall('a', Buffer.alloc(300_000), 'create');
    const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => scene.medium.read('a', 0, 300_000, signal),
      (signal) => scene.medium.putSmall('b', Buffer.alloc(300_000), 'replace', signal),
      (signal) => scene.medium.list('', signal),
      (signal) => scene.medium.head('a', signal),
    ];
    for (const call of kind === 'stallUp' ? calls.slice(1, 2) : calls) {
      scene.double.fail({ kind, bytes: 100, times: 1 });
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
      expect(performance.now() - started).toBeLessThan(15_000);
      scene.double.faults.length = 0;
    }
  });

  test('is left without a signal too, by name', async () => {
    await scene.medium.putSmall('a', Buffer.alloc(300_000), 'create');
    await scene.reopen(1_000);
    scene.double.fail({ kind: 'stallDown', bytes: 100 });
    const startMs = performance.now();
    await expectKind(scene.medium.read('a', 0, 300_000), 'timeout');
    expect(performance.now() - startMs).toBeLessThan(15_000);
    scene.double.fail({ kind: 'stall' });
    const error = await expectKind(scene.medium.head('a'), 'timeout');
    expect(error.message).toContain('1000 ms');
    scene.double.fail({ kind: 'stallUp', bytes: 100_000, on: isPart });
    await expectKind(scene.publish('set/data.0', 2), 'timeout');
    expect(scene.double.bucket('backups').uploads.size).toBe(0);
  });

  test('in an upload does not hold back who gives it up', async () => {
    scene.double.fail({ kind: 'stallUp', bytes: 100_000, on: isPart, times: 100 });
    const sink = await scene.medium.createObject('set/data.0');
    const writing = sink.writeAt(0, Buffer.alloc(8 * partBytes));
    const ended = expectKind(writing, 'cancelled');
    while (!scene.double.calls.some(isPart)) await new Promise((resolve) => setImmediate(resolve));
    await sink.abort();
    await ended;
    scene.nothingStands();
  });
});

describe('a reply that is lost, or a request that comes twice,', () => {
  test('does not make a create of ours somebody else’s', async () => {
    const patient = withRetries(scene.medium, { random: () => 0 });
    for (const kind of ['loseReply', 'twice'] as const) {
      scene.double.fail({ kind, on: ({ method }) => method === 'PUT' });
      await patient.putSmall(`put.${kind}`, Buffer.from(kind), 'create');
      expect(text(await scene.medium.read(`put.${kind}`))).toBe(kind);
      scene.double.fail({ kind, on: isComplete });
      await scene.publish(`large.${kind}`, 2, patient);
      expect((await scene.medium.head(`large.${kind}`))?.sizeBytes).toBe(2 * partBytes);
    }
    scene.double.fail({ kind: 'loseReply', on: isPart });
    await scene.publish('part', 2, patient);
    expect(scene.double.bucket('backups').uploads.size).toBe(0);
    await expectKind(patient.putSmall('put.twice', Buffer.from('twice'), 'create'), 'alreadyExists');
  });

  test('does not double what is appended', async () => {
    const patient = withRetries(scene.medium, { random: () => 0 });
    const log = await patient.openAppend('log', 0);
    for (const [kind, part] of [
      ['loseReply', 'one'],
      ['twice', 'two'],
      ['cutUp', 'three'],
    ] as const) {
      scene.double.fail({ kind, on: ({ query }) => query.has('append') });
      await log.append(Buffer.from(part));
    }
    expect(log.sizeBytes).toBe(11);
    expect(text(await scene.medium.read('log'))).toBe('onetwothree');
  });

  test('a part damaged on its way is refused by the service and never seen', async () => {
    scene.double.fail({ kind: 'damage', on: isPart });
    await expectKind(scene.publish('set/data.0', 2), 'network');
    scene.double.fail({ kind: 'damage' });
    await expectKind(scene.medium.putSmall('a', Buffer.from('abc'), 'replace'), 'network');
    scene.nothingStands();
  });

  test.each(['PUT', 'append', 'complete', 'delete'])('a %s damaged on its way is sent again', async (name) => {
    const patient = withRetries(scene.medium, { random: () => 0 });
    const on = (call: OssCall) =>
      name === 'PUT' ? call.method === 'PUT' : name === 'complete' ? isComplete(call) : call.query.has(name);
    scene.double.fail({ kind: 'damage', on });
    await scene.publish('large', 2, patient);
    const sink = await patient.createObject('small');
    await sink.writeAt(0, Buffer.from('abc'));
    await sink.publish(3);
    expect(text(await scene.medium.read('small'))).toBe('abc');
    const log = await patient.openAppend('log', 0);
    await log.append(Buffer.from('record'));
    expect(text(await scene.medium.read('log'))).toBe('record');
    await patient.remove(['large', 'small', 'log']);
    expect(scene.double.faults.map(({ times }) => times)).toEqual([0]);
    scene.nothingStands();
  });
});
