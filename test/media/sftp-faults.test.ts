import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Medium, MediumError } from '../../src/media/medium.ts';
import { type MediumAddress, openMedium } from '../../src/media/open-medium.ts';
import { openSftpMedium } from '../../src/media/sftp-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { mountRefusal, scratchDirectory } from './scratch.ts';
import { endsSoon, noise } from './server-faults.ts';
import { signalAll } from './servers/processes.ts';
import { refusal, type Sshd, shownByProcesses, startSshd, tempsBelow } from './servers/sftp.ts';

const reason = refusal();
if (reason !== null) console.warn(`the faults of sftp are not tested: ${reason}`);
const noMounts = mountRefusal();
const asRoot = process.getuid?.() === 0;
const x = Buffer.from('x');
const piece = noise(8 << 20);

describe.skipIf(reason !== null)('an SFTP server that fails', () => {
  let sshd: Sshd;
  let directory: string;
  let address: MediumAddress;
  let roots = 0;
  const opened: Medium[] = [];
  const open = (given: MediumAddress = address) => {
    const medium = openSftpMedium(given);
    opened.push(medium);
    return medium;
  };
  beforeAll(async () => {
    sshd = await startSshd();
  });
  beforeEach(() => {
    roots += 1;
    directory = join(sshd.directory, `root${roots}`);
    mkdirSync(directory);
    address = sshd.address(directory);
  });
  afterAll(async () => {
    for (const medium of opened) await medium.close();
    await sshd?.end();
  });

  test('killed in the middle of an upload leaves nothing visible, and a temp that is swept later', async () => {
    const medium = open();
    await medium.putSmall('set/whole', piece, 'create');
    const sink = await medium.createObject('set/data.0');
    await sink.writeAt(0, piece);
    const writing = Promise.allSettled([1, 2, 3, 4].map((i) => sink.writeAt(i * piece.length, piece)));
    sshd.kill();
    const ends = await endsSoon(writing);
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'network' } });
    expect((await expectKind(open().head('set/data.0'), 'unavailable')).retryable).toBe(true);
    await sshd.restart();
    await expectKind(sink.publish(5 * piece.length), 'io');
    expect(await medium.head('set/data.0')).toBeNull();
    expect((await medium.list('set')).map(({ name }) => name)).toEqual(['whole']);
    expect(piece.equals(await medium.read('set/whole'))).toBe(true);
    expect(tempsBelow(directory)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await medium.sweep(0)).toBe(1);
    await expect.poll(() => tempsBelow(directory)).toBe(0);
  });

  test('killed in the middle of a download gives an error, and the next read finds it again', async () => {
    const medium = open();
    const sink = await medium.createObject('data');
    for (let i = 0; i < 4; i++) await sink.writeAt(i * piece.length, piece);
    await sink.publish(4 * piece.length);
    const source = await medium.openObject('data');
    const reading = source.read(0, 4 * piece.length);
    setTimeout(() => sshd.kill(), 20);
    await expectKind(endsSoon(reading), 'network');
    await sshd.restart();
    const again = await medium.openObject('data');
    expect(piece.equals(await again.read(piece.length, piece.length))).toBe(true);
    await again.close();
  });

  test('gone for a moment is waited for by a medium as it is opened', async () => {
    const medium = openMedium(address);
    opened.push(medium);
    await medium.putSmall('a', x, 'create');
    sshd.kill();
    const putting = medium.putSmall('b', x, 'create');
    setTimeout(() => void sshd.restart(), 300);
    await putting;
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('an append goes on behind what was confirmed, on a new connection', async () => {
    const medium = open();
    const sink = await medium.openAppend('log', 0);
    await sink.append(Buffer.from('one'));
    await sshd.restart();
    await expectKind(sink.append(Buffer.from('two')), 'network');
    await sink.close();
    const again = await medium.openAppend('log', 3);
    await again.append(Buffer.from('two'));
    await again.close();
    expect(Buffer.from(await medium.read('log')).toString()).toBe('onetwo');
  });

  test('stalled, every call ends with the signal of its caller', async () => {
    const medium = open();
    await medium.putSmall('a', piece, 'create');
    const source = await medium.openObject('a');
    const sink = await medium.createObject('b');
    const log = await medium.openAppend('log', 0);
    const stopped = sshd.processes();
    signalAll(stopped, 'SIGSTOP');
    try {
      const caller = new AbortController();
      const { signal } = caller;
      const calls: Promise<unknown>[] = [
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
      ];
      const ended = Promise.allSettled(calls);
      setTimeout(() => caller.abort(new Error('gone')), 100);
      for (const end of await endsSoon(ended))
        expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'cancelled' } });
    } finally {
      signalAll(stopped, 'SIGCONT');
    }
    expect(piece.equals(await source.read(0, piece.length))).toBe(true);
    await sink.abort();
    await log.close();
    // What was sent before is carried out in order, and what it made is taken away behind it.
    await expect.poll(() => tempsBelow(directory)).toBe(0);
  });

  test('an unknown host key, a wrong key and a key that is none are denied without a secret in the text', async () => {
    const options = (more: Record<string, string>) => ({ ...address, options: { ...address.options, ...more } });
    const other = `SHA256:${'A'.repeat(43)}`;
    const refused = await expectKind(open(options({ host_key: other })).list(''), 'denied');
    expect(refused.message).toContain(sshd.fingerprint);
    const scratch = scratchDirectory();
    try {
      const foreign = join(scratch.path, 'foreign');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', foreign]);
      await expectKind(open(options({ private_key: foreign })).list(''), 'denied');
      await expectKind(open(options({ private_key: join(scratch.path, 'missing') })).list(''), 'denied');
      writeFileSync(join(scratch.path, 'text'), 'no key at all');
      await expectKind(open(options({ private_key: join(scratch.path, 'text') })).list(''), 'denied');
      const locked = join(scratch.path, 'locked');
      execFileSync('cp', [sshd.keyPath, locked]);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', locked]);
      const withPhrase = (accessKey: string) => ({
        ...options({ private_key: locked }),
        authorization: { ...address.authorization, accessKey },
      });
      expect(await open(withPhrase('open sesame')).list('')).toEqual([]);
      const wrong = await expectKind(open(withPhrase('shut sesame')).list(''), 'denied');
      expect(wrong.message).not.toContain('sesame');
    } finally {
      scratch.remove();
    }
    for (const broken of [{ host_key: '' }, { host_key: 'SHA256:short' }])
      expect(() => openSftpMedium(options(broken))).toThrow(/host_key/);
  });

  test('a directory that vanished is neither made anew nor taken for empty', async () => {
    const medium = open();
    await medium.putSmall('a/b', x, 'create');
    renameSync(directory, `${directory}.away`);
    await expectKind(medium.read('a/b'), 'noContainer');
    await expectKind(medium.putSmall('a/c', x, 'create'), 'noContainer');
    await expectKind(medium.openAppend('a/log', 0), 'noContainer');
    await expectKind(medium.remove(['a/b']), 'noContainer');
    expect(readdirSync(dirname(directory))).not.toContain(directory.slice(directory.lastIndexOf('/') + 1));
    writeFileSync(directory, 'a file');
    await expectKind(open().list(''), 'noContainer');
    rmSync(directory);
  });

  test('files in the way are told apart', async () => {
    const medium = open();
    await medium.putSmall('file', x, 'create');
    await expectKind(medium.putSmall('file/a', x, 'create'), 'notDirectory');
    await expectKind(medium.list('file'), 'notDirectory');
    expect(await medium.head('file/a')).toBeNull();
    mkdirSync(join(directory, 'folder'));
    await expectKind(medium.read('folder'), 'notFound');
  });

  describe.skipIf(noMounts !== null)('whose file system is full', () => {
    test('says so, shows nothing and leaves nothing behind', async () => {
      const scratch = scratchDirectory();
      try {
        const small = scratch.mount('small', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs']);
        const medium = open(sshd.address(small));
        const free = (await medium.status()).freeBytes ?? 0n;
        expect(free).toBeGreaterThan(8n << 20n);
        expect(free).toBeLessThanOrEqual(12n << 20n);
        const sink = await medium.createObject('data');
        await sink.writeAt(0, piece);
        await expectKind(sink.writeAt(piece.length, piece), 'outOfSpace');
        await sink.abort();
        await expect.poll(() => tempsBelow(small)).toBe(0);
        await medium.putSmall('a', piece, 'create');
        await expectKind(medium.putSmall('b', piece, 'create'), 'outOfSpace');
        const log = await medium.openAppend('log', 0);
        await expectKind(log.append(piece), 'outOfSpace');
        await log.close();
        await (await medium.openAppend('log', 0)).close();
        await expect.poll(() => tempsBelow(small)).toBe(0);
        expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'log']);
        await medium.close();
      } finally {
        scratch.remove();
      }
    });
  });
});

