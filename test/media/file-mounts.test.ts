import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCifsMedium } from '../../src/media/cifs-medium.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { isTempName } from '../../src/media/key.ts';
import type { Medium } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { expectKind, mediumConformance } from './medium-conformance.ts';
import { mountRefusal, type Scratch, scratchDirectory } from './scratch.ts';
import type { MediumUnderTest } from './servers/fixture.ts';
import { missingPrograms } from './servers/processes.ts';
import { refusal as noSshd, type Sshd, startSshd } from './servers/sftp.ts';

const noMounts = mountRefusal();
if (noMounts !== null) console.warn(`mounted destinations are not tested: ${noMounts}`);

describe.skipIf(noMounts !== null)('on a file system of fixed size', () => {
  const mounted = tmpfsRoots(64);
  afterAll(() => mounted.end());
  mediumConformance('file on a tmpfs', () => mounted.openRoot((path) => openFileMedium(path)));

  test('a full one is said to be full, shows nothing and keeps nothing', async () => {
    const small = tmpfsRoots(4);
    const { medium, path } = await small.openRoot((at) => openFileMedium(at));
    try {
      await medium.putSmall('whole', Buffer.alloc(1 << 20, 1), 'create');
      const sink = await medium.createObject('set/data');
      const fill = async () => {
        for (let i = 0; i < 8; i++) await sink.writeAt(i << 20, Buffer.alloc(1 << 20, 2));
      };
      await expectKind(fill(), 'outOfSpace');
      await sink.abort();
      await expectKind(medium.putSmall('more', Buffer.alloc(4 << 20), 'create'), 'outOfSpace');
      const log = await medium.openAppend('log', 0);
      await expectKind(log.append(Buffer.alloc(4 << 20)), 'outOfSpace');
      await log.close();
      await (await medium.openAppend('log', 0)).close();
      expect(temps(path)).toEqual([]);
      expect(await medium.head('set/data')).toBeNull();
      expect(Buffer.alloc(1 << 20, 1).equals(await medium.read('whole'))).toBe(true);
      await medium.putSmall('fits', Buffer.alloc(2 << 20), 'create');
    } finally {
      small.end();
    }
  });
});

const noSshfs = noMounts ?? noSshd() ?? (missingPrograms(['sshfs'])[0] && 'sshfs is missing (Debian package sshfs)');
if (noSshfs) console.warn(`a destination on sshfs is not tested: ${noSshfs}`);

describe.skipIf(Boolean(noSshfs))('on a mount over the network', () => {
  let sshd: Sshd;
  let scratch: Scratch;
  let mount: string;
  let roots = 0;
  beforeAll(async () => {
    sshd = await startSshd();
    scratch = scratchDirectory();
    mount = join(scratch.path, 'mount');
    mkdirSync(mount);
    const options = `port=${sshd.port},IdentityFile=${sshd.keyPath},StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null`;
    execFileSync('sshfs', ['-o', options, `${userInfo().username}@127.0.0.1:${sshd.directory}`, mount], {
      stdio: 'pipe',
    });
  });
  afterAll(async () => {
    if (mount) execFileSync('umount', ['-l', mount], { stdio: 'pipe' });
    scratch?.remove();
    await sshd?.end();
  });
  mediumConformance('file on sshfs', async () => {
    roots += 1;
    const path = join(mount, `root${roots}`);
    // FUSE finds files by their paths: a reader may meet the moment in which one that is replaced has none.
    const open = (): Medium => {
      const medium = openFileMedium(path);
      return { ...medium, abilities: { ...medium.abilities, atomicReplace: false } };
    };
    return {
      medium: open(),
      reopen: open,
      dispose: async () => undefined,
      leftovers: async () => temps(path).length,
    };
  });
});

describe.skipIf(noMounts !== null)('a share that is mounted', () => {
  const mounted = tmpfsRoots(64);
  const address = (mount: string): MediumAddress => ({
    scheme: 'cifs',
    path: 'cifs://server/vault/backups/tenant',
    host: '',
    authorization: { accessId: '', accessKey: '' },
    options: { mount },
  });
  afterAll(() => mounted.end());
  mediumConformance('cifs by its mount point', () => mounted.openRoot((path) => openCifsMedium(address(path))));

  test('is the directory of the destination below the mount point, and nothing without a mount', async () => {
    const { medium, path } = await mounted.openRoot((at) => openCifsMedium(address(at)));
    expect(medium.scheme).toBe('cifs');
    await medium.putSmall('a', Buffer.from('x'), 'create');
    expect(readdirSync(join(path, 'backups/tenant'))).toEqual(['a']);
    const scratch = scratchDirectory();
    try {
      const bare = openCifsMedium(address(scratch.path));
      await expectKind(bare.putSmall('a', Buffer.from('x'), 'create'), 'noContainer');
      await expectKind(bare.list(''), 'noContainer');
      await expectKind(bare.head('a'), 'noContainer');
      await expectKind(openCifsMedium(address(join(scratch.path, 'missing'))).list(''), 'noContainer');
      expect(readdirSync(scratch.path)).toEqual([]);
    } finally {
      scratch.remove();
    }
  });
});

/** Roots each on a tmpfs of its own. */
function tmpfsRoots(sizeMiB: number) {
  const scratches: Scratch[] = [];
  return {
    async openRoot(open: (path: string) => Medium): Promise<MediumUnderTest & { readonly path: string }> {
      const scratch = scratchDirectory();
      scratches.push(scratch);
      const path = scratch.mount('dest', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs']);
      return {
        path,
        medium: open(path),
        reopen: () => open(path),
        dispose: async () => {
          scratches.splice(scratches.indexOf(scratch), 1);
          scratch.remove();
        },
        leftovers: async () => temps(path).length,
      };
    },
    end() {
      for (const scratch of scratches.splice(0)) scratch.remove();
    },
  };
}

function temps(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).filter(isTempName);
}
