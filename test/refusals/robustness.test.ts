import { connect as connectSocket, type Socket } from 'node:net';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frame, RawClient } from '../wire/raw-client.ts';
import { answerOf, openScene, type Scene, startArchive, until } from './scene.ts';

const sys = 'root@sys';
const megabytes = 10_000_000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ tenants: ['kit'] });
  await scene.ok('root@kit', 'CREATE TABLE test.a (id INT PRIMARY KEY, body LONGTEXT)');
  await startArchive(scene, 'kit');
});
afterAll(() => scene?.stop());

/** A whole backup, so that the server is known to do its work and not only to answer. */
async function worksOn(): Promise<void> {
  const sets = () => scene.rows('root@kit', 'SELECT status FROM oceanbase.DBA_OB_BACKUP_SET_FILES');
  const before = (await sets()).length;
  await until(
    () => scene.say('root@kit', 'ALTER SYSTEM BACKUP DATABASE'),
    ({ errno }) => errno === 0,
  );
  await until(sets, (rows) => rows.length === before + 1 && rows.every((row) => row['status'] === 'SUCCESS'));
  expect(scene.server.logged.filter((line) => / ERROR /.test(line))).toEqual([]);
}

describe('statements of megabytes', () => {
  afterAll(worksOn);

  let client: Connection;
  beforeEach(async () => {
    client = await scene.session('root@kit');
  });
  afterEach(() => client.destroy());

  const fill = (character: string) => character.repeat(megabytes);
  /** Just below what one of OceanBase's own statements may have. */
  const most = (text: string) => text.repeat(Math.floor(1_000_000 / text.length));
  test.each([
    ['data', () => `INSERT INTO test.a VALUES (1, '${fill('x')}')`, 0],
    ['a destination', () => `ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///${most('x')}'`, 9026],
    ['an archive destination', () => `ALTER SYSTEM SET LOG_ARCHIVE_DEST = '${most('BINDING=OPTIONAL ')}'`, 1210],
    ['a restore source', () => `ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'SERVICE=${most('1.2.3.4:5;')}'`, 1210],
    ['a parameter', () => `ALTER SYSTEM SET archive_lag_target = '${most('9')}'`, 4147],
    ['a parameter name', () => `ALTER SYSTEM SET ${most('a')} = 1`, 5099],
    ['a number', () => `ALTER SYSTEM SET archive_lag_target = ${most('9')}`, 4147],
    ['a description', () => `ALTER SYSTEM BACKUP DATABASE DESCRIPTION = '${most('x')}'`, 4019],
    ['a key path', () => `ALTER SYSTEM BACKUP KEY TO '${most('x')}' ENCRYPTED BY '${'p'.repeat(100)}'`, 9026],
    ['items', () => `ALTER SYSTEM SET ${'ha_low_thread_score = 1, '.repeat(2000)}no_such_parameter = 1`, 4019],
    ['a statement beyond the limit', () => `ALTER SYSTEM CANCEL BACKUP DESCRIPTION = '${fill('x')}'`, 4019],
    ['a user name', () => `CREATE USER ${most('u')}`, 1470],
    ['a comment', () => `/*${most('x')}*/ ALTER SYSTEM CANCEL BACKUP`, 0],
    ['a word too many', () => `ALTER SYSTEM CANCEL BACKUP ${most('x')}`, 1064],
    ['an open quote', () => `ALTER SYSTEM SET data_backup_dest = '${most('x')}`, 1064],
    ['parentheses', () => `SELECT ${fill('(')}`, 4019],
    ['semicolons', () => `ALTER SYSTEM CANCEL BACKUP${most(';')}`, 0],
  ])('%s', async (_, text, errno) => {
    expect((await answerOf(() => client.query(text()))).errno).toBe(errno);
    expect(await answerOf(() => client.query('SELECT 1'))).toMatchObject({ errno: 0 });
  });

  test('an error text is cut before it grows with what was typed', async () => {
    for (const letter of ['u', 'ü', '語', '😀']) {
      const { errno, text } = await answerOf(() => client.query(`CREATE USER \`${letter.repeat(100_000)}\``));
      expect(errno).toBe(1470);
      expect(Buffer.byteLength(text)).toBeGreaterThan(507);
      expect(Buffer.byteLength(text)).toBeLessThan(512);
      expect(text).toMatch(new RegExp(`^String '${letter}+$`, 'u'));
    }
  });

  test('lists of a hundred thousand names', async () => {
    const root = await scene.session(sys);
    const names = 'kit,'.repeat(200_000);
    expect((await answerOf(() => root.query(`ALTER SYSTEM BACKUP TENANT = ${names}nobody`))).errno).toBe(5160);
    expect((await answerOf(() => root.query(`ALTER SYSTEM ARCHIVELOG TENANT = ${names}nobody`))).errno).toBe(1235);
    const restore = `ALTER SYSTEM RESTORE c FROM '${'file:///a,'.repeat(90_000)}nonsense' WITH 'pool_list=p'`;
    expect((await answerOf(() => root.query(restore))).errno).toBe(9026);
    root.destroy();
  });
});

