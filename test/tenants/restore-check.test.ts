import { fstatSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { checkRestored } from '../../src/copy/check-restored.ts';
import { type CopyWorkers, createCopyWorkers } from '../../src/copy/copy-workers.ts';
import type { RestoreData } from '../../src/tenants/embedded/log-applier.ts';
import { openBlockWriter } from '../../src/tenants/embedded/thread-module.ts';
import type { RestoreTarget } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, fill, mysqlTenant, readBlocks } from './engine-fixture.ts';

let place: EnginePlace;
let workers: CopyWorkers;
beforeEach(() => {
  place = enginePlace();
  workers = createCopyWorkers({ log: silentLog });
});
afterEach(async () => {
  await workers.close();
  await place.end();
});

const pageBytes = 4096;

/** A target filled with the blocks of another tenant. */
async function filled(): Promise<{
  target: RestoreTarget;
  data: RestoreData;
  scn: bigint;
  blocks: Awaited<ReturnType<typeof readBlocks>>;
}> {
  await place.engines.create(1001, mysqlTenant);
  const engine = await place.engines.open(1001);
  for (let i = 0; i < 50; i++) await engine.setGlobalVariable(`probe_${i}`, 'x'.repeat(500));
  const snapshot = await engine.pin();
  const blocks = await readBlocks(snapshot);
  await snapshot.release();
  const target = await place.engines.beginRestore(1002);
  await fill(target, { blocks, scn: snapshot.scn }, [], snapshot.scn);
  return { target, data: target.writer.data as RestoreData, scn: snapshot.scn, blocks };
}

/** Wipes the last page of the file: a leaf of the dictionary. */
function damage({ dbFd }: RestoreData): void {
  writeSync(dbFd, Buffer.alloc(pageBytes, 7), 0, pageBytes, fstatSync(dbFd).size - pageBytes);
}

test('a thread proves a whole tenant, a write makes the proof void, and finish goes by it', async () => {
  const { target, data, scn, blocks } = await filled();
  const whole = new Int32Array(data.whole);
  expect(whole[0]).toBe(0);
  await checkRestored({ target: target.writer, workers });
  expect(whole[0]).toBe(1);
  const writer = openBlockWriter(target.writer.data);
  const [blockNo, bytes] = [0, blocks[0]!];
  writer.write(blockNo, bytes);
  writer.close();
  expect(whole[0]).toBe(0);
  await checkRestored({ target: target.writer, workers });
  await target.finish(scn);
  expect((await (await place.engines.open(1002)).globalVariables())['probe_7']).toBe('x'.repeat(500));
});

test('a damaged tenant is refused by the thread, and by finish when no thread has looked', async () => {
  const { target, data, scn } = await filled();
  damage(data);
  const refused = { symbol: 'OB_CHECKSUM_ERROR', message: expect.stringContaining('the restored tenant is damaged') };
  await expect(checkRestored({ target: target.writer, workers })).rejects.toMatchObject(refused);
  expect(new Int32Array(data.whole)[0]).toBe(0);
  await expect(target.finish(scn)).rejects.toMatchObject(refused);
});

test('a thread waits for another one that opens or closes the file at the same moment', async () => {
  const { target, data } = await filled();
  await checkRestored({ target: target.writer, workers });
  const other = new Database(data.path);
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE');
  const checked = checkRestored({ target: target.writer, workers });
  setTimeout(() => other.close(), 500);
  await checked;
  expect(other.open).toBe(false);
});
