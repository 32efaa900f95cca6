import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type Answer, answerOf } from './peer-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

/** Foreign keys over texts compare as unique keys do: letters in any case, without accents and trailing blanks. Answers as MariaDB's. */

const place = enginePlace();
const file = join(place.directory, 't1002', 'data.db');
let sql: SqlClient;

const answers = async (text: string, answer: Answer) => expect(await answerOf(sql, text), text).toEqual(answer);
const rows = (affectedRows: number) => ({ affectedRows });

beforeAll(async () => {
  await place.engines.create(1002, mysqlTenant);
  sql = await sqlClient(await place.engines.open(1002));
  await sql.ok('CREATE DATABASE IF NOT EXISTS test');
});
afterAll(() => place.end());

describe('a parent and its children', () => {
  beforeAll(async () => {
    await sql.ok('CREATE TABLE p (code VARCHAR(5) PRIMARY KEY, v INT)');
    await sql.ok("INSERT INTO p VALUES ('e', 1), ('b', 2), ('x', 3), ('y', 4), ('n', 5)");
    await sql.ok('CREATE TABLE r (id INT PRIMARY KEY, code VARCHAR(5), FOREIGN KEY (code) REFERENCES p (code))');
    const both = (rule: string) => `ON DELETE ${rule} ON UPDATE ${rule}`;
    await sql.ok(
      `CREATE TABLE ca (id INT PRIMARY KEY, code VARCHAR(5), FOREIGN KEY (code) REFERENCES p (code) ${both('CASCADE')})`,
    );
    await sql.ok(
      `CREATE TABLE sn (id INT PRIMARY KEY, code VARCHAR(5), FOREIGN KEY (code) REFERENCES p (code) ${both('SET NULL')})`,
    );
  });

  test('are found', async () => {
    await answers("INSERT INTO r VALUES (1, 'É'), (2, NULL)", rows(2));
    await answers("INSERT INTO r VALUES (3, 'q')", 1452);
    await answers("INSERT INTO r VALUES (3, 'B ')", rows(1));
    await answers("UPDATE r SET code = 'q' WHERE id = 1", 1452);
    await answers("UPDATE r SET code = 'E' WHERE id = 1", rows(1));
    await answers("INSERT IGNORE INTO r VALUES (8, 'nope'), (9, 'É')", rows(1));
    await answers("INSERT IGNORE INTO r SELECT 10, 'nope' UNION ALL SELECT 11, 'é'", rows(1));
    await answers('SELECT id, code FROM r ORDER BY id', [
      ['1', 'E'],
      ['2', null],
      ['3', 'B '],
      ['9', 'É'],
      ['11', 'é'],
    ]);
  });

  test('keep a parent, whatever is changed of its text', async () => {
    await answers("UPDATE p SET code = 'É' WHERE code = 'e'", 1451);
    await answers("UPDATE p SET v = 7 WHERE code = 'e'", rows(1));
    await answers("UPDATE p SET code = 'e' WHERE code = 'e'", rows(0));
    await answers("DELETE FROM p WHERE code = 'e'", 1451);
    await answers("REPLACE INTO p VALUES ('b', 9)", 1451);
    await answers("INSERT INTO p VALUES ('b', 9) ON DUPLICATE KEY UPDATE code = 'k'", 1451);
  });

  test('follow it, or lose it', async () => {
    await answers("INSERT INTO ca VALUES (2, 'X'), (3, 'Y'), (20, 'Ñ')", rows(3));
    await answers("INSERT INTO sn VALUES (1, 'X'), (2, 'ý')", rows(2));
    await answers("UPDATE p SET code = 'Ý' WHERE code = 'y'", rows(1));
    await answers('SELECT id, code FROM ca ORDER BY id', [
      ['2', 'X'],
      ['3', 'Ý'],
      ['20', 'Ñ'],
    ]);
    await answers('SELECT id, code FROM sn ORDER BY id', [
      ['1', 'X'],
      ['2', null],
    ]);
    await answers("DELETE FROM p WHERE code = 'x'", rows(1));
    await answers('SELECT code FROM sn', [[null], [null]]);
    await answers("REPLACE INTO p VALUES ('N', 2)", rows(2));
    await answers('SELECT id FROM ca ORDER BY id', [['3']]);
  });

  test('are not looked at with foreign_key_checks = 0, and a transaction takes all back', async () => {
    const off = sql.with({ foreignKeyChecks: false });
    await off.ok("INSERT INTO r VALUES (50, 'none')");
    await off.ok('DELETE FROM r WHERE id = 50');
    await sql.ok('BEGIN');
    await answers("UPDATE p SET code = 'Y2' WHERE code = 'y'", rows(1));
    await answers('SELECT code FROM ca', [['Y2']]);
    await sql.ok('ROLLBACK');
    await answers('SELECT code FROM ca', [['Ý']]);
  });
});

