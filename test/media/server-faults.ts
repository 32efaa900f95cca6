import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Medium, MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';

/** Bytes that differ everywhere. */
export function noise(length: number): Buffer {
  const out = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i + 4 <= length; i += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out.writeUInt32LE(state, i);
  }
  return out;
}

/** What a proxy or a portal says in place of the server, with a good status. */
export const inBetween = ['', `<html>${'Welcome! Please log in. '.repeat(40)}</html>`, '<?xml version="1.0"?><hello/>'];

/** One call of each kind that an answer of something in between must not pass for. */
const trustingCalls: Readonly<Record<string, (medium: Medium) => Promise<unknown>>> = {
  putSmall: (medium) => medium.putSmall('new', Buffer.from('x'), 'create'),
  replace: (medium) => medium.putSmall('a', Buffer.from('x'), 'replace'),
  'publish a small object': (medium) => publishedNew(medium, 1_000),
  'publish a large object': (medium) => publishedNew(medium, 9 << 20),
  append: async (medium) => (await medium.openAppend('log', 3)).append(Buffer.from('def')),
  read: (medium) => medium.read('a'),
  'read a part': (medium) => medium.read('a', 0, 1),
  openObject: (medium) => medium.openObject('a'),
  head: (medium) => medium.head('a'),
  list: (medium) => medium.list(''),
  tag: (medium) => medium.tag(['a'], { x: 'y' }),
  tagsOf: (medium) => medium.tagsOf('a'),
  sweep: (medium) => medium.sweep(0, []),
  remove: (medium) => medium.remove(['a']),
  'remove some': (medium) => medium.remove(['a', 'log']),
};

async function publishedNew(medium: Medium, sizeBytes: number): Promise<void> {
  const sink = await medium.createObject('new');
  try {
    await sink.writeAt(0, Buffer.alloc(sizeBytes));
    await sink.publish(sizeBytes);
  } catch (error) {
    await sink.abort().catch(() => undefined);
    throw error;
  }
}

/** Makes each call with something in between that answers from its first, second, ... request on: always `network`. */
export async function expectDistrust(
  medium: Medium,
  double: { inBetween: () => string | null },
  body: string,
): Promise<void> {
  await medium.putSmall('a', Buffer.from('abc'), 'create');
  await (await medium.openAppend('log', 0)).append(Buffer.from('abc'));
  for (const [name, call] of Object.entries(trustingCalls)) {
    for (let passing = 0, met = true; met; passing++) {
      let asked = 0;
      double.inBetween = () => (++asked > passing ? body : null);
      const kind = await call(medium).then(
        () => 'none',
        (error: MediumError) => error.kind,
      );
      double.inBetween = () => null;
      met = asked > passing;
      expect([name, passing, kind]).toEqual([name, passing, met ? 'network' : 'none']);
      expect(asked).toBeGreaterThan(0);
      await medium.remove(['new']);
    }
  }
}

/** What `work` comes to, which must be within a few seconds. */
export async function endsSoon<T>(work: Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work;
  } finally {
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  }
}

/** Writes, lists and removes a thousand small objects, and closes the medium. */
export async function thousandObjects(medium: Medium): Promise<void> {
  const keys = Array.from({ length: 1_000 }, (_, i) => `many/${i}`);
  for (let i = 0; i < keys.length; i += 50)
    await Promise.all(keys.slice(i, i + 50).map((key) => medium.putSmall(key, Buffer.from(key), 'create')));
  const found = await medium.list('many');
  expect(found.map(({ name, sizeBytes }) => [`many/${name}`, sizeBytes]).sort()).toEqual(
    keys.map((key) => [key, key.length]).sort(),
  );
  await medium.remove(keys);
  expect(await medium.list('many')).toEqual([]);
  await medium.close();
}

/**
 * A process of its own writes an object of 256 MiB and reads it again, each in pieces of 2 MiB of which three are under way; how far
 * its memory rose above what it held before.
 */
export async function heldBytesAboveIdle(module: string, opener: string, address: MediumAddress): Promise<number> {
  const source = new URL(`../../src/media/${module}`, import.meta.url).href;
  const script = `
    import { createHash } from 'node:crypto';
    const medium = (await import(${JSON.stringify(source)})).${opener}(${JSON.stringify(address)});
    const [pieceBytes, pieces] = [2 << 20, 128];
    await medium.list('');
    const idle = process.resourceUsage().maxRSS;
    // Filled anew, not made anew: what the test itself leaves to the collector is none of the medium's.
    const buffers = [0, 1, 2].map(() => Buffer.alloc(pieceBytes));
    const piece = (i) => buffers[i % 3].fill(1 + i);
    const three = async (work) => {
      for (let i = 0; i < pieces; i += 3)
        await Promise.all([i, i + 1, i + 2].filter((at) => at < pieces).map(work));
    };
    const sink = await medium.createObject('large');
    await three((i) => sink.writeAt(i * pieceBytes, piece(i)));
    await sink.publish(pieces * pieceBytes);
    const found = await medium.openObject('large');
    await three(async (i) => {
      if (!piece(i).equals(await found.read(i * pieceBytes, pieceBytes))) throw new Error('other bytes at ' + i);
    });
    await found.close();
    await medium.close();
    console.log((process.resourceUsage().maxRSS - idle) * 1024);`;
  // A young generation as small as that of a media thread.
  const args = ['--max-semi-space-size=2', '--input-type=module', '-e', script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'] } });
  expect(stderr).toBe('');
  return Number(stdout);
}