describe('clients that misbehave', () => {
  afterEach(() => scene.ok('root@kit', 'SELECT 1'));
  afterAll(worksOn);

  const malformed: readonly (readonly [string, (client: RawClient) => void])[] = [
    ['nothing at all', (client) => client.socket.end()],
    ['half a header', (client) => client.socket.end(Buffer.of(1, 0))],
    ['a header without its packet', (client) => client.socket.end(Buffer.of(200, 0, 0, 0, 3))],
    ['an empty packet', (client) => client.send('')],
    ['an unknown command', (client) => client.send('\xfe\xff\xff')],
    ['a wrong sequence', (client) => client.send('\x03SELECT 1', 77)],
    ['a query that is no UTF-8', (client) => client.send(Buffer.of(3, 0xff, 0xfe, 0x00, 0x80))],
    ['an execution of nothing', (client) => client.send(Buffer.from([0x17, 9, 9, 9, 9, 0, 1, 0, 0, 0]))],
    ['an execution cut off', (client) => client.send(Buffer.from([0x17, 1]))],
    ['long data for nothing', (client) => client.send(Buffer.from([0x18, 1, 0, 0, 0, 0, 0, 65]))],
    [
      'a packet of 16 MB that says it goes on',
      (client) => client.socket.end(Buffer.concat([Buffer.of(255, 255, 255, 0), Buffer.alloc(16_777_215, 3)])),
    ],
    ['a length beyond the packet', (client) => client.send(Buffer.from([0x03, 0xfd, 0xff, 0xff, 0xff]))],
    ['HTTP', (client) => client.socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ];

  test.each(malformed)('%s, before the login', async (_, send) => {
    await using client = new RawClient(scene.server.port);
    await client.packet();
    send(client);
    client.socket.end();
  });

  test.each(malformed)('%s, after the login', async (_, send) => {
    await using client = new RawClient(scene.server.port);
    expect((await client.login('root@kit', '')).payload[0]).toBe(0);
    send(client);
    client.socket.end();
  });

  test('those who vanish in the middle of a query', async () => {
    const slow =
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT COUNT(*) FROM n a, n b, n c, test.a WHERE MD5(a.i + b.i + c.i) = 1';
    const running = async () =>
      (await scene.rows(sys, 'SHOW FULL PROCESSLIST')).filter((row) =>
        String(row['Info']).startsWith('WITH RECURSIVE'),
      );
    await scene.ok('root@kit', 'REPLACE INTO test.a VALUES (7, NULL)');
    const clients = await Promise.all(Array.from({ length: 5 }, () => scene.session('root@kit')));
    for (const client of clients) client.query(slow).catch(() => undefined);
    await until(running, (rows) => rows.length === 5);
    for (const client of clients) client.destroy();
    await until(running, (rows) => rows.length === 0);
  });

  test('those who vanish in the middle of a transaction leave nothing of it and no lock', async () => {
    const client = await scene.session('root@kit');
    await client.query('BEGIN');
    await client.query("INSERT INTO test.a VALUES (100, 'never committed')");
    client.destroy();
    await scene.ok('root@kit', "INSERT INTO test.a VALUES (101, 'committed')");
    expect(await scene.rows('root@kit', 'SELECT id FROM test.a WHERE id >= 100')).toEqual([{ id: 101 }]);
  });

  test('those who send statements and never read the answers', async () => {
    const client = new RawClient(scene.server.port);
    await client.login('root@kit', '');
    client.socket.pause();
    for (let i = 0; i < 200; i++) client.socket.write(frame("\x03SELECT REPEAT('x', 100000)"));
    await scene.ok('root@kit', 'SELECT 1');
    client.socket.destroy();
  });
});

test('a thousand idle connections', async () => {
  const sockets: Socket[] = [];
  for (let i = 0; i < 1000; i += 50) {
    const some = Array.from({ length: 50 }, () => connectSocket(scene.server.port, '127.0.0.1'));
    sockets.push(...some);
    await Promise.all(
      some.map((socket) => new Promise((settle, fail) => socket.once('data', settle).once('error', fail))),
    );
  }
  const clients = await Promise.all(Array.from({ length: 100 }, () => scene.session('root@kit')));
  await worksOn();
  for (const client of clients) client.destroy();
  for (const socket of sockets) socket.destroy();
});
