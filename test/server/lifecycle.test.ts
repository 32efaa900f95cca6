import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { CatalogOpenError } from '../../src/catalog/catalog.ts';
import { type Config, ConfigError, defaultConfig } from '../../src/config.ts';
import { type Server, startServer } from '../../src/server.ts';
import { createTenant, errorOf, oneValue, rowsOf, startTestServer } from './server-fixture.ts';

let scratch: string;
const running: Server[] = [];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'obvault-life-'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const start = async (config: Partial<Config> = {}) => {
  const server = await startServer(
    { ...defaultConfig, port: 0, dataDir: join(scratch, 'data'), ...config },
    { log: silentLog },
  );
  running.push(server);
  return server;
};

describe('what keeps a server from starting', () => {
  test('another server on the directory', async () => {
    await start();
    const error = await start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CatalogOpenError);
    expect((error as CatalogOpenError).reason).toBe('inUse');
    expect((error as Error).message).not.toContain('\n');
  });

  test('a data directory that cannot be made, wherever it was to lie', async () => {
    for (const dataDir of ['/proc/obvault', '/proc/self/obvault/data'])
      await expect(start({ dataDir })).rejects.toMatchObject({ reason: 'unwritable' });
  });

  test('a port that is taken; the directory is free again afterwards', async () => {
    const { port } = await start();
    const other = join(scratch, 'other');
    await expect(start({ port, dataDir: other })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(start({ dataDir: other })).resolves.toBeDefined();
  });

  test('an open root account beyond the machine', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow(ConfigError);
    const server = await start();
    const { default: mysql } = await import('mysql2/promise');
    const root = await mysql.createConnection({ host: '127.0.0.1', port: server.port, user: 'root@sys' });
    await root.query("ALTER USER root IDENTIFIED BY 'hard2guess'");
    root.destroy();
    await running.pop()!.stop();
    const open = await start({ host: '0.0.0.0' });
    const again = await mysql.createConnection({
      host: '127.0.0.1',
      port: open.port,
      user: 'root@sys',
      password: 'hard2guess',
    });
    expect((await again.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
    again.destroy();
  });

  test('TLS files that cannot be read', async () => {
    await expect(start({ tlsCertFile: join(scratch, 'no.pem'), tlsKeyFile: join(scratch, 'no.key') })).rejects.toThrow(
      /TLS file/,
    );
  });
});

test('TLS is offered when it is configured', async () => {
  const [certFile, keyFile] = [join(scratch, 'cert.pem'), join(scratch, 'key.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ],
    { stdio: 'ignore' },
  );
  const server = await start({ tlsCertFile: certFile, tlsKeyFile: keyFile });
  const { default: mysql } = await import('mysql2/promise');
  const client = await mysql.createConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'root@sys',
    ssl: { rejectUnauthorized: false },
  });
  expect((await client.query("SHOW STATUS LIKE 'Ssl_version'"))[0]).toEqual([
    { Variable_name: 'Ssl_version', Value: 'TLS' },
  ]);
  client.destroy();
});

test('a restart keeps tenants, tables, accounts, variables and parameters', async () => {
  const server = await startTestServer();
  const sys = await server.connect();
  await createTenant(sys, 'shop');
  const shop = await server.connect('root@shop', { database: 'test' });
  await shop.query('CREATE TABLE kept (id INT PRIMARY KEY)');
  await shop.query('INSERT INTO kept VALUES (1), (2)');
  await shop.query("CREATE USER clerk IDENTIFIED BY 'pass'");
  await shop.query('GRANT SELECT ON *.* TO clerk');
  await shop.query('SET GLOBAL ob_query_timeout = 33000000');
  await shop.query("ALTER SYSTEM SET archive_lag_target = '50s'");
  await shop.query('BEGIN');
  await shop.query('INSERT INTO kept VALUES (3)');
  for (const client of [sys, shop]) client.on('error', () => undefined);
  await server.restart();
  const clerk = await server.connect('clerk@shop', { password: 'pass', database: 'test' });
  expect(await oneValue(clerk, 'SELECT GROUP_CONCAT(id ORDER BY id) FROM kept')).toBe('1,2');
  expect(await oneValue(clerk, 'SELECT @@ob_query_timeout')).toBe(33_000_000);
  expect((await rowsOf(clerk, "SHOW PARAMETERS LIKE 'archive_lag_target'"))[0]!['value']).toBe('50s');
  expect((await errorOf(clerk.query('INSERT INTO kept VALUES (9)'))).errno).toBe(1142);
  clerk.destroy();
  await server.stop();
});

test('stopping ends with open transactions, running queries and idle clients', async () => {
  const server = await startTestServer();
  const sys = await server.connect();
  await createTenant(sys, 'shop');
  const clients = await Promise.all([
    server.connect('root@shop', { database: 'test' }),
    server.connect('root@shop'),
    server.connect(),
  ]);
  for (const client of [sys, ...clients]) client.on('error', () => undefined);
  await clients[0]!.query('CREATE TABLE t (id INT)');
  await clients[0]!.query('BEGIN');
  await clients[0]!.query('INSERT INTO t VALUES (1)');
  const waiting = clients[1]!.query('INSERT INTO test.t VALUES (2)').catch((error: Error) => error);
  await server.stop();
  expect(await waiting).toBeInstanceOf(Error);
});

test('as a process: ready line, logins at once, and an orderly end', async () => {
  const main = new URL('../../src/bin/obvault.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, '--port', '0', '--data-dir', join(scratch, 'data'), '--quiet'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((settle) => child.on('exit', settle));
  const line = await new Promise<string>((settle) => child.stdout.setEncoding('utf8').once('data', settle));
  expect(line).toMatch(/^obvault 4\.2\.1 ready on 127\.0\.0\.1:\d+\n$/);
  // It began again as the same process.
  expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0')).toContain('--max-semi-space-size=2');
  const { default: mysql } = await import('mysql2/promise');
  const client = await mysql.createConnection({
    host: '127.0.0.1',
    port: Number(/(\d+)\n$/.exec(line)![1]),
    user: 'root',
  });
  expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
  client.on('error', () => undefined);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
