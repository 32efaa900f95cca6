import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from '../../examples/server-process.ts';
import { type Client, connect } from '../../examples/transcript.ts';
import { createRandom, type Random } from './random.ts';

export interface TortureOptions {
  readonly scratch: string;
  readonly runs: number;
  readonly seed: number;
  /** Every so many runs a restore to a noted moment is compared row by row. */
  readonly compareEvery: number;
  report(line: string): void;
}

export interface TortureResult {
  readonly kills: number;
  readonly commits: number;
  readonly backups: number;
  readonly restoresCompared: number;
  readonly restoresInterrupted: number;
}

interface Moment {
  readonly seq: number;
  readonly time: string;
}

/** What must hold at the end did not. */
export class TortureFailure extends Error {
  override readonly name = 'TortureFailure';
}

const settings = { jobLingerMs: 200, tickMs: 100, quiet: true };

/**
 * Kills the server with SIGKILL at random instants while rows are committed, logs archived, sets written and tenants
 * restored; after each restart every acknowledged row must be there, every job must come to an end, and a restore must show
 * exactly the commits up to its moment.
 */
export async function tortureRun(options: TortureOptions): Promise<TortureResult> {
  const random = createRandom(options.seed);
  const dataDir = join(options.scratch, 'server');
  mkdirSync(dataDir, { recursive: true });
  let server = await startServerProcess(dataDir, settings);
  await prepare(server, options.scratch);
  const count = { kills: 0, commits: 0, backups: 0, restoresCompared: 0, restoresInterrupted: 0 };
  const moments: Moment[] = [];
  let restoreNo = 0;
  for (let run = 1; run <= options.runs; run++) {
    const writer = startWriter(server.port, moments.at(-1)?.seq ?? 0);
    const worker = disturb(server.port, random, () => ++restoreNo, options.scratch, moments, count);
    await pause(20 + random.below(random.below(3) === 0 ? 2500 : 700));
    await server.kill();
    count.kills++;
    await worker;
    const acknowledged = await writer;
    server = await startServerProcess(dataDir, settings);
    const seen = await checkRows(server, acknowledged.lastSeq);
    count.commits += seen - (moments.at(-1)?.seq ?? 0);
    moments.push(...acknowledged.moments);
    await checkJobs(server);
    if (run % options.compareEvery === 0) {
      await compareRestore(server, options.scratch, random, moments, ++restoreNo);
      count.restoresCompared++;
    }
    const rest = await catchUp(server, seen);
    moments.push(rest);
    options.report(`run ${run}/${options.runs}: ${JSON.stringify(count)}`);
  }
  await server.stop();
  return count;
}

async function prepare(server: ServerProcess, scratch: string): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  await sys.quiet("CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '5G'");
  await sys.quiet("CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
  await sys.quiet("CREATE TENANT t RESOURCE_POOL_LIST = ('p') SET ob_tcp_invited_nodes = '%'");
  const app = await connect(server.port, 'root@t');
  await app.quiet('CREATE DATABASE d');
  await app.quiet('CREATE TABLE d.ledger (seq INT PRIMARY KEY, entry VARCHAR(300) NOT NULL)');
  await app.quiet('CREATE TABLE d.bulk (id INT PRIMARY KEY AUTO_INCREMENT, filler TEXT)');
  for (let i = 0; i < 20; i++) {
    const rows = Array.from({ length: 200 }, (_, j) => `('${'x'.repeat(50)}${i}-${j}-${'y'.repeat(400)}')`);
    await app.quiet(`INSERT INTO d.bulk (filler) VALUES ${rows.join(',')}`);
  }
  await sys.quiet(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://${scratch}/archive' TENANT = t`);
  await sys.quiet('ALTER SYSTEM ARCHIVELOG TENANT = t');
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  await sys.quiet(`ALTER SYSTEM SET DATA_BACKUP_DEST='file://${scratch}/data' TENANT = t`);
  await sys.quiet('ALTER SYSTEM BACKUP TENANT = t');
  await until(
    sys,
    "SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE STATUS <> 'DOING'",
    (rows) => rows.length > 0,
  );
  await app.close();
  await sys.close();
}

/** Commits row after row until the connection dies. */
async function startWriter(port: number, lastSeq: number): Promise<{ lastSeq: number; moments: Moment[] }> {
  const moments: Moment[] = [];
  let seq = lastSeq;
  try {
    const client = await connect(port, 'root@t');
    for (;;) {
      await client.quiet(`INSERT INTO d.ledger VALUES (${seq + 1}, 'entry ${seq + 1}')`);
      seq++;
      const rows = await client.quiet('SELECT NOW(6) AS moment');
      moments.push({ seq, time: String(rows[0]?.['moment']) });
    }
  } catch {
    return { lastSeq: seq, moments };
  }
}

/** Starts backups and restores until the connection dies. */
async function disturb(
  port: number,
  random: Random,
  nextRestore: () => number,
  scratch: string,
  moments: readonly Moment[],
  count: { backups: number; restoresInterrupted: number },
): Promise<void> {
  try {
    const sys = await connect(port, 'root@sys');
    for (;;) {
      await pause(random.below(300));
      if (random.below(3) > 0) {
        await sys.quiet('ALTER SYSTEM BACKUP TENANT = t').then(
          () => count.backups++,
          (error: { errno?: number }) => {
            if (error.errno !== 9036 && error.errno !== 9040) throw error;
          },
        );
      } else if (moments.length > 0) {
        await restore(sys, scratch, nextRestore(), moments[random.below(moments.length)]!);
        count.restoresInterrupted++;
      }
    }
  } catch {
    return;
  }
}

function restore(sys: Client, scratch: string, no: number, moment: Moment): Promise<unknown> {
  return sys
    .quiet(`CREATE RESOURCE POOL p${no} UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')`)
    .then(() =>
      sys.quiet(
        `ALTER SYSTEM RESTORE r${no} FROM 'file://${scratch}/data,file://${scratch}/archive' UNTIL TIME='${moment.time}' WITH 'pool_list=p${no}'`,
      ),
    );
}

async function checkRows(server: ServerProcess, acknowledged: number): Promise<number> {
  const app = await connect(server.port, 'root@t');
  const rows = await app.quiet('SELECT COUNT(*) AS n, COALESCE(MAX(seq), 0) AS last FROM d.ledger');
  const [n, last] = [Number(rows[0]?.['n']), Number(rows[0]?.['last'])];
  await app.close();
  if (n !== last) throw new TortureFailure(`rows are missing: ${n} rows, last is ${last}`);
  if (last < acknowledged) throw new TortureFailure(`row ${acknowledged} was acknowledged, last is ${last}`);
  if (last > acknowledged + 1) throw new TortureFailure(`row ${last} was never sent, acknowledged ${acknowledged}`);
  return last;
}

/** Every job ends, nothing half-made is called SUCCESS, archiving goes on; leftovers of restores are dropped. */
async function checkJobs(server: ServerProcess): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_BACKUP_JOBS', (rows) => rows.length === 0);
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_PROGRESS', (rows) => rows.length === 0);
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  const sets = await sys.quiet(
    "SELECT STATUS, FILE_STATUS FROM oceanbase.CDB_OB_BACKUP_SET_FILES WHERE STATUS = 'DOING'",
  );
  if (sets.length > 0) throw new TortureFailure('a set is DOING without a job');
  const tenants = await sys.quiet("SELECT TENANT_NAME FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME LIKE 'r%'");
  for (const tenant of tenants) await sys.quiet(`DROP TENANT ${tenant['TENANT_NAME']} FORCE`);
  const pools = await sys.quiet("SELECT NAME FROM oceanbase.DBA_OB_RESOURCE_POOLS WHERE NAME LIKE 'p_%'");
  for (const pool of pools) await sys.quiet(`DROP RESOURCE POOL IF EXISTS ${pool['NAME']}`);
  await sys.close();
}

