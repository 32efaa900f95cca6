import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DeleteJob, DeleteTask } from '../../src/catalog/deletions.ts';
import { MovableClock } from './clean-clock.ts';
import { type Harness, type HarnessOptions, makeTenant, roundOf, settle, startHarness } from './job-harness.ts';

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
}

export async function openCleanScene(options: CleanSceneOptions = {}): Promise<CleanScene> {
  const clock = new MovableClock();
  const harness = await startHarness({ ...options, clock });
  const tenantId = await makeTenant(harness, 'a');
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${harness.place('a/archive')}' TENANT = a`);
  await harness.controller.catalog.transaction((tx) =>
    tx.destinations.setArchiveDest(tenantId, 0, { piece_switch_interval: options.pieceSwitch ?? '300ms' }),
  );
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${harness.place('a/data')}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await harness.until(async () => (await roundOf(harness, 'a'))?.status === 'DOING');
  await harness.sql('a', 'CREATE DATABASE d');
  await harness.sql('a', 'CREATE TABLE d.t (id INT PRIMARY KEY)');
  const root = (name: string) => join(harness.directory, 'a', name);
  return { harness, clock, tenantId, dataRoot: root('data'), archiveRoot: root('archive') };
}

/** A full set, made after one more row, in a later piece unless that does not matter. */
export async function backUp(
  { harness }: CleanScene,
  row: number,
  where: 'nextPiece' | 'anyPiece' = 'nextPiece',
): Promise<void> {
  await harness.sql('a', `INSERT INTO d.t VALUES (${row})`);
  if (where === 'nextPiece') await nextPiece(harness);
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await settle(harness);
}

export async function nextPiece(harness: Harness): Promise<void> {
  const used = (await roundOf(harness, 'a'))?.usedPieceId ?? 0;
  await harness.until(async () => ((await roundOf(harness, 'a'))?.usedPieceId ?? 0) > used);
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
