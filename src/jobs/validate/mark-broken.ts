import type { Repositories } from '../../catalog/catalog.ts';
import type { ProofKey } from '../../catalog/proofs.ts';
import { assertMove, setFileStates } from '../../policy/next-states.ts';

/** Bytes a COMMENT column holds. */
export const maxCommentLength = 4_000;

/** The job that found the damage. */
export interface Finder {
  /** Of the event. */
  readonly module: 'backup_validate' | 'physical_restore';
  readonly jobId: number;
  /** As the set's comment names it, such as `VALIDATE job 3`. */
  readonly name: string;
}

/**
 * AVAILABLE → BROKEN for a set of this server; the proof is the caller's to write, in the same step. A piece has no such state: its
 * proof says so, and restore and window read it there.
 */
export function markBroken(tx: Repositories, finder: Finder, key: ProofKey, comment: string): void {
  const { tenantId, destId, backupSetId, roundId, pieceId } = key;
  const pairs = { tenant_id: tenantId, job_id: finder.jobId, dest_id: destId };
  if (key.objectType === 'BACKUP PIECE') {
    tx.events.record(finder.module, 'piece_broken', { ...pairs, round_id: roundId, piece_id: pieceId });
    return;
  }
  tx.events.record(finder.module, 'backup_set_broken', { ...pairs, backup_set_id: backupSetId });
  const set = tx.backups.sets.get({ tenantId, destId, backupSetId });
  if (set === null || set.path !== key.path || set.fileStatus !== 'AVAILABLE') return;
  assertMove(setFileStates, set.fileStatus, 'BROKEN');
  tx.backups.sets.update(set, {
    fileStatus: 'BROKEN',
    comment: `${finder.name}: ${comment}`.slice(0, maxCommentLength),
  });
}
