import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { S3Double } from '../media/servers/s3-double.ts';
import type { Login } from './refusal.ts';
import { answerOf, archiveIsDoing, openScene, type Scene, until } from './scene.ts';

/** What must never be told to anybody, kept readable, or sent along. */
const secret = 'Tr0ub4dor/dest+key';
const fresh = 'N3wer/dest+key';
const sys: Login = 'root@sys';
const kit: Login = 'root@kit';

const traces = [secret, fresh].flatMap((word) => [
  word,
  encodeURIComponent(word),
  Buffer.from(word).toString('hex'),
  Buffer.from(word).toString('base64'),
]);

let scene: Scene;
let double: S3Double;
const answers: string[] = [];
const sessions = new Map<Login, Connection>();

/** A destination of the double with the key, or with the one that follows it. */
const at = (path: string, key = secret) =>
  `s3://bucket/${path}?host=127.0.0.1:${double.port}&access_id=AKTEST&access_key=${key}`;

/** Says a statement and remembers everything that came back. */
async function say(as: Login, sql: string): Promise<number> {
  const client = sessions.get(as) ?? (await scene.session(as));
  sessions.set(as, client);
  let rows: unknown;
  const answer = await answerOf(async () => {
    rows = (await client.query(scene.fill(sql)))[0];
  });
  const [warnings] = await client.query('SHOW WARNINGS');
  answers.push(JSON.stringify([answer, rows, warnings], bigText));
  return answer.errno;
}

async function ok(as: Login, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) expect([sql, await say(as, sql), answers.at(-1)]).toEqual([sql, 0, answers.at(-1)]);
}

const bigText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

beforeAll(async () => {
  double = await S3Double.start();
  double.keys['AKTEST'] = secret;
  scene = await openScene({ tenants: ['kit'], release: parseRelease('4.3.5') });
});
afterAll(async () => {
  for (const client of sessions.values()) client.destroy();
  await scene?.stop();
  await double?.stop();
});