test('columns of several kinds: only what changed is carried on', async () => {
  await sql.ok('CREATE TABLE p2 (a INT, b VARCHAR(5), PRIMARY KEY (a, b))');
  await sql.ok(
    'CREATE TABLE c2 (id INT PRIMARY KEY, a INT, b VARCHAR(5), FOREIGN KEY (a, b) REFERENCES p2 (a, b) ON UPDATE CASCADE)',
  );
  await sql.ok("INSERT INTO p2 VALUES (1, 'x'), (2, 'x')");
  await answers("INSERT INTO c2 VALUES (1, 1, 'X'), (2, NULL, 'q'), (3, 5, NULL)", rows(3));
  await answers("INSERT INTO c2 VALUES (4, 3, 'x')", 1452);
  await answers('UPDATE p2 SET a = 7 WHERE a = 1', rows(1));
  await answers('SELECT a, b FROM c2 WHERE id = 1', [['7', 'X']]);
});

test('a table that points at itself', async () => {
  await sql.ok(
    'CREATE TABLE tree (name VARCHAR(10) PRIMARY KEY, up VARCHAR(10), FOREIGN KEY (up) REFERENCES tree (name) ON DELETE CASCADE)',
  );
  await answers("INSERT INTO tree VALUES ('a', 'Á'), ('b', 'A'), ('c', 'B'), ('d', 'C')", rows(4));
  await answers("DELETE FROM tree WHERE name = 'b'", rows(1));
  await answers('SELECT name FROM tree', [['a']]);
  await sql.ok("INSERT INTO tree VALUES ('b', 'á')");
  await answers('TRUNCATE TABLE tree', rows(0));
});

test('_bin tells letters apart, not trailing blanks', async () => {
  await sql.ok('CREATE TABLE pb (code VARCHAR(5) COLLATE utf8mb4_bin PRIMARY KEY)');
  await sql.ok(
    'CREATE TABLE cb (code VARCHAR(5) COLLATE utf8mb4_bin, FOREIGN KEY (code) REFERENCES pb (code) ON DELETE CASCADE)',
  );
  await sql.ok("INSERT INTO pb VALUES ('a')");
  await answers("INSERT INTO cb VALUES ('a ')", rows(1));
  await answers("INSERT INTO cb VALUES ('A')", 1452);
  await answers('DELETE FROM pb', rows(1));
  await answers('SELECT * FROM cb', []);
  await answers('CREATE TABLE cx (code VARCHAR(5), FOREIGN KEY (code) REFERENCES pb (code))', 1215);
  await answers(
    'CREATE TABLE cx (code VARCHAR(5) COLLATE utf8mb4_bin, FOREIGN KEY (code) REFERENCES pb (code) ON DELETE SET DEFAULT)',
    1235,
  );
});

test('they stand through changes of both tables', async () => {
  await sql.ok('CREATE TABLE land (code VARCHAR(3) PRIMARY KEY, name VARCHAR(9))');
  await sql.ok(
    'CREATE TABLE town (id INT PRIMARY KEY, code VARCHAR(3), CONSTRAINT f FOREIGN KEY (code) REFERENCES land (code) ON UPDATE CASCADE)',
  );
  await sql.ok("INSERT INTO land VALUES ('dé', 'x')");
  const stands = async (parent: string, child: string) => {
    await answers(`INSERT INTO ${child} (id, code) VALUES (9, 'xx')`, 1452);
    await answers(`INSERT INTO ${child} (id, code) VALUES (9, 'De')`, rows(1));
    await answers(`DELETE FROM ${parent}`, 1451);
    await answers(`DELETE FROM ${child}`, rows(1));
  };
  await stands('land', 'town');
  await sql.ok('ALTER TABLE land ADD COLUMN people INT, MODIFY name VARCHAR(30)');
  await stands('land', 'town');
  await sql.ok('ALTER TABLE town ADD COLUMN mayor VARCHAR(30), ADD KEY (code)');
  await stands('land', 'town');
  await sql.ok('RENAME TABLE land TO country, town TO city');
  await stands('country', 'city');
  await sql.ok('ALTER TABLE country RENAME TO state, CHANGE code short VARCHAR(4)');
  await stands('state', 'city');
  await sql.ok('ALTER TABLE city DROP FOREIGN KEY f');
  await sql.ok("INSERT INTO city (id, code) VALUES (1, 'xx')");
  await answers('ALTER TABLE city ADD FOREIGN KEY (code) REFERENCES state (short)', 1452);
  await sql.ok("UPDATE city SET code = 'DÉ'");
  await sql.ok('ALTER TABLE city ADD FOREIGN KEY (code) REFERENCES state (short)');
  await answers('DELETE FROM state', 1451);
  await answers(
    "CREATE TABLE made (code VARCHAR(3), FOREIGN KEY (code) REFERENCES state (short)) SELECT 'no' AS code",
    1452,
  );
  const off = sql.with({ foreignKeyChecks: false });
  await off.ok('DROP TABLE state');
  await answers("INSERT INTO city (id, code) VALUES (2, 'q')", 1452);
  await sql.ok('CREATE TABLE state (short VARCHAR(4) PRIMARY KEY)');
  await sql.ok("INSERT INTO state VALUES ('q')");
  await answers("INSERT INTO city (id, code) VALUES (2, 'Q')", rows(1));
  await sql.ok('DROP TABLE city');
  await answers('DELETE FROM state', rows(1));
});

