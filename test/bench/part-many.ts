import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Connection } from 'mysql2/promise';
import { createTenant, login } from './clients.ts';
import { figure, type Line } from './measurement.ts';
import { startObvault } from './obvault-process.ts';
import type { BenchPart } from './part.ts';

const tenantCount = 3000;
const clientsAtOnce = 8;

/** (i) Three thousand tenants in one server: making them, asking each in turn, and what the server weighs then. */
export const manyTenants: BenchPart = async ({ scratch, main, seconds, report }) => {
  const dataDir = join(scratch.path, 'many');
  await (await startObvault(scratch, { dataDir, main })).stop();
  raiseCapacity(dataDir);
  const server = await startObvault(scratch, { dataDir, main });
  const sys = await login(server.port, 'root');
  const names = Array.from({ length: tenantCount }, (_, i) => `many${i}`);
  const idleMb = server.memory().residentMb;

  const madeSeconds = await timed(async () => {
    for (const name of names) await createTenant(sys, name);
  });
  report(`  ${tenantCount} tenants made in ${figure(madeSeconds)} s, ${figure(server.memory().residentMb)} MB`);

  const clients: Connection[] = [];
  const setUpSeconds = await timed(() =>
    inTurn(names, async (name) => {
      const client = await login(server.port, `root@${name}`);
      await client.query('CREATE TABLE test.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)');
      clients.push(client);
    }),
  );
  report(`  a session and a table each in ${figure(setUpSeconds)} s, ${figure(server.memory().residentMb)} MB`);

  let statements = 0;
  const askedSeconds = await timed(async () => {
    const end = performance.now() + seconds * 1000;
    do {
      await inTurn(clients, async (client) => {
        await client.query('INSERT INTO test.t (v) VALUES (1)');
        statements++;
      });
    } while (performance.now() < end);
  });
  const residentMb = server.memory().residentMb;
  report(`  ${statements} inserts, each in the next tenant, in ${figure(askedSeconds)} s, ${figure(residentMb)} MB`);
  for (const client of clients) client.destroy();
  await sys.end();
  await server.stop();
  const told = (what: string, unit: string, ours: number): Line => ({
    what,
    unit,
    ours,
    peer: null,
    ratio: null,
    aim: null,
    met: null,
  });
  return [
    told(`i: making a tenant (of ${tenantCount})`, 'ms', (madeSeconds * 1000) / tenantCount),
    told(`i: inserts, each in the next of ${tenantCount} tenants`, 'statements/s', statements / askedSeconds),
    told(`i: memory above an idle server, ${tenantCount} tenants with a session each`, 'MB', residentMb - idleMb),
  ];
};

/** A machine large enough for a unit of each tenant, as the catalog was told at its first start. */
function raiseCapacity(dataDir: string): void {
  const database = new Database(join(dataDir, 'catalog.db'));
  const gib = 1024n ** 3n;
  const update = database.prepare('UPDATE cluster_info SET value = ? WHERE name = ?');
  update.run('10000', 'cpu_capacity');
  for (const name of ['memory_capacity', 'log_disk_capacity', 'data_disk_capacity'])
    update.run(String(100_000n * gib), name);
  database.close();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

/** Works through a list in order, a few at a time. */
async function inTurn<T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < list.length) await work(list[next++]!);
  };
  await Promise.all(Array.from({ length: clientsAtOnce }, one));
}
