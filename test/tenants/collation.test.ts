import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldGeneral, generalKey } from '../../src/value/general-ci.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

let place: EnginePlace;
let sql: SqlClient;

beforeAll(async () => {
  place = enginePlace();
  await place.engines.create(1001, mysqlTenant);
  sql = await sqlClient(await place.engines.open(1001));
});
afterAll(() => place.end());

const cells = async (text: string) => (await sql.rows(text)).map((row) => row.join('|'));

describe('weights of utf8mb4_general_ci', () => {
  test('are those of the capital letter without accents, as MariaDB gives them', () => {
    // WEIGHT_STRING of each character, and of some that keep their own weight.
    const weights: Readonly<Record<string, string>> = {
      é: 'E',
      É: 'E',
      ß: 'S',
      ÿ: 'Y',
      µ: 'Μ',
      ς: 'Σ',
      ё: 'Е',
      ж: 'Ж',
    };
    const own = { й: 'Й', ø: 'Ø', æ: 'Æ', đ: 'Đ', ａ: 'Ａ', 中: '中', ı: 'I', ſ: 'S', ǆ: 'Ǆ', ά: 'Α', _: '_' };
    for (const [letter, weight] of Object.entries({ ...weights, ...own }))
      expect(foldGeneral(letter), letter).toBe(weight);
    expect(foldGeneral('a😀b🍺')).toBe('A\ufffdB\ufffd');
    expect(foldGeneral('客户 name')).toBe('客户 NAME');
    expect(generalKey('Straße  ')).toBe('STRASE');
  });

  test('are idempotent and give one unit to a character', () => {
    for (let code = 1; code < 0x10000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const folded = foldGeneral(String.fromCharCode(code));
      expect(folded.length === 1 && foldGeneral(folded) === folded, code.toString(16)).toBe(true);
    }
  });
});

