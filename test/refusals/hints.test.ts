import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Login } from './refusal.ts';
import { openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene({ tenants: ['t', 'u'], oracleTenants: ['o'] });
  mkdirSync(join(scene.directory, 'full'));
  writeFileSync(join(scene.directory, 'full/letter'), 'dear');
  await scene.ok('root@t', "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://$DIR/t/data'");
  await scene.ok('root@t', "ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://$DIR/t/archive'");
});
afterAll(() => scene?.stop());

const dest = (value: string) => `ALTER SYSTEM SET DATA_BACKUP_DEST = '${value}' TENANT = u`;
const archive = (value: string) => `ALTER SYSTEM SET LOG_ARCHIVE_DEST = '${value}' TENANT = u`;
const restore = (from: string) => `ALTER SYSTEM RESTORE copy FROM '${from}' WITH 'pool_list=p'`;

const unlisted = 'RESTORE … FROM takes a list: a destination has no comma and no blank at its ends';

const hints: readonly (readonly [as: Login, sql: string, errno: number, hint: string])[] = [
  ['root@u', 'ALTER SYSTEM BACKUP DATABASE', 9040, 'backup dest is not set.'],
  [
    'root@sys',
    dest('file://$DIR/full'),
    9080,
    'the directory holds files but no format file; a new destination must be empty',
  ],
  ['root@sys', dest('file://$DIR/t/data'), 9081, 'the destination belongs to tenant 1002, not to 1004'],
  [
    'root@t',
    "ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://$DIR/t/archive'",
    9081,
    'the destination is one of archive_log, not of backup_data',
  ],
  [
    'root@sys',
    dest('/backup'),
    9026,
    'a destination begins with file://, oss://, cos://, s3:// or one of sftp://, cifs://, hdfs://',
  ],
  ['root@sys', dest('file://$DIR/a,b'), 9026, unlisted],
  ['root@sys', dest('file://$DIR/a '), 9026, unlisted],
  ['root@sys', archive('LOCATION=file://$DIR/a,b'), 9026, unlisted],
  ['root@sys', dest('oss://b/d?host=h&access_id=i'), 9026, 'access_key= is missing'],
  ['root@sys', dest('cos://b/d?host=h&access_id=i&access_key=k'), 9026, 'appid= is missing'],
  ['root@sys', dest('file:///d?host=h'), 9026, "a file:// destination takes no 'host'"],
  [
    'root@sys',
    archive('file:///a'),
    1235,
    "attribute 'file:///a' is unknown; there are LOCATION=, BINDING=, PIECE_SWITCH_INTERVAL= and COMPRESSION=",
  ],
  ['root@sys', archive('LOCATION=file:///a BINDING=must'), 1210, 'BINDING is OPTIONAL or MANDATORY'],
  [
    'root@sys',
    restore('file://$DIR/t/data,file://$DIR/none'),
    9011,
    "there is no format file under 'file://$DIR/none'",
  ],
  [
    'root@sys',
    "ALTER SYSTEM SET archive_lag_target = '9h' TENANT = t",
    4147,
    "archive_lag_target takes a value of type TIME from 0ms to 7200s, not '9h'",
  ],
  ['root@sys', "ALTER SYSTEM SET compatible = '4.3.0.0' TENANT = t", 4147, 'compatible is read only'],
];

test.each(hints)('%s: %s', async (as, sql, errno, hint) => {
  const client = await scene.session(as);
  await expect(client.query(scene.fill(sql))).rejects.toMatchObject({ errno });
  const [rows] = await client.query('SHOW WARNINGS');
  expect(rows).toMatchObject([
    { Level: 'Warning', Code: errno, Message: scene.fill(hint) },
    { Level: 'Error', Code: errno },
  ]);
  client.destroy();
});

test.each([
  [
    'ALTER SYSTEM SET log_restore_concurrency = 5, log_archive_concurrency = 5 TENANT = u',
    'parameter log_restore_concurrency is kept and shown, it has no effect in this server',
  ],
  [
    'ALTER SYSTEM SET ha_low_thread_score = 5 TENANT = all_meta, ha_low_thread_score = 5 TENANT = all',
    'parameter ha_low_thread_score of meta tenants is kept, it has no effect in this server',
  ],
  [
    archive('LOCATION=file://$DIR/u/archive COMPRESSION=disable'),
    'COMPRESSION=DISABLE has no effect: log is compressed as it is archived',
  ],
])('%s is OK and says what it does not do', async (sql, message) => {
  const client = await scene.session('root@sys');
  const [answer] = await client.query(scene.fill(sql));
  expect(answer).toMatchObject({ warningStatus: 1 });
  const [rows] = await client.query('SHOW WARNINGS');
  expect(rows).toEqual([{ Level: 'Warning', Code: 1235, Message: message }]);
  client.destroy();
});
