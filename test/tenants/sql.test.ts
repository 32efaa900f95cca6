import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { viewColumn } from '../../src/sql/schema.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

let place: EnginePlace;
let sql: SqlClient;

beforeAll(async () => {
  place = enginePlace({
    systemTables: [
      {
        schema: 'oceanbase',
        name: 'DBA_OB_TENANTS',
        tenantId: null,
        columns: [viewColumn('TENANT_ID', { name: 'bigint', length: 20 }, false)],
      },
    ],
  });
  await place.engines.create(1001, mysqlTenant);
  sql = await sqlClient(await place.engines.open(1001));
});
afterAll(() => place.end());

/** Runs statements one after another; an array answer is compared with rows, an object with the OK or the error. */
async function play(script: readonly (readonly [string, unknown?])[]): Promise<void> {
  for (const [text, wanted] of script) {
    if (Array.isArray(wanted)) expect(await sql.rows(text), text).toEqual(wanted);
    else if (typeof wanted === 'number') expect(await sql.fails(text), text).toMatchObject({ errno: wanted });
    else if (typeof wanted === 'string') expect((await sql.fails(text)).message, text).toBe(wanted);
    else if (wanted === undefined) await sql.ok(text);
    else expect(await sql.ok(text), text).toMatchObject(wanted as object);
  }
}

