import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { Scn } from '../../src/base/scn.ts';
import { applyLog } from '../../src/copy/apply-log.ts';
import { backupBlocks } from '../../src/copy/backup-blocks.ts';
import { scanLogFile } from '../../src/copy/log-scan.ts';
import type { ShipFile } from '../../src/copy/log-ship-file.ts';
import type { LogHandle } from '../../src/copy/log-shipment.ts';
import { createLogShipper, type LogShipper } from '../../src/copy/log-shipper.ts';
import { restoreBlocks } from '../../src/copy/restore-blocks.ts';
import type { LogPosition, TenantEngine } from '../../src/tenants/tenant-engine.ts';
import { type EnginePlace, enginePlace, mysqlTenant } from '../tenants/engine-fixture.ts';
import { appendSink, bytesSource, fdSource, memorySinks, Scratch, testKey, testWorkers } from './toy-setup.ts';

const workers = testWorkers();
const setKey = testKey();
const pieceKey = testKey('1.1', 'piece');
const maxFileBytes = 6_000;
let place: EnginePlace;
let scratch: Scratch;
let shipper: LogShipper;
beforeEach(() => {
  place = enginePlace();
  scratch = new Scratch();
  shipper = createLogShipper({ log: silentLog, maxFileBytes });
});
afterEach(async () => {
  await shipper.closeAll();
  await place.end();
  scratch.close();
});

afterAll(() => workers.close());

/** An archive of one tenant: log files one after the other, opened again after every restart. */
class Archive {
  readonly names: string[] = [];
  #handle: LogHandle | null = null;

  async start(engine: TenantEngine, from: LogPosition, afterScn: Scn, file = this.#next()): Promise<void> {
    const { reader } = await engine.log();
    this.#handle = await shipper.open({ tenantId: engine.tenantId, reader, from, afterScn, file });
  }

  /** What a restart does: scan the last file, cut it, go on behind it. */
  async restart(engine: TenantEngine): Promise<void> {
    await shipper.close(this.#handle!);
    const name = this.names.at(-1)!;
    const scan = await scanLogFile(bytesSource(scratch.bytes(name)), { name });
    const sink = appendSink(scratch.open(name, 'r+'), scan.validBytes);
    const file = { sink, name, roundId: 1, pieceId: 1, fileNo: this.names.length, key: pieceKey, scan };
    await this.start(engine, scan.lastPosition!, scan.lastScn!, file);
  }

  async ship(): Promise<Scn> {
    for (;;) {
      const shipped = await shipper.ship(this.#handle!, { maxBytes: 100_000 });
      if (shipped.switchDue === null) return shipped.lastScn;
      await shipper.switchFile(this.#handle!, this.#next());
    }
  }

  async seal(position: LogPosition): Promise<void> {
    while (!(await shipper.seal(this.#handle!, position)).sealed) await shipper.switchFile(this.#handle!, this.#next());
  }

  #next(): ShipFile {
    const fileNo = this.names.length + 1;
    const name = `log.${fileNo}`;
    this.names.push(name);
    return { sink: appendSink(scratch.open(name)), name, roundId: 1, pieceId: 1, fileNo, key: pieceKey };
  }
}

async function fullBackup(engine: TenantEngine) {
  const snapshot = await engine.pin();
  const sinks = memorySinks();
  try {
    const request = { snapshot, openSink: sinks.open, maxFileBytes: 1e9, setId: 1, tenantId: 1001, key: setKey };
    await backupBlocks({ ...request, workers });
  } finally {
    await snapshot.release();
  }
  return { scn: snapshot.scn, bytes: sinks.state.get(0)!.bytes };
}

async function restored(tenantId: number, set: { scn: Scn; bytes: Buffer }, archive: Archive, untilScn: Scn) {
  const target = await place.engines.beginRestore(tenantId);
  const sources = [{ no: 0, source: bytesSource(set.bytes) }];
  await restoreBlocks({ sources, target: target.writer, key: setKey.bytes, workers });
  await applyLog({
    files: archive.names.map((name) => ({ name, source: fdSource(scratch.open(name, 'r')) })),
    target: target.writer,
    afterScn: set.scn,
    untilScn,
    keyFor: async () => pieceKey.bytes,
    workers,
  });
  await target.finish(untilScn);
  const engine = await place.engines.open(tenantId);
  return (await engine.globalVariables())['probe'];
}

describe('an embedded tenant', () => {
  test('is restored to any moment, over full sets, file switches, folded logs and restarts', async () => {
    await place.engines.create(1001, mysqlTenant);
    let engine = await place.engines.open(1001);
    const archive = new Archive();
    const start = await (await engine.log()).barrier();
    await archive.start(engine, start.position, start.scn);
    const moments: { probe: string; scn: Scn }[] = [];
    const sets: { scn: Scn; bytes: Buffer }[] = [];
    for (let i = 1; i <= 240; i++) {
      await engine.setGlobalVariable('probe', `${i} ${'x'.repeat((i * 37) % 900)}`);
      if (i % 10 === 0) {
        const { scn } = await (await engine.log()).barrier();
        moments.push({ probe: `${i} ${'x'.repeat((i * 37) % 900)}`, scn });
      }
      if (i % 15 === 0) await archive.ship();
      // A seal that took long is asked for once more.
      if (i % 50 === 0) await expect.poll(() => engine.recycleLog((position) => archive.seal(position))).toBe(true);
      if (i % 90 === 20) sets.push(await fullBackup(engine));
      if (i === 130) {
        await engine.close();
        engine = await place.engines.open(1001);
        await archive.restart(engine);
      }
    }
    await archive.ship();
    expect(archive.names.length).toBeGreaterThan(2);
    expect(sets).toHaveLength(3);
    for (const [i, { probe, scn }] of moments.entries()) {
      const set = sets.findLast((candidate) => candidate.scn <= scn);
      if (!set || i % 3 !== 2) continue;
      expect(await restored(2000 + i, set, archive, scn)).toBe(probe);
    }
  });

  test('commits go on while it is copied; the set is the moment it was pinned', async () => {
    await place.engines.create(1001, mysqlTenant);
    const engine = await place.engines.open(1001);
    const archive = new Archive();
    const start = await (await engine.log()).barrier();
    await archive.start(engine, start.position, start.scn);
    await engine.setGlobalVariable('probe', 'before');
    const pinned = await engine.pin();
    await engine.setGlobalVariable('probe', 'after');
    await pinned.release();
    const copying = fullBackup(engine);
    for (let i = 0; i < 30; i++) await engine.setGlobalVariable('probe', `while ${i}`);
    const set = await copying;
    const { scn } = await (await engine.log()).barrier();
    await archive.ship();
    expect(await restored(3001, set, archive, scn)).toBe('while 29');
    expect(await restored(3002, { ...set }, archive, set.scn)).toMatch(/^after$|^while \d+$/);
  });
});
