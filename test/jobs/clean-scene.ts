import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DeleteJob, DeleteTask } from '../../src/catalog/deletions.ts';
import { backedUp, makeTable, nextPiece, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { MovableClock } from './clean-clock.ts';
import { type Harness, type HarnessOptions, makeTenant, startHarness } from './job-harness.ts';

/** A server with tenant `a`, which archives in short pieces. */
export interface CleanScene {
  readonly harness: Harness;
  readonly clock: MovableClock;
  readonly tenantId: number;
  readonly dataRoot: string;
  readonly archiveRoot: string;
}

export interface CleanSceneOptions extends Omit<HarnessOptions, 'clock'> {
  /** How long a piece lasts. */
  readonly pieceSwitch?: string;
  /** Where the archive lies, `a/archive` when left out; the data path is `a/data`. */
  readonly archive?: string;
}

export async function openCleanScene(options: CleanSceneOptions = {}): Promise<CleanScene> {
  const clock = new MovableClock();
  const harness = await startHarness({ ...options, clock });
  const tenantId = await makeTenant(harness, 'a');
  const archive = options.archive ?? 'a/archive';
  await setShortPieces(harness, tenantId, options.pieceSwitch ?? '1s', harness.place(archive));
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  await makeTable(harness);
  const root = (name: string) => join(harness.directory, name);
  return { harness, clock, tenantId, dataRoot: root('a/data'), archiveRoot: root(archive) };
}

/** A full set, made after one more row, in a later piece unless that does not matter. */
export async function backUp(
  { harness }: CleanScene,
  row: number,
  where: 'nextPiece' | 'anyPiece' = 'nextPiece',
): Promise<void> {
  await harness.sql('a', `INSERT INTO d.t VALUES (${row})`);
  if (where === 'nextPiece') await nextPiece(harness);
  await backedUp(harness);
}

export interface CleanRows {
  readonly jobs: readonly DeleteJob[];
  readonly tasks: readonly DeleteTask[];
  /** File status of each set by its number, and of each piece. */
  readonly sets: Readonly<Record<number, string>>;
  readonly pieces: Readonly<Record<number, string>>;
}

export function cleanRows({ harness, tenantId }: CleanScene): Promise<CleanRows> {
  return harness.controller.catalog.read((tx) => ({
    jobs: tx.deletions.jobs.list({ tenantId }),
    tasks: tx.deletions.tasks.list({ tenantId }),
    sets: Object.fromEntries(tx.backups.sets.list({ tenantId }).map((set) => [set.backupSetId, set.fileStatus])),
    pieces: Object.fromEntries(tx.archives.pieces.list({ tenantId }).map((piece) => [piece.pieceId, piece.fileStatus])),
  }));
}

/** Waits until `count` clean-up jobs have ended and none is live. */
export async function cleaned(scene: CleanScene, count: number): Promise<CleanRows> {
  await scene.harness.until(async () => {
    const { jobs } = await cleanRows(scene);
    return jobs.length >= count && jobs.every((job) => job.history);
  });
  return cleanRows(scene);
}

/** Names of files and directories below a root, relative. */
export function namesBelow(root: string): readonly string[] {
  return existsSync(root) ? readdirSync(root, { recursive: true }).map(String).sort() : [];
}
