import { join } from 'node:path';
import { fillCatalog, fillPeer, jobsQuery, tenantIds } from './backup-job-rows.ts';
import { login } from './clients.ts';
import { startMariadb } from './mariadb-process.ts';
import { bestOfRounds, comparison, type Line } from './measurement.ts';
import { type ObvaultProcess, startObvault } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';
import { requirePeers } from './peers.ts';
import { countFor, type Load, slap } from './slap.ts';

/** (a) A view with 19 columns and 10 rows a tenant, over 16 connections, against a table with the same rows. */
export const viewQueries: BenchPart = (context) =>
  againstMariadb(context, 'a', async (server, peer) => {
    const shared = { user: 'root', database: 'oceanbase', queries: tenantIds.map(jobsQuery), connections: 16 };
    const lines: Line[] = [];
    const { ours, other } = await race(context, { ...shared, port: server }, { ...shared, port: peer });
    lines.push(comparison('a: CDB_OB_BACKUP_JOBS of one tenant, 16 connections', 'queries/s', ours, other, 1.5));
    return lines;
  });

/** (b) The smallest question over one connection: what a round trip costs. */
export const selectOne: BenchPart = (context) =>
  againstMariadb(context, 'b', async (server, peer) => {
    const shared = { user: 'root', database: 'oceanbase', queries: ['SELECT 1'], connections: 1 };
    const { ours, other } = await race(context, { ...shared, port: server }, { ...shared, port: peer });
    return [comparison('b: SELECT 1, one connection', 'queries/s', ours, other, 0.9)];
  });

async function race(context: BenchContext, ours: Load, peer: Load) {
  const { scratch, rounds, seconds, report } = context;
  const counts = { ours: await countFor(scratch, ours, seconds), peer: await countFor(scratch, peer, seconds) };
  const best = await bestOfRounds(
    rounds,
    { obvault: () => slap(scratch, ours, counts.ours), mariadb: () => slap(scratch, peer, counts.peer) },
    report,
  );
  return { ours: best['obvault'] ?? 0, other: best['mariadb'] ?? 0 };
}

/** Both servers with the same thousand rows in view and table. */
async function againstMariadb(
  context: BenchContext,
  name: string,
  measure: (ourPort: number, peerPort: number) => Promise<readonly Line[]>,
): Promise<readonly Line[]> {
  const { scratch, report } = context;
  requirePeers(['mariadbd', 'mariadb-install-db', 'mariadb-slap'], report);
  const server = await startFilled(context, name);
  const peer = await startMariadb(scratch, `mariadb-${name}`);
  const [ourClient, peerClient] = [await login(server.port, 'root'), await login(peer.port, 'root')];
  await fillPeer(ourClient, peerClient);
  await ourClient.end();
  await peerClient.end();
  const lines = await measure(server.port, peer.port);
  await server.stop();
  await peer.stop();
  return lines;
}

/** The catalog is made by a first start; finished jobs stay in the live view for the whole run. */
async function startFilled({ scratch, main }: BenchContext, name: string): Promise<ObvaultProcess> {
  const dataDir = join(scratch.path, `queries-${name}`);
  const first = await startObvault(scratch, { dataDir, main });
  await first.stop();
  fillCatalog(dataDir);
  return startObvault(scratch, { dataDir, main, settings: { jobLingerMs: 86_400_000 } });
}
