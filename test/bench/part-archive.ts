import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { createTenant, login, rowsOf, startArchive, until } from './clients.ts';
import { bestOfRounds, comparison, limit } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchPart } from './part.ts';

const insert = "INSERT INTO bench.ledger (entry) VALUES ('an entry as an application would write it, one commit each')";
const paceEachSecond = 1_000;
const writers = 4;
const lagAimMs = 1_000;

/** (g) How far the archive is behind at a constant pace of commits, and what it costs writers who write as fast as they can. */
export const archiveLag: BenchPart = async ({ scratch, main, rounds, seconds, report }) => {
  const server = await startObvault(scratch, { dataDir: join(scratch.path, 'lag'), main });
  const sys = await login(server.port, 'root');
  const loads = { archived: await load(sys, server.port, 'archived'), plain: await load(sys, server.port, 'plain') };
  await startArchive(sys, 'archived', join(scratch.path, 'lag-backup'));

  let worstMs = 0;
  let pace = 0;
  for (let round = 0; round < rounds; round++) {
    const watching = new AbortController();
    const lag = greatestLagMs(server.port, watching.signal);
    pace = Math.max(pace, await atPace(loads.archived, seconds));
    watching.abort();
    const lagMs = await lag;
    report(`  round ${round + 1}: ${pace.toFixed(0)} commits/s, at most ${lagMs.toFixed(0)} ms behind`);
    worstMs = Math.max(worstMs, lagMs);
  }
  const contenders = {
    archived: () => asFastAsPossible(loads.archived, seconds),
    async plain() {
      await atRest(sys);
      return asFastAsPossible(loads.plain, seconds);
    },
  };
  const best = await bestOfRounds(rounds, contenders, report);
  for (const connection of [...loads.archived, ...loads.plain, sys]) await connection.end();
  await server.stop();
  return [
    limit(`g: archive lag, the greatest, at ${paceEachSecond} commits/s`, 'ms', worstMs, lagAimMs),
    comparison('g: commits/s reached of those wanted', 'commits/s', pace, paceEachSecond, 0.95),
    comparison(
      `g: ${writers} writers with archiving against without`,
      'commits/s',
      best['archived']!,
      best['plain']!,
      0.9,
    ),
  ];
};

/** A tenant with a table, and connections to write into it. */
async function load(sys: Connection, port: number, name: string): Promise<readonly Connection[]> {
  await createTenant(sys, name);
  const connections = await Promise.all(Array.from({ length: writers }, () => login(port, `root@${name}`)));
  await connections[0]!.query('CREATE DATABASE bench');
  await connections[0]!.query(
    'CREATE TABLE bench.ledger (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, entry VARCHAR(200))',
  );
  return connections;
}

/** Commits at the wanted pace, spread over the connections; the pace that was reached. */
async function atPace(connections: readonly Connection[], seconds: number): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let begun = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (let nowMs = performance.now(); nowMs < endMs; nowMs = performance.now()) {
        const due = ((nowMs - startMs) / 1000) * paceEachSecond;
        if (begun >= due) {
          await sleep(1);
          continue;
        }
        begun++;
        await connection.query(insert);
      }
    }),
  );
  return (begun * 1000) / (performance.now() - startMs);
}

async function asFastAsPossible(connections: readonly Connection[], seconds: number): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let done = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (; performance.now() < endMs; done++) await connection.query(insert);
    }),
  );
  return (done * 1000) / (performance.now() - startMs);
}

/** Looks ten times a second how far the checkpoint is behind the clock. */
async function greatestLagMs(port: number, watching: AbortSignal): Promise<number> {
  const connection = await login(port, 'root');
  let worstMs = 0;
  while (!watching.aborted) {
    const askedMs = Date.now();
    const [row] = await rowsOf(connection, 'SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG');
    worstMs = Math.max(worstMs, askedMs - Number(BigInt(String(row?.['CHECKPOINT_SCN'])) / 1_000_000n));
    await sleep(100);
  }
  await connection.end();
  return worstMs;
}

/** Waits until nothing of an earlier round is left to archive. */
async function atRest(sys: Connection): Promise<void> {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  await until(
    sys,
    'SELECT CHECKPOINT_SCN FROM oceanbase.CDB_OB_ARCHIVELOG',
    (rows) => BigInt(String(rows[0]?.['CHECKPOINT_SCN'])) > nowNs,
  );
}
