import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bringUpToDate } from '../grammar/compile.ts';

/** The Debian packages whose programs the tests drive, with a probe that succeeds when the package is there. */
const packages: readonly { readonly name: string; readonly probe: readonly string[] }[] = [
  { name: 'mariadb-client', probe: ['mariadb', '--version'] },
  { name: 'python3-pymysql', probe: ['/usr/bin/python3', '-c', 'import pymysql'] },
];

/** Installs what is missing through apt, so that the one test command works on a fresh Debian machine. */
export default function setup(): void {
  bringUpToDate([join(import.meta.dirname, '../grammar/compiled')]);
  // Without it everything works all the same, only slower: what is wrong with a module its tests tell.
  spawnSync(process.execPath, [join(import.meta.dirname, 'compile-ahead.ts')], { stdio: 'ignore' });
  const missing = packages.filter(({ probe }) => spawnSync(probe[0]!, probe.slice(1)).status !== 0);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  process.stdout.write(`installing ${names.join(', ')} for the tests\n`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env: environment, stdio: 'ignore' });
  const install = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    env: environment,
    encoding: 'utf8',
  });
  if (install.status !== 0) {
    throw new Error(
      `the tests drive real clients; install them first: apt-get install ${names.join(' ')}\n${install.stderr}`,
    );
  }
}
