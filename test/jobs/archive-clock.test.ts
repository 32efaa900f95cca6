import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { moveClock } from '../../src/base/clock.ts';
import type { ArchivePiece } from '../../src/catalog/archives.ts';
import { archivedTenant, backedUp, roundIs } from './backed-up-tenant.ts';
import { type Harness, restoredValue, roundOf, shipped, startHarness } from './job-harness.ts';

/*
 * Pieces are at least a day long. The clock of the whole process, engine threads included, is moved instead of waiting.
 */
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const dayNs = BigInt(dayMs) * 1_000_000n;

let harness: Harness;
afterEach(async () => {
  await harness.stop();
  moveClock(0);
});

let row = 0;
async function insert(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await harness.sql('a', `INSERT INTO d.t VALUES (${++row}, 'x')`);
}

async function prepared(): Promise<void> {
  harness = await startHarness();
  row = 0;
  await archivedTenant(harness, 'id INT PRIMARY KEY, v TEXT');
  await backedUp(harness);
}

const pieces = () => harness.controller.catalog.read((tx) => tx.archives.pieces.list());
const scnNow = async () => {
  const tenant = await harness.controller.catalog.read((tx) => tx.tenants.byName('a'));
  return (await (await harness.controller.engines.open(tenant?.tenantId ?? 0)).log()).barrier();
};

/** Every piece begins where the one before ends, and its number follows from its time. */
async function expectSchedule(list: readonly ArchivePiece[]): Promise<void> {
  const round = await roundOf(harness, 'a');
  for (const piece of list) {
    const index = (piece.startScn - (round?.startScn ?? 0n)) / dayNs;
    expect(piece.pieceId).toBe((round?.basePieceId ?? 0) + Number(index));
    expect(piece.startScn).toBe((round?.startScn ?? 0n) + index * dayNs);
    expect(piece.endScn).toBe(piece.startScn + dayNs);
    const last = piece === list.at(-1);
    expect([piece.pieceId, piece.status, piece.fileStatus]).toEqual([
      piece.pieceId,
      last ? 'ACTIVE' : 'FROZEN',
      'AVAILABLE',
    ]);
    expect(piece.checkpointScn >= piece.startScn && piece.checkpointScn < piece.endScn).toBe(true);
    expect(piece.checkpointScn === piece.endScn - 1n).toBe(!last);
  }
  expect(round).toMatchObject({ usedPieceId: list.at(-1)?.pieceId, checkpointScn: list.at(-1)?.checkpointScn });
}

test('an idle tenant gets a piece a day, with the files the layout names', async () => {
  await prepared();
  await insert(3);
  for (const day of [1, 2]) {
    moveClock(day * dayMs + hourMs);
    await shipped(harness, 'a');
  }
  const list = await pieces();
  expect(list.map(({ pieceId }) => pieceId)).toEqual([1, 2, 3]);
  await expectSchedule(list);
  const root = join(harness.directory, 'a/archive');
  const marks = readdirSync(join(root, 'pieces')).map((name) => name.replace(/\d{8}T\d{6}/, 'T'));
  expect(marks.sort()).toEqual(
    ['p1_end_T', 'p1_start_T', 'p2_end_T', 'p2_start_T', 'p3_start_T'].map((name) => `piece_d1001r1${name}.obarc`),
  );
  for (const frozen of [1, 2]) {
    const directory = join(root, `piece_d1001r1p${frozen}`);
    const names = readdirSync(directory).map((name) => name.replace(/\d{8}T\d{6}/g, 'T'));
    expect(names.sort()).toEqual([
      'checkpoint',
      'file_info.obarc',
      'logstream_1001',
      `piece_d1001r1p${frozen}_T_T.obarc`,
      'single_piece_info.obarc',
      'tenant_archive_piece_infos.obarc',
    ]);
    expect(readdirSync(join(directory, 'logstream_1001')).sort()).toEqual(['file_info.obarc', 'log']);
  }
  expect(existsSync(join(root, 'piece_d1001r1p3/single_piece_info.obarc'))).toBe(false);
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('3');
});

