import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setupConnection } from '../../src/tenants/embedded/connection-setup.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from './engine-fixture.ts';
import { sqlClient } from './sql-fixture.ts';

let place: EnginePlace;
beforeAll(async () => {
  place = enginePlace({ engineThreads: 1, openTenants: 1 });
  for (const tenantId of [1002, 1004]) await place.engines.create(tenantId, mysqlTenant);
});
afterAll(() => place.end());

test('functions of the schema reach connections that are older than the schema, and newer ones', async () => {
  const client = await sqlClient(await place.engines.open(1002));
  // The reader that answers this is the one that reads the generated column below.
  expect(await client.value('SELECT 1')).toBe('1');
  await client.ok(
    `CREATE TABLE g (id INT PRIMARY KEY, v VARCHAR(20), p VARCHAR(40) AS (lpad(upper(v), 6, '*')) VIRTUAL, CHECK (char_length(v) < 5))`,
  );
  expect(await client.rows('SELECT id, p FROM g')).toEqual([]);
  await client.ok("INSERT INTO g (id, v) VALUES (1, 'ab')");
  expect(await client.rows('SELECT id, p FROM g')).toEqual([['1', '****AB']]);
  // Another tenant takes the only place: all connections of this one are opened anew.
  await (await sqlClient(await place.engines.open(1004))).rows('SELECT 1');
  await client.ok("INSERT INTO g (id, v) VALUES (2, 'cd')");
  expect((await client.fails("INSERT INTO g (id, v) VALUES (3, 'toolong')")).errno).toBe(3819);
  expect(await client.value('SELECT max(p) FROM g')).toBe('****CD');
  expect(await client.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 'g'")).toBe('3');
});

test('a change of a table computes its columns for connections that have run nothing yet', async () => {
  const client = await sqlClient(await place.engines.open(1002));
  const anew = async () => {
    await (await sqlClient(await place.engines.open(1004))).rows('SELECT 1');
  };
  await client.ok(
    `CREATE TABLE h (id INT PRIMARY KEY, v VARCHAR(20), p VARCHAR(40) AS (lpad(upper(v), 6, '*')) VIRTUAL, s VARCHAR(40) AS (reverse(v)) STORED, CHECK (v REGEXP '^a'))`,
  );
  await client.ok("INSERT INTO h (id, v) VALUES (1, 'ab')");
  await anew();
  await client.ok('ALTER TABLE h ADD KEY p_key (p)');
  await anew();
  await client.ok('ALTER TABLE h MODIFY v VARCHAR(30)');
  for (const verb of ['ANALYZE', 'CHECK']) {
    await anew();
    expect((await client.rows(`${verb} TABLE h`))[0]?.[3]).toBe('OK');
  }
  await anew();
  expect(Number(await checksum(client))).toBeGreaterThan(0);
  expect(await client.rows('SELECT p, s FROM h')).toEqual([['****AB', 'ba']]);
});

const checksum = async (client: Awaited<ReturnType<typeof sqlClient>>) =>
  (await client.rows('CHECKSUM TABLE h'))[0]?.[1];

test('whatever compiles a table that another connection made learns its functions', async () => {
  const { directory } = place;
  const path = join(directory, 'other.db');
  const open = () => {
    const connection = new Database(path);
    setupConnection(connection, () => {
      throw new Error('no tenant');
    });
    return connection;
  };
  const [maker, ...others] = Array.from({ length: 4 }, open);
  maker!.exec('CREATE TABLE t (v TEXT, w TEXT AS (my_upper(v)) VIRTUAL)');
  const [one, two, three] = others;
  expect(one!.pragma('quick_check("t")', { simple: true })).toBe('ok');
  two!.exec('CREATE INDEX i ON t (w)');
  expect(three!.prepare('SELECT w FROM t').all()).toEqual([]);
  for (const connection of [maker!, ...others]) connection.close();
});
