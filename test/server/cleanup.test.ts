import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant, errorOf, oneValue, rowsOf, startTestServer, type TestServer } from './server-fixture.ts';

let server: TestServer;
let sys: Connection;
let own: Connection;
const directory = mkdtempSync(join(tmpdir(), 'obvault-cleanup-'));

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect();
  await createTenant(sys, 't');
  own = await server.connect('root@t');
});
afterAll(async () => {
  await sys.end();
  await own.end();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Waits until the only value of a query is the wanted one. */
async function becomes(connection: Connection, sql: string, wanted: unknown): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const found = await oneValue(connection, sql);
    if (found === wanted) return;
    if (performance.now() > end) throw new Error(`${sql}: still ${String(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a policy over the wire: its row, its job, its dry run, its end', async () => {
  await sys.query(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://${directory}/log' TENANT = t`);
  await sys.query(`ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://${directory}/data' TENANT = t`);
  await sys.query('ALTER SYSTEM ARCHIVELOG TENANT = t');
  await becomes(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG WHERE TENANT_ID = 1002', 'DOING');
  await own.query('ALTER SYSTEM BACKUP DATABASE');
  await becomes(own, 'SELECT STATUS FROM oceanbase.DBA_OB_BACKUP_SET_FILES', 'SUCCESS');

  await sys.query("ALTER SYSTEM ADD DELETE BACKUP POLICY = 'default' RECOVERY_WINDOW = '7d' TENANT = t");
  expect(await rowsOf(sys, 'SELECT * FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY')).toEqual([
    { TENANT_ID: 1002, POLICY_NAME: 'default', RECOVERY_WINDOW: '7d' },
  ]);
  expect(await rowsOf(own, 'SELECT * FROM oceanbase.DBA_OB_BACKUP_DELETE_POLICY')).toEqual([
    { POLICY_NAME: 'default', RECOVERY_WINDOW: '7d' },
  ]);
  const twice = errorOf(own.query("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '7d'"));
  expect(await twice).toMatchObject({ errno: 1062, sqlState: '23000' });

  await becomes(sys, 'SELECT COUNT(*) FROM oceanbase.CDB_OB_BACKUP_DELETE_JOB_HISTORY', 1);
  const [job] = await rowsOf(
    own,
    `SELECT TYPE, STATUS, JOB_LEVEL, TASK_COUNT, SUCCESS_TASK_COUNT, RESULT,
            TIMESTAMPDIFF(HOUR, PARAMETER, START_TIMESTAMP) AS hours FROM oceanbase.DBA_OB_BACKUP_DELETE_JOB_HISTORY`,
  );
  expect(job).toEqual({
    ...{ TYPE: 'DELETE OBSOLETE BACKUP', STATUS: 'COMPLETED', JOB_LEVEL: 'USER_TENANT' },
    ...{ TASK_COUNT: 0, SUCCESS_TASK_COUNT: 0, RESULT: 0, hours: 168 },
  });

  const dryRun = await rowsOf(sys, 'ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = t DRY RUN');
  expect(dryRun).toEqual([
    {
      ...{ TENANT_NAME: 't', OBJECT_TYPE: 'BACKUP SET', ID: 1, ROUND_ID: 0, DEST_ID: 1002 },
      ...{ DECISION: 'KEEP', BECAUSE: 'it ended inside the recovery window' },
    },
    {
      ...{ TENANT_NAME: 't', OBJECT_TYPE: 'BACKUP PIECE', ID: 1, ROUND_ID: 1, DEST_ID: 1001 },
      ...{ DECISION: 'KEEP', BECAUSE: 'it is the active piece' },
    },
  ]);
  expect(await rowsOf(own, "ALTER SYSTEM DELETE OBSOLETE BACKUP RECOVERY_WINDOW = '1d' DRY RUN")).toEqual(dryRun);

  await own.query("ALTER SYSTEM DROP DELETE BACKUP POLICY 'default'");
  expect(await rowsOf(sys, 'SELECT * FROM oceanbase.CDB_OB_BACKUP_DELETE_POLICY')).toEqual([]);
  expect(await errorOf(own.query('ALTER SYSTEM DELETE OBSOLETE BACKUP DRY RUN'))).toMatchObject({ errno: 1235 });
});
