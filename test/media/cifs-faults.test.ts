import { appendFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { readCifsAddress } from '../../src/media/cifs/address.ts';
import { Chunks } from '../../src/media/cifs/chunks.ts';
import { SmbPool } from '../../src/media/cifs/pool.ts';
import { CifsRoot } from '../../src/media/cifs/root.ts';
import { openCifsMedium } from '../../src/media/cifs-medium.ts';
import { PaceDebts } from '../../src/media/pace-debts.ts';
import { expectKind } from './medium-conformance.ts';
import { NotedPace } from './noted-pace.ts';
import { eachOnRealServer, failsAsAnyServer, fillsUp } from './real-server.ts';
import { endsSoon, noise } from './server-faults.ts';
import { refusal, startSmbd } from './servers/cifs.ts';
import { signalAll } from './servers/processes.ts';
import { shownByProcesses, tempsBelow } from './servers/sftp.ts';

const reason = refusal();
if (reason !== null) console.warn(`the faults of cifs are not tested: ${reason}`);
const x = Buffer.from('x');
const piece = noise(8 << 20);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe.skipIf(reason !== null)('an SMB server that fails', () => {
  const scene = eachOnRealServer({
    start: () => startSmbd(),
    addressOf: (server, name) => server.address(name),
    open: (address) => openCifsMedium(address),
  });
  failsAsAnyServer(scene);

  test('killed in the middle of an upload leaves nothing visible; publishing again succeeds and is paid for', async () => {
    const pace = new NotedPace();
    const medium = scene.open({ ...scene.address, pace });
    await medium.putSmall('set/whole', piece, 'create');
    const sink = await medium.createObject('set/data.0');
    const abandoned = await medium.createObject('set/data.1');
    for (let i = 0; i < 12; i++) await sink.writeAt(i * piece.length, piece);
    const publishing = sink.publish(12 * piece.length).catch((error: unknown) => error);
    await growing(join(scene.directory, 'set'), 1 << 20);
    scene.server.kill();
    expect(await endsSoon(publishing)).toMatchObject({ name: 'MediumError', retryable: true });
    await expectKind(scene.open().head('set/data.0'), 'unavailable');
    await scene.server.restart();
    expect(await medium.head('set/data.0')).toBeNull();
    expect((await medium.list('set')).map(({ name }) => name)).toEqual(['whole']);
    expect(piece.equals(await medium.read('set/whole'))).toBe(true);
    expect(pace.taken).toEqual([]);
    await sink.publish(12 * piece.length);
    expect(pace.taken).toEqual([[0, 12 * piece.length]]);
    expect((await medium.head('set/data.0'))?.sizeBytes).toBe(12 * piece.length);
    expect(tempsBelow(scene.directory)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await medium.sweep(0, [])).toBe(1);
    await expect.poll(() => tempsBelow(scene.directory)).toBe(0);
    await abandoned.abort();
  });

  test('an upload that is given up ends, also while the server says nothing', async () => {
    const medium = scene.open();
    const sink = await medium.createObject('data');
    await sink.writeAt(0, piece);
    const stopped = scene.server.processes();
    signalAll(stopped, 'SIGSTOP');
    const publishing = expectKind(sink.publish(piece.length), 'cancelled');
    const abort = new Promise((resolve) => setTimeout(resolve, 100)).then(() => sink.abort());
    await publishing.finally(() => signalAll(stopped, 'SIGCONT'));
    await abort;
    expect(await medium.list('')).toEqual([]);
    await expect.poll(() => tempsBelow(scene.directory)).toBe(0);
  });

  test('killed in the middle of a download gives an error, and the next read finds it again', async () => {
    const medium = scene.open();
    const sink = await medium.createObject('data');
    for (let i = 0; i < 6; i++) await sink.writeAt(i * piece.length, piece);
    await sink.publish(6 * piece.length);
    const source = await medium.openObject('data');
    expect(piece.equals(await source.read(0, piece.length))).toBe(true);
    // Stopped, so that no machine is quick enough to read the rest before the kill.
    signalAll(scene.server.processes(), 'SIGSTOP');
    const reading = source.read(0, 6 * piece.length).catch((error: unknown) => error);
    setTimeout(() => scene.server.kill(), 30);
    expect(await endsSoon(reading)).toMatchObject({ name: 'MediumError', retryable: true });
    await scene.server.restart();
    for (let i = 0; i < 6; i++) expect(piece.equals(await source.read(i * piece.length, piece.length))).toBe(true);
    await source.close();
  });

  test('a wrong password, a missing share and a read-only one are told apart, and no secret is seen', async () => {
    const medium = scene.open();
    await medium.putSmall('a', x, 'create');
    expect(shownByProcesses(scene.server.password)).toBe(false);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('obvault-spool-'))).toEqual([]);
    const root = basename(scene.directory);
    const wrong = {
      ...scene.address,
      authorization: { accessId: scene.server.user, accessKey: 'tried-something-else' },
    };
    const denied = await expectKind(scene.open(wrong).list(''), 'denied');
    expect(denied.message).not.toContain('tried-something-else');
    await expectKind(scene.open(scene.server.address('', 'nowhere')).list(''), 'noContainer');
    await expectKind(scene.open(scene.server.address(root, 'readonly')).putSmall('b', x, 'create'), 'denied');
    expect(text(await scene.open(scene.server.address(root, 'readonly')).read('a'))).toBe('x');
    for (const accessKey of [' begins with a blank', 'two\nlines'])
      expect(() => openCifsMedium({ ...wrong, authorization: { accessId: 'a', accessKey } })).toThrow(/password/);
    for (const directory of ['a*', 'a;b'])
      expect(() => openCifsMedium(scene.server.address(directory))).toThrow(/characters/);
  });

  test('a read in the middle of a large object hands smbclient nothing it takes for commands', async () => {
    // No address with such a directory is opened: the last line of defence is tried by itself.
    const bait = join(scene.server.directory, 'put-here');
    const address = { ...readCifsAddress(scene.address), directory: `${basename(scene.directory)}/a;mkdir put-here;b` };
    mkdirSync(join(scene.server.directory, address.directory), { recursive: true });
    const root = new CifsRoot(new SmbPool(address, systemClock), new PaceDebts(null, systemClock));
    const chunks = new Chunks(root);
    const at = join(scene.server.directory, address.directory, 'large');
    for (let i = 0; i < 5; i++) appendFileSync(at, piece);
    const found = Buffer.alloc(10);
    await chunks.read({ key: 'large', sizeBytes: 5 * piece.length }, 'x', 33 << 20, found);
    expect(found).toEqual(piece.subarray(1 << 20, (1 << 20) + 10));
    expect(existsSync(bait)).toBe(false);
    chunks.close();
    root.pool.close();
  });

  test('a program that is not installed is said to be missing', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = join(scene.server.directory, 'no-programs');
    mkdirSync(process.env['PATH']);
    try {
      await expectKind(scene.open().list(''), 'unsupported');
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('many appends become few parts, also over a restart, and every byte stands', async () => {
    const medium = scene.open();
    const wanted: string[] = [];
    let sink = await medium.openAppend('log/1.obarc', 0);
    const reader = await medium.openObject('log/1.obarc');
    for (let i = 0; i < 120; i++) {
      if (i === 70) {
        await sink.close();
        await scene.server.restart();
        await expectKind(medium.head('log/1.obarc'), 'network');
        sink = await medium.openAppend('log/1.obarc', wanted.join('').length);
      }
      wanted.push(`record ${i};`);
      await sink.append(Buffer.from(wanted.at(-1)!));
      if (i === 20) expect(text(await medium.read('log/1.obarc'))).toBe(wanted.join(''));
    }
    await sink.close();
    await reader.close();
    expect(text(await scene.open().read('log/1.obarc'))).toBe(wanted.join(''));
    expect(await medium.list('log')).toEqual([{ name: '1.obarc', kind: 'object', sizeBytes: wanted.join('').length }]);
    expect(readdirSync(join(scene.directory, 'log/1.obarc#append')).length).toBeLessThan(40);
    // A cut in the middle of what was merged.
    await (await medium.openAppend('log/1.obarc', 100)).close();
    expect(text(await medium.read('log/1.obarc'))).toBe(wanted.join('').slice(0, 100));
    await medium.remove(['log/1.obarc']);
    expect(await medium.head('log/1.obarc')).toBeNull();
    expect(readdirSync(join(scene.directory, 'log'))).toEqual([]);
  });

  test('an object read while its parts are merged is read whole', async () => {
    const medium = scene.open();
    const sink = await medium.openAppend('log', 0);
    for (let i = 0; i < 31; i++) await sink.append(Buffer.from(`<${i}>`));
    const source = await medium.openObject('log');
    const before = text(await source.read(0, 3));
    await sink.append(Buffer.from('<31>'));
    expect(readdirSync(join(scene.directory, 'log#append'))).toEqual(['0']);
    expect(before + text(await source.read(3, source.sizeBytes - 3))).toBe(
      Array.from({ length: 31 }, (_, i) => `<${i}>`).join(''),
    );
    await source.close();
    await sink.close();
  });

  test('a file that was written where the share is mounted goes on as a growing object', async () => {
    const medium = scene.open();
    writeFileSync(join(scene.directory, 'log'), 'from the mount');
    const sink = await medium.openAppend('log', 8);
    await sink.append(Buffer.from(' end'));
    await sink.close();
    expect(text(await medium.read('log'))).toBe('from the end');
    await expectKind(medium.putSmall('log', x, 'create'), 'alreadyExists');
    await medium.putSmall('log', x, 'replace');
    expect(text(await medium.read('log'))).toBe('x');
    expect(readdirSync(scene.directory)).toEqual(['log']);
  });

  fillsUp(async (path) => {
    const small = await startSmbd({ path });
    return { medium: openCifsMedium(small.address('dest')), end: () => small.end() };
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
