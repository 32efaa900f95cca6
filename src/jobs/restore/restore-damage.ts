import { fault, isFault } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Proof, ProofKey } from '../../catalog/proofs.ts';
import type { RestoreJob } from '../../catalog/restores.ts';
import { type PieceName, pieceDirectory } from '../../destination/archive-layout.ts';
import { shownPath } from '../../destination/destination.ts';
import { formatFileKey, type SetName } from '../../destination/layout.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import { type Medium, MediumError } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';
import { readStored } from '../tenant-destination.ts';
import { checkPiece } from '../validate/check-piece.ts';
import { type CheckMeans, checkSet } from '../validate/check-set.ts';
import { requireStillThere } from '../validate/make-tasks.ts';
import { type Finder, markBroken } from '../validate/mark-broken.ts';
import { ObjectCheck } from '../validate/object-check.ts';
import { openLogKey } from '../validate/run-task.ts';
import { seenTwice } from '../validate/seen-twice.ts';
import { decodeMasters, masterKeysName, type RestoreMemory, secretOf, setKeyNameOf } from './restore-rows.ts';

/** What a restore reads at the moment, and the medium it lies on. */
export interface Reading {
  readonly medium: Medium;
  readonly of: { readonly setId: number } | { readonly piece: PieceName };
}

/** What a restore met that another look did not find: worth another attempt. `cause` is what was met. */
export class PassingDamage extends Error {
  override readonly name = 'PassingDamage';
}

/** True for what another attempt may not meet: a fault of the medium, a destination that is not there, damage seen once, a lost engine. */
export function mayPass(error: unknown): boolean {
  if (error instanceof MediumError) return error.retryable;
  const symbols = ['OB_IO_ERROR', 'OB_IO_TIMEOUT', 'OB_BACKUP_FORMAT_FILE_NOT_EXIST', 'OB_EAGAIN'] as const;
  return error instanceof PassingDamage || symbols.some((symbol) => isFault(error, symbol));
}

/**
 * Writes down what a restore found damaged, as VALIDATE does: the proof says BROKEN, and so does the set's row. What no row of this
 * server knows is only named by the job's error. Nothing is concluded from a fault of the medium, from what another look finds whole,
 * nor when the directory is no longer the destination. Returns what to throw: the error, or a PassingDamage with it. Never throws.
 */
export async function noteDamage(
  controller: Controller,
  job: RestoreJob,
  reading: Reading,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted || !(showsDamage(error) || isMediumError(error, 'notFound'))) return error;
  const { medium } = reading;
  const passing = () => new PassingDamage(error.message, { cause: error });
  try {
    await requireStillThere(medium, formatFileKey, signal);
    if (!(await isStillBad(controller, job, reading, error, signal))) return passing();
    await requireStillThere(medium, formatFileKey, signal);
    if (showsDamage(error)) await writeDown(controller, job, reading, error);
    return error;
  } catch (other) {
    controller.log.warn('damage met by a restore was not written down', {
      tenant: job.restoreTenantName,
      reason: (other as Error).message,
    });
    return mayPass(other) ? passing() : error;
  }
}

async function writeDown(controller: Controller, job: RestoreJob, { of }: Reading, error: Error): Promise<void> {
  const finder: Finder = {
    module: 'physical_restore',
    jobId: job.jobId,
    name: `restore of tenant ${job.restoreTenantName}`,
  };
  const comment = `${finder.name}: ${error.message}`;
  const verifiedUs = controller.clock.nowUs();
  const durationUs = verifiedUs - job.startUs;
  const found = { verifiedUs, method: 'RESTORE', durationUs, result: 'BROKEN', damagedCount: 1, comment } as const;
  const what = 'setId' in of ? of : { piece: pieceNamed(job, error) ?? of.piece };
  await controller.catalog.transaction((tx) => {
    for (const { key, bytes } of knownRows(tx, controller, job, what)) {
      const proof: Proof = { ...key, ...found, bytes };
      tx.proofs.proofs.put(proof);
      markBroken(tx, finder, key, error.message);
    }
  });
}

/**
 * Looks once more at what a restore read, as VALIDATE does and with the restore's keys. When the error names one of the bad objects,
 * two looks agree; otherwise further ones have to.
 */
async function isStillBad(
  controller: Controller,
  job: RestoreJob,
  { medium, of }: Reading,
  error: Error,
  signal: AbortSignal,
): Promise<boolean> {
  const means = await meansOf(controller, job, medium, signal);
  const look = async () => {
    const check = new ObjectCheck(medium, signal, () => undefined);
    if ('piece' in of) await checkPiece(means, check, pieceNamed(job, error) ?? of.piece, null);
    else await checkSet(means, check, setNamed(job, of.setId));
    return { check };
  };
  const badOf = ({ check }: { readonly check: ObjectCheck }) => check.findings.filter(({ kind }) => kind !== 'FOREIGN');
  const bad = badOf(await look());
  if (bad.length === 0 || bad.some(({ object }) => error.message.includes(object))) return bad.length > 0;
  return badOf(await seenTwice(medium, signal, look)).length > 0;
}

async function meansOf(
  controller: Controller,
  job: RestoreJob,
  medium: Medium,
  signal: AbortSignal,
): Promise<CheckMeans> {
  const { workers, settings } = controller;
  const masters = decodeMasters(await secretOf(controller, job, masterKeysName));
  return {
    ...{ medium, signal, level: 'physical', workers, turn: 'restore', stallTimeoutMs: settings.validateStallMs },
    openSetKey: (_, { id }) => secretOf(controller, job, setKeyNameOf(Number(id))),
    openLogKey: async (wrapped, { tenantId, id }) => openLogKey(wrapped, masters, tenantId, id),
    onProgress: () => undefined,
  };
}

/** Bytes that are not what was written, or log that is not there: found by us, not reported by a medium. */
function showsDamage(error: unknown): error is Error {
  const shown = isFault(error, 'OB_CHECKSUM_ERROR') || isFault(error, 'OB_ENTRY_NOT_EXIST');
  return shown && !((error as Error).cause instanceof MediumError);
}

function setNamed(job: RestoreJob, setId: number): SetName {
  const set = (job.stepData as RestoreMemory).sets.find(({ id }) => id === setId);
  if (set === undefined) throw fault('OB_ERR_UNEXPECTED', `set ${setId} is none of the restore`);
  return { backupSetId: set.id, backupType: set.type };
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
