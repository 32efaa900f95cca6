import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import mysql from 'mysql2/promise';

export type Row = Readonly<Record<string, unknown>>;

/** A connection that hands out numbers and times as text, so that answers of two servers can be compared. */
export function login(port: number, user: string): Promise<Connection> {
  return mysql.createConnection({
    host: '127.0.0.1',
    port,
    user,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  });
}

export async function rowsOf(connection: Connection, sql: string): Promise<readonly Row[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return Array.isArray(rows) ? rows : [];
}

/** Longest wait for a copy of any size. */
export const copyLimitMs = 30 * 60_000;

/** Repeats a query every few milliseconds until `done` holds; `done` throws when it never will. */
export async function until(
  connection: Connection,
  sql: string,
  done: (rows: readonly Row[]) => boolean,
  limitMs = 60_000,
): Promise<readonly Row[]> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const rows = await rowsOf(connection, sql);
    if (done(rows)) return rows;
    if (performance.now() > limit) throw new Error(`waited in vain: ${sql}: ${JSON.stringify(rows)}`);
    await sleep(10);
  }
}

/** Unit, pool and tenant of one name. */
export async function createTenant(sys: Connection, name: string): Promise<void> {
  await sys.query(`CREATE RESOURCE UNIT unit_${name} MAX_CPU 1, MEMORY_SIZE '5G'`);
  await sys.query(`CREATE RESOURCE POOL pool_${name} UNIT = 'unit_${name}', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  await sys.query(`CREATE TENANT ${name} RESOURCE_POOL_LIST = ('pool_${name}') SET ob_tcp_invited_nodes = '%'`);
}

/** Starts archiving and waits until it runs; `DATA_BACKUP_DEST` is set too. */
export async function startArchive(sys: Connection, name: string, place: string): Promise<void> {
  await sys.query(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://${place}/archive' TENANT = ${name}`);
  await sys.query(`ALTER SYSTEM ARCHIVELOG TENANT = ${name}`);
  await sys.query(`ALTER SYSTEM SET DATA_BACKUP_DEST='file://${place}/data' TENANT = ${name}`);
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
}
