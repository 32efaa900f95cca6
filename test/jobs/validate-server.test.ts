import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createTenant,
  oneValue,
  type Row,
  rowsOf,
  startTestServer,
  type TestServer,
} from '../server/server-fixture.ts';

let server: TestServer;
let sys: Connection;
let shop: Connection;
const media = mkdtempSync(join(tmpdir(), 'obvault-validate-server-'));

/** Asks until the rows are as wanted. */
async function until(
  client: Connection,
  sql: string,
  wanted: (rows: readonly Row[]) => boolean,
): Promise<readonly Row[]> {
  const end = performance.now() + 20_000;
  for (;;) {
    const rows = await rowsOf(client, sql);
    if (wanted(rows)) return rows;
    if (performance.now() > end) throw new Error(`waited in vain: ${sql}: ${JSON.stringify(rows)}`);
    await sleep(50);
  }
}

beforeAll(async () => {
  server = await startTestServer();
  sys = await server.connect('root@sys', { database: 'oceanbase' });
  await createTenant(sys, 'shop');
  shop = await server.connect('root@shop', { database: 'oceanbase' });
  await sys.query(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://${media}/log' TENANT = shop`);
  await sys.query('ALTER SYSTEM ARCHIVELOG TENANT = shop');
  await sys.query(`ALTER SYSTEM SET DATA_BACKUP_DEST = 'file://${media}/data' TENANT = shop`);
  await until(sys, 'SELECT STATUS FROM CDB_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  await sys.query('ALTER SYSTEM BACKUP TENANT = shop');
  await until(sys, "SELECT 1 FROM CDB_OB_BACKUP_JOB_HISTORY WHERE STATUS = 'COMPLETED'", (rows) => rows.length > 0);
});
afterAll(async () => {
  for (const client of [sys, shop]) client?.destroy();
  await server?.stop();
  rmSync(media, { recursive: true, force: true });
});

describe('VALIDATE as a client sees it', () => {
  test('its job, its tasks and the proof', async () => {
    expect(await oneValue(shop, "SELECT RESULT FROM DBA_OB_BACKUP_PROOF WHERE OBJECT_TYPE = 'BACKUP SET'")).toBe(
      'PARTIAL',
    );
    await shop.query('ALTER SYSTEM VALIDATE BACKUP');
    const history = 'SELECT STATUS, RESULT, TASK_COUNT, FINISH_TASK_COUNT FROM DBA_OB_BACKUP_VALIDATE_JOB_HISTORY';
    const [job] = await until(shop, history, (rows) => rows.length === 1);
    expect(job).toEqual({ STATUS: 'COMPLETED', RESULT: 0, TASK_COUNT: 4, FINISH_TASK_COUNT: 4 });
    const tasks = await rowsOf(
      sys,
      "SELECT TASK_TYPE, CONCLUSION, PROGRESS FROM CDB_OB_BACKUP_VALIDATE_TASK_HISTORY WHERE TASK_TYPE <> 'DESTINATION'",
    );
    expect(tasks).toEqual([
      { TASK_TYPE: 'BACKUP SET', CONCLUSION: 'OK', PROGRESS: '100.00' },
      { TASK_TYPE: 'BACKUP PIECE', CONCLUSION: 'OK', PROGRESS: '100.00' },
    ]);
    const [proof] = await rowsOf(shop, 'SELECT * FROM DBA_OB_BACKUP_PROOF WHERE BACKUP_SET_ID = 1');
    expect(proof).toMatchObject({ METHOD: 'VALIDATE', RESULT: 'OK', DAMAGED_COUNT: 0, FILE_STATUS: 'AVAILABLE' });
    expect(proof?.['LAST_VERIFIED_TIMESTAMP']).toMatch(/^\d{4}-\d\d-\d\d \d\d:/);
  });

  test('the recoverable window reaches as far as the archive', async () => {
    const [window] = await rowsOf(shop, "SELECT * FROM DBA_OB_RECOVERABLE_WINDOW WHERE KIND = 'WINDOW'");
    const set = await oneValue(shop, 'SELECT MIN_RESTORE_SCN FROM DBA_OB_BACKUP_SET_FILES');
    expect(String(window?.['FROM_SCN'])).toBe(String(set));
    // The archive goes on meanwhile: what it has reached later is never less.
    const reached = await oneValue(sys, 'SELECT MAX(CHECKPOINT_SCN) FROM CDB_OB_ARCHIVELOG');
    expect(BigInt(String(window?.['TO_SCN']))).toBeLessThanOrEqual(BigInt(String(reached)));
    expect(await rowsOf(sys, 'SELECT * FROM DBA_OB_RECOVERABLE_WINDOW')).toEqual([]);
  });
});
