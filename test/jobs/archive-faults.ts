import { afterAll, beforeAll, expect } from 'vitest';
import type { ArchivePiece } from '../../src/catalog/archives.ts';
import { scanLogFile } from '../../src/copy/log-scan.ts';
import { parseLogFile, pieceLsKeys } from '../../src/destination/archive-layout.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { backedUp, makeTable, nextPiece, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { FaultSwitch, type PlannedFault } from './fault-switch.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  restoredValue,
  roundOf,
  setsOf,
  shipped,
  startHarness,
} from './job-harness.ts';

const faults = new FaultSwitch();
const onArchive = (path: string) => path.endsWith('/a/archive');
let harness: Harness;
let tenantId: number;
let rows = 0;
let restores = 0;

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: (medium, path) => faults.wrap(medium, path), maxLogFileBytes: 30_000 });
  tenantId = await makeTenant(harness, 'a');
  await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
  await setShortPieces(harness, tenantId, '500ms');
  await makePool(harness, 'p');
});
afterAll(() => harness.stop());

async function insert(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${++rows}, '${'log '.repeat(200)}')`);
  }
}

/** A whole round with a backup, commits, further log files and pieces in it; the operations that failed. */
async function roundWith(at: number, plan: PlannedFault): Promise<readonly string[]> {
  faults.arm(at, plan, onArchive);
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  await backedUp(harness);
  await insert(3);
  await shipped(harness, 'a');
  await insert(8);
  await nextPiece(harness);
  await insert(2);
  await shipped(harness, 'a');
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
  const hits = [...faults.hits];
  faults.clear();
  await expectRound();
  return hits;
}

/** The round says how far it goes, all its pieces are frozen, and a restore shows every row. */
async function expectRound(): Promise<void> {
  const round = await roundOf(harness, 'a');
  expect(round).toMatchObject({ status: 'STOP', comment: '' });
  const pieces = await harness.controller.catalog.read((tx) =>
    tx.archives.piecesOfRound(tenantId, round?.destId ?? 0, round?.roundId ?? 0),
  );
  for (const piece of pieces) {
    expect([piece.status, piece.fileStatus]).toEqual(['FROZEN', 'AVAILABLE']);
    expect([piece.inputBytes, piece.outputBytes]).toEqual(await bytesOf(piece));
  }
  const sum = (bytes: (piece: ArchivePiece) => bigint) => pieces.reduce((total, piece) => total + bytes(piece), 0n);
  expect(round?.frozenInputBytes).toBe(sum(({ inputBytes }) => inputBytes));
  expect(round?.frozenOutputBytes).toBe(sum(({ outputBytes }) => outputBytes));
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'SUCCESS' });
  const to = `r${++restores}`;
  expect(await restoredValue(harness, 'a', to, 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t')).toBe(
    `${rows}/${rows}`,
  );
  await harness.say(`DROP TENANT ${to} FORCE`);
  await harness.say(`DROP RESOURCE POOL pool_${to}`);
}

/** Bytes of log and bytes of files, as they stand on the medium. */
async function bytesOf(piece: ArchivePiece): Promise<[bigint, bigint]> {
  const medium = openFileMedium(piece.path.slice('file://'.length));
  const { logDirectory, log } = pieceLsKeys(piece, 1001);
  let [input, output] = [0n, 0n];
  for (const { name, sizeBytes = 0 } of await medium.list(logDirectory)) {
    const source = await medium.openObject(log(parseLogFile(name) ?? 0));
    const { records } = await scanLogFile(source).finally(() => source.close());
    for (const { header } of records)
      if (header.kind === 'batch' || header.kind === 'part') input += BigInt(header.rawLength - header.indexLength);
    output += BigInt(sizeBytes);
  }
  return [input, output];
}

/** How long a round is on a machine that has little else to do; one that takes longer has more operations, but not of more kinds. */
const usualOperations = 240;

/** Fails the first operation of a round, then the `step`-th next, and so on until a round meets no fault any more. */
export async function operationsFail(plan: PlannedFault, step: number): Promise<void> {
  for (let at = 1; ; at += at < usualOperations ? step : at >> 2) {
    const hits = await roundWith(at, plan);
    if (hits.length > 0) continue;
    expect(at).toBeGreaterThan(40);
    return;
  }
}