test('days that pass while the round is suspended, or the server is down, get their pieces when it goes on', async () => {
  await prepared();
  await insert(2);
  await shipped(harness, 'a');
  await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
  await roundIs(harness, 'SUSPEND');
  await insert(2);
  moveClock(3 * dayMs + hourMs);
  await insert(2);
  const used = (await roundOf(harness, 'a'))?.usedPieceId;
  expect(used).toBe(1);
  await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
  await roundIs(harness, 'DOING');
  await insert(1);
  await shipped(harness, 'a');
  const list = await pieces();
  expect(list.map(({ pieceId }) => pieceId)).toEqual([1, 2, 3, 4]);
  await expectSchedule(list);
  expect(list.map(({ inputBytes }) => inputBytes > 0n)).toEqual([true, false, false, true]);
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('7');
});

test('a stopped round ends in its piece, and the next one goes on with the next number', async () => {
  await prepared();
  moveClock(dayMs + hourMs);
  await insert(2);
  const end = await shipped(harness, 'a');
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  const [, second] = await pieces();
  // A frozen piece of a stopped round keeps its nominal end; the checkpoint tells how far it goes.
  expect(second).toMatchObject({ pieceId: 2, status: 'FROZEN', fileStatus: 'AVAILABLE' });
  expect(second!.endScn - second!.startScn).toBe(dayNs);
  expect(second!.checkpointScn >= end && second!.checkpointScn < second!.endScn).toBe(true);
  moveClock(5 * dayMs);
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  const round = await roundOf(harness, 'a');
  expect(round).toMatchObject({ roundId: 2, basePieceId: 3, usedPieceId: 3 });
  expect(round!.startScn).toBeGreaterThan(second!.checkpointScn);
});

test('a clock that jumps an hour back and forward changes nothing: SCNs grow, pieces switch once', async () => {
  await prepared();
  const seen: bigint[] = [];
  for (const aheadMs of [
    0,
    hourMs,
    0,
    -hourMs,
    2 * hourMs,
    hourMs,
    dayMs + hourMs,
    dayMs,
    dayMs - hourMs,
    dayMs + 2 * hourMs,
  ]) {
    moveClock(aheadMs);
    await insert(2);
    seen.push((await scnNow()).position['scn'] as unknown as bigint);
    const { scn } = await scnNow();
    const before = (await roundOf(harness, 'a'))?.checkpointScn ?? 0n;
    expect(await shipped(harness, 'a')).toBeGreaterThanOrEqual(scn);
    expect((await roundOf(harness, 'a'))?.checkpointScn).toBeGreaterThan(before);
  }
  const numbers = seen.map(BigInt);
  for (const [index, scn] of numbers.entries()) if (index > 0) expect(scn).toBeGreaterThan(numbers[index - 1]!);
  const list = await pieces();
  expect(list.map(({ pieceId }) => pieceId)).toEqual([1, 2]);
  await expectSchedule(list);
  expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING', comment: '' });
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe(String(row));
});

test('failures are paused for seconds, not for the hour the clock is set back by', async () => {
  let broken = false;
  harness = await startHarness({
    wrapMedium: (medium) => ({
      ...medium,
      putSmall: async (...call) => {
        if (broken) throw new Error('broken');
        return medium.putSmall(...call);
      },
    }),
  });
  row = 0;
  await archivedTenant(harness, 'id INT PRIMARY KEY, v TEXT');
  moveClock(hourMs);
  broken = true;
  const events = () =>
    harness.controller.catalog.readDatabase
      .prepare("SELECT COUNT(*) FROM tenant_event WHERE event = 'archive_failed'")
      .pluck()
      .get();
  await insert(1);
  await harness.until(async () => events() === 1);
  moveClock(0);
  broken = false;
  await insert(1);
  await shipped(harness, 'a');
});

test('a round that begins while the clock is set back counts at once, and a set in it restores', async () => {
  await prepared();
  await insert(1);
  moveClock(-hourMs);
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  await insert(1);
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  await backedUp(harness);
  const [, set] = await harness.controller.catalog.read((tx) => tx.backups.sets.list());
  expect(set?.status).toBe('SUCCESS');
  expect((await pieces()).map(({ fileStatus }) => fileStatus)).toEqual(['AVAILABLE', 'AVAILABLE']);
  const until = `UNTIL SCN = ${set?.minRestoreScn}`;
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t', until)).toBe('2');
});
