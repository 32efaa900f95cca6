import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { fileSink } from '../../src/media/file-objects.ts';
import { openTemp } from '../../src/media/file-publish.ts';
import { FileRoot } from '../../src/media/file-root.ts';
import { below } from '../../src/media/wrap/below.ts';
import { withDeadlines } from '../../src/media/wrap/deadline.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { openBelow } from './descriptors.ts';
import { expectKind, mediumConformance } from './medium-conformance.ts';
import { mountRefusal, type Scratch, scratchDirectory } from './scratch.ts';

const shapes = [
  { name: 'file', wrap: (path: string) => openFileMedium(path) },
  { name: 'file under deadlines', wrap: (path: string) => withDeadlines(openFileMedium(path)) },
  {
    name: 'file under a fault wrapper',
    wrap: (path: string) => withFault(openFileMedium(path), { at: 0, kind: 'io' }),
  },
  { name: 'a part of file', wrap: (path: string) => below(openFileMedium(path), 'backup_set_1_full/complement_log') },
];
for (const { name, wrap } of shapes)
  mediumConformance(name, async () => {
    const scratch = scratchDirectory();
    mkdirSync(join(scratch.path, 'dest/backup_set_1_full/complement_log'), { recursive: true });
    if (name !== 'a part of file') rmSync(join(scratch.path, 'dest/backup_set_1_full'), { recursive: true });
    const path = join(scratch.path, 'dest');
    const sweptElsewhere = name === 'a part of file';
    return { medium: wrap(path), reopen: () => wrap(path), dispose: async () => scratch.remove(), sweptElsewhere };
  });

const refusal = mountRefusal();
if (refusal !== null) console.warn(`tests with mounts are skipped: ${refusal}`);
const x = Buffer.from('x');

