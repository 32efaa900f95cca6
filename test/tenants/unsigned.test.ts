import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

const place = enginePlace();
let client: SqlClient;
let other: SqlClient;

beforeAll(async () => {
  await place.engines.create(1002, mysqlTenant);
  const engine = await place.engines.open(1002);
  client = await sqlClient(engine);
  other = await sqlClient(engine, {}, 2);
  await client.ok('CREATE DATABASE IF NOT EXISTS test');
});
afterAll(() => place.end());

const most = '18446744073709551615';
const ids = (of = client) => of.rows('SELECT id FROM k ORDER BY id').then((rows) => rows.map(([id]) => id));

describe('a BIGINT UNSIGNED primary key beyond 2^63 - 1', () => {
  it('is numbered up to its end', async () => {
    await client.ok('CREATE TABLE k (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, n INT)');
    await client.ok('INSERT INTO k VALUES (9223372036854775806, 1)');
    expect((await client.ok('INSERT INTO k (n) VALUES (2)')).insertId).toBe(9223372036854775807n);
    expect((await client.ok('INSERT INTO k (n) VALUES (3), (4)')).insertId).toBe(9223372036854775808n);
    await client.ok('ALTER TABLE k AUTO_INCREMENT = 18446744073709551614');
    expect((await client.ok('INSERT INTO k (n) VALUES (5)')).insertId).toBe(18446744073709551614n);
    expect((await client.fails('INSERT INTO k (n) VALUES (6)')).errno).toBe(1467);
    expect((await client.ok(`INSERT INTO k VALUES (${most}, 6)`)).givenId).toBe(18446744073709551615n);
    expect(await client.fails(`INSERT INTO k VALUES (${most}, 7)`)).toEqual({
      errno: 1062,
      message: `Duplicate entry '${most}' for key 'PRIMARY'`,
    });
    expect(await client.rows(`SELECT n FROM k WHERE id = ${most}`)).toEqual([['6']]);
    await client.ok('DROP TABLE k');
  });

  it('takes nothing of a transaction along when SQLite has no number left', async () => {
    for (const [type, most] of [
      ['BIGINT UNSIGNED', null],
      ['BIGINT', 1467],
    ] as const)
      for (const insert of ['INSERT INTO k (n) VALUES (2)', 'INSERT INTO k (n) SELECT n FROM k LIMIT 1']) {
        await client.ok(`CREATE TABLE k (id ${type} AUTO_INCREMENT PRIMARY KEY, n INT)`);
        await client.ok('BEGIN');
        await client.ok('INSERT INTO k VALUES (5, 1), (9223372036854775807, 1)');
        if (most === null) await client.ok(insert);
        else expect((await client.fails(insert)).errno).toBe(most);
        await client.ok('DELETE FROM k WHERE id > 5');
        if (most !== null) expect((await client.fails(insert)).errno).toBe(most);
        await client.ok('COMMIT');
        expect(await ids(other)).toEqual(['5']);
        await client.ok('DROP TABLE k');
      }
  });

  it('comes and goes with its transaction', async () => {
    await client.ok('CREATE TABLE k (id BIGINT UNSIGNED PRIMARY KEY)');
    await client.ok('INSERT INTO k VALUES (1)');
    await client.ok('BEGIN');
    await client.ok('INSERT INTO k VALUES (2)');
    await client.ok('SAVEPOINT s');
    await client.ok(`INSERT INTO k VALUES (${most})`);
    expect(await ids()).toEqual(['1', '2', most]);
    expect(await ids(other)).toEqual(['1']);
    await client.ok('ROLLBACK TO s');
    await client.ok('INSERT INTO k VALUES (3)');
    await client.ok('COMMIT');
    expect(await ids()).toEqual(['1', '2', '3']);
    await other.ok(`UPDATE k SET id = ${most} WHERE id = 3`);
    expect(await ids()).toEqual(['1', '2', most]);
    await client.ok('ALTER TABLE k ADD KEY (id), ADD n INT DEFAULT 5');
    expect(await client.rows('SELECT id, n FROM k WHERE id > 2')).toEqual([[most, '5']]);
    await client.ok('DROP TABLE k');
  });

  it('keeps children', async () => {
    await client.ok('CREATE TABLE k (id BIGINT UNSIGNED PRIMARY KEY)');
    await client.ok(`CREATE TABLE child (id BIGINT UNSIGNED PRIMARY KEY,
      FOREIGN KEY (id) REFERENCES k (id) ON DELETE CASCADE ON UPDATE CASCADE)`);
    await client.ok('INSERT INTO k VALUES (1), (2)');
    await client.ok('INSERT INTO child VALUES (1), (2)');
    await client.ok('BEGIN');
    expect(await client.fails(`UPDATE k SET id = ${most} WHERE id = 1`)).toEqual({
      errno: 1235,
      message:
        "first bigint unsigned value above 9223372036854775807 for the primary key of 'k' inside of a transaction is not supported",
    });
    await client.ok('ROLLBACK');
    await client.ok(`UPDATE k SET id = ${most} WHERE id = 1`);
    expect(await client.rows('SELECT id FROM child ORDER BY id')).toEqual([['2'], [most]]);
    expect((await client.fails('INSERT INTO child VALUES (18446744073709551614)')).errno).toBe(1452);
    await client.ok(`DELETE FROM k WHERE id = ${most}`);
    expect(await client.rows('SELECT id FROM child')).toEqual([['2']]);
    await client.ok('DROP TABLE child, k');
  });

  it('may be made of values that are there, or come with the table', async () => {
    await client.ok(`CREATE TABLE k (id BIGINT UNSIGNED DEFAULT ${most}, b BIT(64))`);
    await client.ok(`INSERT INTO k VALUES (DEFAULT, ${most}), (5, b'101')`);
    await client.ok('ALTER TABLE k ADD PRIMARY KEY (id)');
    expect(await client.value('SELECT SUM(b) FROM k')).toBe('18446744073709551620');
    expect(await client.rows('SELECT id, b + 0, HEX(b) FROM k ORDER BY b')).toEqual([
      ['5', '5', '5'],
      [most, most, 'FFFFFFFFFFFFFFFF'],
    ]);
    await client.ok('CREATE TABLE copy (id BIGINT UNSIGNED PRIMARY KEY) SELECT id FROM k');
    expect(await client.rows('SELECT MAX(id) FROM copy')).toEqual([[most]]);
    await client.ok('DROP TABLE copy, k');
  });
});

