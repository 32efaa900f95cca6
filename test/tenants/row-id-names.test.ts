import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { type SqlClient, sqlClient, testClient } from './sql-fixture.ts';

let place: EnginePlace;
let client: SqlClient;
let other: { readonly engine: TenantEngine; readonly client: SqlClient };
beforeAll(async () => {
  place = enginePlace({ synchronous: 'NORMAL' });
  client = await testClient(place);
  await place.engines.create(1004, mysqlTenant);
  const engine = await place.engines.open(1004);
  other = { engine, client: await sqlClient(engine) };
  await other.client.ok('CREATE DATABASE IF NOT EXISTS test');
});
afterAll(() => place.end());

const rowsOf = (of: SqlClient, table: string) => of.rows(`SELECT * FROM ${table} ORDER BY id`);

async function imported(table: string) {
  const name = { database: 'test', table };
  const wish = { from: name, to: name, parents: [], createdUs: 1, importId: 1 };
  await other.engine.importTable(1002, wish, new AbortController().signal);
  return rowsOf(other.client, table);
}

const many = Array.from({ length: 2300 }, (_, i) => i + 1);

test.each([
  {
    table: 'a',
    columns: 'rowid VARCHAR(9)',
    value: (i: number) => (i % 3 === 0 ? 'NULL' : i % 4 === 0 ? `'${i}'` : `'x'`),
  },
  { table: 'b', columns: 'oid INT, ROWID INT', value: (i: number) => `${-i}, 7` },
  { table: 'c', columns: '_rowid_ INT, oid INT, rowid INT', value: () => '1, 2, NULL' },
])('a table whose columns are called as SQLite calls its row ids keeps all rows: $columns', async (each) => {
  const { table, columns, value } = each;
  await client.ok(`CREATE TABLE ${table} (id INT PRIMARY KEY, n INT, ${columns})`);
  await client.ok(`INSERT INTO ${table} VALUES ${many.map((i) => `(${i}, ${i % 5}, ${value(i)})`).join(', ')}`);
  const before = await rowsOf(client, table);
  expect(await imported(table)).toEqual(before);
  await client.ok(`ALTER TABLE ${table} MODIFY n VARCHAR(10)`);
  expect(await rowsOf(client, table)).toEqual(before);
});

test('a table without a key, whose columns have all those names, is copied; what needs a row id is refused', async () => {
  await client.ok('CREATE TABLE d (id INT, rowid INT, oid INT, _rowid_ INT)');
  await client.ok('INSERT INTO d VALUES (1, 1, 1, 1), (2, 1, 1, 1), (3, 1, 1, 1)');
  const before = await rowsOf(client, 'd');
  expect(await imported('d')).toEqual(before);
  expect((await client.fails('ALTER TABLE d MODIFY id VARCHAR(10)')).errno).toBe(1235);
  expect((await client.fails('UPDATE d, d AS o SET d.oid = 9 WHERE d.id = o.id')).errno).toBe(1235);
  await client.ok('UPDATE d SET oid = 2 WHERE rowid = 1 ORDER BY id DESC LIMIT 1');
  await client.ok('UPDATE d SET oid = 1 WHERE oid = 2 AND id = 3');
  await client.ok('ALTER TABLE d ADD KEY k (id)');
  expect(await rowsOf(client, 'd')).toEqual(before);
});

test('the smallest integer there is keeps its row', async () => {
  await client.ok('CREATE TABLE e (id BIGINT PRIMARY KEY, n INT)');
  const ids = ['-9223372036854775808', '-9223372036854775807', '0', '9223372036854775807'];
  await client.ok(`INSERT INTO e VALUES ${ids.map((id) => `(${id}, 1)`).join(', ')}`);
  const before = await rowsOf(client, 'e');
  expect(before.map(([id]) => id)).toEqual(ids);
  expect(await imported('e')).toEqual(before);
  await client.ok('ALTER TABLE e MODIFY n VARCHAR(10)');
  expect(await rowsOf(client, 'e')).toEqual(before);
});
