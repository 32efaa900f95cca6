import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { MediumError } from '../../src/media/medium.ts';
import { expectKind } from './medium-conformance.ts';
import type { MediumUnderTest } from './servers/fixture.ts';

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array) => Buffer.from(value).toString();
const digest = (value: Uint8Array) => createHash('sha256').update(value).digest('hex');

/** Bytes that differ everywhere, the same for the same seed. */
function noise(length: number, seed: number): Buffer {
  const out = Buffer.alloc(length);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let i = 0; i + 4 <= length; i += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out.writeUInt32LE(state, i);
  }
  return out;
}

/** Objects that are written piece by piece: large ones and growing ones. */
export function sinkConformance(opened: () => MediumUnderTest): void {
  const medium = () => opened().medium;

  test('a large object is invisible until it is published', async () => {
    const sink = await medium().createObject('set/data.0');
    await sink.writeAt(5, bytes('world'));
    await sink.writeAt(0, bytes('hello'));
    expect(await medium().head('set/data.0')).toBeNull();
    expect(await medium().list('set')).toEqual([]);
    await sink.publish(10);
    expect(text(await opened().reopen().read('set/data.0'))).toBe('helloworld');
    expect(await medium().list('set')).toEqual([{ name: 'data.0', kind: 'object', sizeBytes: 10 }]);
  });

  test('a large object of another size than announced is not published', async () => {
    const sink = await medium().createObject('set/data.0');
    await sink.writeAt(0, bytes('hello'));
    await expectKind(sink.publish(6), 'checksum');
    expect(await medium().list('set')).toEqual([]);
    const hole = await medium().createObject('set/data.1');
    await hole.writeAt(10, bytes('hello'));
    await expectKind(hole.publish(5), 'checksum');
    expect(await medium().list('set')).toEqual([]);
  });

  test('an object of no bytes is published', async () => {
    const sink = await medium().createObject('set/empty');
    await sink.publish(0);
    expect((await medium().head('set/empty'))?.sizeBytes).toBe(0);
  });

  // As a set is written: records side by side from several threads, the header last, and what failed once more.
  test('a large object comes together in any order, also with parts that come twice', async () => {
    const size = 21 * 1024 * 1024 + 12_345;
    const content = noise(size, 1);
    const sink = await medium().createObject('set/data.0');
    const pieces: (readonly [number, number])[] = [];
    for (let at = 4096; at < size; at += 700_001) pieces.push([at, Math.min(700_001, size - at)]);
    for (let i = 0; i + 4 <= pieces.length; i += 4) pieces.splice(i, 4, ...pieces.slice(i, i + 4).reverse());
    const write = ([at, length]: readonly [number, number]) => sink.writeAt(at, content.subarray(at, at + length));
    for (let i = 0; i < pieces.length; i += 3) await Promise.all(pieces.slice(i, i + 3).map(write));
    for (const piece of [pieces[0]!, pieces[9]!, pieces.at(-1)!]) await write(piece);
    await sink.writeAt(0, content.subarray(0, 4096));
    await sink.writeAt(0, content.subarray(0, 4096));
    expect(await medium().list('set')).toEqual([]);
    await sink.publish(size);
    const source = await opened().reopen().openObject('set/data.0');
    expect(source.sizeBytes).toBe(size);
    const found = createHash('sha256');
    for (let at = 0; at < size; at += 3_000_000) found.update(await source.read(at, Math.min(3_000_000, size - at)));
    expect(found.digest('hex')).toBe(digest(content));
    const middle = await Promise.all([0, 5e6, 1e7, 2e7].map((at) => source.read(at, 1000)));
    expect(middle.map(digest)).toEqual([0, 5e6, 1e7, 2e7].map((at) => digest(content.subarray(at, at + 1000))));
    await source.close();
    expect((await opened().leftovers?.()) ?? 0).toBe(0);
  });

  test('an aborted object leaves nothing, a taken name is refused at publish', async () => {
    const aborted = await medium().createObject('set/a');
    await aborted.writeAt(0, noise(9 << 20, 2));
    await aborted.abort();
    await aborted.abort();
    const [one, two] = [await medium().createObject('set/b'), await medium().createObject('set/b')];
    await one.writeAt(0, bytes('1'));
    await two.writeAt(0, bytes('2'));
    await one.publish(1);
    await expectKind(two.publish(1), 'alreadyExists');
    await two.abort();
    expect(text(await medium().read('set/b'))).toBe('1');
    expect((await opened().leftovers?.()) ?? 0).toBe(0);
    await medium().remove(['set/b']);
    await medium().removeDirectory('set');
    expect(await medium().list('')).toEqual([]);
  });

  test('of many publishers of one name one wins, and its bytes stand', async () => {
    const sinks = await Promise.all(Array.from({ length: 5 }, () => medium().createObject('race')));
    await Promise.all(sinks.map((sink, i) => sink.writeAt(0, bytes(`racer ${i}`))));
    const ends = await Promise.allSettled(sinks.map((sink) => sink.publish(7)));
    const winners = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason.kind).toBe('alreadyExists');
    await Promise.all(sinks.map((sink) => sink.abort()));
    expect(text(await medium().read('race'))).toBe(`racer ${winners[0]}`);
    expect((await opened().leftovers?.()) ?? 0).toBe(0);
  });

  test('an object whose caller goes in the middle leaves nothing', async () => {
    const caller = new AbortController();
    const sink = await medium().createObject('set/data.0', caller.signal);
    const writes = [0, 1, 2].map((i) => sink.writeAt(i * (6 << 20), noise(6 << 20, i)));
    caller.abort(new Error('gone'));
    for (const end of await Promise.allSettled(writes))
      if (end.status === 'rejected') expect((end.reason as MediumError).kind).toBe('cancelled');
    await sink.abort();
    expect(await medium().list('')).toEqual(medium().abilities.directories ? expect.anything() : []);
    expect(await medium().head('set/data.0')).toBeNull();
    expect((await opened().leftovers?.()) ?? 0).toBe(0);
  });

  test('an object that nobody ends is swept when it is old enough and not below what is kept, and cannot be published then', async () => {
    await medium().putSmall('stays', bytes('x'), 'create');
    const sink = await medium().createObject('set/data.0');
    for (let at = 0; at < 17 << 20; at += 1 << 20) await sink.writeAt(at, noise(1 << 20, at));
    const left = await opened().leftovers?.();
    if (left !== undefined) expect(left).toBeGreaterThan(0);
    const sweeper = opened().reopen();
    expect(await sweeper.sweep(3_600_000, [])).toBe(0);
    // Servers keep whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await sweeper.sweep(0, ['other', 'set'])).toBe(0);
    expect(await sweeper.sweep(0, ['other', 'se', 'set/data'])).toBe(opened().sweptElsewhere === true ? 0 : 1);
    if (opened().sweptElsewhere === true) return sink.abort();
    expect(await sweeper.sweep(0, [])).toBe(0);
    if (left !== undefined) expect(await opened().leftovers?.()).toBe(0);
    await expect(sink.publish(17 << 20)).rejects.toMatchObject({ name: 'MediumError' });
    await sink.abort();
    expect(await medium().head('set/data.0')).toBeNull();
    expect(text(await medium().read('stays'))).toBe('x');
  });

  test('an append object grows, and is one object with the size of all of it', async () => {
    const key = 'log/1.obarc';
    const sink = await medium().openAppend(key, 0);
    await Promise.all([sink.append(bytes('aaaa')), sink.append(bytes('bbbb')), sink.append(bytes('cc'))]);
    expect(sink.sizeBytes).toBe(10);
    expect(text(await opened().reopen().read(key))).toBe('aaaabbbbcc');
    expect(text(await opened().reopen().read(key, 3, 6))).toBe('abbbbc');
    expect((await medium().head(key))?.sizeBytes).toBe(10);
    expect(await medium().list('log')).toEqual([{ name: '1.obarc', kind: 'object', sizeBytes: 10 }]);
    const large = noise(9 << 20, 3);
    await sink.append(large);
    await sink.close();
    const source = await opened().reopen().openObject(key);
    expect(source.sizeBytes).toBe(10 + large.length);
    expect(digest(await source.read(10, large.length))).toBe(digest(large));
    expect(text(await source.read(0, 12)).slice(0, 10)).toBe('aaaabbbbcc');
    await expectKind(source.read(10, large.length + 1), 'checksum');
    await source.close();
    await medium().remove([key]);
    expect(await medium().head(key)).toBeNull();
    expect(await medium().list('log')).toEqual([]);
    expect((await opened().leftovers?.()) ?? 0).toBe(0);
  });

  test('an append object is gone on with where it was left', async () => {
    const first = await medium().openAppend('log/1.obarc', 0);
    await first.append(bytes('aaaa'));
    await first.append(bytes('bbbb'));
    await first.close();
    const second = await opened().reopen().openAppend('log/1.obarc', 8);
    expect(second.sizeBytes).toBe(8);
    await second.append(bytes('dd'));
    await second.close();
    expect(text(await medium().read('log/1.obarc'))).toBe('aaaabbbbdd');
    await expectKind(medium().openAppend('log/1.obarc', 11), 'checksum');
    await expectKind(medium().openAppend('log/2.obarc', 1), 'checksum');
  });

  test('an append object is as long and says the same when its last bytes are made durable once more', async () => {
    const first = await medium().openAppend('log/1.obarc', 0);
    for (const part of ['aaaa', 'bbbb', 'torn']) await first.append(bytes(part));
    await first.close();
    for (const syncedBytes of [8, 4, 0]) {
      const again = await opened().reopen().openAppend('log/1.obarc', 8, undefined, syncedBytes);
      expect(again.sizeBytes).toBe(8);
      await again.append(bytes('cc'));
      await again.close();
      expect(text(await medium().read('log/1.obarc'))).toBe('aaaabbbbcc');
    }
  });

  test('bytes behind the confirmed end of an append object are dropped', async () => {
    const first = await medium().openAppend('log/1.obarc', 0);
    for (const part of ['aaaa', 'bbbb', 'cc']) await first.append(bytes(part));
    await first.close();
    for (const [end, left] of [
      [8, 'aaaabbbb'],
      [6, 'aaaabb'],
      [0, ''],
    ] as const) {
      const again = await opened().reopen().openAppend('log/1.obarc', end);
      expect(again.sizeBytes).toBe(end);
      await again.append(bytes('x'));
      expect(text(await medium().read('log/1.obarc'))).toBe(`${left}x`);
      await again.close();
      if (end > 0) await (await medium().openAppend('log/1.obarc', end)).close();
    }
  });

  test('of two writers of one append object neither overwrites the other without an error', async () => {
    if (medium().scheme === 'file') return;
    const key = 'log/1.obarc';
    const [one, two] = [await medium().openAppend(key, 0), await opened().reopen().openAppend(key, 0)];
    const said: string[] = [];
    for (const [i, sink] of [one, two, one, two].entries()) {
      const part = `<${i}>`;
      await sink.append(bytes(part)).then(
        () => said.push(part),
        (error: MediumError) => expect(error.name).toBe('MediumError'),
      );
    }
    const found = text(await medium().read(key));
    for (const part of said) expect(found).toContain(part);
    await Promise.allSettled([one.close(), two.close()]);
  });
}
