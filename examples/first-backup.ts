import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunbookPlace } from './perform.ts';
import { type Client, connect, expectEqual, heading, print, RunbookFailure } from './transcript.ts';

const rowsTotal = 100_000;
const rowsPerInsert = 1_000;

/** Creates a tenant, loads data, archives, backs up while rows keep coming, restores to a moment and compares. */
export async function firstBackupRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  heading('A tenant and its resources');
  await createTenant(sys, 'mysql_tenant');
  await sys.run(
    "SELECT TENANT_ID, TENANT_NAME, COMPATIBILITY_MODE, STATUS, TENANT_ROLE, LOG_MODE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = 'mysql_tenant'",
    { vertical: true },
  );
  await createTenant(sys, 'oracle_tenant', " SET ob_tcp_invited_nodes = '%', ob_compatibility_mode = 'oracle'");

  const app = await connect(server.port, 'root@mysql_tenant');
  heading(`${rowsTotal.toLocaleString('en')} rows of real data through the client`);
  await loadOrders(app);

  heading('Log archiving and a data destination');
  const data = `file://${join(scratch, 'backup', 'data')}`;
  const archive = `file://${join(scratch, 'backup', 'archive')}`;
  await sys.run(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=${archive}' TENANT = mysql_tenant`);
  await sys.run('ALTER SYSTEM ARCHIVELOG TENANT = mysql_tenant');
  await sys.until(
    'SELECT TENANT_ID, ROUND_ID, STATUS FROM oceanbase.CDB_OB_ARCHIVELOG',
    (rows) => rows[0]?.['STATUS'] === 'DOING',
  );
  await app.run(`ALTER SYSTEM SET DATA_BACKUP_DEST='${data}'`);
  await app.run('SELECT * FROM oceanbase.DBA_OB_BACKUP_PARAMETER');
  await sys.run('SELECT * FROM oceanbase.CDB_OB_BACKUP_STORAGE_INFO', { vertical: true });
  await sys.run('SELECT * FROM oceanbase.CDB_OB_ARCHIVE_DEST');

  heading('A full backup while rows keep coming');
  const writer = startWriter(server.port);
  await sys.run("ALTER SYSTEM BACKUP TENANT = mysql_tenant DESCRIPTION = 'first full'");
  await sys.run(
    'SELECT TENANT_ID, JOB_ID, BACKUP_SET_ID, JOB_LEVEL, BACKUP_TYPE, STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS',
  );
  const sets = await sys.until(
    'SELECT TENANT_ID, BACKUP_SET_ID, BACKUP_TYPE, STATUS, FILE_STATUS, INPUT_BYTES, OUTPUT_BYTES, MIN_RESTORE_SCN FROM oceanbase.CDB_OB_BACKUP_SET_FILES',
    (rows) => rows.some((row) => row['STATUS'] !== 'DOING'),
  );
  expectEqual('the set says', [sets[0]?.['STATUS'], sets[0]?.['FILE_STATUS']], ['SUCCESS', 'AVAILABLE']);
  await sys.until(
    'SELECT JOB_ID, STATUS, RESULT, DESCRIPTION FROM oceanbase.CDB_OB_BACKUP_JOB_HISTORY WHERE TENANT_ID > 1',
    (rows) => rows.length === 1,
  );
  print(`files: ${readdirSync(join(scratch, 'backup', 'data')).join(' ')}`);
  if (!existsSync(join(scratch, 'backup', 'data', 'format.obbak'))) throw new RunbookFailure('no format file');

  const moments = await writer.stop(300);
  heading(`The writer committed ${moments.length} rows; each restore must show exactly those up to its moment`);
  await sys.until(
    'SELECT STATUS, CHECKPOINT_SCN_DISPLAY FROM oceanbase.CDB_OB_ARCHIVELOG',
    (rows) => String(rows[0]?.['CHECKPOINT_SCN_DISPLAY']) > (moments.at(-1)?.time ?? ''),
  );
  const late = moments.length - 2;
  await restoreAndCompare(sys, app, server.port, {
    name: 'restored_a',
    from: `${data},${archive}`,
    moment: moments[late],
    by: 'TIME',
  });
  const early = moments.findIndex((moment) => moment.afterBackup) + 1;
  await restoreAndCompare(sys, app, server.port, {
    name: 'restored_b',
    from: `${data},${archive}`,
    moment: moments[Math.min(early, late)],
    by: 'TIME',
  });
  await app.close();
  await sys.close();
}

