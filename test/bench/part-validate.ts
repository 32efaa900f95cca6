import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { copyLimitMs, createTenant, login, rowsOf, startArchive, until } from './clients.ts';
import { bestOfRounds, comparison, type Line } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchPart } from './part.ts';
import { loadTenant } from './tenant-data.ts';
import { backUp } from './tenant-job.ts';

const tenant = 'big';

/** Reads the files it is given one after the other and takes the CRC-32 of every byte, which is the least a verification costs. */
const reader = `
const { openSync, readSync, closeSync } = require('node:fs');
const { crc32 } = require('node:zlib');
const block = Buffer.alloc(4 << 20);
const begun = performance.now();
for (const path of process.argv.slice(1)) {
  const fd = openSync(path);
  let sum = 0;
  for (let n = 1; n > 0; ) sum = crc32(block.subarray(0, (n = readSync(fd, block))), sum);
  closeSync(fd);
}
console.log((performance.now() - begun) / 1000);
`;

/** (v) VALIDATE of a set and of the archived log of the same tenant against reading the same files in one process. */
export const validate: BenchPart = async ({ scratch, main, megabytes, rounds, report }) => {
  const path = join(scratch.path, 'validate-backup');
  mkdirSync(path);
  const dataDir = join(scratch.path, 'validate');
  const server = await startObvault(scratch, { dataDir, main, settings: { jobLingerMs: 1_000 } });
  const sys = await login(server.port, 'root');
  await createTenant(sys, tenant);
  const named = await rowsOf(sys, `SELECT TENANT_ID FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${tenant}'`);
  const dataFile = join(dataDir, 'tenants', `t${named[0]?.['TENANT_ID']}`, 'data.db');
  await startArchive(sys, tenant, path);
  const clients = [await login(server.port, `root@${tenant}`), await login(server.port, `root@${tenant}`)];
  for (const client of clients) await client.query('SET ob_query_timeout = 600000000');
  await loadTenant(clients, megabytes * 1e6, () => statSync(dataFile, { throwIfNoEntry: false })?.size ?? 0);
  await backUp(sys, tenant, path);
  const lines: Line[] = [];
  for (const [what, statement, directory] of [
    ['a set', 'BACKUPSET', join(path, 'data')],
    ['archived log', 'ARCHIVELOG_PIECE', join(path, 'archive')],
  ] as const) {
    const files = filesBelow(directory);
    const sizeMb = files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
    const best = await bestOfRounds(
      rounds,
      {
        [`VALIDATE of ${what}`]: async () => sizeMb / (await validated(sys, statement)),
        [`reading ${what}`]: async () =>
          sizeMb / Number(execFileSync(process.execPath, ['-e', reader, '--', ...files]).toString()),
      },
      report,
    );
    const [ours, peer] = Object.values(best) as [number, number];
    lines.push(comparison(`v: VALIDATE of ${what}, against reading it with its CRC-32`, 'MB/s', ours, peer, null));
  }
  for (const connection of [...clients, sys]) await connection.end();
  await server.stop();
  return lines;
};

/** Seconds from the statement until its job has ended with nothing damaged. */
export async function validated(sys: Connection, what: string): Promise<number> {
  const view = 'oceanbase.CDB_OB_BACKUP_VALIDATE_JOB';
  const known = `SELECT COALESCE(MAX(JOB_ID), 0) AS last FROM`;
  const lasts = [await rowsOf(sys, `${known} ${view}S`), await rowsOf(sys, `${known} ${view}_HISTORY`)];
  const last = Math.max(...lasts.map((rows) => Number(rows[0]?.['last'])));
  const startMs = performance.now();
  await sys.query(`ALTER SYSTEM VALIDATE ${what} TENANT = ${tenant}`);
  const [job] = await until(
    sys,
    `SELECT STATUS, RESULT, COMMENT FROM ${view}S WHERE JOB_ID > ${last} AND TENANT_ID > 1`,
    (rows) => ['COMPLETED', 'FAILED', 'CANCELED'].includes(String(rows[0]?.['STATUS'])),
    copyLimitMs,
  );
  if (job?.['STATUS'] !== 'COMPLETED' || Number(job['RESULT']) !== 0)
    throw new Error(`the validation failed: ${JSON.stringify(job)}`);
  return (performance.now() - startMs) / 1000;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}
