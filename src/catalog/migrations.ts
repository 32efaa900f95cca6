import type Database from 'better-sqlite3';
import { firstSchema } from './schema-1.ts';
import { secondSchema } from './schema-2.ts';

/** One step of the catalog's schema. Steps are never changed once released; new ones are added at the end. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** All steps in order; versions count from 1 without gaps. */
export const migrations: readonly Migration[] = [
  { version: 1, name: 'first schema', sql: firstSchema },
  { version: 2, name: 'backup life', sql: secondSchema },
];

/** The version of a catalog: 0 for an empty file. */
export function schemaVersion(database: Database.Database): number {
  const known = database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'`).get();
  if (!known) return 0;
  const top = database.prepare('SELECT max(version) AS version FROM schema_version').get() as {
    version: number | null;
  };
  return top.version ?? 0;
}

/**
 * Brings the catalog to the newest version, each step in a transaction of its own together with its version row.
 * Returns the versions applied. Throws a RangeError for a catalog of a later program.
 */
export function migrate(
  database: Database.Database,
  nowUs: number,
  steps: readonly Migration[] = migrations,
): readonly number[] {
  const newest = steps.at(-1)?.version ?? 0;
  const present = schemaVersion(database);
  if (present > newest) throw new RangeError(`the catalog has version ${present}, this program knows ${newest}`);
  const pending = steps.filter((step) => step.version > present);
  for (const step of pending) {
    database.transaction(() => {
      database.exec(
        'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_us INTEGER NOT NULL) STRICT',
      );
      database.exec(step.sql);
      database.prepare('INSERT INTO schema_version VALUES (?, ?, ?)').run(step.version, step.name, BigInt(nowUs));
    })();
  }
  return pending.map((step) => step.version);
}
