import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** The commands of the peers and the Debian packages that carry them; the server's core package starts no service. */
const packageOf: Readonly<Record<string, string>> = {
  mariadbd: 'mariadb-server-core',
  'mariadb-install-db': 'mariadb-server-core',
  'mariadb-slap': 'mariadb-client',
  zstd: 'zstd',
  borg: 'borgbackup',
  myloader: 'mydumper',
  initdb: 'postgresql',
  psql: 'postgresql',
  pg_createcluster: 'postgresql-common',
};

/** A peer's command is missing and could not be installed. */
export class PeerMissing extends Error {
  override readonly name = 'PeerMissing';
}

/** Makes sure the commands are there, installing their packages where that is possible. Throws PeerMissing. */
export function requirePeers(commands: readonly string[], report: (line: string) => void): void {
  const missing = commands.filter((command) => pathOf(command) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((command) => packageOf[command] ?? command))];
  const advice = `missing: ${missing.join(', ')} (Debian packages ${packages.join(', ')})`;
  if (process.getuid?.() !== 0 || pathOf('apt-get') === null) throw new PeerMissing(advice);
  report(`installing ${packages.join(', ')}`);
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  if (missing.some((command) => pathOf(command) === null)) throw new PeerMissing(`cannot install; ${advice}`);
}

/** First place of a command in the search path or where Debian keeps servers; null when it is nowhere. */
export function pathOf(command: string): string | null {
  const postgres = globSync('/usr/lib/postgresql/*/bin').sort().reverse();
  const path = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin', ...postgres].join(':');
  const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command], { env: { PATH: path }, encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : null;
}

/** First line a command says about its version; null when it is not installed. */
export function versionOf(command: string): string | null {
  const path = pathOf(command);
  if (path === null) return null;
  return spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]?.trim() ?? null;
}