describe('writes', () => {
  test('INSERT counts, numbers and refuses as MySQL does', () =>
    play([
      [
        'CREATE TABLE w1 (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(10) NOT NULL, b INT DEFAULT 7, UNIQUE KEY ua (a))',
      ],
      ["INSERT INTO w1 (a) VALUES ('x')", { affectedRows: 1, insertId: 1n, info: '' }],
      [
        "INSERT INTO w1 (a) VALUES ('y'), ('z')",
        { affectedRows: 2, insertId: 2n, info: 'Records: 2  Duplicates: 0  Warnings: 0' },
      ],
      ["INSERT INTO w1 SET a = 'set', b = 1 + 2", { affectedRows: 1, insertId: 4n }],
      [
        'SELECT * FROM w1 ORDER BY id',
        [
          ['1', 'x', '7'],
          ['2', 'y', '7'],
          ['3', 'z', '7'],
          ['4', 'set', '3'],
        ],
      ],
      ["INSERT INTO w1 (a) VALUES ('x')", "Duplicate entry 'x' for key 'ua'"],
      ["INSERT INTO w1 (id, a) VALUES (2, 'new')", "Duplicate entry '2' for key 'PRIMARY'"],
      ["INSERT INTO w1 (a) VALUES ('ok'), ('x')", 1062],
      ["SELECT count(*) FROM w1 WHERE a = 'ok'", [['0']]],
      [
        "INSERT IGNORE INTO w1 (a) VALUES ('x'), ('q')",
        { affectedRows: 1, info: 'Records: 2  Duplicates: 1  Warnings: 1' },
      ],
      ["INSERT INTO w1 (a, b) VALUES ('x', 1) ON DUPLICATE KEY UPDATE b = VALUES(b)", { affectedRows: 2 }],
      ["INSERT INTO w1 (a, b) VALUES ('x', 1) ON DUPLICATE KEY UPDATE b = VALUES(b)", { affectedRows: 0 }],
      ["INSERT INTO w1 (a, b) VALUES ('new', 1) ON DUPLICATE KEY UPDATE b = 5", { affectedRows: 1 }],
      ["REPLACE INTO w1 (id, a) VALUES (1, 'y')", { affectedRows: 3 }],
      ["REPLACE INTO w1 (id, a) VALUES (90, 'fresh')", { affectedRows: 1 }],
      ["INSERT INTO w1 (a) VALUES ('after')", { insertId: 91n }],
      ['INSERT INTO w1 (id, a) VALUES (NULL, NULL)', "Column 'a' cannot be null"],
      ['INSERT INTO w1 (b) VALUES (1)', "Field 'a' doesn't have a default value"],
      ["INSERT INTO w1 (a) VALUES ('much too long text')", "Data too long for column 'a' at row 1"],
      ["INSERT INTO w1 (a, b) VALUES ('n', 'seven')", 1366],
      ["INSERT INTO w1 (a, b) VALUES ('n', 3000000000)", 1264],
      ['INSERT INTO w1 (a) VALUES (1, 2)', 1136],
      ['INSERT INTO w1 (nope) VALUES (1)', 1054],
      ['INSERT INTO nope VALUES (1)', "Table 'test.nope' doesn't exist"],
      ['INSERT INTO nodb.nope VALUES (1)', 1146],
      ["INSERT INTO w1 (a) SELECT concat(a, '!') FROM w1 WHERE id IN (2, 3)", { affectedRows: 1 }],
      ["INSERT INTO w1 (a) SELECT 'same' FROM w1", "Duplicate entry 'same' for key 'ua'"],
    ]));

  test('UPDATE and DELETE tell matched from changed rows', () =>
    play([
      ['CREATE TABLE w2 (id INT PRIMARY KEY, a VARCHAR(10), b DECIMAL(8,2), UNIQUE KEY ua (a))'],
      ["INSERT INTO w2 VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, NULL, NULL)"],
      ['UPDATE w2 SET b = b + 0.5 WHERE id < 3', { affectedRows: 2, info: 'Rows matched: 2  Changed: 2  Warnings: 0' }],
      ['UPDATE w2 SET b = b', { affectedRows: 0, info: 'Rows matched: 4  Changed: 0  Warnings: 0' }],
      ["UPDATE w2 SET a = 'A' WHERE id = 1", { affectedRows: 1 }],
      ["UPDATE w2 SET a = 'b' WHERE id = 3", "Duplicate entry 'b' for key 'ua'"],
      ["UPDATE w2 SET a = 'same'", "Duplicate entry 'same' for key 'ua'"],
      ['SELECT b FROM w2 ORDER BY id', [['1.50'], ['2.50'], ['3.00'], [null]]],
      ['UPDATE w2 SET b = id WHERE id = 2 LIMIT 1', { affectedRows: 1 }],
      ['DELETE FROM w2 WHERE b IS NULL', { affectedRows: 1, info: '' }],
      ['DELETE FROM w2 ORDER BY id DESC LIMIT 1', { affectedRows: 1 }],
      [
        'SELECT id, a FROM w2 ORDER BY id',
        [
          ['1', 'A'],
          ['2', 'b'],
        ],
      ],
      ["SELECT id FROM w2 WHERE a = 'a'", [['1']]],
    ]));

  test('every type comes back as it was written', () =>
    play([
      [
        `CREATE TABLE w3 (t TINYINT, u BIGINT UNSIGNED, d DECIMAL(12,3), f FLOAT, g DOUBLE, bi BIT(8), y YEAR, da DATE, ti TIME(3),
          dt DATETIME(6), ts TIMESTAMP NULL, c CHAR(3), vb VARBINARY(4), tx TEXT, bl BLOB, e ENUM('a','b'), s SET('x','y'), j JSON)`,
      ],
      [
        `INSERT INTO w3 VALUES (-128, 9223372036854775807, 123456789.125, 1.5, 1e300, b'101', 2024, '2024-02-29', '-12:34:56.789',
          '2024-01-02 03:04:05.123456', '2024-07-01 00:00:00', 'abc', x'00ff', 'ü€😀', x'deadbeef', 'b', 'y,x', '{"b":1,"a":[1,null]}')`,
      ],
      [
        'SELECT t,u,d,f,g,y,da,ti,dt,ts,c,hex(vb),tx,hex(bl),e,s FROM w3',
        [
          [
            '-128',
            '9223372036854775807',
            '123456789.125',
            '1.5',
            '1e300',
            '2024',
            '2024-02-29',
            '-12:34:56.789',
            '2024-01-02 03:04:05.123456',
            '2024-07-01 00:00:00',
            'abc',
            '00FF',
            'ü€😀',
            'DEADBEEF',
            'b',
            'x,y',
          ],
        ],
      ],
      ['INSERT INTO w3 (t) VALUES (128)', 1264],
      ["INSERT INTO w3 (da) VALUES ('2023-02-29')", 1292],
      ["INSERT INTO w3 (e) VALUES ('c')", 1265],
      ["INSERT INTO w3 (j) VALUES ('{')", 3140],
    ]));

  test('a timestamp is one moment, whatever the zone', async () => {
    await sql.ok('CREATE TABLE w4 (ts TIMESTAMP NULL, dt DATETIME)');
    await sql.ok("INSERT INTO w4 VALUES ('2024-07-01 08:00:00', '2024-07-01 08:00:00')");
    expect(await sql.with({ timeZone: '+00:00' }).rows('SELECT * FROM w4')).toEqual([
      ['2024-07-01 00:00:00', '2024-07-01 08:00:00'],
    ]);
  });

  test('foreign keys hold, cascade and can be switched off', async () => {
    await play([
      ['CREATE TABLE p (id INT PRIMARY KEY, n INT)'],
      ['CREATE TABLE k (id INT PRIMARY KEY, p INT, CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)'],
      ['INSERT INTO p VALUES (1, 1), (2, 2)'],
      ['INSERT INTO k VALUES (1, 1), (2, 2)'],
      ['INSERT INTO k VALUES (3, 3)', 1452],
      ['UPDATE k SET p = 9', 1452],
      ['UPDATE p SET id = 9 WHERE id = 1', 1451],
      ['DELETE FROM p WHERE id = 1', { affectedRows: 1 }],
      ['SELECT id FROM k', [['2']]],
      ['DROP TABLE p', 3730],
      ['TRUNCATE TABLE p', 1451],
      ['CREATE TABLE k2 (p INT, FOREIGN KEY (p) REFERENCES nowhere (id))', 1215],
    ]);
    const free = sql.with({ foreignKeyChecks: false });
    await free.ok('INSERT INTO k VALUES (3, 3)');
    await free.ok('CREATE TABLE k2 (p INT, FOREIGN KEY (p) REFERENCES nowhere (id))');
    await free.ok('DROP TABLE p, k, k2');
  });
});

