import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { login, type Row, startArchive, until } from './clients.ts';
import { loadedTenant } from './loaded-tenant.ts';
import { figure, type Line, limit } from './measurement.ts';
import { type ObvaultOptions, startObvault } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';
import { changePages } from './part-incremental.ts';
import { validated } from './part-validate.ts';
import { fingerprint } from './tenant-data.ts';
import { backUp, restore } from './tenant-job.ts';

const tenant = 'big';
/** What a job may need beside what the server has when it is idle, whatever the size of the tenant. */
const aboveIdleMb = 150;
/** Pages changed before the incremental backup, and between it and the moment that is restored. */
const changedPages = 20_000;

/** (r) Peak memory of each job above the idle server, the tenant open and archived, in a server that has done nothing else. */
export const memory: BenchPart = async (context) => {
  const { scratch, main, report } = context;
  const path = join(scratch.path, 'memory-backup');
  mkdirSync(path);
  const options = { dataDir: join(scratch.path, 'memory'), main, settings: { jobLingerMs: 1_000 } };
  await loadedTenant(context, options, tenant);
  await archiving(context, options, path);
  const lines: Line[] = [];
  const measure = async (name: string, job: (sys: Connection, port: number) => Promise<unknown>) => {
    const server = await startObvault(scratch, options);
    const sys = await login(server.port, 'root');
    await archived(sys);
    const { residentMb } = server.memory();
    server.resetPeak();
    const startMs = performance.now();
    await job(sys, server.port);
    const above = server.memory().peakMb - residentMb;
    const seconds = (performance.now() - startMs) / 1000;
    report(`  ${name}: ${figure(above)} MB above ${figure(residentMb)} MB, ${figure(seconds)} s`);
    lines.push(limit(`r: ${name}, memory above the idle server`, 'MB', above, aboveIdleMb));
    await sys.end();
    await server.stop();
  };
  await measure('full backup', (sys) => backUp(sys, tenant, path));
  await measure(`${changedPages} changed pages, archived`, changeOver);
  await measure('incremental backup', (sys) => backUp(sys, tenant, path, 'INCREMENTAL '));
  await measure(`${changedPages} changed pages, archived, again`, changeOver);
  await measure('restore', (sys) => restore(sys, { name: 'restored', place: path, more: '' }));
  await measure('validation of the sets', (sys) => validated(sys, 'BACKUPSET'));
  await requireEqual();
  report('  every row of the restored tenant is as it was');
  return lines;

  async function requireEqual(): Promise<void> {
    const server = await startObvault(scratch, options);
    const sys = await login(server.port, 'root');
    await sys.query('ALTER SYSTEM ACTIVATE STANDBY TENANT = restored');
    const prints = await Promise.all([tenant, 'restored'].map((name) => printOf(server.port, name)));
    if (prints[0] !== prints[1]) throw new Error(`the restored tenant differs:\n${prints.join('\n')}`);
    await sys.end();
    await server.stop();
  }
};

async function printOf(port: number, name: string): Promise<string> {
  const client = await login(port, `root@${name}`);
  const print = await fingerprint(client);
  await client.end();
  return print;
}

async function archiving({ scratch }: BenchContext, options: ObvaultOptions, path: string): Promise<void> {
  const server = await startObvault(scratch, options);
  const sys = await login(server.port, 'root');
  await startArchive(sys, tenant, path);
  await sys.end();
  await server.stop();
}

/** Everything committed before is archived: so the tenant is open, and a restore finds all of it. */
async function archived(sys: Connection): Promise<void> {
  const sinceScn = BigInt(Date.now()) * 1_000_000n;
  const reached = (rows: readonly Row[]) => BigInt(String(rows[0]?.['CHECKPOINT_SCN'])) > sinceScn;
  await until(sys, 'SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG', reached);
}

async function changeOver(sys: Connection, port: number): Promise<void> {
  const client = await login(port, `root@${tenant}`);
  await client.query('SET ob_query_timeout = 600000000');
  await changePages(client, changedPages);
  await client.end();
  await archived(sys);
}