describe('comparison of texts', () => {
  test('folds accents and trailing blanks between values, as MySQL does', async () => {
    const truth = async (text: string) => (await sql.value(`SELECT ${text}`)) === '1';
    for (const same of [
      "'É' = 'é'",
      "'e' = 'É'",
      "'a' = 'a  '",
      "'straße' = 'STRASE'",
      "'ё' IN ('x', 'Е ')",
      "'b' BETWEEN 'Á' AND 'Ç'",
    ])
      expect(await truth(same), same).toBe(true);
    for (const other of [
      "'ø' = 'o'",
      "'a' = ' a'",
      "BINARY 'a' = 'a '",
      "'é' = BINARY 'É'",
      "'é' COLLATE utf8mb4_bin = 'É'",
    ])
      expect(await truth(other), other).toBe(false);
    for (const same of [
      "'a' COLLATE utf8mb4_bin = 'a '",
      "'É' LIKE 'é'",
      "'résumé' LIKE 'RES%ME'",
      "'😀' = '🍺'",
      "'a_' > 'ab'",
    ])
      expect(await truth(same), same).toBe(true);
    for (const other of ["'a ' LIKE 'a'", "'a' LIKE 'a '", "'É' LIKE BINARY 'é'"])
      expect(await truth(other), other).toBe(false);
    expect(await truth("LOCATE('É', 'cafe') = 4 AND STRCMP('é', 'E') = 0 AND FIELD('É', 'x', 'e') = 2")).toBe(true);
    expect(await sql.value("SELECT GREATEST('éa', 'f', 'e')")).toBe('f');
    expect(await sql.value("SELECT CASE 'É' WHEN 'e' THEN 'same' ELSE 'other' END")).toBe('same');
    expect(await sql.rows('SELECT ? = ?, ? LIKE ?', ['é', 'E ', 'É', 'e'])).toEqual([['1', '1']]);
  });

  test('of columns: =, IN, LIKE, ORDER BY, GROUP BY, DISTINCT, aggregates, joins', async () => {
    await sql.ok('CREATE TABLE names (id INT PRIMARY KEY, n VARCHAR(20), KEY by_n (n))');
    await sql.ok(
      "INSERT INTO names VALUES (1,'Eve'),(2,'éve'),(3,'Zoe'),(4,'zoé '),(5,'Fay'),(6,'客户'),(7,NULL),(8,'a_'),(9,'ab')",
    );
    expect(await cells("SELECT id FROM names WHERE n = 'EVE' ORDER BY id")).toEqual(['1', '2']);
    expect(await cells("SELECT id FROM names WHERE n IN ('zoe', '客户 ') ORDER BY id")).toEqual(['3', '4', '6']);
    expect(await cells("SELECT id FROM names WHERE n LIKE 'ev%' ORDER BY id")).toEqual(['1', '2']);
    expect(await cells("SELECT id FROM names WHERE n LIKE '%é ' ORDER BY id")).toEqual(['4']);
    expect(await cells("SELECT id FROM names WHERE n LIKE '%é' ORDER BY id")).toEqual(['1', '2', '3']);
    expect(await cells("SELECT id FROM names WHERE n NOT LIKE '%e%' ORDER BY id")).toEqual(['5', '6', '8', '9']);
    expect(await cells("SELECT id FROM names WHERE n > 'ez' AND n < 'zz' ORDER BY n, id")).toEqual(['5', '3', '4']);
    expect(await cells('SELECT id FROM names ORDER BY n, id')).toEqual(['7', '9', '8', '1', '2', '5', '3', '4', '6']);
    expect(await cells('SELECT count(*) FROM names GROUP BY n ORDER BY n')).toEqual([
      '1',
      '1',
      '1',
      '2',
      '1',
      '2',
      '1',
    ]);
    expect(await sql.rows('SELECT DISTINCT n FROM names')).toHaveLength(7);
    expect(await cells('SELECT count(DISTINCT n), count(DISTINCT n, 1) FROM names')).toEqual(['6|6']);
    expect(await cells('SELECT min(n), max(n) FROM names WHERE id IN (2,5)')).toEqual(['éve|Fay']);
    expect(await cells('SELECT a.id, b.id FROM names a JOIN names b ON a.n = b.n AND a.id < b.id ORDER BY 1')).toEqual([
      '1|2',
      '3|4',
    ]);
    expect(await cells("SELECT id FROM names WHERE n IN (SELECT 'ÈVE' UNION SELECT 'ab  ') ORDER BY id")).toEqual([
      '1',
      '2',
      '9',
    ]);
    expect(await sql.rows("SELECT n FROM names WHERE id < 3 UNION SELECT 'ÈVE'")).toHaveLength(1);
    expect(
      await cells('SELECT row_number() OVER (PARTITION BY n ORDER BY id) FROM names WHERE id < 3 ORDER BY id'),
    ).toEqual(['1', '2']);
    expect(await sql.ok("UPDATE names SET id = id + 100 WHERE n = 'ZOE'")).toMatchObject({ affectedRows: 2 });
  });

  test('where SQLite itself tells texts apart, those it would tell apart wrongly are refused by name', async () => {
    for (const text of [
      "SELECT n FROM names INTERSECT SELECT 'é'",
      "SELECT n FROM names EXCEPT SELECT 'é'",
      "SELECT DISTINCT max(n) FROM names WHERE n = 'éve' GROUP BY id",
      'SELECT group_concat(DISTINCT n) FROM names',
    ])
      expect(await sql.fails(text), text).toMatchObject({ errno: 1235 });
    expect(await cells("SELECT n FROM names WHERE id IN (1, 6) EXCEPT SELECT 'eve'")).toEqual(['客户']);
    expect(await sql.value("SELECT group_concat(DISTINCT n) FROM names WHERE n LIKE '客%'")).toBe('客户');
  });

  test('an index over the keys serves =, ranges, LIKE with a beginning and ORDER BY', async () => {
    for (const where of ["n = 'eve'", "n > 'f'", "n LIKE 'ev%'", "n IN ('a', 'b')"])
      expect((await sql.rows(`EXPLAIN SELECT id FROM names WHERE ${where}`)).join(), where).toContain('by_n');
    expect((await sql.rows('EXPLAIN SELECT id FROM names ORDER BY n')).join()).toContain('by_n');
  });
});

test('any texts sort, group and compare as their weights do, whether SQLite or we make the key', async () => {
  const letters = fc.constantFrom(
    'a',
    'A',
    'b',
    'é',
    'E',
    ' ',
    '_',
    'ß',
    's',
    '中',
    '😀',
    'Ж',
    'ж',
    'z',
    '~',
    '0',
    'ø',
  );
  const texts = fc.sample(fc.string({ unit: letters, maxLength: 4 }), { numRuns: 400, seed: 7 });
  await sql.ok('CREATE TABLE any_texts (id INT PRIMARY KEY, n VARCHAR(20))');
  await sql.ok(`INSERT INTO any_texts VALUES ${texts.map((text, id) => `(${id}, '${text}')`).join(', ')}`);
  const keys = texts.map((text) => Buffer.from(generalKey(text)));
  const order = texts.map((_, id) => id).sort((a, b) => Buffer.compare(keys[a]!, keys[b]!) || a - b);
  const found = await sql.rows('SELECT id FROM any_texts ORDER BY n, id');
  expect(found.map(([id]) => Number(id))).toEqual(order);
  const groups = new Set(texts.map(generalKey)).size;
  expect(await sql.rows('SELECT DISTINCT n FROM any_texts')).toHaveLength(groups);
  expect(await sql.rows('SELECT n FROM any_texts UNION SELECT n FROM any_texts')).toHaveLength(groups);
  expect(await sql.value('SELECT count(DISTINCT n) FROM any_texts')).toBe(String(groups));
  for (const text of texts.slice(0, 60)) {
    const key = Buffer.from(generalKey(text));
    const equal = keys.filter((other) => Buffer.compare(other, key) === 0).length;
    const less = keys.filter((other) => Buffer.compare(other, key) < 0).length;
    const counted = `SELECT sum(n = '${text}'), sum(n < '${text}'), sum(concat(n, '') = '${text}') FROM any_texts`;
    expect(await sql.rows(counted), text).toEqual([[String(equal), String(less), String(equal)]]);
  }
});