describe.skipIf(reason !== null)('what an SFTP server offers decides', () => {
  test('without posix-rename a replacement has a gap, and the abilities say so', async () => {
    const [plain, full] = [await startSshd({ denied: ['posix-rename'] }), await startSshd()];
    const medium = openSftpMedium(plain.address(join(plain.directory, 'dest')));
    const other = openSftpMedium(full.address(join(full.directory, 'dest')));
    try {
      await medium.putSmall('a', Buffer.from('one'), 'create');
      await medium.putSmall('a', Buffer.from('two'), 'replace');
      expect(Buffer.from(await medium.read('a')).toString()).toBe('two');
      expect(medium.abilities.atomicReplace).toBe(false);
      expect(tempsBelow(plain.directory)).toBe(0);
      await other.list('');
      expect(other.abilities.atomicReplace).toBe(true);
    } finally {
      await medium.close();
      await other.close();
      await plain.end();
      await full.end();
    }
  });

  test.each(['fsync', 'hardlink'])('without %s it is refused', async (name) => {
    const sshd = await startSshd({ denied: [name] });
    const medium = openSftpMedium(sshd.address(join(sshd.directory, 'dest')));
    try {
      const error = await expectKind(medium.list(''), 'unsupported');
      expect(error.message).toContain(`${name}@openssh.com`);
    } finally {
      await medium.close();
      await sshd.end();
    }
  });

  test('without statvfs the room is unknown', async () => {
    const sshd = await startSshd({ denied: ['statvfs'] });
    const medium = openSftpMedium(sshd.address(sshd.directory));
    try {
      expect(await medium.status()).toEqual({ clockOffsetMs: null, freeBytes: null });
    } finally {
      await medium.close();
      await sshd.end();
    }
  });
});

