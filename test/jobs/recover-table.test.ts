import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseRelease } from '../../src/base/release.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { backedUp } from './backed-up-tenant.ts';
import { FaultSwitch } from './fault-switch.ts';
import { type Harness, makePool, makeTenant, settle, shipped, startArchiving, startHarness } from './job-harness.ts';

const faults = new FaultSwitch();
let harness: Harness;
let point: bigint;
let from: string;

beforeAll(async () => {
  harness = await startHarness({
    release: parseRelease('4.2.5'),
    wrapMedium: (medium, path) => faults.wrap(medium, path),
  });
  await makeTenant(harness, 'a');
  await startArchiving(harness, 'a');
  for (const sql of [
    'CREATE DATABASE d',
    'CREATE DATABASE e',
    `CREATE TABLE d.p (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20) NOT NULL DEFAULT 'x', UNIQUE KEY name_key (name))`,
    `CREATE TABLE d.c (k VARCHAR(10) PRIMARY KEY, p INT, amount DECIMAL(10,2), at TIMESTAMP(6), raw VARBINARY(10), twice INT GENERATED ALWAYS AS (p * 2) STORED,
       CONSTRAINT positive CHECK (amount > 0), CONSTRAINT points FOREIGN KEY (p) REFERENCES d.p (id))`,
    `CREATE TABLE d.g (id INT PRIMARY KEY, doc JSON, m DATETIME, v VARCHAR(20) AS (doc->>'$.a'), w VARCHAR(9) AS (lpad(upper(v), 6, '*')),
       CHECK (json_valid(doc)), CHECK (unix_timestamp(m) < 1704140000), KEY w_key (w))`,
    `INSERT INTO d.g (id, doc, m) VALUES (1, '{"a": "ab"}', '2024-01-02 01:00:00'), (2, '{}', NULL), (3, NULL, NULL)`,
    'CREATE TABLE d.many (a INT, b VARCHAR(100), KEY a_key (a))',
    "INSERT INTO d.p (name) VALUES ('one'), ('two')",
    "INSERT INTO d.c (k, p, amount, at, raw) VALUES ('x', 1, 12.50, '2024-01-02 03:04:05.000006', X'00FF'), ('y', NULL, 0.01, NULL, NULL)",
    `INSERT INTO d.many VALUES ${Array.from({ length: 3000 }, (_, i) => `(${i}, 'row ${i}')`).join(', ')}`,
  ])
    await harness.sql('a', sql);
  await backedUp(harness);
  await harness.sql('a', "INSERT INTO d.p (name) VALUES ('three')");
  await harness.sql('a', "DELETE FROM d.p WHERE name = 'three'");
  point = await shipped(harness, 'a');
  for (const table of ['c', 'p', 'g', 'many']) await harness.sql('a', `DROP TABLE d.${table}`);
  await shipped(harness, 'a');
  from = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await makePool(harness, 'aux');
});
afterAll(() => harness.stop());
afterEach(async () => {
  vi.restoreAllMocks();
  faults.clear();
  for (const name of ['d.c', 'd.p', 'd.g', 'd.many', 'd.lots', 'e.c', 'e.p', 'e.many'])
    await harness.sql('a', `DROP TABLE IF EXISTS ${name}`);
  await harness.controller.catalog.transaction((tx) => tx.recoverTables.removeTenant(1));
  await harness.controller.catalog.transaction((tx) => tx.recoverTables.removeTenant(1002));
});

const recover = (tables: string, rest = '') =>
  harness.say(
    `ALTER SYSTEM RECOVER TABLE ${tables} TO TENANT = a FROM '${from}' UNTIL SCN = ${point} WITH 'pool_list=aux' ${rest}`,
  );
const rows = () =>
  harness.controller.catalog.read((tx) => ({
    jobs: tx.recoverTables.jobs.list(),
    imports: tx.recoverTables.imports.list(),
    tasks: tx.recoverTables.tasks.list(),
    aux: tx.tenants.users().filter(({ tenantName }) => tenantName.startsWith('AUX')),
    pool: tx.resources.poolByName('aux')?.tenantId,
  }));
const gone = { aux: [], pool: null };

/** Lets the first tables go on only when so many are imported together. */
async function watchImports(tenantId: number, together: number) {
  const engine = await tenantEngineOf(harness.controller, tenantId);
  const { importTable } = engine;
  const running = new Set<string>();
  const order: string[] = [];
  const enough = Promise.withResolvers<void>();
  let most = 0;
  vi.spyOn(engine, 'importTable').mockImplementation(async (source, wish, signal) => {
    const { table } = wish.from;
    running.add(table);
    order.push(`${table} begins`);
    most = Math.max(most, running.size);
    if (most >= together) enough.resolve();
    await enough.promise;
    try {
      return await importTable(source, wish, signal);
    } finally {
      running.delete(table);
      order.push(`${table} ends`);
    }
  });
  return { order, mostTogether: () => most };
}

