import { afterEach, expect, test } from 'vitest';
import { type Harness, makeTenant, restoredValue, shipped, startArchiving, startHarness } from './job-harness.ts';

let harness: Harness | undefined;
afterEach(() => harness?.stop());

const names = ['a', 'b', 'c', 'd'];

/** Every tenant commits a few MB; all of it is archived when this resolves. */
async function write(server: Harness, no: number): Promise<void> {
  await Promise.all(
    names.map((name) => server.sql(name, `INSERT INTO x.t VALUES (${no}, REPEAT(RANDOM_BYTES(1024), 3000))`)),
  );
  for (const name of names) await shipped(server, name);
}

async function concurrency(server: Harness, value: number): Promise<void> {
  for (const name of names) await server.say(`ALTER SYSTEM SET log_archive_concurrency = ${value} TENANT = ${name}`);
}

test('log_archive_concurrency bounds the threads of running rounds, and the archive stays whole', async () => {
  const server = await startHarness({ logCrowdedMs: 0 });
  harness = server;
  const { shipper } = server.controller;
  for (const name of names) {
    await makeTenant(server, name);
    await server.sql(name, 'CREATE DATABASE x');
    await server.sql(name, 'CREATE TABLE x.t (id INT PRIMARY KEY, v LONGBLOB)');
  }
  expect(shipper.load).toEqual([]);
  await concurrency(server, 1);
  for (const name of names) await startArchiving(server, name);
  await server.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await server.until(() => server.controller.catalog.read((tx) => tx.backups.liveJobs().length === 0));
  let no = 0;
  const writeUntil = async (done: () => boolean) => {
    for (const end = no + 20; !done(); ) {
      if (no > end) throw new Error(`threads stay ${shipper.load.join()}`);
      await write(server, no++);
    }
  };
  await write(server, no++);
  expect(shipper.load).toEqual([4]);
  await concurrency(server, 4);
  await writeUntil(() => shipper.load.length > 2);
  await concurrency(server, 2);
  await write(server, no++);
  // Two tenants may leave their thread for the same other one.
  expect(shipper.load.length).toBeLessThanOrEqual(2);
  await concurrency(server, 1);
  await write(server, no++);
  expect(shipper.load).toEqual([4]);
  expect(await restoredValue(server, 'a', 'r', 'SELECT COUNT(*) FROM x.t')).toBe(String(no));
});
