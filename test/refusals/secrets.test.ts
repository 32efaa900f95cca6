import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Login } from './refusal.ts';
import { answerOf, openScene, type Scene, startArchive, until } from './scene.ts';

/** What must never be told to anybody. */
const secret = 'Tr0ub4dor';
const sys = 'root@sys';
const kit = 'root@kit';
const object = `host=h&access_id=AK&access_key=${secret}`;

/** Statements with a secret in them: some are carried out, some are refused early, some late. */
const statements: readonly (readonly [Login, string])[] = [
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b/p?${object}'`],
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'oss://b/p?${object}&delete_mode=shred'`],
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'xss://b/p?${object}'`],
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'file:///p?${object}'`],
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://relative?access_key=${secret}'`],
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://$DIR/kit/data?token=${secret}'`],
  [sys, `ALTER SYSTEM SET DATA_BACKUP_DEST = 'cos://b/p?${object}&appid=1' TENANT = kit`],
  [kit, `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=oss://b/p?${object} BINDING=never'`],
  [kit, `ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'oss://b/p?${object}'`],
  [kit, `ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'SERVICE=1.2.3.4:5 USER=r@t PASSWORD=${secret}'`],
  [kit, `ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'SERVICE=1.2.3.4:5 PASSWORD=${secret}'`],
  [kit, `ALTER SYSTEM SET DATA_BACKUP_DEST 'oss://b/p?${object}'`],
  [kit, `ALTER SYSTM SET DATA_BACKUP_DEST = 'oss://b/p?${object}'`],
  [kit, `ALTER SYSTEM BACKUP KEY TO 'file://$DIR/keys' ENCRYPTED BY '${secret}'`],
  [kit, `ALTER SYSTEM BACKUP KEY TO 'nowhere' ENCRYPTED BY '${secret}'`],
  [kit, `ALTER SYSTEM BACKUP KEY ENCRYPTED BY '${secret}' TO 'x'`],
  [kit, `SET ENCRYPTION ON IDENTIFIED BY '${secret}' ONLY`],
  [kit, `SET ENCRYPTION ON IDENTIFIED BY '${secret}'`],
  [kit, `SET ENCRYPTION IDENTIFIED BY '${secret}' ONLY`],
  [sys, `SET DECRYPTION IDENTIFIED BY 'other', '${secret}'`],
  [sys, `SET DECRYPTION IDENTIFIED BY ('${secret}')`],
  [sys, `SET DECRYPTION IDENTIFIED BY 'other'，'${secret}'`],
  [kit, `SET DECRYPTION IDENTIFIED BY '${secret}'`],
  [sys, `ALTER SYSTEM RESTORE r FROM 'oss://b/p?${object}' WITH 'pool_list=p'`],
  [sys, `ALTER SYSTEM RESTORE r FROM 'xss://b/p?${object}' WITH 'pool_list=p'`],
  [
    sys,
    `ALTER SYSTEM RESTORE r FROM 'file:///x' WITH 'pool_list=p' WITH KEY FROM 'file:///k' ENCRYPTED BY '${secret}'`,
  ],
  [sys, `ALTER SYSTEM RESTORE r FROM 'file:///x' WITH 'pool_list=p' ENCRYPTED BY '${secret}'`],
  [sys, `ALTER SYSTEM RESTORE FROM 'oss://b/p?${object}' PREVIEW`],
  [sys, `ALTER SYSTEM ADD RESTORE SOURCE 'oss://b/p?${object}'`],
  [
    sys,
    `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH 'oss://b/p?host=h' ACCESS_INFO 'access_id=A&access_key=${secret}'`,
  ],
  [sys, `CREATE STANDBY TENANT s LOG_RESTORE_SOURCE = 'SERVICE=1.2.3.4:5 USER=r@t PASSWORD=${secret}'`],
  [kit, `CREATE USER one IDENTIFIED BY '${secret}'`],
  [kit, `CREATE USER one IDENTIFIED BY '${secret}'`],
  [kit, `CREATE USER two IDENTIFIED '${secret}'`],
  [kit, `ALTER USER one IDENTIFIED BY '${secret}' ACCOUNT`],
  [kit, `SET PASSWORD FOR one = PASSWORD('${secret}')`],
  [kit, `SET PASSWORD FOR nobody = '${secret}'`],
  [kit, `GRANT SELECT ON *.* TO three IDENTIFIED BY '${secret}'`],
  [kit, `ALTER SYSTEM SET external_kms_info = '${secret}x'`],
  [kit, `SET @kms_encrypt_info = '${secret}x', @nothing = `],
];

