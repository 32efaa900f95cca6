import { fault, isFault } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { ValidateJob, ValidateTask } from '../../catalog/proofs.ts';
import { type MasterKey, unwrapKey } from '../../copy/keys.ts';
import type { LogSpan } from '../../copy/verify-task.ts';
import { type PieceName, pieceDirectory, pieceLsKeys } from '../../destination/archive-layout.ts';
import { setDirectory } from '../../destination/layout.ts';
import { orCancelled } from '../../media/or-cancelled.ts';
import type { LogPosition } from '../../tenants/tenant-engine.ts';
import { userLsId } from '../archive/archive-files.ts';
import { setNameOf } from '../backup/set-files.ts';
import { openSetKey } from '../backup/set-key.ts';
import type { Controller } from '../controller.ts';
import { jobSecret } from '../job-secrets.ts';
import { masterKeys } from '../tenant-keys.ts';
import { checkDestination } from './check-destination.ts';
import { checkPiece, follows, type KnownPiece } from './check-piece.ts';
import { type CheckMeans, type CheckNotes, checkSet } from './check-set.ts';
import { concludeTask } from './conclude-task.ts';
import type { OpenPlace } from './make-tasks.ts';
import { type CheckProgress, ObjectCheck } from './object-check.ts';
import { seenTwice } from './seen-twice.ts';
import type { SharedChecks } from './shared-checks.ts';
import { passwordsName, type ValidateTaskMemory } from './validate-rows.ts';

/** Everything one run of a job works on. */
export interface ValidateRun {
  readonly controller: Controller;
  readonly job: ValidateJob;
  readonly places: readonly OpenPlace[];
  readonly signal: AbortSignal;
  readonly shared: SharedChecks;
}

/** Checks the set, piece or destination of a task from its first object on and writes down what became of it. */
export async function runTask(run: ValidateRun, task: ValidateTask): Promise<void> {
  const { controller, signal } = run;
  const { place: placeNo } = task.stepData as ValidateTaskMemory;
  const open = run.places[placeNo];
  if (open === undefined) throw fault('OB_ERR_UNEXPECTED', 'the destination of the task is not known');
  const startUs = controller.clock.nowUs();
  await controller.catalog.transaction((tx) => tx.proofs.tasks.update(task, { status: 'DOING', startUs }));
  const { check, notes } = await seenTwice(open.medium, signal, async () => {
    const check = new ObjectCheck(open.medium, signal, progressWriter(controller, task));
    return { check, notes: await checkObject(run, task, open, check) };
  });
  await concludeTask(run, { ...task, startUs }, check, notes);
}

interface TaskNotes extends CheckNotes {
  readonly span: LogSpan | null;
}

async function checkObject(
  run: ValidateRun,
  task: ValidateTask,
  open: OpenPlace,
  check: ObjectCheck,
): Promise<TaskNotes> {
  if (task.taskType === 'DESTINATION') {
    const covered = await coveredBy(run, task);
    await checkDestination(check, open.place.kind, covered);
    return { partial: [], span: null };
  }
  const means = await meansOf(run, open);
  if (task.taskType === 'BACKUP SET') {
    const { backupType = 'full' } = task.stepData as ValidateTaskMemory;
    return { ...(await checkSet(means, check, { backupSetId: task.backupSetId, backupType })), span: null };
  }
  const notes = await checkPiece(means, check, task, await knownPiece(run, task));
  await checkBefore(run, task, check, notes.span);
  return notes;
}

/** Directories of the sets and pieces that have tasks of their own, and of those the catalog knows: they may have begun since. */
async function coveredBy({ controller, job }: ValidateRun, { path }: ValidateTask): Promise<ReadonlySet<string>> {
  const { tenantId, jobId } = job;
  return controller.catalog.read((tx) => {
    const tasks = tx.proofs.tasks.list({ tenantId, jobId, path }).map((task) => {
      if (task.taskType === 'BACKUP PIECE') return pieceDirectory(task);
      const { backupType = 'full' } = task.stepData as ValidateTaskMemory;
      return setDirectory({ backupSetId: task.backupSetId, backupType });
    });
    const sets = tx.backups.sets
      .list({ tenantId, path })
      .filter(({ status, fileStatus }) => status !== 'FAILED' && fileStatus !== 'DELETED');
    const pieces = tx.archives.pieces.list({ tenantId, path }).filter(({ fileStatus }) => fileStatus !== 'DELETED');
    return new Set([...tasks, ...sets.map((set) => setDirectory(setNameOf(set))), ...pieces.map(pieceDirectory)]);
  });
}

async function meansOf(run: ValidateRun, { medium }: OpenPlace): Promise<CheckMeans> {
  const { controller, job, signal, shared } = run;
  const { catalog, settings } = controller;
  const owner = { tenantId: job.tenantId, kind: 'validate' as const, jobId: job.jobId };
  const { masters, sealed } = await catalog.read((tx) => ({
    masters: masterKeys(tx, catalog.secrets, job.tenantId),
    sealed: jobSecret(tx, catalog.secrets, owner, passwordsName),
  }));
  const passwords = sealed === null ? [] : (JSON.parse(Buffer.from(sealed).toString()) as readonly string[]);
  const known = new Map<string, Uint8Array | null>();
  return {
    medium,
    signal,
    level: job.level,
    workers: shared.workers,
    turn: 'validate',
    indexes: shared.indexes,
    placeholders: (directory) => shared.placeholders(medium, directory, signal),
    stallTimeoutMs: settings.validateStallMs,
    onProgress: () => undefined,
    async openSetKey(wrapped, { tenantId, id }) {
      const name = Buffer.from(wrapped).toString('base64');
      if (!known.has(name)) {
        const opened = openSetKey(wrapped, tenantId, Number(id), { masters, passwords }).catch(withoutKey);
        // Keys are derived from passwords one after the other, for every set that is looked at.
        known.set(name, await orCancelled(opened, '', signal));
      }
      return known.get(name) ?? null;
    },
    openLogKey: async (wrapped, { tenantId, id }) => openLogKey(wrapped, masters, tenantId, id),
  };
}

