import type { Repositories } from '../../catalog/catalog.ts';
import type { Proof } from '../../catalog/proofs.ts';
import type { RestoreJob } from '../../catalog/restores.ts';
import { shownPath } from '../../destination/destination.ts';
import type { Controller } from '../controller.ts';
import { readStored } from '../tenant-destination.ts';
import type { RestoreMemory } from './restore-rows.ts';

/**
 * A restore that succeeded has read all data of its sets and the log of its pieces: written down as proof of those this
 * cluster knows. What it left unread of the last piece makes that one PARTIAL, which replaces no proof that says more.
 */
export function recordRestoreProof(
  tx: Repositories,
  controller: Controller,
  job: RestoreJob,
  memory: RestoreMemory,
): void {
  const { secrets } = controller.catalog;
  const verifiedUs = controller.clock.nowUs();
  const read = { verifiedUs, method: 'RESTORE' as const, durationUs: verifiedUs - job.startUs, damagedCount: 0 };
  const dataPath = shownPath(readStored(secrets, job.tenantId, memory.data));
  for (const { id } of memory.sets) {
    for (const { tenantId, destId, path, outputBytes } of tx.backups.sets.list({ path: dataPath, backupSetId: id })) {
      const what = {
        tenantId,
        objectType: 'BACKUP SET' as const,
        path,
        destId,
        backupSetId: id,
        roundId: 0,
        pieceId: 0,
      };
      const comment = `its data was restored as tenant ${job.restoreTenantName}`;
      put(tx, { ...what, ...read, bytes: outputBytes, result: 'OK', comment });
    }
  }
  if (memory.archive === null) return;
  const archivePath = shownPath(readStored(secrets, job.tenantId, memory.archive));
  for (const { destId, roundId, pieceId } of memory.pieces) {
    const rows = tx.archives.pieces.list({ path: archivePath, destId, roundId, pieceId });
    for (const { tenantId, path, status, checkpointScn, outputBytes } of rows) {
      const what = { tenantId, objectType: 'BACKUP PIECE' as const, path, destId, backupSetId: 0, roundId, pieceId };
      const whole = status === 'FROZEN' && checkpointScn <= job.restoreScn;
      const comment = `replayed up to SCN ${job.restoreScn} as tenant ${job.restoreTenantName}`;
      put(tx, { ...what, ...read, bytes: outputBytes, result: whole ? 'OK' : 'PARTIAL', comment });
    }
  }
}

function put(tx: Repositories, proof: Proof): void {
  const former = tx.proofs.proofs.get(proof);
  if (former !== null && (former.result === 'BROKEN' || (former.result === 'OK' && proof.result === 'PARTIAL'))) return;
  tx.proofs.proofs.put(proof);
}