/** Unit, pool and tenant of one name. */
export async function createTenant(
  sys: Client,
  name: string,
  settings = " SET ob_tcp_invited_nodes = '%'",
): Promise<void> {
  await sys.run(`CREATE RESOURCE UNIT unit_${name} MAX_CPU 1, MEMORY_SIZE '5G'`);
  await sys.run(`CREATE RESOURCE POOL pool_${name} UNIT = 'unit_${name}', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  await sys.run(`CREATE TENANT ${name} PRIMARY_ZONE = 'zone1', RESOURCE_POOL_LIST = ('pool_${name}')${settings}`);
}

/** About 50 MB of orders, loaded by multi-row INSERTs as a dump would. */
async function loadOrders(app: Client): Promise<void> {
  await app.run('CREATE DATABASE shop');
  await app.run(`CREATE TABLE shop.orders (
  id BIGINT NOT NULL AUTO_INCREMENT,
  customer VARCHAR(40) NOT NULL,
  amount DECIMAL(10,2) NOT NULL,
  placed_at DATETIME(6) NOT NULL,
  note TEXT,
  PRIMARY KEY (id),
  KEY idx_customer (customer)
) DEFAULT CHARSET = utf8mb4`);
  await app.run('CREATE TABLE shop.ledger (seq INT NOT NULL PRIMARY KEY, entry VARCHAR(200) NOT NULL)');
  const start = performance.now();
  // The rows of the next statement are made while the server is busy with this one.
  let loading: Promise<unknown> = Promise.resolve();
  for (let first = 1; first <= rowsTotal; first += rowsPerInsert) {
    const rows = Array.from({ length: rowsPerInsert }, (_, i) => orderRow(first + i));
    await loading;
    loading = app.quiet(`INSERT INTO shop.orders (id, customer, amount, placed_at, note) VALUES ${rows.join(',')}`);
  }
  await loading;
  print(`loaded in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  await app.run('SELECT COUNT(*), SUM(amount), SUM(LENGTH(note)) FROM shop.orders');
  await app.run(
    'SELECT customer, COUNT(*) AS orders, MAX(amount) FROM shop.orders GROUP BY customer ORDER BY orders DESC, customer LIMIT 3',
  );
}

function orderRow(id: number): string {
  const mixed = (id * 2654435761) % 4294967296;
  const note = Array.from({ length: 30 }, (_, i) => ((mixed * (i + 7)) % 4294967296).toString(36))
    .join(' ')
    .repeat(3)
    .slice(0, 500);
  const second = String(id % 60).padStart(2, '0');
  return `(${id},'customer-${mixed % 5000}',${(mixed % 1_000_000) / 100},'2024-05-${String((id % 28) + 1).padStart(2, '0')} 12:30:${second}.${String(mixed % 1_000_000).padStart(6, '0')}','${note}')`;
}

interface Moment {
  readonly seq: number;
  readonly time: string;
  readonly afterBackup: boolean;
}

/** Commits rows one by one and notes the server's time between each commit and the next. */
function startWriter(port: number): { stop(atLeast: number): Promise<readonly Moment[]> } {
  const moments: Moment[] = [];
  let wanted = Number.POSITIVE_INFINITY;
  let backupEnded = false;
  const done = (async () => {
    const client = await connect(port, 'root@mysql_tenant');
    for (let seq = 1; seq <= wanted; seq++) {
      await client.quiet(`INSERT INTO shop.ledger VALUES (${seq}, 'entry ${seq}')`);
      const rows = await client.quiet('SELECT NOW(6) AS moment');
      moments.push({ seq, time: String(rows[0]?.['moment']), afterBackup: backupEnded });
    }
    await client.close();
  })();
  done.catch(() => undefined);
  return {
    async stop(atLeast) {
      backupEnded = true;
      wanted = Math.max(moments.length + 50, atLeast);
      await done;
      return moments;
    },
  };
}

interface RestoreWish {
  readonly name: string;
  readonly from: string;
  readonly moment: Moment | undefined;
  readonly by: 'TIME';
}

async function restoreAndCompare(sys: Client, app: Client, port: number, wish: RestoreWish): Promise<void> {
  const { name, from, moment } = wish;
  if (moment === undefined) throw new RunbookFailure('the writer left no moment to restore to');
  heading(`Restore to ${moment.time}, after row ${moment.seq}`);
  await sys.run(`CREATE RESOURCE UNIT IF NOT EXISTS unit_restore MAX_CPU 1, MEMORY_SIZE '5G'`);
  await sys.run(`CREATE RESOURCE POOL pool_${name} UNIT = 'unit_restore', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  await sys.run(
    `ALTER SYSTEM RESTORE ${name} FROM '${from}' UNTIL TIME='${moment.time}' WITH 'pool_list=pool_${name}'`,
  );
  await sys.run('SELECT TENANT_ID, JOB_ID, RESTORE_TENANT_NAME, STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS');
  const ended = await sys.until(
    `SELECT TENANT_ID, RESTORE_TENANT_NAME, STATUS, COMMENT FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = '${name}' ORDER BY TENANT_ID`,
    (rows) => rows.length === 2,
  );
  expectEqual(
    'both restore rows',
    ended.map((row) => row['STATUS']),
    ['SUCCESS', 'SUCCESS'],
  );
  await sys.run(`ALTER SYSTEM ACTIVATE STANDBY TENANT = ${name}`);
  await sys.run(`SELECT TENANT_NAME, STATUS, TENANT_ROLE FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${name}'`);
  const restored = await connect(port, `root@${name}`);
  const ledger = await restored.quiet('SELECT seq, entry FROM shop.ledger ORDER BY seq');
  const original = await app.quiet(`SELECT seq, entry FROM shop.ledger WHERE seq <= ${moment.seq} ORDER BY seq`);
  expectEqual(`${original.length} ledger rows, none more, none fewer`, ledger, original);
  await compareTables(app, restored, 'shop.orders', 'id');
  await restored.run("INSERT INTO shop.ledger VALUES (1000000, 'written after activation')");
  await restored.close();
}

/** Row by row in key order, in pages. */
export async function compareTables(left: Client, right: Client, table: string, key: string): Promise<void> {
  let last = '0';
  let count = 0;
  for (;;) {
    const page = `SELECT * FROM ${table} WHERE ${key} > ${last} ORDER BY ${key} LIMIT 5000`;
    const [rows, others] = await Promise.all([left.quiet(page), right.quiet(page)]);
    if (JSON.stringify(rows) !== JSON.stringify(others))
      throw new RunbookFailure(`${table} differs after ${key} = ${last}`);
    if (rows.length === 0) break;
    count += rows.length;
    last = String(rows.at(-1)?.[key]);
  }
  if (count === 0) throw new RunbookFailure(`${table} is empty`);
  print(`   ok: ${count} rows of ${table} are equal`);
}
