import { faultText } from '../../base/errors.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { checkSet } from '../validate/check-set.ts';
import { ObjectCheck, type ObjectFinding } from '../validate/object-check.ts';
import { setKeyOf } from './copy-set.ts';
import { type JobRun, requireDestination, type TaskMemory } from './job-run.ts';
import { setNameOf } from './set-files.ts';

/** What reading a set back found out. */
export interface ReadBack {
  readonly startUs: number;
  readonly endUs: number;
  readonly bytes: bigint;
}

/**
 * Reads a set back from its medium before its end placeholder makes it valid, as VALIDATE does: every info file, placeholder and index,
 * size, header, footer and index of every data file, a few records of each, and what belongs to the log inside of the set. Costs a few
 * dozen small reads, whatever the size of the set. Throws -4103 naming the first objects that are not what was written.
 */
export async function readBack(run: JobRun, memory: TaskMemory, set: BackupSet): Promise<ReadBack> {
  const { controller, medium, signal } = run;
  const startUs = controller.clock.nowUs();
  const key = await setKeyOf(run, memory);
  const check = new ObjectCheck(medium, signal, () => undefined);
  await checkSet(
    {
      medium,
      signal,
      level: 'sample',
      workers: controller.workers,
      turn: 'backup',
      stallTimeoutMs: controller.settings.validateStallMs,
      openSetKey: async () => key?.bytes ?? null,
      openLogKey: async () => null,
      onProgress: () => undefined,
    },
    check,
    setNameOf(set),
  );
  const bad = check.findings.filter((finding) => finding.kind !== 'FOREIGN' && !isEnd(finding));
  if (bad.length === 0) return { startUs, endUs: controller.clock.nowUs(), bytes: BigInt(check.progress.totalBytes) };
  // An empty mount point is not a damaged set.
  await requireDestination(run);
  const named = bad.slice(0, 3).map(({ object, finding }) => `${object}: ${finding}`);
  const more = bad.length - named.length;
  const text = [...named, ...(more > 0 ? [`${more} more objects`] : [])].join('; ');
  throw faultText('OB_CHECKSUM_ERROR', `Data checksum error: the set was read back before its end: ${text}`);
}

/** The end placeholder comes behind this. */
function isEnd({ kind, object }: ObjectFinding): boolean {
  return kind === 'MISSING' && object.includes('_end_success_');
}

/** How the set was verified when it was made: everything but most of its blocks was read again. */
export function recordReadBack(tx: Repositories, set: BackupSet, { startUs, endUs, bytes }: ReadBack): void {
  const { tenantId, path, destId, backupSetId } = set;
  tx.proofs.proofs.put({
    ...{ tenantId, objectType: 'BACKUP SET', path, destId, backupSetId, roundId: 0, pieceId: 0 },
    verifiedUs: endUs,
    method: 'BACKUP',
    durationUs: Math.max(0, endUs - startUs),
    bytes,
    result: 'PARTIAL',
    damagedCount: 0,
    comment: 'read back before its end: sizes, info files, indexes and a sample of the blocks',
  });
}
