import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { parseSetPlaceholder, setsDirectory } from '../../destination/layout.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
import { type BaseCandidate, type BaseChoice, baseStands, chooseBase } from '../../policy/incremental-base.ts';
import type { ChangePoint, TenantEngine } from '../../tenants/tenant-engine.ts';
import { type JobRun, requireDestination } from './job-run.ts';
import { dataFilesBytes, setNameOf } from './set-files.ts';

/** What a set remembers of its copy, for sets that build on it. */
export interface SetMemory {
  /** Attempt whose directory holds the blocks. */
  readonly retryId?: number;
  /** The moment it was copied at; missing when the engine could not write it down. */
  readonly point?: ChangePoint;
  /** True of a FAILED set whose end placeholder may stand, or may still land. */
  readonly endInDoubt?: true;
  /** End placeholder that may still land of the incremental set this one was before it became full. */
  readonly formerEnd?: string;
  /** True once another server was seen to have ended this set: what lies on the medium is that one's, and never deleted by this one. */
  readonly endedElsewhere?: true;
}

export function setMemory(set: BackupSet): SetMemory {
  return (set.stepData ?? {}) as SetMemory;
}

/** What an incremental set of the tenant would build on, by the rows alone. `path` is the current data path as shown. */
export function baseByRows(tx: Repositories, tenantId: number, path: string): BaseChoice {
  return chooseBase(candidates(tx, tenantId, path));
}

/** Whether what a set builds on may still be restored; always so for a full set. */
export function standsByRows(tx: Repositories, set: BackupSet): boolean {
  if (set.backupType === 'FULL') return true;
  const { backupSetId: id, prevFullBackupSetId: prevFullId, prevIncBackupSetId: prevIncId } = set;
  return baseStands(candidates(tx, set.tenantId, set.path), { id, prevFullId, prevIncId });
}

function candidates(tx: Repositories, tenantId: number, path: string): readonly BaseCandidate[] {
  return tx.backups.sets.list({ tenantId }).map((set) => ({
    id: set.backupSetId,
    type: set.backupType,
    status: set.status,
    fileStatus: set.fileStatus,
    prevFullId: set.prevFullBackupSetId,
    prevIncId: set.prevIncBackupSetId,
    here: set.path === path,
  }));
}

/** What an incremental set is made against. */
export interface SetBase {
  readonly baseId: number;
  readonly fullId: number;
  readonly since: ChangePoint;
}

/**
 * The base of a set about to be made, null when the set must be full: by the rows, by what the engine can prove, and by the
 * files on the medium. A set of the chain whose files are gone becomes BROKEN.
 */
export async function findBase(run: JobRun, engine: TenantEngine): Promise<SetBase | null> {
  const { controller, job } = run;
  const { tenantId } = job;
  const found = await controller.catalog.read((tx) => {
    const { baseId, fullId, chain, because } = baseByRows(tx, tenantId, job.path);
    const sets = chain.map((id) => tx.backups.setById(tenantId, id)).filter((set) => set !== null);
    return { baseId, fullId, because, sets };
  });
  const base = found.sets.at(-1);
  if (found.baseId === null || base === undefined) return becauseOf(run, found.because);
  const { point } = setMemory(base);
  if (point === undefined) return becauseOf(run, `set ${found.baseId} does not say where the tenant stood`);
  if (!(await engine.remembers(point)))
    return becauseOf(run, `what changed since set ${found.baseId} is not known for sure`);
  const broken = await missedTwice(run, found.sets);
  if (broken.length === 0) return { baseId: found.baseId, fullId: found.fullId, since: point };
  await controller.catalog.transaction((tx) => {
    for (const set of broken)
      tx.backups.sets.update(set, { fileStatus: 'BROKEN', comment: 'files of the set are missing' });
  });
  return becauseOf(run, `files of set ${broken.map((set) => set.backupSetId).join(', ')} are missing`);
}

async function becauseOf({ controller, job }: JobRun, reason: string): Promise<null> {
  controller.log.info('an incremental backup becomes full', { tenant: job.tenantId, job: job.jobId, reason });
  await controller.catalog.transaction((tx) =>
    tx.events.record('backup_data', 'incremental becomes full', { tenant_id: job.tenantId, job_id: job.jobId, reason }),
  );
  return null;
}

/**
 * The incomplete sets of a chain. What is missed is looked for once more between two looks at the format file: a mount that goes
 * away for a moment leaves an empty directory, and BROKEN is for good.
 */
async function missedTwice(run: JobRun, chain: readonly BackupSet[]): Promise<readonly BackupSet[]> {
  const missed = await incompleteSets(run, chain);
  if (missed.length === 0) return missed;
  await requireDestination(run);
  const again = await incompleteSets(run, missed);
  await requireDestination(run);
  return again;
}

/** The sets of a chain whose files are not all on the medium as they were written: end placeholders and data files. */
async function incompleteSets({ medium, signal }: JobRun, chain: readonly BackupSet[]): Promise<readonly BackupSet[]> {
  const ended = new Set<number>();
  for (const entry of await medium.list(setsDirectory, signal)) {
    const name = parseSetPlaceholder(entry.name);
    if (name?.kind === 'end_success') ended.add(name.backupSetId);
  }
  const sizes = await inParallel(chain, smallReadsAtOnce(medium), (set) =>
    dataFilesBytes(medium, setNameOf(set), setMemory(set).retryId ?? 0, signal),
  );
  return chain.filter((set, index) => !ended.has(set.backupSetId) || sizes[index] !== set.outputBytes);
}
