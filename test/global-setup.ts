import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bringUpToDate } from '../grammar/compile.ts';

/** The Debian packages whose programs the tests drive, with a probe that succeeds when the package is there. */
const packages: readonly { readonly name: string; readonly probe: readonly string[] }[] = [
  { name: 'mariadb-client', probe: ['mariadb', '--version'] },
  { name: 'python3-pymysql', probe: ['/usr/bin/python3', '-c', 'import pymysql'] },
];

/** Servers of media and the one tenant SQL is compared with; without them and without root their tests are skipped and say so. */
const serverPackages: typeof packages = [
  { name: 'mariadb-server-core', probe: ['/usr/sbin/mariadbd', '--version'] },
  { name: 'openssh-server', probe: ['/usr/sbin/sshd', '-V'] },
  { name: 'samba', probe: ['/usr/sbin/smbd', '--version'] },
  { name: 'smbclient', probe: ['smbclient', '--version'] },
  { name: 'sshfs', probe: ['sshfs', '--version'] },
];

/** Installs what is missing through apt, so that the one test command works on a fresh Debian machine. */
export default function setup(): void {
  bringUpToDate([join(import.meta.dirname, '../grammar/compiled')]);
  // Without it everything works all the same, only slower: what is wrong with a module its tests tell.
  spawnSync(process.execPath, [join(import.meta.dirname, 'compile-ahead.ts')], { stdio: 'ignore' });
  const wanted = process.getuid?.() === 0 ? [...packages, ...serverPackages] : packages;
  const missing = wanted.filter(({ probe }) => spawnSync(probe[0]!, probe.slice(1)).status !== 0);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  process.stdout.write(`installing ${names.join(', ')} for the tests\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env: environment, stdio: 'ignore' });
  const install = withoutServices(() =>
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
      env: environment,
      encoding: 'utf8',
    }),
  );
  if (install.status !== 0) {
    throw new Error(
      `the tests drive real clients; install them first: apt-get install ${names.join(' ')}\n${install.stderr}`,
    );
  }
}

/** Debian starts a server with its installation, unless this file says no. */
function withoutServices<T>(install: () => T): T {
  const policy = '/usr/sbin/policy-rc.d';
  if (process.getuid?.() !== 0 || existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(policy);
  }
}
