import { fstatSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { checkRestored } from '../../src/copy/check-restored.ts';
import { type CopyWorkers, createCopyWorkers } from '../../src/copy/copy-workers.ts';
import { mysqlFunctions } from '../../src/sql/functions/catalog.ts';
import type { FunctionDefinition } from '../../src/sql/functions/definition.ts';
import type { RestoreData } from '../../src/tenants/embedded/log-applier.ts';
import { openBlockWriter } from '../../src/tenants/embedded/thread-module.ts';
import type { RestoreTarget, TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, fill, mysqlTenant, readBlocks } from './engine-fixture.ts';
import { testClient } from './sql-fixture.ts';

let place: EnginePlace;
let workers: CopyWorkers;
beforeEach(() => {
  place = enginePlace();
  workers = createCopyWorkers({ log: silentLog });
});
afterEach(async () => {
  await workers.close();
  await place.end();
});

const pageBytes = 4096;

interface Filled {
  readonly target: RestoreTarget;
  readonly data: RestoreData;
  readonly scn: bigint;
  readonly blocks: Awaited<ReturnType<typeof readBlocks>>;
}

/** A target filled with the blocks of another tenant. */
async function filled(): Promise<Filled> {
  await place.engines.create(1001, mysqlTenant);
  const engine = await place.engines.open(1001);
  for (let i = 0; i < 50; i++) await engine.setGlobalVariable(`probe_${i}`, 'x'.repeat(500));
  return filledFrom(engine);
}

async function filledFrom(engine: TenantEngine, into = 1002): Promise<Filled> {
  const snapshot = await engine.pin();
  const blocks = await readBlocks(snapshot);
  await snapshot.release();
  const target = await place.engines.beginRestore(into);
  await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
  return { target, data: target.writer.data as RestoreData, scn: snapshot.scn, blocks };
}

/** Wipes the last page of the file: a leaf of the dictionary. */
function damage({ dbFd }: RestoreData): void {
  writeSync(dbFd, Buffer.alloc(pageBytes, 7), 0, pageBytes, fstatSync(dbFd).size - pageBytes);
}

test('a thread proves a whole tenant, a write makes the proof void, and finish goes by it', async () => {
  const { target, data, scn, blocks } = await filled();
  const whole = new Int32Array(data.whole);
  expect(whole[0]).toBe(0);
  await checkRestored({ target: target.writer, workers });
  expect(whole[0]).toBe(1);
  const writer = openBlockWriter(target.writer.data);
  const [blockNo, bytes] = [0, blocks[0]!];
  writer.write(blockNo, bytes);
  writer.close();
  expect(whole[0]).toBe(0);
  await checkRestored({ target: target.writer, workers });
  await target.finish(scn);
  expect((await (await place.engines.open(1002)).globalVariables())['probe_7']).toBe('x'.repeat(500));
});

test('a damaged tenant is refused by the thread, and by finish when no thread has looked', async () => {
  const { target, data, scn } = await filled();
  damage(data);
  const refused = { symbol: 'OB_CHECKSUM_ERROR', message: expect.stringContaining('the restored tenant is damaged') };
  await expect(checkRestored({ target: target.writer, workers })).rejects.toMatchObject(refused);
  expect(new Int32Array(data.whole)[0]).toBe(0);
  await expect(target.finish(scn)).rejects.toMatchObject(refused);
});

test('a thread waits for another one that opens or closes the file at the same moment', async () => {
  const { target, data } = await filled();
  await checkRestored({ target: target.writer, workers });
  const other = new Database(data.path);
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE');
  const checked = checkRestored({ target: target.writer, workers });
  setTimeout(() => other.close(), 500);
  await checked;
  expect(other.open).toBe(false);
});

const columns = 'v VARCHAR(40), n INT, m DATETIME, t TIME, d JSON, z VARBINARY(20), x DECIMAL(10,2), s TIMESTAMP NULL';
const values = `'[1, 2]', 1, '2024-01-02 03:04:05', '01:02:03', '{"a": "ab"}', '1', 4.5, '2024-01-02 03:04:05'`;

/** What the translator writes calls for without one in the text. */
const written = [
  ...[
    "d->'$.a'",
    "d->>'$.a'",
    "v REGEXP '^.'",
    "v NOT LIKE 'q%'",
    'x % 2 = 0.5',
    'n DIV 2',
    'n / 3',
    'x * x',
    'm + INTERVAL 1 DAY',
  ],
  ...[
    'n | 3',
    '~n',
    'n << 2',
    'CAST(v AS SIGNED)',
    'CAST(m AS DATE)',
    'm > s',
    'CASE n WHEN 1 THEN v ELSE x END',
    "lpad(upper(v), 6, '*')",
  ],
  ...["v = 'ä'", 'v IN (1, x)', 'n BETWEEN 1 AND x', 'v + n', 't + 1', 'nullif(n, v)', "date_format(s, '%Y')"],
];

/** False when it is refused. */
const done = (statement: Promise<unknown>) =>
  statement.then(
    () => true,
    () => false,
  );

/** A call with as few arguments as there may be. */
function callOf({ name, least, kinds }: FunctionDefinition): string {
  const cells = { text: 'v', characters: 'v', bytes: 'z', number: 'x', exact: 'x', integer: 'n', bits: 'n' } as const;
  const rest = { moment: 'm', time: 't', json: 'd', raw: 'n' } as const;
  const args = Array.from({ length: least }, (_, i) => ({ ...cells, ...rest })[kinds[Math.min(i, kinds.length - 1)]!]);
  return `${name}(${args.join(', ')})`;
}

test('tables whose generated columns and checks call every function there is are proved whole', async () => {
  const client = await testClient(place);
  const calls = [...[...mysqlFunctions.values()].filter(({ least }) => least > 0).map(callOf), ...written];
  const made: string[] = [];
  for (const call of calls) {
    const name = `c${made.length}`;
    const sql = `CREATE TABLE ${name} (${columns}, g LONGTEXT AS (${call}) VIRTUAL, CHECK (${call} IS NULL OR n = 1))`;
    if (!(await done(client.ok(sql)))) continue;
    made.push(call);
    await done(client.ok(`INSERT INTO ${name} (v, n, m, t, d, z, x, s) VALUES (${values})`));
  }
  expect(made.filter((call) => written.includes(call))).toEqual(written);
  expect(made.length).toBeGreaterThan(170);
  // True where it was written, at +08:00, and not everywhere.
  await client.ok('CREATE TABLE zoned (m DATETIME, CHECK (unix_timestamp(m) < 1704140000))');
  await client.ok("INSERT INTO zoned VALUES ('2024-01-02 01:00:00')");
  const source = await place.engines.open(1002);
  const { target, data, scn } = await filledFrom(source, 1003);
  await checkRestored({ target: target.writer, workers });
  expect(new Int32Array(data.whole)[0]).toBe(1);
  await target.finish(scn);
  const unchecked = await filledFrom(source, 1004);
  await unchecked.target.finish(unchecked.scn);
});