/** Digests by which the password could be found or used. */
const sha1 = (bytes: Uint8Array | string) => createHash('sha1').update(bytes).digest();
const traces = [
  secret,
  sha1(secret).toString('hex'),
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64'),
];

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ tenants: ['kit'] });
  await scene.ok(sys, "ALTER SYSTEM SET tde_method = 'internal' TENANT = kit");
  await scene.ok(kit, 'ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await startArchive(scene, 'kit');
});
afterAll(() => scene?.stop());

function expectNoTrace(text: string, where: string): void {
  for (const trace of traces)
    expect({ where, found: text.includes(trace), text: '' }).toEqual({ where, found: false, text: '' });
}

describe('a password or access key', () => {
  test.each(statements.map(([as, sql]) => [sql.replaceAll(secret, '…'), as, sql] as const))(
    'is not told by the answer to %s',
    async (_, as, sql) => {
      const client = await scene.session(as);
      const answer = await answerOf(() => client.query(scene.fill(sql)));
      expectNoTrace(JSON.stringify(answer), 'answer');
      const [warnings] = await client.query('SHOW WARNINGS');
      expectNoTrace(JSON.stringify(warnings), 'warnings');
      client.destroy();
    },
  );

  test('does not show in the process list while the statement runs', async () => {
    const watcher = await scene.session(sys);
    const shown: string[] = [];
    let busy = true;
    const watching = (async () => {
      while (busy) {
        for (const sql of ['SHOW FULL PROCESSLIST', 'SHOW PROCESSLIST'])
          shown.push(JSON.stringify((await watcher.query(sql))[0]));
      }
    })();
    const clients = await Promise.all([0, 1, 2, 3].map(() => scene.session(kit)));
    const key = scene.fill(`ALTER SYSTEM BACKUP KEY TO 'file://$DIR/keys' ENCRYPTED BY '${secret}'`);
    for (let i = 0; i < 3; i++) await Promise.all(clients.map((client) => client.query(key)));
    busy = false;
    await watching;
    for (const client of [...clients, watcher]) client.destroy();
    expect(shown.some((text) => text.includes("ENCRYPTED BY '******'"))).toBe(true);
    expectNoTrace(shown.join('\n'), 'process list');
  });

  test('is in no view, no log line and no file of the server, and on the medium only as the digest of the set', async () => {
    const client = await scene.session(kit);
    await client.query(`SET ENCRYPTION ON IDENTIFIED BY '${secret}' ONLY`);
    await client.query('ALTER SYSTEM BACKUP DATABASE');
    client.destroy();
    await until(
      () => scene.value(kit, 'SELECT status FROM oceanbase.DBA_OB_BACKUP_SET_FILES'),
      (status) => status === 'SUCCESS',
    );
    const views = await scene.rows(sys, 'SHOW TABLES FROM oceanbase');
    expect(views.length).toBeGreaterThan(60);
    for (const row of views) {
      const name = String(Object.values(row)[0]);
      const rows = await scene.rows(sys, `SELECT * FROM oceanbase.\`${name}\``);
      expectNoTrace(
        JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        name,
      );
    }
    expectNoTrace(scene.server.logged.join('\n'), 'log');
    for (const directory of [scene.server.dataDir, scene.directory]) {
      for (const file of filesBelow(directory)) expectNoTrace(readFileSync(file, 'latin1'), file);
    }
  });
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}