describe('parameters and variables', () => {
  it('keep all 64 bits', async () => {
    await client.ok('CREATE TABLE k (id BIGINT UNSIGNED PRIMARY KEY)');
    await client.ok('INSERT INTO k VALUES (?), (?)', [18446744073709551615n, 5n]);
    expect(await client.rows('SELECT id, id - ? FROM k WHERE id >= ?', [1n, 18446744073709551615n])).toEqual([
      [most, '18446744073709551614'],
    ]);
    const { assigned } = await client.ok('SELECT MAX(id) FROM k INTO @most');
    expect(assigned).toEqual({ most: 18446744073709551615n });
    const knowing = client.with({ userVariables: { most: 18446744073709551615n } });
    expect(await knowing.rows('SELECT id, @most, @most - id FROM k WHERE id = @most')).toEqual([[most, most, '0']]);
    await client.ok('DROP TABLE k');
  });

  it('a key stays the row id as long as its values fit', async () => {
    await client.ok('CREATE TABLE k (id BIGINT UNSIGNED PRIMARY KEY, n INT)');
    await client.ok('INSERT INTO k VALUES (9223372036854775807, 1)');
    const [row] = await client.rows('EXPLAIN SELECT n FROM k WHERE id = 5');
    expect(row!.join()).toContain('INTEGER PRIMARY KEY');
    await client.ok('DROP TABLE k');
  });
});
