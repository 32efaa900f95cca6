import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type Where } from './part-peers-contender.ts';
import type { Follower } from './part-peers-data.ts';
import { PeerMissing, pathOf } from './peers.ts';
import { ended, type Scratch } from './scratch.ts';

const startLimitMs = 60_000;

/** A PostgreSQL cluster in a directory of its own, run by a user that is not root, reached over its socket only. */
export interface Postgres {
  readonly home: string;
  readonly dataDir: string;
  readonly port: number;
  /** User and environment its tools must run with. */
  readonly where: Where;
  /** Starts it with these settings; restarts it when it runs. */
  start(settings: Readonly<Record<string, string>>): Promise<void>;
  say(sql: string): Promise<unknown>;
  /** Takes the tenant's statements in PostgreSQL's words until `end`. */
  follow(): Follower & { end(): Promise<void> };
  stop(): Promise<void>;
}

/** Makes the cluster; throws PeerMissing where there is nobody to run it as. */
export async function makePostgres(scratch: Scratch, name: string): Promise<Postgres> {
  const home = join(scratch.path, name);
  const dataDir = join(home, 'data');
  const owner = ownerOf();
  // The owner has to reach its directory through one that only we can list.
  chmodSync(scratch.path, 0o711);
  mkdirSync(home);
  if (owner !== null) chownSync(home, owner.uid, owner.gid);
  const where: Where = { ...owner, cwd: home, env: { ...process.env, HOME: home, PGHOST: home, PGUSER: 'postgres' } };
  await run('initdb', ['-D', dataDir, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale'], where);
  const port = 5_432;
  const psql = ['-X', '-q', '-p', String(port), '-v', 'ON_ERROR_STOP=1', 'postgres'];
  let stopServer = async () => {};
  return {
    home,
    dataDir,
    port,
    where,
    async start(settings) {
      await stopServer();
      const all = { listen_addresses: '', unix_socket_directories: home, shared_buffers: '256MB', ...settings };
      const options = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
      const child = scratch.adopt(
        spawn(pathOf('postgres') ?? 'postgres', ['-D', dataDir, '-p', String(port), ...options], {
          ...where,
          stdio: ['ignore', 'ignore', 'pipe'],
        }),
      );
      let errors = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        errors = (errors + text).slice(-4_000);
      });
      stopServer = async () => {
        child.kill('SIGINT');
        await ended(child);
      };
      const limit = performance.now() + startLimitMs;
      const ready = () =>
        spawnSync(pathOf('pg_isready') ?? 'pg_isready', ['-q', '-h', home, '-p', String(port)]).status === 0;
      while (!ready()) {
        if (child.exitCode !== null) throw new Error(`postgres ended: ${errors}`);
        if (performance.now() > limit) throw new Error(`postgres does not answer: ${errors}`);
        await sleep(50);
      }
    },
    say: (sql) => run('psql', [...psql, '-c', sql], where),
    follow() {
      const child = scratch.adopt(
        spawn(pathOf('psql') ?? 'psql', psql, { ...where, stdio: ['pipe', 'ignore', 'pipe'] }),
      );
      let errors = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        errors = (errors + text).slice(-4_000);
      });
      const gone = ended(child);
      // What it did not take shows in its exit code.
      child.stdin?.on('error', () => {});
      return {
        async take(sql) {
          if (child.exitCode !== null) throw new Error(`psql ended: ${errors}`);
          if (child.stdin?.write(`${inItsWords(sql)};\n`) === false)
            await Promise.race([once(child.stdin, 'drain'), gone]);
        },
        async end() {
          child.stdin?.end();
          if ((await gone) !== 0) throw new Error(`psql failed: ${errors}`);
        },
      };
    },
    stop: () => stopServer(),
  };
}

/** The user the cluster runs as: ourselves, or Debian's `postgres` where we are root. */
function ownerOf(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  if (id('-u').status !== 0) throw new PeerMissing('there is no user postgres to run PostgreSQL as');
  return { uid: Number(id('-u').stdout), gid: Number(id('-g').stdout) };
}

const words: readonly (readonly [RegExp, string])[] = [
  [/^CREATE DATABASE/, 'CREATE SCHEMA'],
  [/BIGINT NOT NULL AUTO_INCREMENT/, 'BIGSERIAL'],
  [/DATETIME\(6\)/, 'TIMESTAMP(6)'],
  [/DOUBLE/, 'DOUBLE PRECISION'],
  [/VARBINARY\(\d+\)/, 'BYTEA'],
  [/, KEY idx_customer \(customer\)\)$/, '); CREATE INDEX idx_customer ON shop.notes (customer)'],
];

/** Definitions are translated word by word; of the rows only bytes look different. */
function inItsWords(sql: string): string {
  if (sql.startsWith('CREATE')) return words.reduce((text, [mysql, its]) => text.replace(mysql, its), sql);
  return sql.replaceAll(/x'([0-9a-f]*)'/g, String.raw`'\x$1'`);
}
