import { isFault } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Proof, ProofKey } from '../../catalog/proofs.ts';
import type { RestoreJob } from '../../catalog/restores.ts';
import { type PieceName, pieceDirectory } from '../../destination/archive-layout.ts';
import { shownPath } from '../../destination/destination.ts';
import { formatFileKey } from '../../destination/layout.ts';
import { type Medium, MediumError } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';
import { readStored } from '../tenant-destination.ts';
import { checkPiece } from '../validate/check-piece.ts';
import { type CheckMeans, checkSet } from '../validate/check-set.ts';
import { requireStillThere } from '../validate/make-tasks.ts';
import { type Finder, markBroken } from '../validate/mark-broken.ts';
import { ObjectCheck } from '../validate/object-check.ts';
import { readSets } from './read-data-path.ts';
import type { RestoreMemory } from './restore-rows.ts';

/** What a restore reads at the moment, and the medium it lies on. */
export interface Reading {
  readonly medium: Medium;
  readonly of: { readonly setId: number } | { readonly piece: PieceName };
}

/**
 * Writes down what a restore found damaged, as VALIDATE does: the proof says BROKEN, and so does the set's row. What no row of this
 * server knows is only named by the job's error. Nothing is concluded from a fault of the medium, nor when the directory is no
 * longer the destination. Never throws: the restore has its own error.
 */
export async function noteDamage(
  controller: Controller,
  job: RestoreJob,
  { medium, of }: Reading,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || !showsDamage(error)) return;
  const finder: Finder = {
    module: 'physical_restore',
    jobId: job.jobId,
    name: `restore of tenant ${job.restoreTenantName}`,
  };
  try {
    await requireStillThere(medium, formatFileKey, signal);
    // What is missing may have been away for a moment only.
    if (isFault(error, 'OB_ENTRY_NOT_EXIST') && !(await isStillBad(controller, { medium, of }, signal))) return;
    await requireStillThere(medium, formatFileKey, signal);
    const comment = `${finder.name}: ${error.message}`;
    const verifiedUs = controller.clock.nowUs();
    const durationUs = verifiedUs - job.startUs;
    const found = { verifiedUs, method: 'RESTORE', durationUs, result: 'BROKEN', damagedCount: 1, comment } as const;
    await controller.catalog.transaction((tx) => {
      for (const { key, bytes } of knownRows(
        tx,
        controller,
        job,
        'setId' in of ? of : { piece: pieceNamed(job, error) ?? of.piece },
      )) {
        const proof: Proof = { ...key, ...found, bytes };
        tx.proofs.proofs.put(proof);
        markBroken(tx, finder, key, error.message);
      }
    });
  } catch (other) {
    controller.log.warn('damage met by a restore was not written down', {
      tenant: job.restoreTenantName,
      reason: (other as Error).message,
    });
  }
}

/** Looks once more at what a restore missed something of, as VALIDATE does without its keys. */
async function isStillBad({ workers, settings }: Controller, { medium, of }: Reading, signal: AbortSignal) {
  const check = new ObjectCheck(medium, signal, () => undefined);
  const means: CheckMeans = {
    ...{ medium, signal, level: 'physical', workers, stallTimeoutMs: settings.validateStallMs },
    openSetKey: async () => null,
    openLogKey: async () => null,
    onProgress: () => undefined,
  };
  if ('piece' in of) await checkPiece(means, check, of.piece, null);
  else {
    const name = (await readSets(medium, signal)).find((set) => set.name.backupSetId === of.setId)?.name;
    if (name === undefined) return true;
    await checkSet(means, check, name);
  }
  return check.findings.some(({ kind }) => kind !== 'FOREIGN');
}

/** Bytes that are not what was written, or log that is not there: found by us, not reported by a medium. */
function showsDamage(error: unknown): error is Error {
  const shown = isFault(error, 'OB_CHECKSUM_ERROR') || isFault(error, 'OB_ENTRY_NOT_EXIST');
  return shown && !((error as Error).cause instanceof MediumError);
}

/** Log is read ahead of what is being applied: the piece of the file the error names. */
function pieceNamed(job: RestoreJob, { message }: Error): PieceName | undefined {
  return (job.stepData as RestoreMemory).pieces.find((piece) => message.includes(`${pieceDirectory(piece)}/`));
}

/** Rows of the set or piece, of whichever tenant of this cluster; without those that a clean-up is taking away. */
function knownRows(
  tx: Repositories,
  { catalog: { secrets } }: Controller,
  job: RestoreJob,
  of: Reading['of'],
): readonly { readonly key: ProofKey; readonly bytes: bigint }[] {
  const memory = job.stepData as RestoreMemory;
  const text = 'setId' in of ? memory.data : memory.archive;
  if (text === null) return [];
  const path = shownPath(readStored(secrets, job.tenantId, text));
  const stays = (row: { readonly fileStatus: string }) => row.fileStatus !== 'DELETING' && row.fileStatus !== 'DELETED';
  if ('setId' in of)
    return tx.backups.sets
      .list({ path, backupSetId: of.setId })
      .filter(stays)
      .map(({ tenantId, destId, backupSetId, outputBytes }) => ({
        key: { tenantId, objectType: 'BACKUP SET', path, destId, backupSetId, roundId: 0, pieceId: 0 },
        bytes: outputBytes,
      }));
  const { destId, roundId, pieceId } = of.piece;
  return tx.archives.pieces
    .list({ path, destId, roundId, pieceId })
    .filter(stays)
    .map(({ tenantId, outputBytes }) => ({
      key: { tenantId, objectType: 'BACKUP PIECE', path, destId, backupSetId: 0, roundId, pieceId },
      bytes: outputBytes,
    }));
}
