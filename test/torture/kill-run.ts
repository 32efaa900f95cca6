import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerProcess, startServerProcess } from '../../examples/server-process.ts';
import { connect } from '../../examples/transcript.ts';
import { checkArchive, checkJobs, checkRows, countFiles, takeSet, validateAll } from './checks.ts';
import { type Counts, disturb, noCounts } from './disturber.ts';
import type { Places } from './places.ts';
import { prepare } from './prepare.ts';
import { createRandom, type Random } from './random.ts';
import {
  archived,
  checkRecovered,
  checkStandby,
  compareMoment,
  compareSet,
  makeStandby,
  promised,
} from './restore-checks.ts';
import { pause } from './waiting.ts';
import { type Moment, startWriter } from './writer.ts';

export interface TortureOptions {
  /** Directory of the server. */
  readonly scratch: string;
  readonly places: Places;
  readonly runs: number;
  readonly seed: number;
  /** Every so many runs a promised moment and a set are restored and compared row by row, and everything is validated. */
  readonly compareEvery: number;
  report(line: string): void;
  /** Awaited between a run and the next one. */
  rest?(): Promise<void>;
}

export interface TortureResult extends Readonly<Counts>, Readonly<Sums> {}

/** What was found in order. */
interface Sums {
  kills: number;
  commits: number;
  momentsCompared: number;
  setsCompared: number;
  tablesCompared: number;
  standbysCompared: number;
  validated: number;
  /** Sets that hold changes only. */
  increments: number;
  /** Sets and pieces that clean-ups took. */
  cleaned: number;
}

/** What is known between two kills. */
interface Known {
  server: ServerProcess;
  roundId: number;
  /** Moments of the present round; those before its first set cannot be restored any more. */
  moments: readonly Moment[];
  lastSeq: number;
  standby: string;
}

const settings = { jobLingerMs: 200, tickMs: 100, quiet: true };

/**
 * Kills the server with SIGKILL at random instants while rows are committed, tables changed and recovered, keys rotated, logs
 * archived in short pieces, rounds stopped and started, sets written, validated and cleaned up, tenants restored and a standby rolled
 * forward; after each restart every acknowledged row must be there, every job must come to an end within `stuckMs`, and what the
 * recoverable window promises must restore to exactly the commits up to its moment.
 */
export async function tortureRun(options: TortureOptions): Promise<TortureResult> {
  const { scratch, places } = options;
  const random = createRandom(options.seed);
  const dataDir = join(scratch, 'server');
  mkdirSync(dataDir, { recursive: true });
  const count = noCounts();
  const sums: Sums = { kills: 0, commits: 0, increments: 0, cleaned: 0, validated: 0, ...noComparisons };
  const recovering = new Map<number, Moment>();
  let restoreNo = 0;
  const nextRestore = () => ++restoreNo;
  const known: Known = { ...(await prepare(dataDir, places, settings)), moments: [], lastSeq: 0, standby: '' };
  try {
    known.standby = await withStandby(known, places, nextRestore());
    for (let run = 1; run <= options.runs; run++) {
      const { moments, standby } = known;
      const { port } = known.server;
      const work = { port, random, places, moments, standby, recovering, nextRestore, count };
      const [end] = await Promise.all([
        startWriter(port, random, known.lastSeq),
        disturb(work),
        killSoon(known.server, random).then(() => sums.kills++),
      ]);
      known.server = await startServerProcess(dataDir, settings);
      const seen = await checkRows(known.server, end);
      sums.commits += seen - known.lastSeq;
      await recover(known, { end: end.moments, seen, places }, nextRestore);
      sums.tablesCompared += await checkRecovered(known.server, recovering);
      const full = run % options.compareEvery === 0;
      await compare(known, { places, random, nextRestore, full }, sums);
      options.report(`run ${run}/${options.runs}: ${JSON.stringify({ ...sums, ...count })}`);
      await options.rest?.();
    }
  } catch (error) {
    options.report(`server said: ${known.server.errors()}`);
    await known.server.kill();
    throw error;
  }
  await known.server.stop();
  return { ...sums, ...count };
}

const noComparisons = { momentsCompared: 0, setsCompared: 0, tablesCompared: 0, standbysCompared: 0 };

/** Sometimes within the first moments of what was begun, sometimes after a while. */
async function killSoon(server: ServerProcess, random: Random): Promise<void> {
  const longestMs = [150, 700, 700, 2_500][random.below(4)] ?? 700;
  await pause(20 + random.below(longestMs));
  await server.kill();
}

/** Everything comes to an end; a round that was started anew gets a set and a standby. */
async function recover(
  known: Known,
  run: { readonly end: readonly Moment[]; readonly seen: number; readonly places: Places },
  nextRestore: () => number,
): Promise<void> {
  const sys = await connect(known.server.port, 'root@sys');
  await checkJobs(sys);
  const roundId = await checkArchive(sys);
  const sameRound = roundId === known.roundId;
  if (!sameRound) await takeSet(sys);
  const rest = await catchUp(known.server, run.seen);
  known.moments = sameRound ? [...known.moments, ...run.end, rest] : [rest];
  known.roundId = roundId;
  known.lastSeq = rest.seq;
  await archived(sys, rest);
  if (!sameRound) known.standby = await makeStandby(sys, run.places, known.standby, nextRestore());
  known.moments = await promised(sys, known.moments);
  await sys.close();
}

async function compare(known: Known, { places, random, nextRestore, full }: CompareOptions, sums: Sums): Promise<void> {
  const { server, moments } = known;
  await checkStandby(server, known.standby, moments.at(-1)!);
  sums.standbysCompared++;
  const sys = await connect(server.port, 'root@sys');
  Object.assign(sums, await countFiles(sys));
  if (full) {
    await compareMoment(server, places, moments[random.below(moments.length)]!, nextRestore());
    sums.momentsCompared++;
    await compareSet(server, { places, random, moments }, nextRestore());
    sums.setsCompared++;
    await validateAll(sys);
    sums.validated++;
  }
  await sys.close();
}

interface CompareOptions {
  readonly places: Places;
  readonly random: Random;
  readonly nextRestore: () => number;
  readonly full: boolean;
}

async function withStandby({ server, standby }: Known, places: Places, no: number): Promise<string> {
  const sys = await connect(server.port, 'root@sys');
  const made = await makeStandby(sys, places, standby, no);
  await sys.close();
  return made;
}

/** One more commit with a moment, so that the next writer starts from an agreed row. */
async function catchUp(server: ServerProcess, seq: number): Promise<Moment> {
  const app = await connect(server.port, 'root@t');
  await app.quiet(`INSERT INTO d.ledger (seq, entry) VALUES (${seq + 1}, 'entry ${seq + 1}')`);
  const rows = await app.quiet('SELECT NOW(6) AS moment');
  await app.close();
  return { seq: seq + 1, time: String(rows[0]?.['moment']) };
}
