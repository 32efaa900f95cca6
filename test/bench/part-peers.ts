import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { createTenant, login, rowsOf, startArchive } from './clients.ts';
import { startMariadb } from './mariadb-process.ts';
import { figure } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';
import { type Contender, filesOf, run, treeBytes } from './part-peers-contender.ts';
import {
  changesOf,
  type FileVersions,
  type Follower,
  fileVersions,
  loadEverybody,
  tenantLogin,
} from './part-peers-data.ts';
import { borg, restic } from './part-peers-files.ts';
import { requirePgBackRest } from './part-peers-install.ts';
import { linesOf, type PlainTools, reportOf } from './part-peers-lines.ts';
import { mydumper } from './part-peers-mydumper.ts';
import { obvault } from './part-peers-obvault.ts';
import { pgBackRest } from './part-peers-pgbackrest.ts';
import { makePostgres } from './part-peers-postgres.ts';
import { measureRounds, rate } from './part-peers-rounds.ts';
import { requirePeers } from './peers.ts';
import { compressFile, decompressFile } from './zstd-peer.ts';

const tenant = 'big';

/** The MariaDB that mydumper reads and myloader fills has the memory and the log such a load asks for. */
const mariadbForLoads = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=1G'];

/** A peer from its server to its tool; what it cannot do it says by throwing. */
interface Peer {
  readonly follower: Follower | null;
  contender(data: LoadedData): Contender | Promise<Contender>;
  stop(): Promise<void>;
}

interface LoadedData {
  readonly place: string;
  readonly files: FileVersions;
  readonly changes: readonly string[];
}

/** (p) Full backup, restore, verification and an incremental of 1 % of the pages beside the tools others use. */
export const peers: BenchPart = async (context) => {
  const { scratch, rounds, report } = context;
  requirePeers(['zstd'], report);
  const without: string[] = [];
  const unavailable = (name: string, error: unknown) => {
    without.push(`${name}: ${(error as Error).message.trim()}`);
    report(`  WITHOUT ${without.at(-1)}`);
  };
  const present = new Map<string, Peer>();
  for (const [name, prepare] of Object.entries(preparations))
    try {
      present.set(name, await prepare(context));
    } catch (error) {
      unavailable(name, error);
    }
  const data = await loadedData(
    context,
    [...present.values()].flatMap(({ follower }) => follower ?? []),
  );
  const server = await startObvault(scratch, serverOptions(context));
  const place = join(scratch.path, 'peers-backup');
  mkdirSync(place);
  const sessions = [await login(server.port, 'root'), await login(server.port, 'root')] as const;
  await startArchive(sessions[0], tenant, place);
  const client = await tenantLogin(server, tenant);
  const side = { tenant, place, changes: data.changes };
  const clear = await obvault({ ...side, sys: sessions[0], client }, false);
  const contenders: Contender[] = [clear, await obvault({ ...side, sys: sessions[1], client: null }, true)];
  for (const [name, peer] of present)
    try {
      contenders.push(await peer.contender(data));
    } catch (error) {
      unavailable(name, error);
    }
  const failed = ({ name }: Contender, error: Error) => {
    if (name.startsWith('obvault')) throw error;
    unavailable(name, error);
  };
  const figures = await measureRounds(contenders, rounds, failed, report);
  const plain = await plainTools(clear.fullSetFolder(), data, rounds);
  for (const line of reportOf(figures)) report(line);
  for (const [tool, passage] of Object.entries(plain)) report(`  ${tool} alone: ${figure(rate(passage))} MB/s`);
  for (const reason of without) report(`  NOT COMPARED with ${reason}`);
  for (const connection of [client, ...sessions] as Connection[]) await connection.end();
  await server.stop();
  for (const peer of present.values()) await peer.stop();
  return linesOf(figures, plain);
};