describe('file medium on a real directory', () => {
  let scratch: Scratch;
  beforeEach(() => {
    scratch = scratchDirectory();
  });
  afterEach(() => scratch.remove());

  test('a root that nothing can be made in ends with an error, not in a circle', async () => {
    // /proc answers ENOENT to every mkdir, as mount points of an automounter do.
    await expectKind(openFileMedium('/proc/obvault/deep').putSmall('a/b', x, 'create'), 'notFound');
  });

  test('a missing root counts as empty and is made with its parents', async () => {
    const root = join(scratch.path, 'not/yet/there');
    const medium = openFileMedium(root);
    expect(await medium.list('')).toEqual([]);
    expect(existsSync(join(scratch.path, 'not'))).toBe(false);
    await medium.putSmall('a/b', x, 'create');
    expect(readFileSync(join(root, 'a/b'), 'utf8')).toBe('x');
  });

  test('temporary names are hidden, keep the documented shape and go with their directory', async () => {
    const medium = openFileMedium(scratch.path);
    const sink = await medium.createObject('set/macro_block_data.0.obbak');
    expect(readdirSync(join(scratch.path, 'set'))).toEqual([
      expect.stringMatching(/^macro_block_data\.0\.obbak\.tmp\.\d{16}$/),
    ]);
    expect(await medium.list('set')).toEqual([]);
    await medium.removeDirectory('set');
    expect(existsSync(join(scratch.path, 'set'))).toBe(false);
    await sink.abort();
  });

  test('a temporary name that is taken is never opened', async () => {
    const stopped = { nowUs: () => 1_700_000_000_000_000, nowNs: () => 0n, sleep: () => Promise.reject() };
    const medium = openFileMedium(scratch.path, stopped);
    writeFileSync(join(scratch.path, 'a.tmp.1700000000000000'), 'of another writer');
    await medium.putSmall('a', x, 'create');
    expect(readdirSync(scratch.path).sort()).toEqual(['a', 'a.tmp.1700000000000000']);
    expect(readFileSync(join(scratch.path, 'a.tmp.1700000000000000'), 'utf8')).toBe('of another writer');
  });

  test('links are followed, dangling ones and sockets are no objects', async () => {
    writeFileSync(join(scratch.path, 'real'), 'x');
    symlinkSync('real', join(scratch.path, 'link'));
    symlinkSync('gone', join(scratch.path, 'dangling'));
    execFileSync('mkfifo', [join(scratch.path, 'pipe')]);
    expect((await openFileMedium(scratch.path).list('')).map((entry) => entry.name)).toEqual(['link', 'real']);
  });

  test('a file in place of a directory is told apart from one in the middle of the path', async () => {
    writeFileSync(join(scratch.path, 'file'), 'x');
    await expectKind(openFileMedium(join(scratch.path, 'file')).list(''), 'noContainer');
    const through = openFileMedium(join(scratch.path, 'file/dest'));
    expect(await through.list('')).toEqual([]);
    await expectKind(through.putSmall('a', x, 'create'), 'notDirectory');
    const medium = openFileMedium(scratch.path);
    await expectKind(medium.putSmall('file/a', x, 'create'), 'notDirectory');
    await expectKind(medium.list('file'), 'notDirectory');
    expect(await medium.head('file/a')).toBeNull();
  });

  test('an object cut short by somebody else is found', async () => {
    const medium = openFileMedium(scratch.path);
    await medium.putSmall('data', Buffer.alloc(100), 'create');
    const source = await medium.openObject('data');
    truncateSync(join(scratch.path, 'data'), 60);
    await expectKind(source.read(50, 20), 'checksum');
    await source.close();
  });

  test('an object whose size cannot be asked any more is given up, descriptor and temporary name', async () => {
    const temp = await openTemp(new FileRoot(scratch.path), systemClock, 'data');
    const stale = Object.assign(new Error('stale file handle'), { code: 'ESTALE', syscall: 'fstat' });
    vi.spyOn(temp.handle, 'stat').mockRejectedValue(stale);
    const sink = fileSink(temp);
    await sink.writeAt(0, x);
    await expectKind(sink.publish(1), 'io');
    await sink.abort();
    expect(openBelow(scratch.path)).toEqual([]);
    expect(readdirSync(scratch.path)).toEqual([]);
  });

  test('a destination that vanished is neither written nor taken for empty on removal', async () => {
    const root = join(scratch.path, 'dest');
    const medium = openFileMedium(root);
    await medium.putSmall('a', x, 'create');
    renameSync(root, join(scratch.path, 'moved'));
    await expectKind(medium.putSmall('b', x, 'create'), 'noContainer');
    await expectKind(medium.remove(['a']), 'noContainer');
    await expectKind(medium.read('a'), 'noContainer');
    expect(existsSync(root)).toBe(false);
  });

  test('a directory owned by somebody else is denied', async () => {
    const root = join(scratch.path, 'dest');
    mkdirSync(join(root, 'locked'), { recursive: true });
    writeFileSync(join(root, 'secret'), 'x', { mode: 0o600 });
    execFileSync('chmod', ['755', scratch.path, root]);
    execFileSync('chmod', ['700', join(root, 'locked')]);
    const kinds = runAsNobody(root);
    expect(kinds).toEqual({ put: 'denied', read: 'denied', list: 'denied', remove: 'denied', append: 'denied' });
  });

  test.skipIf(refusal !== null)('a full file system is outOfSpace and leaves no rubbish', async () => {
    const root = scratch.mount('full', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs']);
    const medium = openFileMedium(root);
    await medium.putSmall('small', x, 'create');
    await expectKind(medium.putSmall('large', Buffer.alloc(1024 * 1024), 'create'), 'outOfSpace');
    expect(readdirSync(root)).toEqual(['small']);
    const sink = await medium.createObject('object');
    await expectKind(sink.writeAt(0, Buffer.alloc(1024 * 1024)), 'outOfSpace');
    await sink.abort();
    const log = await medium.openAppend('log', 0);
    await log.append(Buffer.alloc(1000, 1));
    await expectKind(log.append(Buffer.alloc(1024 * 1024, 2)), 'outOfSpace');
    expect(log.sizeBytes).toBe(1000);
    await log.append(Buffer.alloc(10, 3));
    await log.close();
    const again = await medium.openAppend('log', 1010);
    await again.close();
    const kept = Buffer.from(await medium.read('log'));
    expect(kept).toEqual(Buffer.concat([Buffer.alloc(1000, 1), Buffer.alloc(10, 3)]));
  });

  test.skipIf(refusal !== null)('a read-only mount is denied', async () => {
    const source = join(scratch.path, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'a'), 'x');
    const root = scratch.mount('ro', ['--bind', source]);
    execFileSync('mount', ['-o', 'remount,bind,ro', root], { stdio: 'pipe' });
    const medium = openFileMedium(root);
    expect((await medium.list('')).map((entry) => entry.name)).toEqual(['a']);
    await expectKind(medium.putSmall('b', x, 'create'), 'denied');
    await expectKind(medium.putSmall('c/d', x, 'create'), 'denied');
    await expectKind(medium.createObject('b'), 'denied');
    await expectKind(medium.openAppend('b', 0), 'denied');
    await expectKind(medium.remove(['a']), 'denied');
  });

  test.skipIf(refusal !== null)('a mount that vanished is unavailable, and its mount point stays clean', async () => {
    const root = scratch.mount('dest', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs']);
    const medium = openFileMedium(root);
    await medium.putSmall('a', x, 'create');
    scratch.unmount(root);
    await expectKind(medium.list(''), 'unavailable');
    await expectKind(medium.putSmall('b', x, 'create'), 'unavailable');
    await expectKind(medium.remove(['a']), 'unavailable');
    await expectKind(medium.createObject('c/d'), 'unavailable');
    expect(readdirSync(root)).toEqual([]);
    expect(await openFileMedium(root).list('')).toEqual([]);
  });
});

test('a root that vanishes in the middle of a call is not made anew', async () => {
  const scratch = scratchDirectory();
  const path = join(scratch.path, 'dest');
  mkdirSync(path);
  const root = new FileRoot(path);
  const guard = root.guard.bind(root);
  root.guard = async () => {
    await guard();
    renameSync(path, join(scratch.path, 'away'));
  };
  await expectKind(root.makeParents('a/b/c'), 'noContainer');
  expect(existsSync(path)).toBe(false);
  scratch.remove();
});

/** Kinds of errors an unprivileged process meets; root ignores modes, so it changes its user first when it can. */
function runAsNobody(root: string): Record<string, string> {
  const script = `
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    const { openFileMedium } = await import(${JSON.stringify(new URL('../../src/media/file-medium.ts', import.meta.url).href)});
    const medium = openFileMedium(${JSON.stringify(root)});
    const kind = (work) => work.then(() => 'done', (error) => error.kind ?? String(error));
    console.log(JSON.stringify({
      put: await kind(medium.putSmall('a', Buffer.from('x'), 'create')),
      read: await kind(medium.read('secret')),
      list: await kind(medium.list('locked')),
      remove: await kind(medium.remove(['secret'])),
      append: await kind(medium.openAppend('log/1', 0)),
    }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}
