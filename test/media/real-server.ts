import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { retryAttemptsMax, retryFirstPauseMs } from '../../src/media/limits.ts';
import type { Medium } from '../../src/media/medium.ts';
import { type MediumAddress, openMedium } from '../../src/media/open-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { mountRefusal, scratchDirectory } from './scratch.ts';
import { endsSoon, noise } from './server-faults.ts';
import { type Killable, signalAll } from './servers/processes.ts';
import { tempsBelow } from './servers/sftp.ts';

/** A real server that serves a directory of this machine. */
export interface RealServer extends Killable {
  readonly directory: string;
}

/** How a scheme's real server is started and spoken to. */
export interface RealServerKind<Server extends RealServer> {
  start(): Promise<Server>;
  /** Address of a directory right below the one that is served. */
  addressOf(server: Server, name: string): MediumAddress;
  open(address: MediumAddress): Medium;
}

/** A server for all tests of a file, a root of its own for each. */
export interface RealServerScene<Server extends RealServer> {
  readonly server: Server;
  /** The root as this machine sees it. */
  readonly directory: string;
  readonly address: MediumAddress;
  /** The bare medium of an address, of the root's when none is given; closed in the end. */
  open(address?: MediumAddress): Medium;
  /** As a destination is opened. */
  openWrapped(clock: Clock): Medium;
}

export function eachOnRealServer<Server extends RealServer>(kind: RealServerKind<Server>): RealServerScene<Server> {
  let server: Server | undefined;
  let roots = 0;
  const opened: Medium[] = [];
  const running = (): Server => {
    if (!server) throw new Error('the server does not run');
    return server;
  };
  const kept = (medium: Medium) => {
    opened.push(medium);
    return medium;
  };
  beforeAll(async () => {
    server = await kind.start();
  });
  beforeEach(() => {
    roots += 1;
    mkdirSync(scene.directory);
  });
  afterAll(async () => {
    for (const medium of opened) await medium.close();
    await server?.end();
  });
  const scene: RealServerScene<Server> = {
    get server() {
      return running();
    },
    get directory() {
      return join(running().directory, `root${roots}`);
    },
    get address() {
      return kind.addressOf(running(), `root${roots}`);
    },
    open: (address = scene.address) => kept(kind.open(address)),
    openWrapped: (clock) => kept(openMedium(scene.address, clock)),
  };
  return scene;
}

const x = Buffer.from('x');
const piece = noise(8 << 20);

const longestPauseMs = retryFirstPauseMs * 2 ** (retryAttemptsMax - 2);

/** What is owed whichever server fails. */
export function failsAsAnyServer<Server extends RealServer>(scene: RealServerScene<Server>): void {
  test('gone for a moment is waited for by a medium as it is opened', async () => {
    let back: Promise<void> | null = null;
    // The first pause of the retries lasts until the server listens again, however long that takes here.
    const sleep: Clock['sleep'] = async (delayMs, signal) => {
      if (delayMs <= longestPauseMs) {
        back ??= scene.server.restart();
        await back;
      }
      return systemClock.sleep(delayMs, signal);
    };
    const medium = scene.openWrapped({ ...systemClock, sleep });
    await medium.putSmall('a', x, 'create');
    scene.server.kill();
    await medium.putSmall('b', x, 'create');
    expect(back).not.toBeNull();
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('stalled, every call ends with the signal of its caller', async () => {
    const medium = scene.open();
    await medium.putSmall('a', piece, 'create');
    const source = await medium.openObject('a');
    const sink = await medium.createObject('b');
    const log = await medium.openAppend('log', 0);
    const stopped = scene.server.processes();
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
        medium.sweep(0, [], signal),
        scene.open().head('a', signal),
      ]);
      setTimeout(() => caller.abort(new Error('gone')), 100);
      for (const end of await endsSoon(ended))
        expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'cancelled' } });
    } finally {
      signalAll(stopped, 'SIGCONT');
    }
    expect(piece.equals(await source.read(0, piece.length))).toBe(true);
    await source.close();
    await sink.abort();
    await log.close();
    // What was sent before is carried out in order, and what it made is taken away behind it.
    await expect.poll(() => tempsBelow(scene.directory)).toBe(0);
  });

  test('a directory that vanished is neither made anew nor taken for empty', async () => {
    const { directory } = scene;
    const medium = scene.open();
    await medium.putSmall('a/b', x, 'create');
    renameSync(directory, `${directory}.away`);
    await expectKind(medium.read('a/b'), 'noContainer');
    await expectKind(medium.putSmall('a/c', x, 'create'), 'noContainer');
    await expectKind(medium.openAppend('a/log', 0), 'noContainer');
    await expectKind(medium.remove(['a/b']), 'noContainer');
    expect(readdirSync(dirname(directory))).not.toContain(basename(directory));
    writeFileSync(directory, 'a file');
    await expectKind(scene.open().list(''), 'noContainer');
    await expectKind(scene.open().putSmall('a', x, 'create'), 'notDirectory');
    rmSync(directory);
  });
}

/** A full file system below the server; `openAt` serves the directory it is given. */
export function fillsUp(openAt: (path: string) => Promise<{ readonly medium: Medium; end(): Promise<void> }>): void {
  describe.skipIf(mountRefusal() !== null)('whose file system is full', () => {
    test('says so, shows nothing and leaves nothing behind', async () => {
      const scratch = scratchDirectory();
      const path = scratch.mount('small', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs']);
      const { medium, end } = await openAt(path);
      try {
        await medium.putSmall('first', x, 'create');
        const free = (await medium.status()).freeBytes ?? 0n;
        expect(free).toBeGreaterThan(8n << 20n);
        expect(free).toBeLessThanOrEqual(12n << 20n);
        const sink = await medium.createObject('data');
        const fill = async () => {
          for (const i of [0, 1]) await sink.writeAt(i * piece.length, piece);
          await sink.publish(2 * piece.length);
        };
        await expectKind(fill(), 'outOfSpace');
        await sink.abort();
        await expect.poll(() => tempsBelow(path)).toBe(0);
        await medium.putSmall('a', piece, 'create');
        await expectKind(medium.putSmall('b', piece, 'create'), 'outOfSpace');
        const log = await medium.openAppend('log', 0);
        await expectKind(log.append(piece), 'outOfSpace');
        await log.close();
        await (await medium.openAppend('log', 0)).close();
        await expect.poll(() => tempsBelow(path)).toBe(0);
        expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'first', 'log']);
      } finally {
        await medium.close();
        await end();
        scratch.remove();
      }
    });
  });
}
