import { fault, faultText, isFault } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { ValidateJob, ValidateTask } from '../../catalog/proofs.ts';
import {
  type PieceName,
  parsePiecePlaceholder,
  pieceDirectory,
  piecesDirectory,
} from '../../destination/archive-layout.ts';
import { shownPath } from '../../destination/destination.ts';
import { readFormatFile, requireFormat } from '../../destination/identity.ts';
import { parseSetPlaceholder, type SetName, setDirectory, setsDirectory } from '../../destination/layout.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { userLsId } from '../archive/archive-files.ts';
import { setNameOf } from '../backup/set-files.ts';
import type { Controller } from '../controller.ts';
import { expectedFormat } from '../tenant-destination.ts';
import { newTask, type ValidatePlace } from './validate-rows.ts';

/** What was found at one place, before rows are made of it. */
interface FoundObjects {
  readonly place: ValidatePlace;
  readonly sets: readonly SetName[];
  readonly pieces: readonly PieceName[];
}

/** A place with its open medium. */
export interface OpenPlace {
  readonly place: ValidatePlace;
  readonly medium: Medium;
}

/**
 * Lists the destinations and makes one task of each set, each piece and, when all of it shall be looked at, of the destination
 * itself. What the catalog holds for there and is gone gets its task all the same.
 */
export async function makeTasks(
  controller: Controller,
  job: ValidateJob,
  places: readonly OpenPlace[],
  signal: AbortSignal,
): Promise<void> {
  const found: FoundObjects[] = [];
  for (const { place, medium } of places) {
    await requirePlace(controller, job, place, medium, signal);
    found.push(await listPlace(controller, job, place, medium, signal));
  }
  await controller.catalog.transaction((tx) => {
    const live = tx.proofs.jobs.get(job);
    if (live === null || live.status !== 'INIT') return;
    const tasks = found.flatMap((one, i) => tasksOf(tx, job, one, i));
    for (const task of tasks) tx.proofs.tasks.insert(task);
    tx.proofs.jobs.update(job, { status: 'DOING', taskCount: tasks.length });
  });
}

/** The format file must be there, and ours where the catalog knows the place; its damage is for the destination's task to tell. */
async function requirePlace(
  controller: Controller,
  job: ValidateJob,
  { destination, destId, kind }: ValidatePlace,
  medium: Medium,
  signal: AbortSignal,
): Promise<void> {
  const type = kind === 'data' ? 'backup_data' : 'archive_log';
  const expected = await controller.catalog.read((tx) => {
    const tenant = tx.tenants.get({ tenantId: job.tenantId });
    if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(job.tenantId));
    return destId === null ? null : expectedFormat(tx, controller, tenant, destination, type);
  });
  await withCodedErrors(async () => {
    try {
      if (expected !== null) return void (await requireFormat(medium, expected, signal));
      const format = await readFormatFile(medium, signal);
      if (format === null) throw fault('OB_BACKUP_FORMAT_FILE_NOT_EXIST');
      if (format.destType !== type) throw fault('OB_BACKUP_FORMAT_FILE_NOT_MATCH');
    } catch (error) {
      if (!isFault(error, 'OB_CHECKSUM_ERROR') && !isFault(error, 'OB_ERR_UNEXPECTED')) throw error;
    }
  });
}

