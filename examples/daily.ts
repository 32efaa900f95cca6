import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareTables } from './first-backup.ts';
import { perform, type RunbookPlace } from './perform.ts';
import { openSqlRunbook } from './sql-runbook.ts';
import { type Client, connect, expectEqual, print, type Row, RunbookFailure } from './transcript.ts';

const known = 'SELECT COUNT(*) AS n, SUM(amount) AS s FROM shop.stock';

/** Full sets on Sundays, increments between them, a restore from the data path alone, and a delete policy seen before and after. */
export async function dailyRunbook(place: RunbookPlace): Promise<void> {
  await firstWeekRunbook(place);
  const runbook = openSqlRunbook('daily', place.scratch);
  const sys = await connect(place.server.port, 'root@sys');
  const daily = await connect(place.server.port, 'root@daily');
  await runbook.perform('Saturday: the disk of the archive gets its maintenance', [daily]);
  await runbook.perform('The next Sunday: the next full backup', [daily]);
  await daily.run("INSERT INTO shop.stock VALUES (50000, 'new', 3)");
  await runbook.perform('A week later: another increment', [daily], { '7 DAY': '1 SECOND' });
  await clearAway(place, sys, daily);
  for (const client of [daily, sys]) await client.close();
}

/** The first of the two weeks: a full set, increments, and Tuesday restored. */
export async function firstWeekRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const runbook = openSqlRunbook('daily', scratch);
  const sys = await connect(server.port, 'root@sys');
  await runbook.perform('A tenant, its archive and its data destination', [sys]);
  const daily = await connect(server.port, 'root@daily');
  await loadStock(daily);
  await runbook.perform('Archive', [daily]);

  await runbook.perform('Sunday: a full backup', [daily]);
  await daily.run('UPDATE shop.stock SET amount = amount - 1 WHERE id BETWEEN 500 AND 520');
  await runbook.perform('Monday: what changed since Sunday', [daily]);
  await daily.run('DELETE FROM shop.stock WHERE id BETWEEN 30000 AND 30010');
  const sets = await runbook.perform('Tuesday: an increment with its own log, for restores from the data path alone', [
    daily,
  ]);
  expectSmallIncrements(sets);
  const tuesday = await daily.quiet(known);
  await daily.run('UPDATE shop.stock SET amount = 0');
  await runbook.perform('Tuesday again, from the data path alone', [sys]);
  const copy = await connect(server.port, 'root@tuesday');
  expectEqual('the stock of Tuesday', await copy.quiet(known), tuesday);
  for (const client of [copy, daily, sys]) await client.close();
}

/** The dry run, the policy that does the same, and a restore from what it left. */
async function clearAway({ server, scratch }: RunbookPlace, sys: Client, daily: Client): Promise<void> {
  const runbook = openSqlRunbook('daily', scratch);
  const week = { "'7d'": "'1s'" };
  await runbook.perform('What can be restored before anything is cleared away', [daily]);
  const decisions = await runbook.perform('What a window of seven days would drop, and why', [daily], week);
  expectEqual(
    'what is to go',
    decisions.filter((row) => row['DECISION'] === 'DROP').map((row) => [row['OBJECT_TYPE'], Number(row['ID'])]),
    [
      ['BACKUP SET', 1],
      ['BACKUP SET', 2],
      ['BACKUP SET', 3],
      ['BACKUP PIECE', 1],
    ],
  );
  await runbook.perform('The policy: at once, and then every hour', [daily], week);
  const left = await runbook.perform('What is left', [daily]);
  expectEqual(
    'sets that are gone and sets that are there',
    left.map((row) => row['FILE_STATUS']),
    ['DELETED', 'DELETED', 'DELETED', 'AVAILABLE', 'AVAILABLE'],
  );
  for (const [path, pattern] of [
    ['data', /^backup_set_\d/],
    ['archive', /^piece_/],
  ] as const) {
    const names = readdirSync(join(scratch, 'backup/daily', path)).filter((name) => pattern.test(name));
    print(`   on the medium: ${names.join(' ')}`);
    if (names.length !== (path === 'data' ? 2 : 1)) throw new RunbookFailure(`other files than expected in ${path}`);
  }
  await runbook.perform('The policy ends; what is left restores', [sys]);
  const restored = await connect(server.port, 'root@after_cleaning');
  await compareTables(daily, restored, 'shop.stock', 'id');
  await restored.close();
}

async function loadStock(daily: Client): Promise<void> {
  await daily.run('CREATE DATABASE shop');
  await daily.run(
    'CREATE TABLE shop.stock (id INT NOT NULL PRIMARY KEY, item VARCHAR(200) NOT NULL, amount INT NOT NULL)',
  );
  for (let first = 1; first <= 40_000; first += 1000) {
    const rows = Array.from(
      { length: 1000 },
      (_, i) => `(${first + i},'item ${first + i} ${'of the stock '.repeat(8)}',7)`,
    );
    await daily.quiet(`INSERT INTO shop.stock VALUES ${rows.join(',')}`);
  }
}

function expectSmallIncrements(sets: readonly Row[]): void {
  expectEqual(
    'types and bases',
    sets.map((set) => [set['BACKUP_TYPE'], Number(set['PREV_INC_BACKUP_SET_ID'])]),
    [
      ['FULL', 0],
      ['INC', 1],
      ['INC', 2],
    ],
  );
  const share = Number(sets[1]?.['OUTPUT_BYTES']) / Number(sets[0]?.['OUTPUT_BYTES']);
  print(`   Monday's set has ${(share * 100).toFixed(1)} % of the bytes of the full one`);
  if (!(share < 0.1)) throw new RunbookFailure('an increment of twenty rows is not small');
}

if (import.meta.main) await perform(dailyRunbook);
