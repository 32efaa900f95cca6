import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { enginePlace, mysqlTenant, openReader, readAll } from './engine-fixture.ts';
import { type SqlClient, sqlClient } from './sql-fixture.ts';

const place = enginePlace({});
let engine: TenantEngine;
let writer: SqlClient;

beforeAll(async () => {
  await place.engines.create(1002, mysqlTenant);
  engine = await place.engines.open(1002);
  writer = await sqlClient(engine);
  await writer.ok('CREATE TABLE t (id INT PRIMARY KEY)');
});
afterAll(() => place.end());

/**
 * A fold that meets a reader writes all of the log into the file, but does not begin a new generation: the next writer does, when
 * nobody is in its way. An archive that begins in between stands at the very end of the old generation.
 */
test('an archive that begins behind a fold which met a reader follows the next writer', async () => {
  const reader = await sqlClient(engine, {}, 2);
  await writer.ok('INSERT INTO t VALUES (1)');
  await reader.ok('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  expect(await reader.value('SELECT COUNT(*) FROM t')).toBe('1');
  expect(await engine.recycleLog(null)).toBe(false);
  expect(await engine.logBytes()).toBe(0);
  await reader.ok('COMMIT');

  const log = await engine.log();
  const archive = await openReader(log, (await log.barrier()).position);
  await writer.ok('INSERT INTO t VALUES (2)');
  await writer.ok('INSERT INTO t VALUES (3)');
  expect(readAll(archive).flatMap(({ commits }) => commits)).toHaveLength(2);
});