test('a whole life with destinations that have keys', async () => {
  await ok(sys, "ALTER SYSTEM SET tde_method = 'internal' TENANT = kit");
  await ok(
    kit,
    'ALTER INSTANCE ROTATE INNODB MASTER KEY',
    `ALTER SYSTEM TEST DESTINATION '${at('tested')}'`,
    `ALTER SYSTEM SET DATA_BACKUP_DEST = '${at('data')}&delete_mode=tagging&max_iops=5000'`,
    `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${at('log')}'`,
    'ALTER SYSTEM ARCHIVELOG',
  );
  await archiveIsDoing(scene, 'kit');
  await ok(kit, 'CREATE DATABASE d', 'CREATE TABLE d.r (a INT)', 'INSERT INTO d.r VALUES (1), (2)');
  await ok(kit, 'ALTER SYSTEM BACKUP DATABASE', `ALTER SYSTEM BACKUP KEY TO '${at('keys')}' ENCRYPTED BY 'pw'`);
  await until(
    () => scene.value(kit, 'SELECT status FROM oceanbase.DBA_OB_BACKUP_SET_FILES'),
    (status) => status === 'SUCCESS',
  );
  await ok(kit, `ALTER SYSTEM VALIDATE BACKUP DATA_BACKUP_DEST = '${at('data')}' LOG_ARCHIVE_DEST = '${at('log')}'`);
  await ok(
    sys,
    "CREATE RESOURCE POOL again UNIT = 'unit_kit', UNIT_NUM = 1, ZONE_LIST = ('zone1')",
    `ALTER SYSTEM RESTORE FROM '${at('data')},${at('log')}' PREVIEW`,
    'SHOW RESTORE PREVIEW',
    `ALTER SYSTEM RESTORE copy FROM '${at('data')},${at('log')}' WITH 'pool_list=again' WITH KEY FROM '${at('keys')}' ENCRYPTED BY 'pw'`,
  );
  await scan('while a restore is running');
  await until(
    () => scene.value(sys, 'SELECT status FROM oceanbase.CDB_OB_RESTORE_HISTORY'),
    (status) => status === 'SUCCESS',
  );
  await ok('root@copy', `ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'LOCATION=${at('log')}'`);
  await until(
    () =>
      scene.value(kit, 'SELECT status FROM oceanbase.DBA_OB_BACKUP_VALIDATION_JOB_HISTORY').catch(() => 'COMPLETED'),
    (status) => status === 'COMPLETED',
  );
  double.keys['AKTEST'] = fresh;
  for (const path of ['data', 'log'])
    await ok(
      kit,
      `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = 's3://bucket/${path}?host=127.0.0.1:${double.port}' ` +
        `SET ACCESS_INFO = 'access_id=AKTEST&access_key=${fresh}'`,
    );
  await ok(kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = '${at('data', fresh)}'`);
  await scan('at the end');
});

describe('statements that fail', () => {
  const wrong = [
    () => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${at('x')}'`,
    () => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${at('x', fresh)}&appid=1'`,
    () => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${at('x', `${fresh}&rest`)}&access_key=${secret}'`,
    () => `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${at('x')}'`,
    () => `ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'LOCATION=${at('x')}'`,
    () => `ALTER SYSTEM TEST DESTINATION '${at('x')}'`,
    () => `ALTER SYSTEM TEST DESTINATION '${at('x')}`,
    () => `ALTER SYSTEM TEST DESTINATIONS '${at('x')}'`,
    () => `ALTER SYSTEM VALIDATE BACKUP DATA_BACKUP_DEST = '${at('x')}'`,
    () => `ALTER SYSTEM BACKUP KEY TO '${at('x')}' ENCRYPTED BY '${secret}'`,
    () =>
      `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH 's3://bucket/data?host=127.0.0.1:${double.port}' ACCESS_INFO 'access_id=AKTEST&access_key=${secret}'`,
    () =>
      `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH '${at('data')}' ACCESS_INFO 'access_id=AKTEST&access_key=${secret}'`,
    () => `ALTER SYSTEM SET DATA_BACKUP_DEST = 'sftp://u:${encodeURIComponent(secret)}@127.0.0.1:1/d'`,
    () =>
      `ALTER SYSTEM TEST DESTINATION 'sftp://u@127.0.0.1:1/d?password=${encodeURIComponent(secret)}&host_key=SHA256:${'a'.repeat(43)}'`,
    () =>
      `ALTER SYSTEM SET DATA_BACKUP_DEST = 'cifs://127.0.0.1:1/s/d?user=u&password=${encodeURIComponent(secret)}&${secret}'`,
    () => `ALTER SYSTEM SET DATA_BACKUP_DEST = 'hdfs://n/d?namenode=127.0.0.1:1&delegation_token=${secret}'`,
    () => `ALTER SYSTEM RESTORE c2 FROM '${at('data')},cifs://h/s?user=u&password=${secret}' WITH 'pool_list=nope'`,
    () => `ALTER SYSTEM ADD RESTORE SOURCE '${at('data')}'`,
  ];

  test('none is carried out but those that only remember, and none tells', async () => {
    const carriedOut: string[] = [];
    for (const sql of wrong.map((make) => make())) {
      const as = sql.includes('RESTORE') && !sql.includes('LOG_') ? sys : kit;
      if ((await say(as, sql)) === 0) carriedOut.push(sql.replace(/^ALTER SYSTEM (\w+ \w+).*/, '$1'));
    }
    expect(carriedOut).toEqual(['TEST DESTINATION', 'VALIDATE BACKUP', 'TEST DESTINATION', 'ADD RESTORE']);
    const unfinished = 'SELECT COUNT(*) FROM oceanbase.DBA_OB_BACKUP_VALIDATE_JOBS';
    await until(
      () => scene.value(kit, unfinished),
      (count) => Number(count) === 0,
    );
    await scan('after failures');
  });
});

/** Looks for the keys in everything that was answered, shown, logged or written. */
async function scan(when: string): Promise<void> {
  expectNoTrace(answers.join('\n'), `answers ${when}`);
  expectNoTrace(scene.server.logged.join('\n'), `log ${when}`);
  const names = (await scene.rows(sys, 'SHOW TABLES FROM oceanbase')).map((row) => String(Object.values(row)[0]));
  expect(names.length).toBeGreaterThan(60);
  for (const as of [sys, kit])
    for (const sql of [
      'SHOW PARAMETERS',
      'SHOW FULL PROCESSLIST',
      ...names.map((name) => `SELECT * FROM oceanbase.\`${name}\``),
    ]) {
      const client = await scene.session(as);
      const rows = await client.query(sql).then(
        ([found]) => JSON.stringify(found, bigText),
        (error: Error) => error.message,
      );
      client.destroy();
      expectNoTrace(rows, `${sql} as ${as} ${when}`);
    }
  mkdirSync(scene.directory, { recursive: true });
  for (const file of [scene.server.dataDir, scene.directory].flatMap(filesBelow)) {
    const bytes = readIfThere(file);
    if (bytes !== null) expectNoTrace(bytes, `${file} ${when}`);
  }
  for (const [key, object] of double.bucket().objects)
    expectNoTrace(JSON.stringify([key, object.tags]) + Buffer.from(object.bytes).toString('latin1'), `object ${key}`);
}

function expectNoTrace(text: string, where: string): void {
  const found = traces.find((trace) => text.includes(trace));
  expect({ where, found }).toEqual({ where, found: undefined });
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
