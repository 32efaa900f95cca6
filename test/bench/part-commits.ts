import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { createTenant, login, rowsOf, startArchive, until } from './clients.ts';
import { bestOfRounds, comparison } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchPart } from './part.ts';
import { requirePeers } from './peers.ts';
import { countFor, type Load, slap } from './slap.ts';

const insert = "INSERT INTO bench.ledger (entry) VALUES ('an entry as an application would write it, one commit each')";

/** (e) Commits of single rows with the log being archived against the same without. */
export const commits: BenchPart = async (context) => {
  const { scratch, main, rounds, seconds, report } = context;
  requirePeers(['mariadb-slap'], report);
  const server = await startObvault(scratch, { dataDir: join(scratch.path, 'commits'), main });
  const sys = await login(server.port, 'root');
  for (const name of ['archived', 'plain']) await prepareTenant(sys, server.port, name);
  await startArchive(sys, 'archived', join(scratch.path, 'commits-backup'));
  const load = (name: string): Load => ({
    port: server.port,
    user: `root@${name}`,
    database: 'bench',
    queries: [insert],
    connections: 1,
  });
  const [archived, plain] = [load('archived'), load('plain')];
  const count = await countFor(scratch, plain, seconds);
  await countFor(scratch, archived, seconds);
  const best = await bestOfRounds(
    rounds,
    {
      archived: () => slap(scratch, archived, count),
      async plain() {
        await archiveAtRest(sys);
        return slap(scratch, plain, count);
      },
    },
    report,
  );
  await sys.end();
  await server.stop();
  return [comparison('e: commits with archiving against without', 'commits/s', best['archived']!, best['plain']!, 0.9)];
};

async function prepareTenant(sys: Connection, port: number, name: string): Promise<void> {
  await createTenant(sys, name);
  const client = await login(port, `root@${name}`);
  await client.query('CREATE DATABASE bench');
  await client.query('CREATE TABLE bench.ledger (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, entry VARCHAR(200))');
  await client.end();
}

/** Waits until nothing of an earlier round is left to archive, so that it does not weigh on the other tenant. */
async function archiveAtRest(sys: Connection): Promise<void> {
  const rows = await rowsOf(sys, 'SELECT NOW(6) AS moment');
  const moment = String(rows[0]?.['moment']);
  await until(
    sys,
    'SELECT CHECKPOINT_SCN_DISPLAY AS display FROM oceanbase.CDB_OB_ARCHIVELOG',
    (found) => String(found[0]?.['display']) > moment,
  );
}