/** The key of a log file; null when no master key at hand opens it. */
export function openLogKey(
  wrapped: Uint8Array,
  masters: readonly MasterKey[],
  tenantId: number,
  owner: string,
): Uint8Array | null {
  try {
    return unwrapKey(wrapped, masters, { kind: 'piece', tenantId, owner });
  } catch (error) {
    return withoutKey(error);
  }
}

/** What a key that is not at hand, or was never one of ours, is told with. */
const keyFaults = ['OB_ERR_GET_MASTER_KEY', 'OB_BACKUP_INVALID_PASSWORD', 'OB_INVALID_DATA'] as const;

/** Without the key only the stored checksums are checked; whatever else went wrong is told. */
function withoutKey(error: unknown): null {
  if (keyFaults.some((symbol) => isFault(error, symbol))) return null;
  throw error;
}

/** What the rows say of a piece of this server, before anything of it is read. */
function knownPiece({ controller, job }: ValidateRun, task: ValidateTask): Promise<KnownPiece | null> {
  const { destId, roundId, pieceId } = task;
  const key = { tenantId: job.tenantId, destId, roundId, pieceId };
  return controller.catalog.read((tx) => {
    const row = tx.archives.pieces.get(key);
    if (row === null || row.path !== task.path) return null;
    const progress = tx.archives.lsProgress.get({ ...key, lsId: userLsId });
    const confirmedBytes = Number(progress?.fileOffset ?? 0n);
    return { closed: row.status === 'FROZEN' && !endedByForce(tx, key), fileId: progress?.fileId ?? 1, confirmedBytes };
  });
}

/** A round whose medium was dead ended without its last files; every piece but the last has its own. */
function endedByForce(tx: Repositories, piece: PieceName & { readonly tenantId: number }): boolean {
  const { tenantId, destId, roundId, pieceId } = piece;
  if (tx.archives.pieces.get({ tenantId, destId, roundId, pieceId: pieceId + 1 }) !== null) return false;
  const rounds = [
    ...tx.archives.rounds.list({ tenantId, roundId }),
    ...tx.archives.roundHistory.list({ tenantId, roundId }),
  ];
  return rounds.some((round) => round.destId === destId && round.comment.startsWith('force stop'));
}

/** The log goes on where the piece before it ended, when that was looked at by the same job; one that is under way is waited for. */
async function checkBefore(
  run: ValidateRun,
  task: ValidateTask,
  check: ObjectCheck,
  span: LogSpan | null,
): Promise<void> {
  const { controller, job, signal, shared } = run;
  const { destId, roundId, pieceId, path } = task;
  const wanted = { tenantId: job.tenantId, jobId: job.jobId, destId, roundId, pieceId: pieceId - 1, path };
  const find = () => controller.catalog.read((tx) => tx.proofs.tasks.list(wanted).at(0) ?? null);
  const seen = await find();
  const ended = seen === null ? undefined : shared.begun.get(seen.taskId);
  if (ended !== undefined) await orCancelled(ended, '', signal);
  const before = ended === undefined ? seen : await find();
  const former = before === null ? null : spanOf(before);
  if (former === null || span === null || follows(former, span)) return;
  const piece: PieceName = { destId, roundId, pieceId };
  const first = check.keys((key) => key.startsWith(`${pieceLsKeys(piece, userLsId).logDirectory}/`));
  check.damaged(
    [...first].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0] ?? pieceDirectory(piece),
    `it begins after SCN ${span.afterScn}, piece ${pieceId - 1} ends at ${former.lastScn}`,
    'record 0',
  );
}

function spanOf(task: ValidateTask): LogSpan | null {
  const { span } = task.stepData as ValidateTaskMemory;
  if (span === undefined) return null;
  const position = (value: unknown) => value as LogPosition | null;
  return {
    afterScn: BigInt(span.afterScn),
    from: position(span.from),
    lastScn: BigInt(span.lastScn),
    to: position(span.to),
  };
}

/** Progress goes to the row a few times a second; a write that fails is not missed. */
function progressWriter(controller: Controller, task: ValidateTask) {
  const everyUs = 300_000;
  let lastUs = 0;
  return ({ fileCount, finishFileCount, totalBytes, finishBytes }: CheckProgress) => {
    const nowUs = controller.clock.nowUs();
    if (Math.abs(nowUs - lastUs) < everyUs) return;
    lastUs = nowUs;
    const changes = { fileCount, finishFileCount, totalBytes: BigInt(totalBytes), finishBytes: BigInt(finishBytes) };
    void controller.catalog.transaction((tx) => tx.proofs.tasks.update(task, changes)).catch(() => undefined);
  };
}