test.each([
  ['texts', 'VARCHAR(5)', "'e'", "'É'", "'x'"],
  ['numbers', 'INT', '1', '1', '7'],
])('columns that foreign keys over %s need', async (_kind, type, parent, same, other) => {
  await sql.ok(`CREATE TABLE np (id ${type} PRIMARY KEY, v INT)`);
  await sql.ok(`CREATE TABLE nc (id INT PRIMARY KEY, pid ${type}, FOREIGN KEY (pid) REFERENCES np (id))`);
  await sql.ok(`CREATE TABLE ns (id ${type} PRIMARY KEY, up ${type}, FOREIGN KEY (up) REFERENCES ns (id))`);
  await sql.ok(`INSERT INTO np VALUES (${parent}, 1)`);
  await sql.ok(`ALTER TABLE np CHANGE id nr ${type}`);
  await answers(`INSERT INTO nc VALUES (1, ${other})`, 1452);
  await answers(`INSERT INTO nc VALUES (1, ${same})`, rows(1));
  await answers('DELETE FROM np', 1451);
  await sql.ok(`ALTER TABLE ns CHANGE id nr ${type}`);
  await answers(`INSERT INTO ns VALUES (${parent}, ${other})`, 1452);
  await answers(`INSERT INTO ns VALUES (${parent}, ${same})`, rows(1));
  for (const change of ['np DROP COLUMN nr', 'np DROP PRIMARY KEY', 'np MODIFY nr DATE', 'nc MODIFY pid DATE'])
    await answers(`ALTER TABLE ${change}`, 1235);
  expect(
    await sql.value(
      "SELECT referenced_column_name FROM information_schema.key_column_usage WHERE table_name = 'nc' AND referenced_table_name = 'np'",
    ),
  ).toBe('nr');
  await sql.ok('DROP TABLE nc, np, ns');
});

test('a tenant in which SQLite compared them gets them anew with its first write', async () => {
  await sql.ok('CREATE TABLE op (code VARCHAR(3) PRIMARY KEY)');
  await sql.ok(
    'CREATE TABLE oc (id INT PRIMARY KEY, code VARCHAR(3), FOREIGN KEY (code) REFERENCES op (code) ON DELETE CASCADE)',
  );
  await sql.ok("INSERT INTO op VALUES ('e')");
  await place.engines.closeAll();
  const db = new Database(file);
  for (const name of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all())
    db.exec(`DROP TRIGGER "${name}"`);
  db.exec(`
    DROP TABLE "test.oc";
    CREATE TABLE "test.oc" ("id" INTEGER PRIMARY KEY NOT NULL, "code" TEXT COLLATE NOCASE,
      FOREIGN KEY ("code") REFERENCES "test.op" ("code") ON DELETE CASCADE);
    CREATE INDEX "test.oc/oc_obfk_1 (foreign)" ON "test.oc" ("code");
    CREATE UNIQUE INDEX "test.op/code (parent)" ON "test.op" ("code");
    INSERT INTO "test.oc" VALUES (1, 'E');
    UPDATE __ob_dictionary SET body = json_remove(body, '$.textReferences') WHERE kind = 'meta';
  `);
  db.close();
  sql = await sqlClient(await place.engines.open(1002));
  await answers("INSERT INTO oc VALUES (2, 'É')", rows(1));
  await answers("INSERT INTO oc VALUES (3, 'x')", 1452);
  await answers('DELETE FROM op', rows(1));
  await answers('SELECT * FROM oc', []);
  await place.engines.closeAll();
  const made = new Database(file, { readonly: true });
  const texts = made.prepare("SELECT sql FROM sqlite_schema WHERE sql LIKE '%test.o%'").pluck().all().join();
  made.close();
  expect(texts).not.toMatch(/FOREIGN KEY|\(parent\)/);
  expect(texts).toContain('CREATE TRIGGER');
  sql = await sqlClient(await place.engines.open(1002));
});
