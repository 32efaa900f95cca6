import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { createTenant, login, rowsOf, startArchive, until } from './clients.ts';
import { figure, type Line, limit } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchPart } from './part.ts';
import { loadTenant } from './tenant-data.ts';
import { backUp } from './tenant-job.ts';

const viewQuery = 'SELECT TENANT_ID, STATUS, CHECKPOINT_SCN_DISPLAY FROM oceanbase.CDB_OB_ARCHIVELOG';
const scanSeconds = 10;
const scan = 'SELECT COUNT(*) FROM bench.points a JOIN bench.points b ON a.v <> b.v + 1 WHERE a.w + b.w > -1';

/**
 * (h) What others feel of one tenant's ten-second scan while another tenant is backed up again and again: view queries,
 * single rows of the scanned tenant and of a third one.
 */
export const fairness: BenchPart = async (context) => {
  const { scratch, main, megabytes, report } = context;
  const place = join(scratch.path, 'fairness-backup');
  const server = await startObvault(scratch, { dataDir: join(scratch.path, 'fairness'), main });
  const sys = await login(server.port, 'root');
  for (const name of ['saved', 'scanned', 'quiet']) await createTenant(sys, name);
  const savedMb = Math.min(megabytes, 256);
  await fillSaved(server.port, server.dataDir, savedMb);
  await fillPoints(server.port, 'scanned', 60);
  await fillPoints(server.port, 'quiet', 1);
  await startArchive(sys, 'saved', place);

  const contenders = await questions(server.port);
  const calm = await during(contenders, () => sleep(scanSeconds * 500));
  const scanner = await login(server.port, 'root@scanned');
  await scanner.query(`SET ob_query_timeout = ${scanSeconds * 1_000_000}`);
  let backups = 0;
  let scannedSeconds = 0;
  const busy = await during(contenders, async () => {
    const startMs = performance.now();
    let over = false;
    const scanning = rowsOf(scanner, scan).then(
      () => {
        throw new Error('the scan was meant to last longer');
      },
      (error: { errno?: number }) => {
        over = true;
        scannedSeconds = (performance.now() - startMs) / 1000;
        if (error.errno !== 4012) throw error;
      },
    );
    while (!over) {
      await backUp(sys, 'saved', place);
      backups++;
    }
    await scanning;
  });
  report(`  ${backups} backups of ${savedMb} MB beside a scan of ${figure(scannedSeconds)} s`);
  const lines: Line[] = [];
  for (const name of Object.keys(contenders)) {
    const [before, beside] = [calm[name]!, busy[name]!];
    for (const [kind, ms] of [
      ['calm', before],
      ['beside', beside],
    ] as const)
      report(
        `  ${name} ${kind}: ${ms.count} questions, p50 ${figure(ms.p50)} p99 ${figure(ms.p99)} max ${figure(ms.max)} ms`,
      );
    lines.push(limit(`h: p99 of ${name}, beside a scan and a backup`, 'ms', beside.p99, 20));
  }
  for (const client of [sys, scanner]) await client.end();
  await server.stop();
  return lines;
};

async function questions(port: number): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const [views, same, other] = [
    await login(port, 'root'),
    await login(port, 'root@scanned'),
    await login(port, 'root@quiet'),
  ];
  const row = 'SELECT v FROM bench.points WHERE id = 7';
  return {
    'a view query': () => views.query(viewQuery),
    'a row of the scanned tenant': () => same.query(row),
    'a row of a third tenant': () => other.query(row),
  };
}

interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Asks each question a hundred times a second at most until the work is done. */
async function during(
  contenders: Readonly<Record<string, () => Promise<unknown>>>,
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, Latency>>> {
  let over = false;
  const ask = async (question: () => Promise<unknown>): Promise<Latency> => {
    const took: number[] = [];
    while (!over) {
      const startMs = performance.now();
      await question();
      took.push(performance.now() - startMs);
      await sleep(Math.max(0, startMs + 10 - performance.now()));
    }
    took.sort((a, b) => a - b);
    const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
    return { count: took.length, p50: at(0.5), p99: at(0.99), max: took.at(-1) ?? 0 };
  };
  const asking = Object.entries(contenders).map(async ([name, question]) => [name, await ask(question)] as const);
  try {
    await work();
  } finally {
    over = true;
  }
  return Object.fromEntries(await Promise.all(asking));
}

async function fillSaved(port: number, dataDir: string, megabytes: number): Promise<void> {
  const clients = [await login(port, 'root@saved'), await login(port, 'root@saved')];
  const [{ id } = { id: 0 }] = await rowsOf(clients[0]!, 'SELECT TENANT_ID AS id FROM oceanbase.DBA_OB_TENANTS');
  const data = join(dataDir, 'tenants', `t${id}`, 'data.db');
  const size = () => statSync(data).size + statSync(`${data}-wal`, { throwIfNoEntry: false })!.size;
  await loadTenant(clients, megabytes * 1e6, size);
  for (const client of clients) await client.end();
}

async function fillPoints(port: number, tenant: string, thousands: number): Promise<void> {
  const client: Connection = await login(port, `root@${tenant}`);
  await client.query('CREATE DATABASE bench');
  await client.query('CREATE TABLE bench.points (id INT PRIMARY KEY AUTO_INCREMENT, v INT, w INT)');
  for (let i = 0; i < thousands; i++) {
    const rows = Array.from({ length: 1000 }, (_, j) => `(${i * 1000 + j}, ${j % 7})`);
    await client.query(`INSERT INTO bench.points (v, w) VALUES ${rows}`);
  }
  await until(client, 'SELECT COUNT(*) AS n FROM bench.points', ([row]) => Number(row?.['n']) === thousands * 1000);
  await client.end();
}
