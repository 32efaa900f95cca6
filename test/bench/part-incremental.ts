import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { createTenant, login, rowsOf, startArchive } from './clients.ts';
import { figure, type Line, limit } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchPart } from './part.ts';
import { fingerprint, loadTenant } from './tenant-data.ts';
import { backUp, type FinishedSet, restore } from './tenant-job.ts';

const tenant = 'big';
const pageBytes = 4096;
const changedShare = 0.01;

/** (f) Incremental backups of a tenant of which 1 % of the pages, or nothing, has changed, against a full one. */
export const incremental: BenchPart = async ({ scratch, main, megabytes, rounds, report }) => {
  const path = join(scratch.path, 'incremental-backup');
  mkdirSync(path);
  const dataDir = join(scratch.path, 'incremental');
  const server = await startObvault(scratch, { dataDir, main, settings: { jobLingerMs: 100 } });
  const sys = await login(server.port, 'root');
  await createTenant(sys, tenant);
  const named = await rowsOf(sys, `SELECT TENANT_ID FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${tenant}'`);
  const dataFile = join(dataDir, 'tenants', `t${named[0]?.['TENANT_ID']}`, 'data.db');
  const client = await login(server.port, `root@${tenant}`);
  await client.query('SET ob_query_timeout = 600000000');
  const other = await login(server.port, `root@${tenant}`);
  await loadTenant([client, other], megabytes * 1e6, () => statSync(dataFile, { throwIfNoEntry: false })?.size ?? 0);
  await startArchive(sys, tenant, path);
  const take = async (what: string) => {
    const set = await backUp(sys, tenant, path, what === 'full' ? '' : 'INCREMENTAL ');
    report(
      `  ${what}: ${figure(set.inputBytes / 1e6)} MB in, ${figure(set.outputBytes / 1e6)} MB out, ${figure(set.seconds)} s`,
    );
    return set;
  };
  const fulls: FinishedSet[] = [];
  const changed: FinishedSet[] = [];
  const idle: FinishedSet[] = [];
  for (let round = 0; round < rounds; round++) {
    fulls.push(await take('full'));
    await changePages(client, (fulls[0]!.inputBytes / pageBytes) * changedShare);
    changed.push(await take('1 % changed'));
    idle.push(await take('nothing changed'));
  }
  const print = await fingerprint(client);
  await restore(sys, { name: 'restored', place: path, more: '' });
  await sys.query('ALTER SYSTEM ACTIVATE STANDBY TENANT = restored');
  const restored = await login(server.port, 'root@restored');
  await restored.query('SET ob_query_timeout = 600000000');
  if ((await fingerprint(restored)) !== print) throw new Error('the restored tenant differs');
  report('  every row of the restored tenant is as it was');
  const [full, small, none] = [fulls, changed, idle].map(fastest) as [FinishedSet, FinishedSet, FinishedSet];
  const idleBytes = treeBytes(join(path, 'data', newestSet(join(path, 'data'))));
  for (const connection of [client, other, restored, sys]) await connection.end();
  await server.stop();
  return [
    limit(
      'f: bytes of a set of 1 % changed pages, of a full one',
      '%',
      (100 * small.outputBytes) / full.outputBytes,
      3,
    ),
    limit('f: its time, of a full one', '%', (100 * small.seconds) / full.seconds, 10),
    limit('f: time of a set of nothing changed', 's', none.seconds, 1),
    limit('f: all its files', 'kB', idleBytes / 1e3, 100),
  ] satisfies readonly Line[];
};

/** Writes to rows far apart until about that many pages are others. */
export async function changePages(client: Connection, pages: number): Promise<void> {
  const rows = Number((await rowsOf(client, 'SELECT MAX(id) AS n FROM shop.notes'))[0]?.['n']);
  for (let left = Math.round(pages); left > 0; left -= 200) {
    const ids = Array.from({ length: Math.min(200, left) }, () => 1 + Math.floor(Math.random() * rows));
    await client.query(`UPDATE shop.notes SET written_at = NOW(6) WHERE id IN (${ids.join(',')})`);
  }
}

function fastest(sets: readonly FinishedSet[]): FinishedSet {
  return sets.reduce((best, set) => (set.seconds < best.seconds ? set : best));
}

function newestSet(data: string): string {
  const number = (name: string) => Number(/^backup_set_(\d+)_/.exec(name)?.[1] ?? 0);
  return readdirSync(data).reduce((a, b) => (number(a) > number(b) ? a : b));
}

function treeBytes(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((bytes, name) => bytes + treeBytes(join(path, name)), 0);
}
