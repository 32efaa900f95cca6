import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { openSftpMedium } from '../../src/media/sftp-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { eachOnRealServer, failsAsAnyServer, fillsUp } from './real-server.ts';
import { scratchDirectory } from './scratch.ts';
import { endsSoon, noise } from './server-faults.ts';
import { signalAll } from './servers/processes.ts';
import { refusal, shownByProcesses, startSshd, tempsBelow } from './servers/sftp.ts';

const reason = refusal();
if (reason !== null) console.warn(`the faults of sftp are not tested: ${reason}`);
const asRoot = process.getuid?.() === 0;
const x = Buffer.from('x');
const piece = noise(8 << 20);

describe.skipIf(reason !== null)('an SFTP server that fails', () => {
  const scene = eachOnRealServer({
    start: () => startSshd(),
    addressOf: (server, name) => server.address(join(server.directory, name)),
    open: (address) => openSftpMedium(address),
  });
  failsAsAnyServer(scene);

  test('killed in the middle of an upload leaves nothing visible, and a temp that is swept later', async () => {
    const medium = scene.open();
    await medium.putSmall('set/whole', piece, 'create');
    const sink = await medium.createObject('set/data.0');
    await sink.writeAt(0, piece);
    const writing = Promise.allSettled([1, 2, 3, 4].map((i) => sink.writeAt(i * piece.length, piece)));
    scene.server.kill();
    const ends = await endsSoon(writing);
    for (const end of ends) expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'network' } });
    expect((await expectKind(scene.open().head('set/data.0'), 'unavailable')).retryable).toBe(true);
    await scene.server.restart();
    await expectKind(sink.publish(5 * piece.length), 'io');
    expect(await medium.head('set/data.0')).toBeNull();
    expect((await medium.list('set')).map(({ name }) => name)).toEqual(['whole']);
    expect(piece.equals(await medium.read('set/whole'))).toBe(true);
    expect(tempsBelow(scene.directory)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await medium.sweep(0, [])).toBe(1);
    await expect.poll(() => tempsBelow(scene.directory)).toBe(0);
  });

  test('killed in the middle of a download gives an error, and the next read finds it again', async () => {
    const medium = scene.open();
    const sink = await medium.createObject('data');
    for (let i = 0; i < 4; i++) await sink.writeAt(i * piece.length, piece);
    await sink.publish(4 * piece.length);
    const source = await medium.openObject('data');
    expect(piece.equals(await source.read(0, piece.length))).toBe(true);
    // Stopped, so that no machine is quick enough to read the rest before the kill.
    signalAll(scene.server.processes(), 'SIGSTOP');
    const reading = source.read(piece.length, 3 * piece.length);
    setTimeout(() => scene.server.kill(), 30);
    await expectKind(endsSoon(reading), 'network');
    await scene.server.restart();
    const again = await medium.openObject('data');
    expect(piece.equals(await again.read(piece.length, piece.length))).toBe(true);
    await again.close();
  });

  test('an append goes on behind what was confirmed, on a new connection', async () => {
    const medium = scene.open();
    const sink = await medium.openAppend('log', 0);
    await sink.append(Buffer.from('one'));
    await scene.server.restart();
    await expectKind(sink.append(Buffer.from('two')), 'network');
    await sink.close();
    const again = await medium.openAppend('log', 3);
    await again.append(Buffer.from('two'));
    await again.close();
    expect(Buffer.from(await medium.read('log')).toString()).toBe('onetwo');
  });

  test('an unknown host key, a wrong key and a key that is none are denied without a secret in the text', async () => {
    const options = (more: Record<string, string>) => ({
      ...scene.address,
      options: { ...scene.address.options, ...more },
    });
    const other = `SHA256:${'A'.repeat(43)}`;
    const refused = await expectKind(scene.open(options({ host_key: other })).list(''), 'denied');
    expect(refused.message).toContain(scene.server.fingerprint);
    const scratch = scratchDirectory();
    try {
      const foreign = join(scratch.path, 'foreign');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', foreign]);
      await expectKind(scene.open(options({ private_key: foreign })).list(''), 'denied');
      await expectKind(scene.open(options({ private_key: join(scratch.path, 'missing') })).list(''), 'denied');
      writeFileSync(join(scratch.path, 'text'), 'no key at all');
      await expectKind(scene.open(options({ private_key: join(scratch.path, 'text') })).list(''), 'denied');
      const locked = join(scratch.path, 'locked');
      execFileSync('cp', [scene.server.keyPath, locked]);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', locked]);
      const withPhrase = (accessKey: string) => ({
        ...options({ private_key: locked }),
        authorization: { ...scene.address.authorization, accessKey },
      });
      expect(await scene.open(withPhrase('open sesame')).list('')).toEqual([]);
      const wrong = await expectKind(scene.open(withPhrase('shut sesame')).list(''), 'denied');
      expect(wrong.message).not.toContain('sesame');
    } finally {
      scratch.remove();
    }
    for (const broken of [{ host_key: '' }, { host_key: 'SHA256:short' }])
      expect(() => openSftpMedium(options(broken))).toThrow(/host_key/);
  });

  test('files in the way are told apart', async () => {
    const medium = scene.open();
    await medium.putSmall('file', x, 'create');
    await expectKind(medium.putSmall('file/a', x, 'create'), 'notDirectory');
    await expectKind(medium.list('file'), 'notDirectory');
    expect(await medium.head('file/a')).toBeNull();
    mkdirSync(join(scene.directory, 'folder'));
    await expectKind(medium.read('folder'), 'notFound');
  });

  fillsUp(async (path) => ({ medium: openSftpMedium(scene.server.address(path)), end: async () => undefined }));
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
