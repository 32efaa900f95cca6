import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCifsMedium } from '../../src/media/cifs-medium.ts';
import type { Medium } from '../../src/media/medium.ts';
import { openSftpMedium } from '../../src/media/sftp-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { mountRefusal, type Scratch, scratchDirectory } from './scratch.ts';
import { refusal as noSmbd, type Smbd, startSmbd } from './servers/cifs.ts';
import { missingPrograms } from './servers/processes.ts';
import { refusal as noSshd, type Sshd, startSshd } from './servers/sftp.ts';

const reason =
  mountRefusal() ?? noSshd() ?? noSmbd() ?? (missingPrograms(['sshfs']).length > 0 ? 'sshfs is missing' : null);
if (reason !== null) console.warn(`file systems without hard links are not tested: ${reason}`);

/** Both servers over a mount that has no hard links, as FAT and many a network disk have none. */
describe.skipIf(reason !== null)('a server whose file system has no hard links', () => {
  let sshd: Sshd;
  let smbd: Smbd;
  let scratch: Scratch;
  let mount: string;
  beforeAll(async () => {
    sshd = await startSshd();
    scratch = scratchDirectory();
    mount = join(scratch.path, 'mount');
    mkdirSync(mount);
    const known = 'StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null';
    const options = `disable_hardlink,port=${sshd.port},IdentityFile=${sshd.keyPath},${known}`;
    const from = `${userInfo().username}@127.0.0.1:${sshd.directory}`;
    execFileSync('sshfs', ['-o', options, from, mount], { stdio: 'pipe' });
    smbd = await startSmbd({ path: mount });
  });
  afterAll(async () => {
    await smbd?.end();
    if (mount) execFileSync('umount', ['-l', mount], { stdio: 'pipe' });
    scratch?.remove();
    await sshd?.end();
  });

  const media: readonly [string, () => Medium][] = [
    ['sftp', () => openSftpMedium(sshd.address(join(mount, 'sftp')))],
    ['cifs', () => openCifsMedium(smbd.address('cifs'))],
  ];
  test.each(media)('over %s lets one of many creators win', async (name, open) => {
    const [one, other] = [open(), open()];
    try {
      for (let round = 0; round < 5; round++) {
        const racers = Array.from({ length: 10 }, (_, i) =>
          (i % 2 === 0 ? one : other).putSmall(`race${round}`, Buffer.from(String(i)), 'create'),
        );
        const ends = await Promise.allSettled(racers);
        const winners = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
        expect(winners).toHaveLength(1);
        for (const end of ends) if (end.status === 'rejected') expect(end.reason.kind).toBe('alreadyExists');
        expect(Buffer.from(await one.read(`race${round}`)).toString()).toBe(String(winners[0]));
      }
      const sink = await one.createObject('large');
      await sink.writeAt(0, Buffer.from('x'));
      await sink.publish(1);
      const log = await one.openAppend('log', 0);
      await log.append(Buffer.from('one'));
      await log.append(Buffer.from('two'));
      await log.close();
      expect(Buffer.from(await other.read('log')).toString()).toBe('onetwo');
      expect(readdirSync(join(sshd.directory, name)).filter((entry) => /\.tmp\.|#create/.test(entry))).toEqual([]);
    } finally {
      await one.close();
      await other.close();
    }
  });

  test.each(media)('over %s a lock that was left behind holds its name until it is swept', async (name, open) => {
    const medium = open();
    try {
      await medium.putSmall('set/first', Buffer.from('x'), 'create');
      mkdirSync(join(sshd.directory, name, 'set/second#create'));
      await expectKind(medium.putSmall('set/second', Buffer.from('x'), 'create'), 'unavailable');
      expect((await medium.list('set')).map((entry) => entry.name)).toEqual(['first']);
      expect(await medium.sweep(3_600_000, [])).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      expect(await medium.sweep(0, [])).toBe(1);
      await medium.putSmall('set/second', Buffer.from('x'), 'create');
      mkdirSync(join(sshd.directory, name, 'set/third#create'));
      await medium.remove(['set/first', 'set/second']);
      await medium.removeDirectory('set');
      expect(existsSync(join(sshd.directory, name, 'set'))).toBe(false);
    } finally {
      await medium.close();
    }
  });
});
