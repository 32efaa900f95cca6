import { join } from 'node:path';
import { compareTables, createTenant } from './first-backup.ts';
import type { RunbookPlace } from './perform.ts';
import { briskly, startServerProcess } from './server-process.ts';
import { type Client, connect, expectEqual, heading, print } from './transcript.ts';

/** Transparent encryption, key backup, and a restore on a second server that has nothing but the files. */
export async function keyRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  heading('A tenant with a master key');
  await createTenant(sys, 'vaulted');
  const place = (name: string) => `file://${join(scratch, 'vaulted', name)}`;
  const app = await connect(server.port, 'root@vaulted');
  await sys.refused(`ALTER SYSTEM BACKUP KEY TENANT = vaulted TO '${place('key')}' ENCRYPTED BY 'k3y-pass'`, 4369);
  await sys.run("ALTER SYSTEM SET tde_method = 'internal' TENANT = vaulted");
  await app.run('ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await app.run('CREATE DATABASE safe');
  await app.run('CREATE TABLE safe.secrets (id INT PRIMARY KEY, secret VARCHAR(100))');
  await app.run("INSERT INTO safe.secrets VALUES (1, 'the cat sleeps in the vault'), (2, 'and nobody knows')");

  await app.run(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=${place('archive')}'`);
  await app.run('ALTER SYSTEM ARCHIVELOG');
  await app.until('SELECT STATUS FROM oceanbase.DBA_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  await app.run(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('data')}'`);
  await app.run('ALTER SYSTEM BACKUP DATABASE');
  const sets = await app.until(
    'SELECT BACKUP_SET_ID, STATUS, ENCRYPTION_MODE FROM oceanbase.DBA_OB_BACKUP_SET_FILES',
    (rows) => rows.some((row) => row['STATUS'] !== 'DOING'),
  );
  expectEqual(
    'the set is encrypted under the key',
    [sets[0]?.['STATUS'], sets[0]?.['ENCRYPTION_MODE']],
    ['SUCCESS', 'TRANSPARENT_ENCRYPTION'],
  );
  await app.run(`ALTER SYSTEM BACKUP KEY TO '${place('key')}' ENCRYPTED BY 'k3y-pass'`, {
    as: `ALTER SYSTEM BACKUP KEY TO '${place('key')}' ENCRYPTED BY '******'`,
  });
  await app.run('SELECT PATH, DEST_TYPE FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO');

  heading('A second server with an empty data directory');
  const other = await startServerProcess(join(scratch, 'second'), briskly);
  print(`ready on 127.0.0.1:${other.port}`);
  const otherSys = await connect(other.port, 'root@sys');
  await otherSys.run("CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '5G'");
  await otherSys.run("CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
  const restore = `ALTER SYSTEM RESTORE vaulted FROM '${place('data')},${place('archive')}' WITH 'pool_list=p'`;
  await otherSys.refused(restore, 4369);
  await otherSys.refused(`${restore} WITH KEY FROM '${place('key')}' ENCRYPTED BY 'wrong'`, 4352);
  await otherSys.run(`${restore} WITH KEY FROM '${place('key')}' ENCRYPTED BY 'k3y-pass'`);
  await waitRestored(otherSys, 'vaulted');
  await otherSys.run('ALTER SYSTEM ACTIVATE STANDBY TENANT = vaulted');
  const restored = await connect(other.port, 'root@vaulted');
  await compareTables(app, restored, 'safe.secrets', 'id');

  heading('A set under a password');
  const second = await connect(server.port, 'root@vaulted');
  await second.run("SET ENCRYPTION ON IDENTIFIED BY 'Tr0ub4dor' ONLY", {
    as: "SET ENCRYPTION ON IDENTIFIED BY '******' ONLY",
  });
  await second.run('ALTER SYSTEM BACKUP DATABASE');
  const locked = await second.until(
    'SELECT BACKUP_SET_ID, STATUS, ENCRYPTION_MODE FROM oceanbase.DBA_OB_BACKUP_SET_FILES ORDER BY BACKUP_SET_ID DESC LIMIT 1',
    (rows) => rows[0]?.['BACKUP_SET_ID'] !== sets[0]?.['BACKUP_SET_ID'] && rows[0]?.['STATUS'] !== 'DOING',
  );
  expectEqual(
    'the set needs a password',
    [locked[0]?.['STATUS'], locked[0]?.['ENCRYPTION_MODE']],
    ['SUCCESS', 'PASSWORD'],
  );
  await otherSys.run("CREATE RESOURCE POOL p2 UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
  const again = `ALTER SYSTEM RESTORE vaulted2 FROM '${place('data')},${place('archive')}' WITH 'pool_list=p2' WITH KEY FROM '${place('key')}' ENCRYPTED BY 'k3y-pass'`;
  await otherSys.refused(again, 9047);
  await otherSys.run("SET DECRYPTION IDENTIFIED BY 'Tr0ub4dor'", { as: "SET DECRYPTION IDENTIFIED BY '******'" });
  await otherSys.run(again);
  await waitRestored(otherSys, 'vaulted2');
  for (const client of [restored, otherSys, second, app, sys]) await client.close();
  await other.stop();
}

async function waitRestored(sys: Client, name: string): Promise<void> {
  const rows = await sys.until(
    `SELECT TENANT_ID, STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = '${name}' ORDER BY TENANT_ID`,
    (found) => found.length === 2,
  );
  expectEqual(
    `restore of ${name}`,
    rows.map((row) => row['STATUS']),
    ['SUCCESS', 'SUCCESS'],
  );
}
