import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Connection } from 'mysql2/promise';
import { login, rowsOf } from './clients.ts';
import type { ObvaultProcess } from './obvault-process.ts';
import { loadStatements, tables } from './tenant-data.ts';

const pageBytes = 4096;
const changedShare = 0.01;
const idsPerStatement = 200;

/** Somebody who takes the same statements as the tenant, in MySQL's words. */
export interface Follower {
  take(sql: string): Promise<unknown>;
}

/** Fills the tenant over one connection until its file is large enough, and every follower with the same rows under the same ids. */
export async function loadEverybody(
  client: Connection,
  followers: readonly Follower[],
  wantedBytes: number,
  sizeBytes: () => number,
): Promise<void> {
  const everybody: readonly Follower[] = [{ take: (sql) => client.query(sql) }, ...followers];
  const tell = (sql: string) => Promise.all(everybody.map((one) => one.take(sql)));
  await tell('CREATE DATABASE shop');
  for (const table of tables) await tell(table);
  const statements = loadStatements();
  for (let next = 0; sizeBytes() < wantedBytes; next++) await tell(statements[next % statements.length]!);
}

/** Updates of single rows far apart, one for every hundredth page of the tenant's file: in SQL that everybody understands. */
export async function changesOf(client: Connection, fileBytes: number): Promise<readonly string[]> {
  const rows = Number((await rowsOf(client, 'SELECT MAX(id) AS n FROM shop.notes'))[0]?.['n']);
  const left = Array.from({ length: Math.round((fileBytes / pageBytes) * changedShare) }, () => 1 + below(rows));
  const statements: string[] = [];
  while (left.length > 0) statements.push(left.splice(0, idsPerStatement).join(','));
  return statements;
}

const below = (limit: number) => Math.floor(Math.random() * limit);

/** The statement that changes those rows, different each time it is made. */
export function changeStatement(ids: string): string {
  const time = new Date().toISOString().replace('T', ' ').replace('Z', '000');
  return `UPDATE shop.notes SET written_at = '${time}' WHERE id IN (${ids})`;
}

/** A tenant's file at rest, for tools that back up files: as it was, and with the changes in it. */
export interface FileVersions {
  /** The file such tools back up. */
  readonly path: string;
  readonly sizeBytes: number;
  useBefore(): void;
  useAfter(): void;
}

/** Copies the file of a tenant whose server has been stopped; `changes` are lists of ids. */
export function fileVersions(dataFile: string, place: string, changes: readonly string[]): FileVersions {
  const [before, after, path] = ['before.db', 'after.db', 'source/tenant.db'].map((name) => join(place, name));
  mkdirSync(dirname(path!));
  copyWhole(dataFile, before!);
  copyFileSync(before!, after!);
  const database = new Database(after);
  const table = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%notes'").pluck();
  const update = `UPDATE "${table.get()}" SET written_at = '2025-01-01 00:00:00.000000' WHERE id IN`;
  database.transaction(() => {
    for (const ids of changes) database.exec(`${update} (${ids})`);
  })();
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return {
    path: path!,
    sizeBytes: statSync(before!).size,
    useBefore: () => copyFileSync(before!, path!),
    useAfter: () => copyFileSync(after!, path!),
  };
}

/** The file together with what its log still holds. */
function copyWhole(from: string, to: string): void {
  rmSync(to, { force: true });
  copyFileSync(from, to);
  if (statSync(`${from}-wal`, { throwIfNoEntry: false })) copyFileSync(`${from}-wal`, `${to}-wal`);
  const database = new Database(to);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

/** Connections of the tenant's user with time for long statements. */
export async function tenantLogin(server: ObvaultProcess, tenant: string): Promise<Connection> {
  const client = await login(server.port, `root@${tenant}`);
  await client.query('SET ob_query_timeout = 600000000');
  return client;
}
