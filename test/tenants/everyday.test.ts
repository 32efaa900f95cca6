import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { answerOf } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

/** What random everyday statements found out about, each for itself. */

const place = enginePlace();
let client: SqlClient;

beforeAll(async () => {
  client = await testClient(place);
  await client.ok(`CREATE TABLE e (id INT PRIMARY KEY, kind ENUM('abc', 'zebra', 'b', 'a'), i INT, iu INT UNSIGNED NOT NULL,
    d DECIMAL(8,2), f DOUBLE)`);
  await client.ok(`INSERT INTO e VALUES (1, 'a', 0, 1, 1.5, 2.5), (2, 'zebra', 3, 1, 2.25, 0), (3, 'b', 7, 3, -1, 1),
    (4, 'abc', 5, 9, 0, 9)`);
});
afterAll(() => place.end());

async function answers(sql: string, expected: unknown): Promise<void> {
  expect(await answerOf(client, sql), sql).toEqual(expected);
}

describe('windows', () => {
  it('sort an ENUM by its number', () =>
    answers('SELECT id, RANK() OVER (ORDER BY kind) FROM e ORDER BY id', [
      ['1', '4'],
      ['2', '2'],
      ['3', '3'],
      ['4', '1'],
    ]));
  it('and so does GROUP_CONCAT', () => answers('SELECT GROUP_CONCAT(id ORDER BY kind) FROM e', [['4,2,3,1']]));
});

describe('conditions', () => {
  it('compare a literal with moments of several scales', async () => {
    await client.ok('CREATE TABLE m (id INT PRIMARY KEY, a DATETIME, b DATETIME(6))');
    await client.ok("INSERT INTO m VALUES (1, '1999-07-15 08:30:15', '2024-02-29'), (2, '2024-02-29', '1999-07-15')");
    await answers("SELECT id FROM m WHERE TIMESTAMP '2024-02-29 00:00:00' IN (a, b) ORDER BY id", [['1'], ['2']]);
    await answers("SELECT id FROM m WHERE TIMESTAMP '2024-02-29 00:00:00' BETWEEN a AND b", [['1']]);
  });
});

describe('UPDATE', () => {
  it('divides by zero under no decimal expression', async () => {
    await answers('UPDATE e SET d = id / i WHERE id = 1', 1365);
    await answers('UPDATE e SET d = ROUND(id / i, -1) WHERE id = 1', 1365);
    await answers('UPDATE e SET d = 1 + id / (i + 0.0) WHERE id = 1', 1365);
  });
  it('takes a value that fits nowhere, as long as no row is to get it', async () => {
    await answers('UPDATE e SET iu = -12 WHERE id = 77', { affectedRows: 0 });
    await answers("UPDATE e SET f = 1, i = 'abc' WHERE id = 77", { affectedRows: 0 });
    await answers('UPDATE e a JOIN e b ON a.id = b.id + 77 SET a.iu = -12', { affectedRows: 0 });
    await answers('UPDATE e SET iu = -12 WHERE id = 2', 1264);
    await answers("UPDATE e SET f = 1, i = 'abc' WHERE id = 2", 1366);
    await answers('UPDATE e a JOIN e b ON a.id = b.id SET a.iu = -12 WHERE a.id = 2', 1264);
    await answers('SELECT iu, f, i FROM e WHERE id = 2', [['1', '0', '3']]);
  });
});

describe('ON DUPLICATE KEY UPDATE', () => {
  beforeAll(async () => {
    await client.ok('CREATE TABLE k (id INT PRIMARY KEY, u INT UNSIGNED, b BIGINT, s BIGINT UNSIGNED, t VARCHAR(20))');
    await client.ok("INSERT INTO k VALUES (1, 1, 1, 1, 'x')");
  });
  it('reckons with the integers of the row to come', async () => {
    const row = "INSERT INTO k VALUES (1, 5, -7, 18446744073709551614, 'y') ON DUPLICATE KEY UPDATE";
    await answers(`${row} u = u + VALUES(u), b = b + VALUES(b), s = s + VALUES(s)`, { affectedRows: 2 });
    await answers('SELECT u, b, s FROM k', [['6', '-6', '18446744073709551615']]);
    await answers(`${row} u = VALUES(u) DIV 2, t = CONCAT(t, VALUES(b))`, { affectedRows: 2 });
    await answers('SELECT u, t FROM k', [['2', 'x-7']]);
  });
  it('minds a value that does not fit only for a row that is there', async () => {
    await answers('INSERT INTO k (id) VALUES (2) ON DUPLICATE KEY UPDATE u = -12', { affectedRows: 1 });
    await answers('INSERT INTO k (id) VALUES (3), (2) ON DUPLICATE KEY UPDATE u = -12', 1264);
    await answers('SELECT id, u FROM k', [
      ['1', '2'],
      ['2', null],
    ]);
  });
});

