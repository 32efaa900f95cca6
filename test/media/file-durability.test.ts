import { fstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openFileMedium } from '../../src/media/file-medium.ts';
import type { Medium } from '../../src/media/medium.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

/* What the power takes is what was not synced: every write syncs its bytes before they have their name, and then the name. */

/** One sync: of what, and what stood under the name that matters at that moment. */
interface Sync {
  readonly of: string;
  readonly found: string | null;
}

let scratch: Scratch;
let medium: Medium;
let syncs: Sync[];
let watched: string;
let kind: FileHandle;

beforeEach(async () => {
  scratch = scratchDirectory();
  medium = openFileMedium(scratch.path);
  syncs = [];
  watched = 'dir/a';
  const handle = await open(scratch.path, 'r');
  kind = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  for (const method of ['sync', 'datasync'] as const) {
    const real = kind[method];
    vi.spyOn(kind, method).mockImplementation(function (this: FileHandle) {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`);
      const name = relative(scratch.path, path).replace(/\.tmp\.\d+$/, '.tmp');
      syncs.push({ of: fstatSync(this.fd).isDirectory() ? `${name || '.'}/` : name, found: contentOf(watched) });
      return real.call(this);
    });
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await medium.close();
  scratch.remove();
});

function contentOf(key: string): string | null {
  const path = `${scratch.path}/${key}`;
  return statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : null;
}

describe('before a write resolves', () => {
  test('a small object is synced, then named, then its name is synced; a new directory before it', async () => {
    await medium.putSmall(watched, Buffer.from('one'), 'create');
    expect(syncs).toEqual([
      { of: './', found: null },
      { of: 'dir/a.tmp', found: null },
      { of: 'dir/', found: 'one' },
    ]);
    syncs.length = 0;
    await medium.putSmall(watched, Buffer.from('two'), 'replace');
    expect(syncs).toEqual([
      { of: 'dir/a.tmp', found: 'one' },
      { of: 'dir/', found: 'two' },
    ]);
  });

  test('so is a large one, which has no name before', async () => {
    const sink = await medium.createObject(watched);
    await sink.writeAt(0, Buffer.from('large'));
    syncs.length = 0;
    await sink.publish(5);
    expect(syncs).toEqual([
      { of: 'dir/a.tmp', found: null },
      { of: 'dir/', found: 'large' },
    ]);
  });

  test('a log is cut and named durably when it is opened, and each append is synced with its bytes', async () => {
    const first = await medium.openAppend(watched, 0);
    await first.append(Buffer.from('confirmed'));
    await first.append(Buffer.from(' and torn'));
    expect(syncs.map(({ of }) => basename(of))).toEqual(['.', 'a', 'dir', 'a', 'a']);
    expect(syncs.slice(-2).map(({ found }) => found)).toEqual(['confirmed', 'confirmed and torn']);
    await first.close();
    syncs.length = 0;
    const again = await medium.openAppend(watched, 9);
    expect(syncs).toEqual([
      { of: 'dir/a', found: 'confirmed' },
      { of: 'dir/', found: 'confirmed' },
    ]);
    await again.close();
  });

  test('what a failed sync left readable is written again before the next one, which would not do it otherwise', async () => {
    const first = await medium.openAppend(watched, 0);
    await first.append(Buffer.from('confirmed'));
    vi.spyOn(kind, 'datasync').mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await expect(first.append(Buffer.from(' or not'))).rejects.toMatchObject({ kind: 'io' });
    await first.close();
    syncs.length = 0;
    const written: unknown[] = [];
    const real = kind.write;
    vi.spyOn(kind, 'write').mockImplementation(function (this: FileHandle, bytes: Buffer, ...place: unknown[]) {
      written.push([bytes.toString(), place.at(-1), syncs.length]);
      return Reflect.apply(real, this, [bytes, ...place]);
    } as FileHandle['write']);
    const again = await medium.openAppend(watched, 16, undefined, 9);
    expect(written).toEqual([[' or not', 9, 0]]);
    expect(syncs[0]).toEqual({ of: 'dir/a', found: 'confirmed or not' });
    await again.close();
  });
});
