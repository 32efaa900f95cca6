import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openCifsMedium } from '../../src/media/cifs-medium.ts';
import type { Medium } from '../../src/media/medium.ts';
import { type MediumAddress, openMedium } from '../../src/media/open-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { mountRefusal, scratchDirectory } from './scratch.ts';
import { endsSoon, noise } from './server-faults.ts';
import { refusal, type Smbd, startSmbd } from './servers/cifs.ts';
import { signalAll } from './servers/processes.ts';
import { shownByProcesses, tempsBelow } from './servers/sftp.ts';

const reason = refusal();
if (reason !== null) console.warn(`the faults of cifs are not tested: ${reason}`);
const noMounts = mountRefusal();
const x = Buffer.from('x');
const piece = noise(8 << 20);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe.skipIf(reason !== null)('an SMB server that fails', () => {
  let smbd: Smbd;
  let directory: string;
  let address: MediumAddress;
  let roots = 0;
  const opened: Medium[] = [];
  const open = (given: MediumAddress = address) => {
    const medium = openCifsMedium(given);
    opened.push(medium);
    return medium;
  };
  beforeAll(async () => {
    smbd = await startSmbd();
  });
  beforeEach(() => {
    roots += 1;
    directory = join(smbd.directory, `root${roots}`);
    mkdirSync(directory);
    address = smbd.address(`root${roots}`);
  });
  afterAll(async () => {
    for (const medium of opened) await medium.close();
    await smbd?.end();
  });

  test('killed in the middle of an upload leaves nothing visible; publishing again succeeds', async () => {
    const medium = open();
    await medium.putSmall('set/whole', piece, 'create');
    const sink = await medium.createObject('set/data.0');
    const abandoned = await medium.createObject('set/data.1');
    for (let i = 0; i < 12; i++) await sink.writeAt(i * piece.length, piece);
    const publishing = sink.publish(12 * piece.length).catch((error: unknown) => error);
    await growing(join(directory, 'set'), 1 << 20);
    smbd.kill();
    expect(await endsSoon(publishing)).toMatchObject({ name: 'MediumError', retryable: true });
    await expectKind(open().head('set/data.0'), 'unavailable');
    await smbd.restart();
    expect(await medium.head('set/data.0')).toBeNull();
    expect((await medium.list('set')).map(({ name }) => name)).toEqual(['whole']);
    expect(piece.equals(await medium.read('set/whole'))).toBe(true);
    await sink.publish(12 * piece.length);
    expect((await medium.head('set/data.0'))?.sizeBytes).toBe(12 * piece.length);
    expect(tempsBelow(directory)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await medium.sweep(0)).toBe(1);
    await expect.poll(() => tempsBelow(directory)).toBe(0);
    await abandoned.abort();
  });

  test('killed in the middle of a download gives an error, and the next read finds it again', async () => {
    const medium = open();
    const sink = await medium.createObject('data');
    for (let i = 0; i < 6; i++) await sink.writeAt(i * piece.length, piece);
    await sink.publish(6 * piece.length);
    const source = await medium.openObject('data');
    const reading = source.read(0, 6 * piece.length).catch((error: unknown) => error);
    setTimeout(() => smbd.kill(), 30);
    expect(await endsSoon(reading)).toMatchObject({ name: 'MediumError', retryable: true });
    await smbd.restart();
    for (let i = 0; i < 6; i++) expect(piece.equals(await source.read(i * piece.length, piece.length))).toBe(true);
    await source.close();
  });

  test('gone for a moment is waited for by a medium as it is opened', async () => {
    const medium = openMedium(address);
    opened.push(medium);
    await medium.putSmall('a', x, 'create');
    smbd.kill();
    const putting = medium.putSmall('b', x, 'create');
    setTimeout(() => void smbd.restart(), 300);
    await putting;
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('stalled, every call ends with the signal of its caller', async () => {
    const medium = open();
    await medium.putSmall('a', piece, 'create');
    const stopped = smbd.processes();
    signalAll(stopped, 'SIGSTOP');
    try {
      const caller = new AbortController();
      const { signal } = caller;
      const ended = Promise.allSettled([
        medium.putSmall('c', x, 'create', signal),
        medium.read('a', 0, 1, signal),
        medium.head('a', signal),
        medium.list('', signal),
        medium.remove(['a'], signal),
        medium.createObject('d', signal),
        medium.openAppend('log2', 0, signal),
        medium.status(signal),
        medium.sweep(0, signal),
        open().head('a', signal),
      ]);
      setTimeout(() => caller.abort(new Error('gone')), 100);
      for (const end of await endsSoon(ended))
        expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'cancelled' } });
    } finally {
      signalAll(stopped, 'SIGCONT');
    }
    expect(await medium.head('a')).not.toBeNull();
  });

  test('a wrong password, a missing share and a read-only one are told apart, and no secret is seen', async () => {
    const medium = open();
    await medium.putSmall('a', x, 'create');
    expect(shownByProcesses(smbd.password)).toBe(false);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('obvault-spool-'))).toEqual([]);
    const wrong = { ...address, authorization: { accessId: smbd.user, accessKey: 'tried-something-else' } };
    const denied = await expectKind(open(wrong).list(''), 'denied');
    expect(denied.message).not.toContain('tried-something-else');
    await expectKind(open(smbd.address('', 'nowhere')).list(''), 'noContainer');
    await expectKind(open(smbd.address(`root${roots}`, 'readonly')).putSmall('b', x, 'create'), 'denied');
    expect(text(await open(smbd.address(`root${roots}`, 'readonly')).read('a'))).toBe('x');
    for (const accessKey of [' begins with a blank', 'two\nlines'])
      expect(() => openCifsMedium({ ...wrong, authorization: { accessId: 'a', accessKey } })).toThrow(/password/);
    expect(() => openCifsMedium(smbd.address('a*'))).toThrow(/characters/);
  });

  test('a program that is not installed is said to be missing', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = join(smbd.directory, 'no-programs');
    mkdirSync(process.env['PATH']);
    try {
      await expectKind(open().list(''), 'unsupported');
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('a directory that vanished is neither made anew nor taken for empty', async () => {
    const medium = open();
    await medium.putSmall('a/b', x, 'create');
    renameSync(directory, `${directory}.away`);
    await expectKind(medium.read('a/b'), 'noContainer');
    await expectKind(medium.putSmall('a/c', x, 'create'), 'noContainer');
    await expectKind(medium.remove(['a/b']), 'noContainer');
    writeFileSync(directory, 'a file');
    await expectKind(open().list(''), 'noContainer');
    await expectKind(open().putSmall('a', x, 'create'), 'notDirectory');
  });

  test('many appends become few parts, also over a restart, and every byte stands', async () => {
    const medium = open();
    const wanted: string[] = [];
    let sink = await medium.openAppend('log/1.obarc', 0);
    const reader = await medium.openObject('log/1.obarc');
    for (let i = 0; i < 120; i++) {
      if (i === 70) {
        await sink.close();
        await smbd.restart();
        await expectKind(medium.head('log/1.obarc'), 'network');
        sink = await medium.openAppend('log/1.obarc', wanted.join('').length);
      }
      wanted.push(`record ${i};`);
      await sink.append(Buffer.from(wanted.at(-1)!));
      if (i === 20) expect(text(await medium.read('log/1.obarc'))).toBe(wanted.join(''));
    }
    await sink.close();
    await reader.close();
    expect(text(await open().read('log/1.obarc'))).toBe(wanted.join(''));
    expect(await medium.list('log')).toEqual([{ name: '1.obarc', kind: 'object', sizeBytes: wanted.join('').length }]);
    expect(readdirSync(join(directory, 'log/1.obarc#append')).length).toBeLessThan(40);
    // A cut in the middle of what was merged.
    await (await medium.openAppend('log/1.obarc', 100)).close();
    expect(text(await medium.read('log/1.obarc'))).toBe(wanted.join('').slice(0, 100));
    await medium.remove(['log/1.obarc']);
    expect(await medium.head('log/1.obarc')).toBeNull();
    expect(readdirSync(join(directory, 'log'))).toEqual([]);
  });

  test('an object read while its parts are merged is read whole', async () => {
    const medium = open();
    const sink = await medium.openAppend('log', 0);
    for (let i = 0; i < 31; i++) await sink.append(Buffer.from(`<${i}>`));
    const source = await medium.openObject('log');
    const before = text(await source.read(0, 3));
    await sink.append(Buffer.from('<31>'));
    expect(readdirSync(join(directory, 'log#append'))).toEqual(['0']);
    expect(before + text(await source.read(3, source.sizeBytes - 3))).toBe(
      Array.from({ length: 31 }, (_, i) => `<${i}>`).join(''),
    );
    await source.close();
    await sink.close();
  });

  test('a file that was written where the share is mounted goes on as a growing object', async () => {
    const medium = open();
    writeFileSync(join(directory, 'log'), 'from the mount');
    const sink = await medium.openAppend('log', 8);
    await sink.append(Buffer.from(' end'));
    await sink.close();
    expect(text(await medium.read('log'))).toBe('from the end');
    await expectKind(medium.putSmall('log', x, 'create'), 'alreadyExists');
    await medium.putSmall('log', x, 'replace');
    expect(text(await medium.read('log'))).toBe('x');
    expect(readdirSync(directory)).toEqual(['log']);
  });

  describe.skipIf(noMounts !== null)('whose file system is full', () => {
    test('says so, shows nothing and leaves nothing behind', async () => {
      const scratch = scratchDirectory();
      const path = scratch.mount('small', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs']);
      const small = await startSmbd({ path });
      const medium = openCifsMedium(small.address('dest'));
      try {
        await medium.putSmall('first', x, 'create');
        const free = (await medium.status()).freeBytes ?? 0n;
        expect(free).toBeGreaterThan(8n << 20n);
        expect(free).toBeLessThanOrEqual(12n << 20n);
        const sink = await medium.createObject('data');
        for (const i of [0, 1]) await sink.writeAt(i * piece.length, piece);
        await expectKind(sink.publish(2 * piece.length), 'outOfSpace');
        await sink.abort();
        await expect.poll(() => tempsBelow(path)).toBe(0);
        await medium.putSmall('a', piece, 'create');
        await expectKind(medium.putSmall('b', piece, 'create'), 'outOfSpace');
        const log = await medium.openAppend('log', 0);
        await expectKind(log.append(piece), 'outOfSpace');
        await log.close();
        await expect.poll(() => tempsBelow(path)).toBe(0);
        expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'first', 'log']);
      } finally {
        await medium.close();
        await small.end();
        scratch.remove();
      }
    });
  });
});

/** Resolves when a temporary file of a directory has so many bytes. */
async function growing(directory: string, sizeBytes: number): Promise<void> {
  const largest = () =>
    Math.max(
      ...readdirSync(directory)
        .filter((name) => name.includes('.tmp.'))
        .map((name) => statSync(join(directory, name)).size),
    );
  while (largest() < sizeBytes) await new Promise((resolve) => setTimeout(resolve, 2));
}