describe('RECOVER TABLE', () => {
  test('brings back a table whose generated columns and checks call functions, a check by the session too', async () => {
    await recover('d.g');
    await settle(harness);
    expect((await rows()).imports).toMatchObject([{ status: 'IMPORT_FINISH', finishedTableCount: 1 }]);
    const cells =
      "SELECT GROUP_CONCAT(CONCAT_WS('|', id, doc, m, IFNULL(v, '-'), IFNULL(w, '-')) ORDER BY id SEPARATOR '/') FROM d.g";
    expect(await harness.value('a', cells)).toBe('1|{"a": "ab"}|2024-01-02 01:00:00|ab|****AB/2|{}|-|-/3|-|-');
    await expect(harness.sql('a', "INSERT INTO d.g (id, m) VALUES (4, '2025-01-01')")).rejects.toMatchObject({
      errno: 3819,
    });
  });

  test('brings tables back with rows, keys, checks, foreign keys and numbering', async () => {
    await recover('d.c, d.p, d.many');
    await settle(harness);
    const found = await rows();
    expect(found.jobs.map(({ tenantId, status, result, history }) => [tenantId, status, result, history])).toEqual([
      [1, 'COMPLETED', 'SUCCEESS', true],
      [1002, 'COMPLETED', 'SUCCEESS', true],
    ]);
    expect(found).toMatchObject(gone);
    expect(found.imports).toMatchObject([{ status: 'IMPORT_FINISH', totalTableCount: 3, finishedTableCount: 3 }]);
    expect(found.jobs[1]?.tableList).toBe('`d`.`c`,`d`.`p`,`d`.`many`');
    expect(await harness.value('a', 'SELECT CONCAT(SUM(a), "/", COUNT(DISTINCT b)) FROM d.many')).toBe('4498500/3000');
    const cells = 'SELECT CONCAT_WS("|", k, p, amount, at, HEX(raw), twice) FROM d.c ORDER BY k';
    expect(await harness.value('a', cells)).toBe('x|1|12.50|2024-01-02 03:04:05.000006|00FF|2');
    await expect(harness.sql('a', "INSERT INTO d.c (k, amount) VALUES ('z', -1)")).rejects.toMatchObject({
      errno: 3819,
    });
    await expect(harness.sql('a', "INSERT INTO d.c (k, p) VALUES ('z', 99)")).rejects.toMatchObject({ errno: 1452 });
    await expect(harness.sql('a', "INSERT INTO d.p (name) VALUES ('one')")).rejects.toMatchObject({ errno: 1062 });
    await harness.sql('a', "INSERT INTO d.p (name) VALUES ('new')");
    expect(await harness.value('a', "SELECT id FROM d.p WHERE name = 'new'")).toBe('4');
    await backedUp(harness);
  });

  test('gives them other names', async () => {
    await recover('d.*', 'REMAP TABLE d.*:e.*, d.many:lots');
    await settle(harness);
    expect(
      (await rows()).tasks.map(({ targetDatabase, targetTable, result }) => [targetDatabase, targetTable, result]),
    ).toEqual(
      expect.arrayContaining([
        ['e', 'p', 'SUCCEESS'],
        ['e', 'c', 'SUCCEESS'],
        ['d', 'lots', 'SUCCEESS'],
      ]),
    );
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.lots')).toBe('3000');
    await expect(harness.sql('a', "INSERT INTO e.c (k, p) VALUES ('z', 99)")).rejects.toMatchObject({ errno: 1452 });
  });

  test('leaves a table that is there alone and brings the others', async () => {
    await harness.sql('a', 'CREATE TABLE d.many (z INT)');
    await recover('d.*');
    await settle(harness);
    const found = await rows();
    expect(found.jobs[1]).toMatchObject({ status: 'COMPLETED', result: 'PARTIAL_SUCCESS' });
    expect(found.jobs[1]?.comment).toContain("Table 'many' already exists");
    expect(found).toMatchObject(gone);
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.c')).toBe('2');
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.many')).toBe('0');
  });

  test('refuses what is documented', async () => {
    const cases: readonly (readonly [() => Promise<void>, number, string])[] = [
      [
        () => harness.say(`ALTER SYSTEM RECOVER TABLE d.c TO TENANT = a FROM 'x' WITH 'y'`, 'a'),
        4179,
        'user tenant initiate recover table is not allowed',
      ],
      [
        () => harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a', 'a'),
        4179,
        'user tenant cancel recover table is not allowed',
      ],
      [() => recover('d.c', 'REMAP TABLE d.c:x REMAP TABLE d.c:y'), 4179, 'duplicate REMAP TABLE is not allowed'],
      [() => recover('d.c', 'REMAP TABLE d.p:x'), 1235, 'remap not exist recover table not supported'],
      [() => recover('d.c', 'REMAP TABLE e.*:d.*'), 1235, 'remap not exist recover database not supported'],
      [() => recover('d.c', 'REMAP TABLE d.c:nowhere.c'), 1049, "Unknown database 'nowhere'"],
      [() => recover('d.c:p0'), 1235, 'recover partition not supported'],
      [() => recover('d.c', 'REMAP TABLEGROUP g:h'), 5151, 'tablegroup not exist'],
      [() => recover('*.*', 'REMAP TABLESPACE s:u'), 3510, "Tablespace 'u' does not exist"],
      [
        () => recover('d.c', `REMAP TABLEGROUP ${'g'.repeat(129)}:h`),
        1525,
        `Incorrect REMAP TABLEGROUP value: '${'g'.repeat(129)}'`,
      ],
      [
        () => recover('d.c', 'REMAP TABLESPACE s:u REMAP TABLESPACE s:v'),
        4179,
        'duplicate REMAP TABLESPACE is not allowed',
      ],
    ];
    for (const [said, errno, message] of cases) await expect(said()).rejects.toMatchObject({ errno, message });
    await harness.sql('a', 'CREATE TABLE d.c (z INT)');
    await expect(recover('d.c')).rejects.toMatchObject({ errno: 1050 });
    await recover('d.p');
    await makePool(harness, 'aux2');
    await expect(recover('d.many')).rejects.toMatchObject({
      message: 'recover table when recover table job exists is not allowed',
    });
    await settle(harness);
    await harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a');
    expect((await rows()).jobs[1]).toMatchObject({ status: 'COMPLETED' });
  });

  test('gives other names also to what *.* brings', async () => {
    await recover('*.*', 'REMAP TABLE d.*:e.*, d.many:lots, x.y:z');
    await settle(harness);
    expect((await rows()).jobs).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }]);
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.lots')).toBe('3000');
    expect(await harness.value('a', 'SELECT COUNT(*) FROM e.p')).toBe('2');
    await expect(harness.value('a', 'SELECT 1 FROM d.p')).rejects.toMatchObject({ errno: 1146 });
  });

  test('imports as many tables at a time as recover_table_concurrency says, parents before children', async () => {
    for (const [concurrency, most] of [
      [0, 1],
      [2, 2],
    ] as const) {
      const { tenantId } = (await harness.controller.catalog.read((tx) => tx.tenants.byName('a')))!;
      await harness.controller.catalog.transaction((tx) =>
        tx.parameters.set(tenantId, 'recover_table_concurrency', String(concurrency)),
      );
      const imports = await watchImports(tenantId, most);
      await recover('d.*', 'REMAP TABLE d.*:e.*');
      await settle(harness);
      expect(imports.mostTogether()).toBe(most);
      expect(imports.order.indexOf('p ends')).toBeLessThan(imports.order.indexOf('c begins'));
      expect((await rows()).jobs).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }]);
      expect(await harness.value('a', 'SELECT COUNT(*) FROM e.many')).toBe('3000');
      vi.restoreAllMocks();
      for (const name of ['e.c', 'e.p', 'e.many']) await harness.sql('a', `DROP TABLE IF EXISTS ${name}`);
      for (const id of [1, tenantId])
        await harness.controller.catalog.transaction((tx) => tx.recoverTables.removeTenant(id));
    }
  });

  test('a table that was not there ends the job with its code', async () => {
    await recover('d.never');
    await settle(harness);
    const found = await rows();
    expect(found.jobs).toMatchObject([{ status: 'FAILED' }, { status: 'FAILED', result: 'FAILED' }]);
    expect(found.jobs[1]?.comment).toContain('-5019');
    expect(found).toMatchObject(gone);
  });

  test('a restore that fails ends it, cancelling ends it, and the target is untouched', async () => {
    await recover('d.c');
    faults.arm(1, { kind: 'denied', lasting: true }, (path) => path.endsWith('a/data'));
    await settle(harness);
    faults.clear();
    let found = await rows();
    expect(found.jobs[1]).toMatchObject({ status: 'FAILED' });
    expect(found.jobs[1]?.comment).toContain('-9071');
    expect(found).toMatchObject(gone);
    await recover('d.*');
    await harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a');
    await settle(harness);
    found = await rows();
    expect(found.jobs.findLast(({ tenantId }) => tenantId > 1)).toMatchObject({ status: 'FAILED', result: '-4072' });
    expect(found).toMatchObject(gone);
    await expect(harness.value('a', 'SELECT 1 FROM d.c')).rejects.toMatchObject({ errno: 1146 });
  });
});
