import { join } from 'node:path';
import { createTenant, type RunbookPlace } from './first-backup.ts';
import { type Client, connect, expectEqual, heading, print, type Row, RunbookFailure } from './transcript.ts';

/** A full backup, increments day by day, the last one with its log; then a restore from the data path alone. */
export async function dailyBackupsRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  heading('Sunday: a full backup');
  await createTenant(sys, 'daily');
  const app = await connect(server.port, 'root@daily');
  await app.run('CREATE DATABASE shop');
  await app.run(
    'CREATE TABLE shop.stock (id INT NOT NULL PRIMARY KEY, item VARCHAR(200) NOT NULL, amount INT NOT NULL)',
  );
  for (let first = 1; first <= 40_000; first += 1000) {
    const rows = Array.from(
      { length: 1000 },
      (_, i) => `(${first + i},'item ${first + i} ${'of the stock '.repeat(8)}',7)`,
    );
    await app.quiet(`INSERT INTO shop.stock VALUES ${rows.join(',')}`);
  }
  const data = `file://${join(scratch, 'daily', 'data')}`;
  await sys.run(
    `ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://${join(scratch, 'daily', 'archive')}' TENANT = daily`,
  );
  await sys.run('ALTER SYSTEM ARCHIVELOG TENANT = daily');
  await app.until('SELECT STATUS FROM oceanbase.DBA_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  await app.run(`ALTER SYSTEM SET DATA_BACKUP_DEST='${data}'`);
  const full = await takeSet(app, 'ALTER SYSTEM BACKUP DATABASE');

  heading('Monday and Tuesday: what changed since the day before');
  await app.run('UPDATE shop.stock SET amount = amount - 1 WHERE id BETWEEN 500 AND 520');
  const monday = await takeSet(app, 'ALTER SYSTEM BACKUP INCREMENTAL DATABASE');
  await app.run('DELETE FROM shop.stock WHERE id BETWEEN 30000 AND 30010');
  const tuesday = await takeSet(
    app,
    "ALTER SYSTEM BACKUP INCREMENTAL DATABASE PLUS ARCHIVELOG DESCRIPTION = 'tuesday'",
  );
  expectEqual(
    'types and bases',
    [full, monday, tuesday].map((set) => [set['BACKUP_TYPE'], Number(set['PREV_INC_BACKUP_SET_ID'])]),
    [
      ['FULL', 0],
      ['INC', 1],
      ['INC', 2],
    ],
  );
  const share = Number(monday['OUTPUT_BYTES']) / Number(full['OUTPUT_BYTES']);
  print(`   Monday's set has ${(share * 100).toFixed(1)} % of the bytes of the full one`);
  if (!(share < 0.1)) throw new RunbookFailure('an increment of twenty rows is not small');
  const known = await app.quiet('SELECT COUNT(*) AS n, SUM(amount) AS s FROM shop.stock');
  await app.run('UPDATE shop.stock SET amount = 0');

  heading('The drill: Tuesday, from the data path alone');
  await sys.run("CREATE RESOURCE POOL pool_drill UNIT = 'unit_daily', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
  await sys.run(`ALTER SYSTEM RESTORE drill FROM '${data}' WITH 'pool_list=pool_drill'`);
  const ended = await sys.until(
    "SELECT TENANT_ID, RESTORE_TENANT_NAME, STATUS, BACKUP_SET_LIST FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'drill' ORDER BY TENANT_ID",
    (rows) => rows.length === 2,
  );
  expectEqual(
    'both restore rows',
    ended.map((row) => row['STATUS']),
    ['SUCCESS', 'SUCCESS'],
  );
  await sys.run('ALTER SYSTEM ACTIVATE STANDBY TENANT = drill');
  const drill = await connect(server.port, 'root@drill');
  expectEqual(
    'the stock of Tuesday',
    await drill.quiet('SELECT COUNT(*) AS n, SUM(amount) AS s FROM shop.stock'),
    known,
  );
  for (const client of [drill, app, sys]) await client.close();
}

/** Says the statement and waits for its set, which must be SUCCESS. */
async function takeSet(app: Client, statement: string): Promise<Row> {
  const columns =
    'BACKUP_SET_ID, BACKUP_TYPE, PREV_INC_BACKUP_SET_ID, PLUS_ARCHIVELOG, STATUS, INPUT_BYTES, OUTPUT_BYTES';
  const sets = `SELECT ${columns} FROM oceanbase.DBA_OB_BACKUP_SET_FILES ORDER BY BACKUP_SET_ID`;
  const before = (await app.quiet(sets)).length;
  await app.run(statement);
  const rows = await app.until(sets, (found) => found.length > before && found.at(-1)?.['STATUS'] !== 'DOING');
  await app.until('SELECT STATUS FROM oceanbase.DBA_OB_BACKUP_JOBS', (live) => live.length === 0);
  const set = rows.at(-1);
  if (set?.['STATUS'] !== 'SUCCESS') throw new RunbookFailure(`${statement} made no usable set`);
  return set;
}