const preparations: Readonly<Record<string, (context: BenchContext) => Promise<Peer>>> = {
  async restic({ report }) {
    requirePeers(['restic'], report);
    return { follower: null, contender: (data) => restic(data.place, data.files), async stop() {} };
  },
  async borg({ report }) {
    requirePeers(['borg'], report);
    return { follower: null, contender: (data) => borg(data.place, data.files), async stop() {} };
  },
  async mydumper({ scratch, report }) {
    requirePeers(['mariadbd', 'mariadb-install-db', 'mydumper', 'myloader'], report);
    const server = await startMariadb(scratch, 'peers-mariadb', mariadbForLoads);
    const admin = await login(server.port, 'root');
    const dataDir = join(scratch.path, 'peers-mariadb');
    return {
      follower: { take: (sql) => admin.query(sql) },
      contender: ({ place }) => mydumper(place, dataDir, server.port, admin),
      async stop() {
        await admin.end();
        await server.stop();
      },
    };
  },
  async pgBackRest({ scratch, report }) {
    requirePgBackRest(report);
    const postgres = await makePostgres(scratch, 'peers-postgres');
    await postgres.start({ fsync: 'off', max_wal_size: '4GB' });
    const follower = postgres.follow();
    return {
      follower,
      async contender({ changes }) {
        await follower.end();
        await postgres.say('VACUUM ANALYZE');
        return pgBackRest(postgres, changes);
      },
      stop: () => postgres.stop(),
    };
  },
};

function serverOptions({ scratch, main }: BenchContext) {
  return { dataDir: join(scratch.path, 'peers'), main, settings: { jobLingerMs: 100 } };
}

/** The same rows everywhere, and the server stopped, so that the measured one has done nothing else. */
async function loadedData(context: BenchContext, followers: readonly Follower[]): Promise<LoadedData> {
  const { scratch, megabytes, report } = context;
  const options = serverOptions(context);
  const server = await startObvault(scratch, options);
  const sys = await login(server.port, 'root');
  await createTenant(sys, tenant);
  const named = await rowsOf(sys, `SELECT TENANT_ID FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${tenant}'`);
  const dataFile = join(options.dataDir, 'tenants', `t${named[0]?.['TENANT_ID']}`, 'data.db');
  const sizeBytes = () => statSync(dataFile, { throwIfNoEntry: false })?.size ?? 0;
  const client = await tenantLogin(server, tenant);
  const startMs = performance.now();
  await loadEverybody(client, followers, megabytes * 1e6, sizeBytes);
  const changes = await changesOf(client, sizeBytes());
  for (const connection of [client, sys]) await connection.end();
  await server.stop();
  const seconds = (performance.now() - startMs) / 1000;
  report(`  loaded ${figure(sizeBytes() / 1e6)} MB and the same rows elsewhere in ${figure(seconds)} s`);
  const place = join(scratch.path, 'peers-files');
  mkdirSync(place);
  return { place, files: fileVersions(dataFile, place, changes), changes };
}

/** What the processor and the disk do without anything around it: the limits of everybody. */
async function plainTools(setFolder: string, { place, files }: LoadedData, rounds: number): Promise<PlainTools> {
  const stored = filesOf(setFolder);
  const [packed, unpacked] = [join(place, 'plain.zst'), join(place, 'plain')];
  files.useBefore();
  const seconds = { cksum: Number.POSITIVE_INFINITY, zstd: Number.POSITIVE_INFINITY, unzstd: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    seconds.cksum = Math.min(seconds.cksum, await run('cksum', stored));
    seconds.zstd = Math.min(seconds.zstd, compressFile(files.path, packed));
    seconds.unzstd = Math.min(seconds.unzstd, decompressFile(packed, unpacked));
  }
  const bytes = files.sizeBytes;
  return {
    cksum: { seconds: seconds.cksum, bytes: treeBytes(setFolder) },
    zstd: { seconds: seconds.zstd, bytes },
    unzstd: { seconds: seconds.unzstd, bytes },
  };
}
