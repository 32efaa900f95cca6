import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { pathOf } from './peers.ts';
import { ended, type Scratch } from './scratch.ts';

/** The peer server, with a data directory of its own. */
export interface MariadbProcess {
  readonly port: number;
  stop(): Promise<void>;
}

const startLimitMs = 60_000;

/**
 * Starts MariaDB with InnoDB's pool at 64 MB and without a query cache; resolves when root can log in. `name` is its
 * directory, `more` options override these.
 */
export async function startMariadb(
  scratch: Scratch,
  name: string,
  more: readonly string[] = [],
): Promise<MariadbProcess> {
  const dataDir = join(scratch.path, name);
  // Two of them being made at the same moment were seen to fail over one directory of temporary files.
  const env = { ...process.env, TMPDIR: `${dataDir}-tmp` };
  for (const path of [dataDir, env.TMPDIR]) mkdirSync(path);
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  const made = spawnSync(
    pathOf('mariadb-install-db') ?? 'mariadb-install-db',
    ['--no-defaults', ...asRoot, `--datadir=${dataDir}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { encoding: 'utf8', env },
  );
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`);
  const port = await freePort();
  const child = scratch.adopt(
    spawn(
      pathOf('mariadbd') ?? 'mariadbd',
      [
        '--no-defaults',
        ...asRoot,
        `--datadir=${dataDir}`,
        `--socket=${join(dataDir, 's')}`,
        `--pid-file=${join(dataDir, 'pid')}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--innodb-buffer-pool-size=64M',
        '--query-cache-type=0',
        '--query-cache-size=0',
        '--default-time-zone=+08:00',
        ...more,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env },
    ),
  );
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-10_000);
  });
  const limit = performance.now() + startLimitMs;
  while (!(await canLogIn(port))) {
    if (child.exitCode !== null) throw new Error(`mariadbd ended: ${errors}`);
    if (performance.now() > limit) throw new Error(`mariadbd does not answer: ${errors}`);
    await sleep(20);
  }
  return Object.freeze({
    port,
    async stop() {
      child.kill('SIGTERM');
      await ended(child);
    },
  });
}

async function canLogIn(port: number): Promise<boolean> {
  try {
    const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root' });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

/** A port nobody listens on at this moment. */
function freePort(): Promise<number> {
  return new Promise((settle, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => settle(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