describe('keys', () => {
  test('a unique key takes neither an accent nor a trailing blank for a difference', async () => {
    await sql.ok(
      'CREATE TABLE codes (c VARCHAR(10) PRIMARY KEY, d VARCHAR(10) COLLATE utf8mb4_bin, v INT, UNIQUE KEY Ud (d))',
    );
    await sql.ok("INSERT INTO codes VALUES ('café', 'x', 1)");
    expect(await sql.fails("INSERT INTO codes VALUES ('CAFE ', 'y', 1)")).toEqual({
      errno: 1062,
      message: "Duplicate entry 'CAFE ' for key 'PRIMARY'",
    });
    expect(await sql.fails("INSERT INTO codes VALUES ('b', 'x ', 1)")).toEqual({
      errno: 1062,
      message: "Duplicate entry 'x ' for key 'Ud'",
    });
    await sql.ok("INSERT INTO codes VALUES ('b', 'X', 2)");
    expect(await sql.fails("UPDATE codes SET c = 'Cafè' WHERE c = 'b'")).toMatchObject({ errno: 1062 });
    expect(await sql.ok("INSERT INTO codes VALUES ('CAFÉ', 'z', 1) ON DUPLICATE KEY UPDATE v = 9")).toMatchObject({
      affectedRows: 2,
    });
    expect(await sql.ok("REPLACE INTO codes VALUES ('cafe', 'q', 3)")).toMatchObject({ affectedRows: 2 });
    expect(await cells('SELECT * FROM codes ORDER BY c')).toEqual(['b|X|2', 'cafe|q|3']);
    await sql.ok("INSERT IGNORE INTO codes VALUES ('CAFE', 'w', 4)");
    expect(await sql.value('SELECT count(*) FROM codes')).toBe('2');
  });

  test('is not made over values that are equal', async () => {
    await sql.ok('CREATE TABLE twice (a VARCHAR(10))');
    await sql.ok("INSERT INTO twice VALUES ('é'), ('E ')");
    expect(await sql.fails('ALTER TABLE twice ADD UNIQUE KEY ua (a)')).toMatchObject({ errno: 1062 });
    expect(await sql.fails('ALTER TABLE twice ADD PRIMARY KEY (a)')).toMatchObject({ errno: 1062 });
    await sql.ok("DELETE FROM twice WHERE a = 'e' LIMIT 1");
    await sql.ok('ALTER TABLE twice ADD UNIQUE KEY ua (a(1))');
    expect(await sql.fails("INSERT INTO twice VALUES ('Ê!')")).toMatchObject({ errno: 1062 });
  });

  test('foreign keys point at texts, before and after a change of the parent', async () => {
    await sql.ok('CREATE TABLE land (code VARCHAR(3) PRIMARY KEY, name VARCHAR(9))');
    await sql.ok("INSERT INTO land VALUES ('de', 'x'), ('fr', 'y')");
    await sql.ok(
      'CREATE TABLE town (id INT PRIMARY KEY, code VARCHAR(3), FOREIGN KEY (code) REFERENCES land (code) ON DELETE CASCADE)',
    );
    await sql.ok("INSERT INTO town VALUES (1, 'DE')");
    expect(await sql.fails("INSERT INTO town VALUES (2, 'xx')")).toMatchObject({ errno: 1452 });
    await sql.ok('ALTER TABLE land ADD COLUMN people INT, MODIFY name VARCHAR(30)');
    await sql.ok('RENAME TABLE land TO country');
    expect(await sql.fails("INSERT INTO town VALUES (2, 'xx')")).toMatchObject({ errno: 1452 });
    await sql.ok("INSERT INTO town VALUES (2, 'fr')");
    await sql.ok("DELETE FROM country WHERE code = 'de'");
    expect(await cells('SELECT id FROM town')).toEqual(['2']);
    const off = sql.with({ foreignKeyChecks: false });
    await off.ok('CREATE TABLE child (code VARCHAR(3), FOREIGN KEY (code) REFERENCES later (code))');
    await off.ok('CREATE TABLE later (code VARCHAR(3) PRIMARY KEY)');
    await sql.ok("INSERT INTO later VALUES ('a')");
    await sql.ok("INSERT INTO child VALUES ('A')");
    expect(await sql.fails("DELETE FROM later WHERE code = 'a'")).toMatchObject({ errno: 1451 });
  });
});
