import { randomUUID } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { login, startArchive } from './clients.ts';
import { loadedTenant, sizeOf } from './loaded-tenant.ts';
import { bestOfRounds, comparison, figure, type Line, limit } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';
import { requirePeers } from './peers.ts';
import { fingerprint } from './tenant-data.ts';
import { backUp, dropRestored, restore } from './tenant-job.ts';
import { compressFile, decompressFile } from './zstd-peer.ts';

const tenant = 'big';
const peakMb = 300;
/** What the jobs may need beside what the server has when it is idle, whatever the size of the tenant. */
const aboveIdleMb = 150;

/** What both kinds of sets are measured with. */
interface Place {
  readonly sys: Connection;
  readonly path: string;
  readonly dataFile: string;
  readonly sizeMb: number;
}

/** (c) Full backup and restore of a tenant against zstd over the same file, in clear and under a master key. */
export const copy: BenchPart = async (context) => {
  const { scratch, main, report } = context;
  requirePeers(['zstd'], report);
  const path = join(scratch.path, 'copy-backup');
  mkdirSync(path);
  const options = { dataDir: join(scratch.path, 'copy'), main, settings: { jobLingerMs: 1_000 } };
  const { dataFile, print } = await loadedTenant(context, options, tenant);
  const server = await startObvault(scratch, options);
  const sys = await login(server.port, 'root');
  await startArchive(sys, tenant, path);
  const place: Place = { sys, path, dataFile, sizeMb: statSync(dataFile).size / 1e6 };
  const { residentMb } = server.memory();
  server.resetPeak();
  const lines = [...(await measure(context, place, { name: 'clear', mode: 'NONE', more: '' }))];
  const app = await login(server.port, `root@${tenant}`);
  await app.query("ALTER SYSTEM SET tde_method = 'internal'");
  await app.query('ALTER INSTANCE ROTATE INNODB MASTER KEY');
  await app.query(`ALTER SYSTEM BACKUP KEY TO 'file://${path}/key' ENCRYPTED BY 'bench-key'`);
  await app.end();
  const more = ` WITH KEY FROM 'file://${path}/key' ENCRYPTED BY 'bench-key'`;
  lines.push(...(await measure(context, place, { name: 'sealed', mode: 'TRANSPARENT_ENCRYPTION', more })));
  lines.push(limit('c: peak memory of the server over all of this', 'MB', server.memory().peakMb, peakMb));
  lines.push(limit('c: of it above the idle server', 'MB', server.memory().peakMb - residentMb, aboveIdleMb));
  for (const kind of ['clear', 'sealed']) await requireEqual(sys, server.port, `restored_${kind}`, print);
  report('  every row of the restored tenants is as it was');
  await sys.end();
  await server.stop();
  return lines;
};

/** What tells the two kinds of sets apart. */
interface Kind {
  readonly name: string;
  /** ENCRYPTION_MODE the sets must have. */
  readonly mode: string;
  /** What follows `WITH 'pool_list=…'` in the restore. */
  readonly more: string;
}

/** Backups and restores of one kind of set, round by round with zstd in between. */
async function measure(context: BenchContext, place: Place, { name, mode, more }: Kind): Promise<readonly Line[]> {
  const { scratch, rounds, report } = context;
  const { sys, path, dataFile, sizeMb } = place;
  const plain = join(scratch.path, 'peer.plain');
  // A file of its own for every round, as every backup is a set of its own: pages of a removed file come back for free.
  let packed = '';
  const compress = () => {
    packed = join(scratch.path, `peer.${name}.${randomUUID()}.zst`);
    return compressFile(dataFile, packed);
  };
  const restored = `restored_${name}`;
  let restores = 0;
  const contenders = {
    async 'zstd -1 -T2'() {
      return sizeMb / compress();
    },
    async backup() {
      const set = await backUp(sys, tenant, path);
      if (set.encryption !== mode) throw new Error(`the set is ${set.encryption}, not ${mode}`);
      report(
        `  set of ${figure(set.outputBytes / 1e6)} of ${figure(set.inputBytes / 1e6)} MB, zstd ${figure(sizeOf(packed) / 1e6)} of ${figure(sizeMb)} MB`,
      );
      ownMb = set.inputBytes / 1e6;
      return ownMb / set.seconds;
    },
    async restore() {
      if (restores++ > 0) await dropRestored(sys, restored);
      return ownMb / (await restore(sys, { name: restored, place: path, more }));
    },
    async 'zstd -d'() {
      return sizeMb / decompressFile(packed, plain);
    },
  };
  compress();
  // The tenant may have some pages in its log yet: each side's rate is of the bytes it reads itself.
  let ownMb = (await backUp(sys, tenant, path)).inputBytes / 1e6;
  const best = await bestOfRounds(rounds, contenders, report);
  return [
    comparison(`c: full backup, ${name}, against zstd -1 -T2`, 'MB/s', best['backup']!, best['zstd -1 -T2']!, 1.1),
    comparison(`c: restore, ${name}, against zstd -d`, 'MB/s', best['restore']!, best['zstd -d']!, 1.0),
  ];
}

/** A rate counts only when the restored tenant holds the same rows. */
async function requireEqual(sys: Connection, port: number, name: string, print: string): Promise<void> {
  await sys.query(`ALTER SYSTEM ACTIVATE STANDBY TENANT = ${name}`);
  const client = await login(port, `root@${name}`);
  const found = await fingerprint(client);
  await client.end();
  if (found !== print) throw new Error(`${name} differs from ${tenant}:\n${found}\n${print}`);
}
