import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from '../../examples/server-process.ts';
import { connect } from '../../examples/transcript.ts';
import { bulkRows, checkArchive, checkJobs, checkRows, compareRestore, countIncrements, takeSet } from './checks.ts';
import { type Counts, disturb } from './disturber.ts';
import { createRandom, type Random } from './random.ts';
import { pause, until } from './waiting.ts';
import { type Moment, startWriter } from './writer.ts';

export interface TortureOptions {
  readonly scratch: string;
  readonly runs: number;
  readonly seed: number;
  /** Every so many runs a restore to a noted moment is compared row by row. */
  readonly compareEvery: number;
  report(line: string): void;
}

export interface TortureResult extends Readonly<Counts> {
  readonly kills: number;
  readonly commits: number;
  readonly restoresCompared: number;
  /** Sets that hold changes only. */
  readonly increments: number;
}

const settings = { jobLingerMs: 200, tickMs: 100, quiet: true };

/**
 * Kills the server with SIGKILL at random instants while rows are committed, tables changed, keys rotated, logs archived, rounds
 * stopped and started, sets written and tenants restored; after each restart every acknowledged row must be there, every job
 * must come to an end, and a restore must show exactly the commits up to its moment.
 */
export async function tortureRun(options: TortureOptions): Promise<TortureResult> {
  const { scratch } = options;
  const random = createRandom(options.seed);
  const dataDir = join(scratch, 'server');
  mkdirSync(dataDir, { recursive: true });
  const counts: Counts = { backups: 0, restoresBegun: 0, rotations: 0, rounds: 0, cancels: 0 };
  const sums = { kills: 0, commits: 0, restoresCompared: 0, increments: 0 };
  let server = await startServerProcess(dataDir, settings);
  let restoreNo = 0;
  const nextRestore = () => ++restoreNo;
  try {
    let roundId = await prepare(server, scratch);
    let moments: Moment[] = [];
    let lastSeq = 0;
    for (let run = 1; run <= options.runs; run++) {
      const work = { port: server.port, random, scratch, moments, nextRestore, count: counts };
      const [end] = await Promise.all([
        startWriter(server.port, random, lastSeq),
        disturb(work),
        killSoon(server, random).then(() => sums.kills++),
      ]);
      server = await startServerProcess(dataDir, settings);
      const seen = await checkRows(server, end);
      sums.commits += seen - lastSeq;
      const { known, increments } = await recover(server, roundId);
      sums.increments = increments;
      // Moments before the present round's first set are not restorable any more.
      moments = known === roundId ? [...moments, ...end.moments] : [];
      roundId = known;
      const rest = await catchUp(server, seen);
      moments.push(rest);
      lastSeq = rest.seq;
      if (run % options.compareEvery === 0) {
        await compareRestore(server, scratch, moments[random.below(moments.length)]!, nextRestore());
        sums.restoresCompared++;
      }
      options.report(`run ${run}/${options.runs}: ${JSON.stringify({ ...sums, ...counts })}`);
    }
  } catch (error) {
    options.report(`server said: ${server.errors()}`);
    await server.kill();
    throw error;
  }
  await server.stop();
  return { ...sums, ...counts };
}

/** Sometimes within the first moments of what was begun, sometimes after a while. */
async function killSoon(server: ServerProcess, random: Random): Promise<void> {
  const longestMs = [150, 700, 700, 2_500][random.below(4)] ?? 700;
  await pause(20 + random.below(longestMs));
  await server.kill();
}

/** Everything comes to an end; a round that was started anew gets a set. Returns the round. */
async function recover(server: ServerProcess, former: number): Promise<{ known: number; increments: number }> {
  const sys = await connect(server.port, 'root@sys');
  await checkJobs(sys);
  const roundId = await checkArchive(sys);
  if (roundId !== former) await takeSet(sys);
  const increments = await countIncrements(sys);
  await sys.close();
  return { known: roundId, increments };
}

async function prepare(server: ServerProcess, scratch: string): Promise<number> {
  const sys = await connect(server.port, 'root@sys');
  await sys.quiet("CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '5G'");
  await sys.quiet("CREATE RESOURCE POOL p UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')");
  await sys.quiet("CREATE TENANT t RESOURCE_POOL_LIST = ('p') SET ob_tcp_invited_nodes = '%'");
  await sys.quiet("ALTER SYSTEM SET tde_method = 'internal' TENANT = t");
  const app = await connect(server.port, 'root@t');
  await app.quiet('ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await app.quiet('CREATE DATABASE d');
  await app.quiet('CREATE TABLE d.ledger (seq INT PRIMARY KEY, entry VARCHAR(300) NOT NULL)');
  await app.quiet('CREATE TABLE d.bulk (id INT PRIMARY KEY AUTO_INCREMENT, filler TEXT)');
  for (let i = 0; i < bulkRows / 200; i++) {
    const rows = Array.from({ length: 200 }, (_, j) => `('${'x'.repeat(50)}${i}-${j}-${'y'.repeat(400)}')`);
    await app.quiet(`INSERT INTO d.bulk (filler) VALUES ${rows.join(',')}`);
  }
  await sys.quiet(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://${scratch}/archive' TENANT = t`);
  await sys.quiet('ALTER SYSTEM ARCHIVELOG TENANT = t');
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  await sys.quiet(`ALTER SYSTEM SET DATA_BACKUP_DEST='file://${scratch}/data' TENANT = t`);
  await takeSet(sys);
  const roundId = await checkArchive(sys);
  await app.close();
  await sys.close();
  return roundId;
}

/** One more commit with a moment, so that the next writer starts from an agreed row. */
async function catchUp(server: ServerProcess, seq: number): Promise<Moment> {
  const app = await connect(server.port, 'root@t');
  await app.quiet(`INSERT INTO d.ledger (seq, entry) VALUES (${seq + 1}, 'entry ${seq + 1}')`);
  const rows = await app.quiet('SELECT NOW(6) AS moment');
  await app.close();
  return { seq: seq + 1, time: String(rows[0]?.['moment']) };
}
