import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

const place = enginePlace();
const file = join(place.directory, 't1002', 'data.db');
let sql: SqlClient;

const indexes = () => {
  const db = new Database(file, { readonly: true });
  try {
    return db
      .prepare(`SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`)
      .pluck()
      .all() as string[];
  } finally {
    db.close();
  }
};

/** Gives the tenant's tables the form they had before texts were compared by keys, and takes the mark away. */
function makeOld(): void {
  const db = new Database(file);
  db.exec(`
    BEGIN;
    DROP INDEX "test.t/by_n"; DROP INDEX "test.t/u"; DROP INDEX "test.t/apart";
    CREATE INDEX "test.t/by_n" ON "test.t" ("n");
    CREATE UNIQUE INDEX "test.t/u" ON "test.t" ("u");
    CREATE UNIQUE INDEX "test.t/apart" ON "test.t" ("apart");
    INSERT INTO "test.t" VALUES (3, 'x', 'y', 'é'), (4, 'x', 'z', 'E');
    DROP TABLE "test.p";
    CREATE TABLE "test.p" ("name" TEXT COLLATE NOCASE NOT NULL, "v" INTEGER, PRIMARY KEY ("name"));
    INSERT INTO "test.p" VALUES ('Zoë', 1), ('Eve', 2);
    UPDATE __ob_dictionary SET body = json_remove(body, '$.textKeys') WHERE kind = 'meta';
    COMMIT;
  `);
  db.close();
}

beforeAll(async () => {
  await place.engines.create(1002, mysqlTenant);
  expect(existsSync(file)).toBe(true);
  sql = await sqlClient(await place.engines.open(1002));
  await sql.ok('CREATE DATABASE IF NOT EXISTS test');
  await sql.ok(`CREATE TABLE t (id INT PRIMARY KEY, n VARCHAR(20), u VARCHAR(20), apart VARCHAR(20),
    KEY by_n (n), UNIQUE u (u), UNIQUE apart (apart))`);
  await sql.ok("INSERT INTO t VALUES (1, 'Eve', 'a', 'b'), (2, 'éve', 'c', 'd')");
  await sql.ok('CREATE TABLE p (name VARCHAR(20) PRIMARY KEY, v INT)');
});
afterAll(() => place.end());

test('the first write to a tenant of the older format makes its keys over texts anew, once', async () => {
  const present = indexes();
  await place.engines.closeAll();
  makeOld();
  expect(indexes()).not.toEqual(present);

  sql = await sqlClient(await place.engines.open(1002));
  expect(await sql.value("SELECT COUNT(*) FROM p WHERE name = 'zoe'")).toBe('1');
  expect(indexes()).not.toEqual(present);
  await sql.ok('INSERT INTO p VALUES (?, 3)', ['Fay']);

  // What the new keys would take for one stays as it was.
  const kept = present.map((text) =>
    text.includes('test.t/apart') ? 'CREATE UNIQUE INDEX "test.t/apart" ON "test.t" ("apart")' : text,
  );
  expect(indexes()).toEqual(kept);
  expect((await sql.fails("INSERT INTO p VALUES ('ZOE', 4)")).errno).toBe(1062);
  expect((await sql.fails("INSERT INTO t VALUES (9, 'x', 'Á', 'n')")).errno).toBe(1062);
  expect(await sql.rows('SELECT name, v FROM p ORDER BY name')).toEqual([
    ['Eve', '2'],
    ['Fay', '3'],
    ['Zoë', '1'],
  ]);

  // With the mark nothing is looked at again.
  await place.engines.closeAll();
  const db = new Database(file);
  db.exec('DROP INDEX "test.t/by_n"');
  db.close();
  sql = await sqlClient(await place.engines.open(1002));
  await sql.ok('UPDATE p SET v = 5');
  expect(indexes().some((text) => text.includes('by_n'))).toBe(false);
});
