import { errorRow } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { ProofKey, ProofResult, ValidateJob, ValidateTask } from '../../catalog/proofs.ts';
import type { LogSpan } from '../../copy/verify-task.ts';
import type { CheckNotes } from './check-set.ts';
import { markBroken, maxCommentLength } from './mark-broken.ts';
import type { ObjectCheck, ObjectFinding } from './object-check.ts';
import type { ValidateRun } from './run-task.ts';
import type { ValidateTaskMemory } from './validate-rows.ts';

/** Rows one task leaves at most; the comment tells how many more there were. */
export const maxFindings = 10_000;

/**
 * One step: findings, the task's end, the proof, and BROKEN for a set in which something is damaged. A set or piece that is being
 * deleted meanwhile proves nothing any more.
 */
export async function concludeTask(
  { controller, job }: ValidateRun,
  task: ValidateTask,
  check: ObjectCheck,
  notes: CheckNotes & { readonly span: LogSpan | null },
): Promise<void> {
  const endUs = controller.clock.nowUs();
  const { fileCount, finishFileCount, totalBytes, finishBytes } = check.progress;
  const progress = { fileCount, finishFileCount, totalBytes: BigInt(totalBytes), finishBytes: BigInt(finishBytes) };
  await controller.catalog.transaction((tx) => {
    if (tx.proofs.tasks.get(task) === null) return;
    if (isGone(tx, task)) {
      const comment = 'its files were deleted meanwhile';
      return void endTask(tx, job, task, {
        ...progress,
        endUs,
        comment,
        damagedCount: 0,
        foreignCount: 0,
        conclusion: null,
      });
    }
    const bad = check.findings.filter(({ kind }) => kind !== 'FOREIGN');
    const foreignCount = check.findings.length - bad.length;
    const conclusion: ProofResult = bad.length > 0 ? 'BROKEN' : notes.partial.length > 0 ? 'PARTIAL' : 'OK';
    const comment = commentOf(bad, notes.partial);
    writeFindings(tx, task, [...bad, ...check.findings.filter(({ kind }) => kind === 'FOREIGN')], endUs);
    const stepData = { ...(task.stepData as ValidateTaskMemory), ...spanText(notes.span) };
    endTask(
      tx,
      job,
      { ...task, stepData },
      { ...progress, endUs, comment, damagedCount: bad.length, foreignCount, conclusion },
    );
    if (task.taskType === 'DESTINATION') return;
    const durationUs = endUs - (task.startUs ?? endUs);
    tx.proofs.proofs.put({
      ...proofKey(task),
      verifiedUs: endUs,
      method: 'VALIDATE',
      durationUs,
      bytes: BigInt(finishBytes),
      result: conclusion,
      damagedCount: bad.length,
      comment,
    });
    const finder = { module: 'backup_validate', jobId: job.jobId, name: `VALIDATE job ${job.jobId}` } as const;
    if (conclusion === 'BROKEN') markBroken(tx, finder, proofKey(task), comment);
  });
}

function proofKey({ tenantId, taskType, path, destId, backupSetId, roundId, pieceId }: ValidateTask): ProofKey {
  const objectType = taskType === 'BACKUP PIECE' ? 'BACKUP PIECE' : 'BACKUP SET';
  return { tenantId, objectType, path, destId, backupSetId, roundId, pieceId };
}

/** True when the catalog knows the object and its files are going or gone. */
function isGone(tx: Repositories, task: ValidateTask): boolean {
  const { tenantId, destId, backupSetId, roundId, pieceId } = task;
  const row =
    task.taskType === 'BACKUP SET'
      ? tx.backups.sets.get({ tenantId, destId, backupSetId })
      : task.taskType === 'BACKUP PIECE'
        ? tx.archives.pieces.get({ tenantId, destId, roundId, pieceId })
        : null;
  return row !== null && row.path === task.path && (row.fileStatus === 'DELETING' || row.fileStatus === 'DELETED');
}

function endTask(
  tx: Repositories,
  job: ValidateJob,
  task: ValidateTask,
  end: Pick<ValidateTask, 'endUs' | 'comment' | 'damagedCount' | 'foreignCount' | 'conclusion'> & Partial<ValidateTask>,
): void {
  const result = end.damagedCount > 0 ? errorRow('OB_CHECKSUM_ERROR').code : 0;
  tx.proofs.tasks.update(task, { ...end, stepData: task.stepData, status: 'COMPLETED', result });
  const live = tx.proofs.jobs.get(job);
  if (live === null) return;
  tx.proofs.jobs.update(job, {
    finishTaskCount: live.finishTaskCount + 1,
    damagedCount: live.damagedCount + end.damagedCount,
    totalBytes: live.totalBytes + (end.totalBytes ?? 0n),
    finishBytes: live.finishBytes + (end.finishBytes ?? 0n),
  });
}

function writeFindings(
  tx: Repositories,
  task: ValidateTask,
  findings: readonly ObjectFinding[],
  foundUs: number,
): void {
  const { tenantId, taskId, jobId } = task;
  tx.proofs.findings.removeAll({ tenantId, taskId });
  for (const { object, kind, place, finding } of findings.slice(0, maxFindings))
    tx.proofs.findings.insert({ tenantId, taskId, jobId, object, kind, place, finding, foundUs });
}

function commentOf(bad: readonly ObjectFinding[], partial: readonly string[]): string {
  const first = bad.slice(0, 3).map(({ object, finding }) => `${object}: ${finding}`);
  const more = bad.length - first.length;
  return [...first, ...(more > 0 ? [`${more} more objects`] : []), ...partial].join('; ').slice(0, maxCommentLength);
}

function spanText(span: LogSpan | null): Pick<ValidateTaskMemory, 'span'> {
  if (span === null) return {};
  return { span: { ...span, afterScn: String(span.afterScn), lastScn: String(span.lastScn) } };
}
