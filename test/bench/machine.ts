import { cpus, release, totalmem } from 'node:os';
import Database from 'better-sqlite3';
import { versionOf } from './peers.ts';

/** What the numbers were measured on and with. */
export function describeMachine(): Readonly<Record<string, string>> {
  const database = new Database(':memory:');
  const sqlite = database.prepare('SELECT sqlite_version()').pluck().get();
  database.close();
  return Object.freeze({
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: release(),
    node: process.version,
    sqlite: String(sqlite),
    mariadb: /Ver (\S+)/.exec(versionOf('mariadbd') ?? '')?.[1] ?? 'not installed',
    zstd: /v[\d.]+/.exec(versionOf('zstd') ?? '')?.[0] ?? 'not installed',
  });
}