async function compareRestore(
  server: ServerProcess,
  scratch: string,
  random: Random,
  moments: readonly Moment[],
  no: number,
): Promise<void> {
  if (moments.length === 0) return;
  const moment = moments[random.below(moments.length)]!;
  const sys = await connect(server.port, 'root@sys');
  await until(
    sys,
    'SELECT CHECKPOINT_SCN_DISPLAY AS c FROM oceanbase.CDB_OB_ARCHIVELOG',
    (rows) => String(rows[0]?.['c']) > moment.time,
  );
  await restore(sys, scratch, no, moment);
  await until(
    sys,
    `SELECT STATUS FROM oceanbase.CDB_OB_RESTORE_HISTORY WHERE RESTORE_TENANT_NAME = 'r${no}'`,
    (rows) => {
      if (rows.some((row) => row['STATUS'] !== 'SUCCESS')) throw new TortureFailure(`restore r${no} failed`);
      return rows.length === 2;
    },
  );
  const restored = await connect(server.port, `root@r${no}`);
  const rows = await restored.quiet('SELECT COUNT(*) AS n, COALESCE(MAX(seq), 0) AS last FROM d.ledger');
  const entries = await restored.quiet("SELECT COUNT(*) AS bad FROM d.ledger WHERE entry <> CONCAT('entry ', seq)");
  const bulk = await restored.quiet('SELECT COUNT(*) AS n FROM d.bulk');
  const got = [rows[0]?.['n'], rows[0]?.['last'], entries[0]?.['bad'], bulk[0]?.['n']].map(Number);
  const expected = [moment.seq, moment.seq, 0, 4000];
  await restored.close();
  await sys.quiet(`DROP TENANT r${no} FORCE`);
  await sys.quiet(`DROP RESOURCE POOL p${no}`);
  await sys.close();
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new TortureFailure(`restore to ${moment.time}: got ${got}, expected ${expected}`);
  }
}

/** One more commit with a moment, so that the next writer starts from an agreed row. */
async function catchUp(server: ServerProcess, seq: number): Promise<Moment> {
  const app = await connect(server.port, 'root@t');
  await app.quiet(`INSERT INTO d.ledger VALUES (${seq + 1}, 'entry ${seq + 1}')`);
  const rows = await app.quiet('SELECT NOW(6) AS moment');
  await app.close();
  return { seq: seq + 1, time: String(rows[0]?.['moment']) };
}

async function until(
  client: Client,
  sql: string,
  done: (rows: readonly Readonly<Record<string, unknown>>[]) => boolean,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const rows = await client.quiet(sql);
    if (done(rows)) return;
    if (performance.now() > end) throw new TortureFailure(`never came true: ${sql}: ${JSON.stringify(rows)}`);
    await pause(50);
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, delayMs));
}
