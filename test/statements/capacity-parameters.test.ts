import { afterAll, beforeAll, expect, test } from 'vitest';
import { createViews, viewSchema } from '../../src/catalog/view-reader.ts';
import { type Desk, openDesk, said } from './desk.ts';

const gib = 1n << 30n;
let desk: Desk;
beforeAll(async () => {
  desk = await openDesk({ release: '4.3.2' });
});
afterAll(() => desk.stop());

/** MEM_CAPACITY, MEMORY_LIMIT and DATA_DISK_CAPACITY in GiB, as sys reads them. */
function shown(): readonly number[] {
  const { catalog, release } = desk.controller;
  const source = createViews(release, catalog)
    .schemaProvider('sys', 'offset')
    .table(viewSchema('sys'), 'GV$OB_SERVERS')!;
  const row = catalog.readDatabase.prepare(source.sql).get({ tenantId: 1, timeZone: '+08:00', nowUs: 0 });
  const { MEM_CAPACITY, MEMORY_LIMIT, DATA_DISK_CAPACITY } = row as Record<string, number | bigint>;
  return [MEM_CAPACITY, MEMORY_LIMIT, DATA_DISK_CAPACITY].map((bytes) => Number(BigInt(bytes ?? 0) / gib));
}

test('system_memory is kept from what units may be promised', async () => {
  expect(shown()).toEqual([256, 256, 1024]);
  await desk.ok(`ALTER SYSTEM SET memory_limit = '40G', system_memory = '10G'`);
  expect(shown()).toEqual([30, 40, 1024]);
  await desk.ok(`CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '20G'`);
  await desk.ok('CREATE RESOURCE POOL p UNIT u, UNIT_NUM 1');
  expect(said(await desk.say(`ALTER SYSTEM SET system_memory = '25G'`))).toMatch(/^4624 .*MEMORY/);
  expect(shown()).toEqual([30, 40, 1024]);
  await desk.ok(`ALTER SYSTEM SET system_memory = '12G', memory_limit = '42G'`);
  expect(shown()).toEqual([30, 42, 1024]);
  await desk.ok('ALTER SYSTEM RESET system_memory');
  expect(shown()).toEqual([42, 42, 1024]);
});

test('the data file may grow to datafile_maxsize', async () => {
  await desk.ok(`ALTER SYSTEM SET datafile_size = '100G', datafile_maxsize = '500G'`);
  expect(shown()[2]).toBe(500);
  await desk.ok(`ALTER SYSTEM SET datafile_maxsize = '50G'`);
  expect(shown()[2]).toBe(100);
});
