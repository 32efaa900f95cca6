import { type ServerProcess, startServerProcess } from '../../examples/server-process.ts';
import { connect } from '../../examples/transcript.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { defaultRelease } from '../../src/base/release.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { bulkRows, checkArchive, takeSet } from './checks.ts';
import type { Places } from './places.ts';
import { TortureFailure, until } from './waiting.ts';

/** No statement gives less than a day. Where each call takes a while, pieces of seconds would be more than can be cleaned up. */
const pieceSwitch = ({ archive }: Places) => (archive.startsWith('file://') ? '3000ms' : '15000ms');

/** A server with a tenant `t` that has a ledger and a bulk of rows, archives in short pieces and has a set. */
export async function prepare(
  dataDir: string,
  places: Places,
  settings: Readonly<Record<string, unknown>>,
): Promise<{ readonly server: ServerProcess; readonly roundId: number }> {
  const first = await startServerProcess(dataDir, settings);
  await makeTenant(first, places);
  await first.stop();
  await shortenPieces(dataDir, pieceSwitch(places));
  const server = await startServerProcess(dataDir, settings);
  const sys = await connect(server.port, 'root@sys');
  await sys.quiet('ALTER SYSTEM ARCHIVELOG TENANT = t');
  await until(sys, 'SELECT STATUS FROM oceanbase.CDB_OB_ARCHIVELOG', (rows) => rows[0]?.['STATUS'] === 'DOING');
  await sys.quiet(`ALTER SYSTEM SET DATA_BACKUP_DEST='${places.data}' TENANT = t`);
  // The first is full; what builds on it is there however few backups a slow machine sees.
  await takeSet(sys);
  await takeSet(sys);
  const roundId = await checkArchive(sys);
  await sys.close();
  return { server, roundId };
}

async function makeTenant(server: ServerProcess, places: Places): Promise<void> {
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
  await sys.quiet(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=${places.archive}' TENANT = t`);
  await app.close();
  await sys.close();
}

async function shortenPieces(dataDir: string, interval: string): Promise<void> {
  const cluster = { clusterName: 'obcluster', clusterId: 1 };
  const catalog = openCatalog({
    ...cluster,
    directory: dataDir,
    release: defaultRelease,
    clock: systemClock,
    log: silentLog,
  });
  await catalog.transaction((tx) => {
    const tenant = tx.tenants.byName('t');
    if (tenant === null) throw new TortureFailure('no tenant t');
    tx.destinations.setArchiveDest(tenant.tenantId, 0, { piece_switch_interval: interval });
  });
  await catalog.close();
}
