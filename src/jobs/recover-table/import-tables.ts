import { fault, faultText, isFault } from '../../base/errors.ts';
import { atLeast } from '../../base/release.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { ImportTableJob, ImportTableTask, RecoverTableJob } from '../../catalog/recover-tables.ts';
import { mapTables, type TableMapping } from '../../policy/table-mapping.ts';
import type { ImportedTable } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { advance, type RecoverTableMemory, tableText } from './recover-table-rows.ts';

/** How an import ended. */
export interface ImportEnd {
  readonly failed: boolean;
  readonly result: string;
  readonly comment: string;
}

/**
 * GEN_IMPORT_JOB: one row for the import and one for every table, unless CANCEL comes in between. -5154 and -5019 for a database or
 * a table the auxiliary tenant does not have, -4007 for two tables that would get one name.
 */
export async function makeImport(controller: Controller, job: RecoverTableJob): Promise<void> {
  const { wish } = job.stepData as RecoverTableMemory;
  const aux = await controller.engines.open(job.auxTenantId);
  const tables = await aux.tables();
  const { moves, ...wrong } = mapTables(wish, { databases: await aux.databases(), tables });
  refuse(wrong);
  const { tenantId } = job;
  await controller.catalog.transaction((tx) => {
    const { recoverTables, counters } = tx;
    if (!advance(tx, job, { status: 'IMPORTING' })) return;
    const jobId = counters.next(tenantId, 'job');
    recoverTables.imports.insert({
      ...{ tenantId, jobId, history: false, initiatorTenantId: tenantId, initiatorJobId: job.jobId },
      ...{ startUs: controller.clock.nowUs(), finishUs: null, status: 'IMPORT_TABLE' },
      ...{ srcTenantName: job.auxTenantName, srcTenantId: job.auxTenantId, importAll: job.importAll },
      ...{ dbList: job.dbList, tableList: job.tableList, remapDbList: job.remapDbList },
      ...{ remapTableList: job.remapTableList, totalTableCount: moves.length, finishedTableCount: 0 },
      ...{ failedTableCount: 0, result: null, comment: '', description: job.description },
    });
    for (const { from, to } of moves) {
      const found = tables.find((each) => each.database === from.database && each.table === from.table)!;
      recoverTables.tasks.insert({
        ...{ tenantId, taskId: counters.next(tenantId, 'task'), jobId, history: false, srcTenantId: job.auxTenantId },
        ...{ srcDatabase: from.database, srcTable: from.table, targetDatabase: to.database, targetTable: to.table },
        ...{ tableColumn: found.columnCount, status: 'INIT', startUs: null, completionUs: null },
        ...{ totalIndexCount: found.indexCount, importedIndexCount: 0 },
        ...{ totalConstraintCount: found.constraintCount, importedConstraintCount: 0 },
        ...{ totalRefConstraintCount: found.references.length, importedRefConstraintCount: 0 },
        ...{ result: null, comment: '' },
      });
    }
  });
}

function refuse({
  missingDatabases: [database],
  missing: [table],
  clashes: [clash],
}: Omit<TableMapping, 'moves'>): void {
  if (database !== undefined) throw fault('OB_ERR_BAD_DATABASE', database);
  if (table) throw fault('OB_TABLE_NOT_EXIST', table.database, table.table);
  if (clash) throw fault('OB_NOT_SUPPORTED', `remap duplicate table ${tableText(clash)}`);
}

/** The import of a recovery, null before it was made. */
export async function importOf(controller: Controller, job: RecoverTableJob): Promise<ImportTableJob | null> {
  const { tenantId, jobId } = job;
  return controller.catalog.read((tx) => tx.recoverTables.imports.list({ tenantId, initiatorJobId: jobId })[0] ?? null);
}

const concurrencyParameter = 'recover_table_concurrency';

/** Tables one recovery imports at a time at most, whatever `recover_table_concurrency` says. */
const maxLanes = 16;

/**
 * IMPORTING: as many tables at a time as `recover_table_concurrency` of the target says (0: one), asked anew before each; a table waits
 * for those it points at. One that fails does not keep the others away.
 */
export async function runImport(controller: Controller, job: RecoverTableJob, signal: AbortSignal): Promise<ImportEnd> {
  const { tenantId } = job;
  const found = await importOf(controller, job);
  if (found === null) throw faultText('OB_ERR_UNEXPECTED', 'the import has no row');
  const read = () =>
    controller.catalog.read((tx) => ({
      tasks: tx.recoverTables.tasks.list({ tenantId, jobId: found.jobId }),
      lanes: lanesOf(tx, tenantId),
    }));
  const pointsAt = await referencesOf(controller, job);
  const running = new Map<number, Promise<void>>();
  try {
    for (;;) {
      signal.throwIfAborted();
      const { tasks, lanes } = await read();
      const open = tasks.filter((task) => task.status !== 'FINISH' && !running.has(task.taskId));
      if (open.length === 0 && running.size === 0) return await endImport(controller, found, null);
      const names = new Set(tasks.filter((task) => task.status !== 'FINISH').map(sourceText));
      const ready = open.filter((task, i) => {
        const waits = (pointsAt.get(sourceText(task)) ?? []).some(
          (name) => names.has(name) && name !== sourceText(task),
        );
        // Tables that point at each other in a circle go in their order.
        return !waits || (i === 0 && running.size === 0);
      });
      for (const task of ready.slice(0, Math.max(0, lanes - running.size))) {
        const done = importOne(controller, task, tasks, signal).finally(() => running.delete(task.taskId));
        running.set(task.taskId, done);
      }
      await Promise.race(running.values());
    }
  } finally {
    await Promise.allSettled(running.values());
  }
}

