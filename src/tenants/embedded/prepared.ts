import type Database from 'better-sqlite3';
import type { Connection } from './connection.ts';

export type Statement = Database.Statement<unknown[], unknown>;

const caches = new WeakMap<Connection, Map<string, Statement>>();
const mostStatements = 200;
/** Longer texts are compiled each time: they hardly come again. */
const longestCachedText = 16_384;

/** A compiled statement of a connection, from its cache when it is there. */
export function prepared(connection: Connection, sql: string): Statement {
  if (sql.length > longestCachedText) return connection.prepare<unknown[], unknown>(sql);
  let cache = caches.get(connection);
  if (!cache) {
    cache = new Map();
    caches.set(connection, cache);
  }
  const known = cache.get(sql);
  if (known) {
    cache.delete(sql);
    cache.set(sql, known);
    return known;
  }
  const statement = connection.prepare<unknown[], unknown>(sql);
  cache.set(sql, statement);
  const oldest = cache.keys().next();
  if (cache.size > mostStatements && !oldest.done) cache.delete(oldest.value);
  return statement;
}