if (reason === null && !asRoot) console.warn('passwords of sftp are not tested: a second user needs root');
describe.skipIf(reason !== null || !asRoot)('a password', () => {
  test('opens the server, a wrong one does not, and neither is seen', async () => {
    const user = `obvault${process.pid}`;
    const password = `correct-horse-${process.pid}`;
    const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: password, encoding: 'utf8' }).trim();
    execFileSync('useradd', ['-M', '-N', '-d', '/nonexistent', '-s', '/bin/sh', '-p', hash, user]);
    const sshd = await startSshd({ passwordUser: user });
    chmodSync(dirname(sshd.directory), 0o755);
    chmodSync(sshd.directory, 0o777);
    const address = (accessKey: string): MediumAddress => ({
      ...sshd.address(join(sshd.directory, 'dest')),
      path: `sftp://${user}@127.0.0.1:${sshd.port}${sshd.directory}/dest`,
      authorization: { accessId: user, accessKey },
      options: { host_key: sshd.fingerprint },
    });
    const medium = openSftpMedium(address(password));
    const wrong = openSftpMedium(address('tried-something-else'));
    try {
      await medium.putSmall('a', x, 'create');
      expect(shownByProcesses(password)).toBe(false);
      const error: MediumError = await expectKind(wrong.list(''), 'denied');
      expect(error.message).not.toContain('tried-something-else');
      mkdirSync(join(sshd.directory, 'dest/locked'), { mode: 0o700 });
      await expectKind(medium.putSmall('locked/a', x, 'create'), 'denied');
      await expectKind(medium.list('locked'), 'denied');
    } finally {
      await medium.close();
      await wrong.close();
      await sshd.end();
      execFileSync('userdel', [user], { stdio: 'pipe' });
    }
  });
});