async function listPlace(
  controller: Controller,
  job: ValidateJob,
  place: ValidatePlace,
  medium: Medium,
  signal: AbortSignal,
): Promise<FoundObjects> {
  const path = shownPath(place.destination);
  const wanted = (id: number) => place.ids === null || place.ids.includes(id);
  if (place.kind === 'data') {
    const known = await controller.catalog.read((tx) => knownSets(tx, job.tenantId, path));
    const names = new Map<string, SetName>();
    for (const entry of await medium.list(setsDirectory, signal)) {
      const name = parseSetPlaceholder(entry.name);
      if (name?.kind === 'end_success')
        names.set(setDirectory(name), { backupSetId: name.backupSetId, backupType: name.backupType });
    }
    for (const name of known.unusable) names.delete(setDirectory(name));
    for (const name of known.whole) names.set(setDirectory(name), name);
    const sets = [...names.values()]
      .filter((name) => wanted(name.backupSetId))
      .sort((a, b) => a.backupSetId - b.backupSetId);
    requireAll(
      place,
      sets.map((name) => name.backupSetId),
    );
    return { place, sets, pieces: [] };
  }
  const known = await controller.catalog.read((tx) => knownPieces(tx, job.tenantId, path));
  const names = new Map<string, PieceName>();
  for (const entry of await medium.list(piecesDirectory, signal)) {
    const name = parsePiecePlaceholder(entry.name);
    if (name !== null)
      names.set(pieceDirectory(name), { destId: name.destId, roundId: name.roundId, pieceId: name.pieceId });
  }
  for (const name of known.unusable) names.delete(pieceDirectory(name));
  for (const name of known.whole) names.set(pieceDirectory(name), name);
  const pieces = [...names.values()]
    .filter((name) => wanted(name.pieceId))
    .sort((a, b) => a.destId - b.destId || a.roundId - b.roundId || a.pieceId - b.pieceId);
  requireAll(
    place,
    pieces.map((name) => name.pieceId),
  );
  return { place, sets: [], pieces };
}

function requireAll({ ids, kind, destination }: ValidatePlace, found: readonly number[]): void {
  const lost = (ids ?? []).filter((id) => !found.includes(id));
  if (lost.length === 0) return;
  const what = kind === 'data' ? 'backup set' : 'backup piece';
  throw faultText('OB_ENTRY_NOT_EXIST', `${what} ${lost.join(', ')} is not at ${shownPath(destination)}`);
}

function knownSets(tx: Repositories, tenantId: number, path: string) {
  const rows = tx.backups.sets.list({ tenantId, path });
  const isWhole = (row: (typeof rows)[number]) =>
    row.status === 'SUCCESS' && (row.fileStatus === 'AVAILABLE' || row.fileStatus === 'BROKEN');
  return { whole: rows.filter(isWhole).map(setNameOf), unusable: rows.filter((row) => !isWhole(row)).map(setNameOf) };
}

/** Pieces whose files must be there, and those that are being deleted. */
function knownPieces(tx: Repositories, tenantId: number, path: string) {
  const rows = tx.archives.pieces.list({ tenantId, path });
  const name = ({ destId, roundId, pieceId }: PieceName): PieceName => ({ destId, roundId, pieceId });
  const confirmed = (row: (typeof rows)[number]) =>
    (tx.archives.lsProgress.get({ ...name(row), tenantId, lsId: userLsId })?.fileOffset ?? 0n) > 0n;
  const gone = (row: (typeof rows)[number]) => row.fileStatus === 'DELETING' || row.fileStatus === 'DELETED';
  return {
    whole: rows.filter((row) => row.fileStatus === 'AVAILABLE' || (!gone(row) && confirmed(row))).map(name),
    unusable: rows.filter(gone).map(name),
  };
}

function tasksOf(tx: Repositories, job: ValidateJob, found: FoundObjects, place: number): readonly ValidateTask[] {
  const path = shownPath(found.place.destination);
  const destId = found.place.destId ?? 0;
  const setRow = (name: SetName) =>
    tx.backups.sets.list({ tenantId: job.tenantId, path, backupSetId: name.backupSetId })[0]?.destId ?? destId;
  return [
    ...(found.place.ids === null ? [newTask(tx, job, { taskType: 'DESTINATION', destId, path }, { place })] : []),
    ...found.sets.map((name) =>
      newTask(
        tx,
        job,
        { taskType: 'BACKUP SET', destId: setRow(name), backupSetId: name.backupSetId, path },
        { place, backupType: name.backupType },
      ),
    ),
    ...found.pieces.map((name) => newTask(tx, job, { taskType: 'BACKUP PIECE', ...name, path }, { place })),
  ];
}

/** What guards a verdict: without the format file the directory is not the destination, and nothing in it proves anything. */
export async function requireStillThere(medium: Medium, formatKey: string, signal: AbortSignal): Promise<void> {
  if ((await medium.head(formatKey, signal)) === null) throw fault('OB_BACKUP_FORMAT_FILE_NOT_EXIST');
}