/** Releases before 4.2.5 do not have the parameter. */
function lanesOf({ parameters }: Repositories, tenantId: number): number {
  if (parameters.definition(concurrencyParameter) === null) return 1;
  return Math.min(maxLanes, parameters.integer(tenantId, concurrencyParameter) || 1);
}

/** By source table the tables its foreign keys point at. */
async function referencesOf(
  controller: Controller,
  job: RecoverTableJob,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = await (await controller.engines.open(job.auxTenantId)).tables();
  return new Map(tables.map((each) => [tableText(each), each.references.map(tableText)]));
}

function sourceText(task: ImportTableTask): string {
  return tableText(moveOf(task).from);
}

async function importOne(
  controller: Controller,
  task: ImportTableTask,
  all: readonly ImportTableTask[],
  signal: AbortSignal,
): Promise<void> {
  const { catalog, clock } = controller;
  const startUs = task.startUs ?? clock.nowUs();
  await catalog.transaction((tx) => tx.recoverTables.tasks.update(task, { status: 'DOING', startUs }));
  let done: ImportedTable;
  try {
    const target = await tenantEngineOf(controller, task.tenantId);
    await controller.engines.open(task.srcTenantId);
    done = await target.importTable(
      task.srcTenantId,
      {
        from: { database: task.srcDatabase, table: task.srcTable },
        to: { database: task.targetDatabase, table: task.targetTable },
        // A parent that failed is not there to be pointed at.
        parents: all.filter((each) => each.result !== failedText).map(moveOf),
        createdUs: startUs,
        importId: task.taskId,
      },
      signal,
    );
  } catch (error) {
    if (signal.aborted || !ends(error)) throw error;
    const { comment } = jobResult(controller, error, 'IMPORT_TABLE');
    await catalog.transaction((tx) =>
      tx.recoverTables.tasks.update(task, {
        ...{ status: 'FINISH', completionUs: clock.nowUs(), result: failedText },
        comment: `import table ${tableText(moveOf(task).to)} failed: ${comment}`,
      }),
    );
    return;
  }
  const left = done.droppedReferences;
  await catalog.transaction((tx) =>
    tx.recoverTables.tasks.update(task, {
      status: 'FINISH',
      completionUs: clock.nowUs(),
      result: successText(controller),
      importedIndexCount: task.totalIndexCount,
      importedConstraintCount: task.totalConstraintCount,
      importedRefConstraintCount: task.totalRefConstraintCount - left.length,
      comment:
        left.length === 0 ? '' : `foreign keys to tables that were not recovered are left out: ${left.join(', ')}`,
    }),
  );
}

/** What an import fails with belongs to its table, a bug of ours too; for a writer that is busy for long the job tries again. */
function ends(error: unknown): boolean {
  // OB_EAGAIN: the engine thread was lost with the import, and the next one has it anew.
  if (isFault(error, 'OB_EAGAIN')) return false;
  return !isFault(error, 'OB_ERR_EXCLUSIVE_LOCK_CONFLICT') && !isFault(error, 'OB_CANCELED');
}

export function moveOf(task: ImportTableTask) {
  return {
    from: { database: task.srcDatabase, table: task.srcTable },
    to: { database: task.targetDatabase, table: task.targetTable },
  };
}

/** Writes the end of an import down; with `cancelled` what was not finished counts as failed with that text. */
export async function endImport(
  controller: Controller,
  { tenantId, jobId }: ImportTableJob,
  cancelled: string | null,
): Promise<ImportEnd> {
  const finishUs = controller.clock.nowUs();
  return controller.catalog.transaction((tx) => {
    const { tasks, imports } = tx.recoverTables;
    for (const task of tasks.list({ tenantId, jobId })) {
      if (task.status === 'FINISH' || cancelled === null) continue;
      const changes = { status: 'FINISH' as const, completionUs: finishUs, result: failedText, comment: cancelled };
      tasks.update(task, changes);
    }
    const all = tasks.list({ tenantId, jobId });
    const failed = all.filter((task) => task.result === failedText);
    const good = all.length - failed.length;
    const result = failed.length === 0 ? successText(controller) : good === 0 ? failedText : partialText;
    const whole = cancelled === null && (failed.length === 0 || good > 0);
    const text = failed.map((task) => task.comment).join(';');
    const comment = (cancelled ?? text).slice(0, 4000);
    imports.update(
      { tenantId, jobId },
      {
        ...{ status: whole ? 'IMPORT_FINISH' : 'IMPORT_FAILED', finishUs, result, comment },
        ...{ finishedTableCount: good, failedTableCount: failed.length },
      },
    );
    return { failed: !whole, result, comment };
  });
}

/** Result of a table that did not come. */
export const failedText = 'FAILED';
const partialText = 'PARTIAL_SUCCESS';

/** Spelt as the release spells it. */
function successText({ release }: Controller): string {
  return atLeast(release, '4.3.0') ? 'SUCCESS' : 'SUCCEESS';
}