describe('tables', () => {
  test('CREATE TABLE refuses what MySQL refuses', () =>
    play([
      ['CREATE TABLE c1 (a INT, A INT)', 1060],
      ['CREATE TABLE c1 (a INT, KEY (b))', 1072],
      ['CREATE TABLE c1 (a INT PRIMARY KEY, b INT PRIMARY KEY)', 1068],
      ['CREATE TABLE c1 (a INT AUTO_INCREMENT)', 1075],
      ['CREATE TABLE c1 (a TEXT, KEY (a))', 1170],
      ["CREATE TABLE c1 (a TEXT DEFAULT 'x')", 1101],
      ["CREATE TABLE c1 (a INT DEFAULT 'x')", 1067],
      ['CREATE TABLE c1 (a INT NOT NULL DEFAULT NULL)', 1067],
      ['CREATE TABLE c1 (a INT, KEY k (a), KEY k (a))', 1061],
      ['CREATE TABLE nodb.c1 (a INT)', 1049],
      ['CREATE TABLE c1 (a INT) PARTITION BY HASH (a) PARTITIONS 4', 1235],
      ['CREATE TEMPORARY TABLE c1 (a INT)', 1235],
      ['CREATE TABLE c1 (a INT)'],
      ['CREATE TABLE c1 (a INT)', "Table 'c1' already exists"],
      [
        'CREATE TABLE IF NOT EXISTS c1 (a INT)',
        { warnings: [{ level: 'Note', code: 1050, message: "Table 'c1' already exists" }] },
      ],
      ['DROP TABLE c1, c2', "Unknown table 'test.c2'"],
      [
        'DROP TABLE IF EXISTS c1, c2',
        { warnings: [{ level: 'Note', code: 1051, message: "Unknown table 'test.c2'" }] },
      ],
    ]));

  test('checks, generated columns and defaults work', () =>
    play([
      [
        `CREATE TABLE c3 (id INT PRIMARY KEY, price DECIMAL(8,2) CHECK (price > 0), qty INT DEFAULT 2,
          total DECIMAL(10,2) AS (price * qty) STORED, twice INT GENERATED ALWAYS AS (qty * 2) VIRTUAL,
          at DATETIME DEFAULT CURRENT_TIMESTAMP, CONSTRAINT few CHECK (qty <= 10 AND qty <> 7))`,
      ],
      ['INSERT INTO c3 (id, price) VALUES (1, 2.5)'],
      ['SELECT total, twice FROM c3', [['5.00', '4']]],
      ['INSERT INTO c3 (id, price) VALUES (2, -1)', "Check constraint 'c3_OBCHECK_1' is violated."],
      ['UPDATE c3 SET qty = 7', "Check constraint 'few' is violated."],
      ['UPDATE c3 SET qty = 10', { affectedRows: 1 }],
      ['SELECT total, twice FROM c3', [['25.00', '20']]],
      ['SELECT count(*) FROM c3 WHERE at > now() - INTERVAL 1 HOUR', [['1']]],
    ]));

  test('AUTO_INCREMENT starts where it is told, in every kind of key', () =>
    play([
      ['CREATE TABLE c4 (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 100'],
      ['INSERT INTO c4 VALUES (NULL), (0)', { insertId: 100n }],
      ['SELECT * FROM c4', [['100'], ['101']]],
      ['ALTER TABLE c4 AUTO_INCREMENT = 500'],
      ['INSERT INTO c4 VALUES ()', { insertId: 500n }],
      ['TRUNCATE c4'],
      ['INSERT INTO c4 VALUES ()', { insertId: 1n }],
      ['CREATE TABLE c5 (a INT, b INT AUTO_INCREMENT, PRIMARY KEY (a, b), KEY (b)) AUTO_INCREMENT = 10'],
      ['INSERT INTO c5 (a) VALUES (1), (1), (2)', { insertId: 10n }],
      ['INSERT INTO c5 VALUES (1, 50), (2, NULL)', { insertId: 51n }],
      ['DELETE FROM c5 WHERE b > 12'],
      ['INSERT INTO c5 (a) SELECT 3', { affectedRows: 1 }],
      ['SELECT b FROM c5 ORDER BY b', [['10'], ['11'], ['12'], ['52']]],
    ]));

  test('ALTER TABLE keeps the rows', () =>
    play([
      ['CREATE TABLE c6 (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(10), b INT, KEY kb (b))'],
      ["INSERT INTO c6 (a, b) VALUES ('1', 10), ('2', 20), ('30', NULL)"],
      [
        "ALTER TABLE c6 ADD COLUMN c INT NOT NULL AFTER a, ADD d DATETIME DEFAULT '2024-01-01 00:00:00' FIRST, DROP KEY kb",
        { affectedRows: 0, info: '' },
      ],
      ['SELECT * FROM c6 WHERE id = 3', [['2024-01-01 00:00:00', '3', '30', '0', null]]],
      ['ALTER TABLE c6 MODIFY a INT UNSIGNED, CHANGE b bb BIGINT NOT NULL', 1265],
      ['UPDATE c6 SET b = 30 WHERE b IS NULL'],
      ['ALTER TABLE c6 MODIFY a INT UNSIGNED, CHANGE b bb BIGINT NOT NULL'],
      [
        'SELECT a + 1, bb FROM c6 ORDER BY id',
        [
          ['2', '10'],
          ['3', '20'],
          ['31', '30'],
        ],
      ],
      ['ALTER TABLE c6 ADD UNIQUE KEY u (bb), ADD INDEX i (a, bb), RENAME INDEX i TO j, ALTER c SET DEFAULT 5'],
      ['INSERT INTO c6 (a, bb) VALUES (1, 10)', "Duplicate entry '10' for key 'u'"],
      ['INSERT INTO c6 (a, bb) VALUES (1, 40)', { insertId: 4n }],
      ['ALTER TABLE c6 DROP COLUMN d, DROP PRIMARY KEY, MODIFY id INT, ADD PRIMARY KEY (a, id)', { affectedRows: 0 }],
      ['ALTER TABLE c6 DROP COLUMN nope', 1091],
      ['ALTER TABLE c6 DROP INDEX nope', 1091],
      ['ALTER TABLE c6 RENAME TO c7, ADD COLUMN z VARCHAR(3)'],
      ['SELECT id, a, c, bb, z FROM c7 WHERE bb = 40', [['4', '1', '5', '40', null]]],
      ['RENAME TABLE c7 TO c8'],
      ['SELECT count(*) FROM c7', 1146],
      ['CREATE UNIQUE INDEX ui ON c8 (c, bb)'],
      ['DROP INDEX ui ON c8'],
      ['CREATE TABLE c9 LIKE c8'],
      ['CREATE TABLE c10 AS SELECT id, bb AS n, now() AS at FROM c8', { affectedRows: 4 }],
      ['SELECT sum(n) FROM c10', [['100']]],
    ]));

  test('a failed ALTER leaves everything as it was', async () => {
    await sql.ok('CREATE TABLE c11 (id INT PRIMARY KEY, a VARCHAR(10))');
    await sql.ok("INSERT INTO c11 VALUES (1, 'same'), (2, 'same')");
    const before = await sql.rows('SHOW CREATE TABLE c11');
    expect(await sql.fails('ALTER TABLE c11 ADD COLUMN b INT, ADD UNIQUE KEY u (a)')).toEqual({
      errno: 1062,
      message: "Duplicate entry 'same' for key 'u'",
    });
    expect(await sql.rows('SHOW CREATE TABLE c11')).toEqual(before);
    expect(await sql.rows('SELECT * FROM c11')).toEqual([
      ['1', 'same'],
      ['2', 'same'],
    ]);
  });

  test('SHOW CREATE TABLE makes the same table again', async () => {
    await sql.ok('CREATE TABLE s1 (id INT PRIMARY KEY)');
    await sql.ok(
      `CREATE TABLE s2 (id BIGINT UNSIGNED AUTO_INCREMENT, name VARCHAR(20) NOT NULL DEFAULT 'it''s', note TEXT, at TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
        price DECIMAL(10,2) DEFAULT 1.5, e ENUM('a','b''c') COMMENT 'kind', bin VARCHAR(5) COLLATE utf8mb4_bin, s1 INT, g INT AS (s1 + 1) STORED,
        PRIMARY KEY (id), UNIQUE KEY u (name, e), KEY k (note(10), price DESC), FOREIGN KEY (s1) REFERENCES s1 (id) ON DELETE SET NULL,
        CHECK (price > 0)) COMMENT = 'all sorts' AUTO_INCREMENT = 7`,
    );
    const text = (await sql.rows('SHOW CREATE TABLE s2'))[0]![1]!;
    await sql.ok('DROP TABLE s2');
    await sql.ok(text);
    expect((await sql.rows('SHOW CREATE TABLE s2'))[0]![1]).toBe(text);
    expect(text).toContain('AUTO_INCREMENT = 7');
    await sql.ok("INSERT INTO s2 (e) VALUES ('b''c')");
    expect(await sql.rows('SELECT id, name, price FROM s2')).toEqual([['7', "it's", '1.50']]);
  });

  test('databases come and go with their tables', async () => {
    await play([
      ['CREATE DATABASE d1', { affectedRows: 1 }],
      ['CREATE DATABASE d1', "Can't create database 'd1'; database exists"],
      ['CREATE DATABASE IF NOT EXISTS d1 DEFAULT CHARSET utf8mb4'],
      ['CREATE TABLE d1.t (a INT)'],
      ['INSERT INTO d1.t VALUES (1)'],
      ['RENAME TABLE d1.t TO d1.u'],
      ["SHOW DATABASES LIKE 'd%'", [['d1']]],
      ['SHOW TABLES FROM d1', [['u']]],
      ['SHOW CREATE DATABASE d1', [['d1', 'CREATE DATABASE `d1` DEFAULT CHARACTER SET = utf8mb4']]],
      ['DROP DATABASE d1', { affectedRows: 1 }],
      ['DROP DATABASE d1', 1008],
      ['SELECT * FROM d1.u', 1146],
      ['USE d1', 1049],
      ['USE test', { database: 'test' }],
    ]);
    await sql.ok('CREATE DATABASE here');
    expect(await sql.with({ database: 'here' }).ok('DROP DATABASE here')).toMatchObject({ database: null });
    expect(await sql.with({ database: null }).fails('SELECT * FROM t')).toMatchObject({ errno: 1046 });
  });
});

