import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql, { type Connection, type ConnectionOptions } from 'mysql2/promise';
import { createLog } from '../../src/base/log.ts';
import { type Config, defaultConfig } from '../../src/config.ts';
import { type ServerParts, startServer } from '../../src/server.ts';

export type Row = Record<string, unknown>;

/** A server of this process on a data directory of its own. */
export interface TestServer {
  readonly port: number;
  readonly dataDir: string;
  /** Lines of the server's log. */
  readonly logged: readonly string[];
  connect(user?: string, options?: ConnectionOptions): Promise<Connection>;
  /** Stops the server and starts another one on the same directory. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestServer(config: Partial<Config> = {}, parts: ServerParts = {}): Promise<TestServer> {
  const scratch = mkdtempSync(join(tmpdir(), 'obvault-server-'));
  const dataDir = join(scratch, 'data');
  const logged: string[] = [];
  const log = createLog((line) => logged.push(line));
  const start = () =>
    startServer({ ...defaultConfig, port: 0, dataDir, jobLingerMs: 200, tickMs: 100, ...config }, { log, ...parts });
  let server = await start();
  return {
    get port() {
      return server.port;
    },
    dataDir,
    logged,
    connect: (user = 'root@sys', options = {}) =>
      mysql.createConnection({ host: '127.0.0.1', port: server.port, user, dateStrings: true, ...options }),
    async restart() {
      await server.stop();
      server = await start();
    },
    async stop() {
      await server.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** A tenant with unit and pool of its own. */
export async function createTenant(
  sys: Connection,
  name: string,
  variables = "ob_tcp_invited_nodes = '%'",
): Promise<void> {
  await sys.query(`CREATE RESOURCE UNIT unit_${name} MAX_CPU 1, MEMORY_SIZE '5G'`);
  await sys.query(`CREATE RESOURCE POOL pool_${name} UNIT = 'unit_${name}', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  await sys.query(`CREATE TENANT ${name} RESOURCE_POOL_LIST = ('pool_${name}') SET ${variables}`);
}

/** Rows of a query as objects. */
export async function rowsOf(connection: Connection, sql: string): Promise<Row[]> {
  const [rows] = await connection.query(sql);
  return rows as Row[];
}

/** The only value of the only row. */
export async function oneValue(connection: Connection, sql: string): Promise<unknown> {
  const rows = await rowsOf(connection, sql);
  return Object.values(rows[0] ?? {})[0];
}

export interface ClientError {
  readonly errno: number;
  readonly sqlState: string;
  readonly text: string;
}

/** What a statement is refused with; fails when it is not. */
export async function errorOf(work: Promise<unknown>): Promise<ClientError> {
  try {
    await work;
  } catch (error) {
    const { errno = 0, sqlState = '', message } = error as { errno?: number; sqlState?: string; message: string };
    return { errno, sqlState, text: message };
  }
  throw new Error('the statement was not refused');
}

export interface Output {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; `input` goes to its standard input. */
export function run(program: string, args: readonly string[], input = ''): Promise<Output> {
  const child = spawn(program, args, { stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** The command line client of MariaDB, in batch mode unless the arguments say otherwise. */
export function mariadb(port: number, user: string, args: readonly string[], input = ''): Promise<Output> {
  return run('mariadb', ['-h127.0.0.1', `-P${port}`, `-u${user}`, ...args], input);
}
