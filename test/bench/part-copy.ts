import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { createTenant, login, rowsOf, startArchive } from './clients.ts';
import { bestOfRounds, comparison, figure, type Line, limit } from './measurement.ts';
import { type ObvaultProcess, startObvault } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';
import { requirePeers } from './peers.ts';
import { fingerprint, loadTenant } from './tenant-data.ts';
import { backUp, dropRestored, restore } from './tenant-job.ts';
import { compressFile, decompressFile } from './zstd-peer.ts';

const tenant = 'big';
const peakMb = 300;

/** What both kinds of sets are measured with. */
interface Place {
  readonly server: ObvaultProcess;
  readonly sys: Connection;
  readonly path: string;
  readonly dataFile: string;
  readonly sizeMb: number;
  readonly print: string;
}

/** (c) Full backup and restore of a tenant against zstd over the same file, in clear and under a master key. */
export const copy: BenchPart = async (context) => {
  const { scratch, report } = context;
  requirePeers(['zstd'], report);
  const path = join(scratch.path, 'copy-backup');
  mkdirSync(path);
  const options = { dataDir: join(scratch.path, 'copy'), settings: { jobLingerMs: 1_000 } };
  const dataFile = await loadedTenant(context, options);
  const server = await startObvault(scratch, options);
  const sys = await login(server.port, 'root');
  await startArchive(sys, tenant, path);
  const app = await login(server.port, `root@${tenant}`);
  const place: Place = {
    ...{ server, sys, path, dataFile },
    sizeMb: statSync(dataFile).size / 1e6,
    print: await fingerprint(app),
  };
  server.resetPeak();
  const lines = await measure(context, place, 'clear', 'NONE', '');
  await app.query("ALTER SYSTEM SET tde_method = 'internal'");
  await app.query('ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await app.query(`ALTER SYSTEM BACKUP KEY TO 'file://${path}/key' ENCRYPTED BY 'bench-key'`);
  const withKey = ` WITH KEY FROM 'file://${path}/key' ENCRYPTED BY 'bench-key'`;
  const sealed = await measure(context, place, 'master key', 'TRANSPARENT_ENCRYPTION', withKey);
  const peak = limit('c: peak memory of the server over all of this', 'MB', server.memory().peakMb, peakMb);
  await app.end();
  await sys.end();
  await server.stop();
  return [...lines, ...sealed, peak];
};

/** Fills a tenant and stops the server, so that all of it lies in the data file. */
async function loadedTenant(context: BenchContext, options: { dataDir: string }): Promise<string> {
  const { scratch, megabytes, report } = context;
  const server = await startObvault(scratch, options);
  const sys = await login(server.port, 'root');
  await createTenant(sys, tenant);
  const id = (
    await rowsOf(sys, `SELECT TENANT_ID AS id FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${tenant}'`)
  )[0];
  const dataFile = join(options.dataDir, 'tenants', `t${id?.['id']}`, 'data.db');
  const clients = [await login(server.port, `root@${tenant}`), await login(server.port, `root@${tenant}`)];
  const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const startMs = performance.now();
  await loadTenant(clients, megabytes * 1e6, () => size(dataFile) + size(`${dataFile}-wal`));
  const seconds = (performance.now() - startMs) / 1000;
  const { peakMb } = server.memory();
  for (const client of [...clients, sys]) await client.end();
  await server.stop();
  const sizeMb = size(dataFile) / 1e6;
  report(
    `  loaded ${figure(sizeMb)} MB in ${figure(seconds)} s; peak ${figure(peakMb)} MB; log left ${size(`${dataFile}-wal`)}`,
  );
  return dataFile;
}

/** Backups and restores of one kind of set, round by round with zstd in between. */
async function measure(
  context: BenchContext,
  place: Place,
  kind: string,
  mode: string,
  more: string,
): Promise<readonly Line[]> {
  const { scratch, rounds, report } = context;
  const { server, sys, path, dataFile, sizeMb } = place;
  const [packed, plain] = [join(scratch.path, 'peer.zst'), join(scratch.path, 'peer.plain')];
  let restored = '';
  let restores = 0;
  const contenders = {
    async 'zstd -1 -T2'() {
      return sizeMb / compressFile(dataFile, packed);
    },
    async backup() {
      const set = await backUp(sys, tenant, path);
      if (set.encryption !== mode) throw new Error(`the set is ${set.encryption}, not ${mode}`);
      report(
        `  set of ${figure(set.outputBytes / 1e6)} MB, zstd ${figure(sizeOf(packed) / 1e6)} of ${figure(sizeMb)} MB`,
      );
      return sizeMb / set.seconds;
    },
    async restore() {
      if (restored) await dropRestored(sys, restored);
      restored = `restored_${kind.length}_${++restores}`;
      return sizeMb / (await restore(sys, { name: restored, place: path, more }));
    },
    async 'zstd -d'() {
      const rate = sizeMb / decompressFile(packed, plain);
      rmSync(plain);
      return rate;
    },
  };
  compressFile(dataFile, packed);
  await backUp(sys, tenant, path);
  const best = await bestOfRounds(rounds, contenders, report);
  await requireEqual(place, restored);
  await dropRestored(sys, restored);
  report(`  peak so far ${figure(server.memory().peakMb)} MB; every row of ${restored} is as it was`);
  return [
    comparison(`c: full backup, ${kind}, against zstd -1 -T2`, 'MB/s', best['backup']!, best['zstd -1 -T2']!, 1.1),
    comparison(`c: restore, ${kind}, against zstd -d`, 'MB/s', best['restore']!, best['zstd -d']!, 1.0),
  ];
}

/** A rate counts only when the restored tenant holds the same rows. */
async function requireEqual({ server, sys, print }: Place, name: string): Promise<void> {
  await sys.query(`ALTER SYSTEM ACTIVATE STANDBY TENANT = ${name}`);
  const client = await login(server.port, `root@${name}`);
  const found = await fingerprint(client);
  await client.end();
  if (found !== print) throw new Error(`${name} differs from ${tenant}:\n${found}\n${print}`);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