describe('what a tenant shows', () => {
  beforeAll(async () => {
    await sql.ok('CREATE DATABASE shown');
    await sql.ok("CREATE TABLE shown.a (id INT PRIMARY KEY, n VARCHAR(9) COMMENT 'name', UNIQUE KEY u (n))");
    await sql.ok(
      'CREATE TABLE shown.b (id INT AUTO_INCREMENT, a INT, PRIMARY KEY (id), CONSTRAINT f FOREIGN KEY (a) REFERENCES shown.a (id))',
    );
  });

  test('SHOW', () =>
    play([
      ['SHOW DATABASES', [['information_schema'], ['mysql'], ['oceanbase'], ['shown'], ['test']]],
      [
        'SHOW FULL TABLES FROM shown',
        [
          ['a', 'BASE TABLE'],
          ['b', 'BASE TABLE'],
        ],
      ],
      ["SHOW TABLES FROM shown LIKE 'B%'", [['b']]],
      ["SHOW FULL TABLES FROM shown WHERE Table_type = 'BASE TABLE' AND Tables_in_shown <> 'b'", [['a', 'BASE TABLE']]],
      ['SHOW TABLES FROM oceanbase', [['DBA_OB_TENANTS']]],
      ['DESC oceanbase.DBA_OB_TENANTS', [['TENANT_ID', 'bigint(20)', 'NO', '', null, '']]],
      [
        'DESC shown.a',
        [
          ['id', 'int(11)', 'NO', 'PRI', null, ''],
          ['n', 'varchar(9)', 'YES', 'UNI', null, ''],
        ],
      ],
      ['DESCRIBE shown.b id', [['id', 'int(11)', 'NO', 'PRI', null, 'auto_increment']]],
      ["SHOW COLUMNS FROM b FROM shown WHERE Field = 'a'", [['a', 'int(11)', 'YES', '', null, '']]],
      ['SHOW TRIGGERS FROM shown', []],
      ["SHOW PROCEDURE STATUS WHERE Db = 'shown'", []],
      ['SHOW ENGINES', [['OceanBase', 'YES', 'Supports transactions', 'YES', 'NO', 'YES']]],
      ["SHOW CHARACTER SET LIKE 'utf8mb4'", [['utf8mb4', 'UTF-8 Unicode', 'utf8mb4_general_ci', '4']]],
      ['SHOW INDEX FROM nope FROM shown', 1146],
      ['SHOW TABLES FROM nodb', 1049],
      ['DESC shown.nope', 1146],
    ]));

  test('SHOW INDEX lists key parts', async () => {
    const rows = await sql.rows('SHOW INDEX FROM shown.a');
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ['a', '0', 'PRIMARY', '1', 'id'],
      ['a', '0', 'u', '1', 'n'],
    ]);
  });

  test('information_schema', () =>
    play([
      [
        "SELECT table_name, table_type, engine FROM information_schema.tables WHERE table_schema = 'shown'",
        [
          ['a', 'BASE TABLE', 'OceanBase'],
          ['b', 'BASE TABLE', 'OceanBase'],
        ],
      ],
      [
        "SELECT COLUMN_NAME, COLUMN_TYPE, COLUMN_KEY, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shown' AND TABLE_NAME = 'a' ORDER BY ORDINAL_POSITION",
        [
          ['id', 'int(11)', 'PRI', ''],
          ['n', 'varchar(9)', 'UNI', 'name'],
        ],
      ],
      [
        "SELECT constraint_name, constraint_type FROM information_schema.table_constraints WHERE table_schema = 'shown' ORDER BY table_name, constraint_name",
        [
          ['PRIMARY', 'PRIMARY KEY'],
          ['u', 'UNIQUE'],
          ['f', 'FOREIGN KEY'],
          ['PRIMARY', 'PRIMARY KEY'],
        ],
      ],
      [
        `SELECT k.column_name, k.referenced_table_name, r.delete_rule FROM information_schema.key_column_usage k
          JOIN information_schema.referential_constraints r ON r.constraint_name = k.constraint_name WHERE k.table_schema = 'shown'`,
        [['a', 'a', 'RESTRICT']],
      ],
      ["SELECT count(*) FROM information_schema.schemata WHERE schema_name IN ('test', 'mysql')", [['2']]],
      ['SELECT count(*) FROM information_schema.routines', [['0']]],
      [
        "SELECT character_set_name FROM information_schema.collation_character_set_applicability WHERE collation_name = 'utf8mb4_bin'",
        [['utf8mb4']],
      ],
      ["SELECT table_type FROM information_schema.tables WHERE table_name = 'DBA_OB_TENANTS'", [['SYSTEM VIEW']]],
      [
        "SELECT index_name, column_name FROM information_schema.statistics WHERE table_schema = 'shown' AND table_name = 'a'",
        [
          ['PRIMARY', 'id'],
          ['u', 'n'],
        ],
      ],
      ['INSERT INTO information_schema.tables VALUES (1)', 1235],
      ['INSERT INTO shown.a (n) SELECT tenant_id FROM oceanbase.DBA_OB_TENANTS', 1235],
      ['CREATE TABLE shown.copy AS SELECT * FROM oceanbase.DBA_OB_TENANTS', 1235],
      ['DELETE FROM oceanbase.DBA_OB_TENANTS', 1235],
      ['LOCK TABLES oceanbase.DBA_OB_TENANTS WRITE', 1235],
      ['DELETE FROM oceanbase.DBA_OB_NOTHING', 1146],
    ]));

  test('maintenance answers rows', async () => {
    await play([
      ['ANALYZE TABLE shown.a', [['shown.a', 'analyze', 'status', 'OK']]],
      ['CHECK TABLE shown.a', [['shown.a', 'check', 'status', 'OK']]],
      ['CHECKSUM TABLE shown.nope', [['shown.nope', null]]],
    ]);
    const empty = await sql.rows('CHECKSUM TABLE shown.a');
    await sql.ok("INSERT INTO shown.a VALUES (2, 'two'), (1, 'one')");
    const filled = await sql.rows('CHECKSUM TABLE shown.a');
    expect(filled).not.toEqual(empty);
    await sql.ok('CREATE TABLE shown.c LIKE shown.a');
    await sql.ok("INSERT INTO shown.c VALUES (1, 'one'), (2, 'two')");
    expect((await sql.rows('CHECKSUM TABLE shown.c'))[0]![1]).toBe(filled[0]![1]);
    expect((await sql.rows('EXPLAIN SELECT * FROM shown.a WHERE id = 1'))[0]![0]).toMatch(/PRIMARY KEY/);
  });
});

