import { afterAll, beforeAll, expect, test } from 'vitest';
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