it('refuses the difference of a number and the smallest of 64 signed bits, which does not fit', async () => {
  const smallest = '(SELECT CAST(9223372036854775808 AS SIGNED) AS b) AS s';
  await answers(`SELECT 0 - b FROM ${smallest}`, 1690);
  await answers(`SELECT IFNULL(1, b) - b FROM ${smallest}`, 1690);
  await answers(`SELECT b - b, -1 - b FROM ${smallest}`, [['0', '9223372036854775807']]);
});

it('leaves a term of ORDER BY out that is the same for every row, evaluated or not', async () => {
  const two = '(SELECT 2 AS a UNION SELECT 1) AS s';
  await answers(`SELECT a FROM ${two} ORDER BY 9223372036854775807 + 18446744073709551615, a`, [['1'], ['2']]);
  await answers(`SELECT a FROM ${two} ORDER BY a + 9223372036854775807`, 1690);
  await answers(`SELECT a FROM ${two} ORDER BY 1`, [['1'], ['2']]);
});

describe('hexadecimal literals among numbers', () => {
  it('are integers of 64 bits without a sign', async () => {
    const all = '18446744073709551615';
    await answers("SELECT x'FFFFFFFFFFFFFFFF' + 0, 0xFF + 1, 0x41 + 0.5, -0x41, SUM(x'FFFFFFFFFFFFFFFF')", [
      [all, '256', '65.5', '-65', all],
    ]);
    await answers(
      `SELECT 0xFFFFFFFFFFFFFFFF = ${all}, 0xFFFFFFFFFFFFFFFF > 5, 0x41 = 65, 0x41 = 'A', 1 IN (0x01, 0x02)`,
      [['1', '1', '1', '1', '1']],
    );
    await answers('SELECT 0xFFFFFFFFFFFFFFFF DIV 3, 0xFFFFFFFFFFFFFFFF % 10, 0xFF / 2', [
      ['6148914691236517205', '5', '127.5000'],
    ]);
    await answers('SELECT 0xFFFFFFFFFFFFFFFF + 1', 1690);
    await answers('SELECT 0x41 - 66', 1690);
  });
  it('are stored and found as such', async () => {
    await client.ok('CREATE TABLE h (id INT PRIMARY KEY, u BIGINT UNSIGNED, b BIGINT, KEY (u))');
    await client.ok('INSERT INTO h VALUES (1, 0xFFFFFFFFFFFFFFFF, 0x41)');
    await answers('INSERT INTO h VALUES (2, 3, 0xFFFFFFFFFFFFFFFF)', 1264);
    await answers('UPDATE h SET u = 0xFFFFFFFFFFFFFFFE', { affectedRows: 1 });
    await answers('SELECT u, b FROM h WHERE u = 0xFFFFFFFFFFFFFFFE AND b < 0xFFFFFFFFFFFFFFFF', [
      ['18446744073709551614', '65'],
    ]);
  });
});

describe('INSERT', () => {
  it('tells of a column without a default before anything is wrong with a row', () =>
    answers("INSERT INTO e (id, i) VALUES (1, 'abc')", 1364));
});

describe('a quotient', () => {
  it('is summed before it is rounded', () =>
    answers(
      'SELECT SUM(i / 3), AVG(i / id), SUM(1000000 * (i / 3)), SUM(q.x) FROM (SELECT id, i, i / 3 AS x FROM e) q',
      [['5.0000', '1.27083333', '5000000.0000', '5.0000']],
    ));
  it('among doubles is not rounded to its scale', async () => {
    const [[sum]] = (await client.rows('SELECT 1e0 + 255.0 / 7')) as [[string]];
    expect(Number(sum)).toBeCloseTo(37.428571428, 8);
  });
});