describe('prepared statements', () => {
  test('tell their shape and take parameters', async () => {
    await sql.ok('CREATE TABLE ps (id INT PRIMARY KEY, a VARCHAR(10))');
    await sql.ok('INSERT INTO ps VALUES (?, ?), (?, ?)', [1n, 'x', 2n, null]);
    const shape = await sql.session.prepare(
      'SELECT id, a FROM ps WHERE id > ? LIMIT ?',
      (await import('./sql-fixture.ts')).rootContext,
    );
    expect(shape.parameterCount).toBe(2);
    expect(shape.columns.map((column) => column.label)).toEqual(['id', 'a']);
    expect(await sql.rows('SELECT id, a FROM ps WHERE id > ? LIMIT ?', [1n, 10n])).toEqual([['2', null]]);
    await expect(sql.rows('SELECT id FROM ps WHERE id = ?', [])).rejects.toMatchObject({ errno: 1210 });
  });

  test('cached plans are not served across shapes', async () => {
    await sql.ok('CREATE TABLE pc (id INT PRIMARY KEY, a VARCHAR(10), d DATETIME(6))');
    for (let i = 0; i < 5; i++) await sql.ok(`INSERT INTO pc VALUES (${i}, 'v${i}', '2024-01-01 00:00:00.5')`);
    for (let i = 0; i < 5; i++) {
      expect(await sql.rows(`SELECT a FROM pc WHERE id = ${i}`)).toEqual([[`v${i}`]]);
      expect((await sql.rows(`SELECT id FROM pc ORDER BY id LIMIT ${i}`)).length).toBe(i);
      expect(await sql.labels(`SELECT ${i}`)).toEqual([String(i)]);
    }
    expect(await sql.rows('SELECT id, a FROM pc ORDER BY 1 DESC LIMIT 1')).toEqual([['4', 'v4']]);
    await sql.ok("UPDATE pc SET a = 'z' WHERE id = 0");
    expect(await sql.rows('SELECT id, a FROM pc ORDER BY 2 DESC LIMIT 1')).toEqual([['0', 'z']]);
    await sql.ok('ALTER TABLE pc DROP COLUMN a');
    expect(await sql.fails('SELECT a FROM pc WHERE id = 1')).toMatchObject({ errno: 1054 });
  });
});
