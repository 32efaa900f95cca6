import type { ImportTableTask, RecoverTableJob } from '../../catalog/recover-tables.ts';
import type { TableReference } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { failedText, importOf, moveOf } from './import-tables.ts';
import { tableText } from './recover-table-rows.ts';

/**
 * Takes away what an ended import must not leave in the target: tables that were not named, and foreign keys to tables that
 * failed, which only tables of a circle can have. Repeating it is harmless.
 */
export async function tidyTarget(controller: Controller, job: RecoverTableJob): Promise<void> {
  const { tenantId } = job;
  const found = await importOf(controller, job);
  const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
  // A tenant that became a standby takes no writes; its unnamed tables go when it is activated.
  if (found === null || tenant?.role !== 'PRIMARY') return;
  const engine = await tenantEngineOf(controller, tenantId);
  await engine.dropUnnamedTables();
  const tasks = await controller.catalog.read((tx) => tx.recoverTables.tasks.list({ tenantId, jobId: found.jobId }));
  const failed = new Set(tasks.filter(hasFailed).map((task) => tableText(moveOf(task).to)));
  if (failed.size === 0) return;
  const there = new Map((await engine.tables()).map((table) => [tableText(table), table]));
  for (const task of tasks.filter((each) => !hasFailed(each))) {
    const { to } = moveOf(task);
    const lost = (there.get(tableText(to))?.references ?? []).filter((each) => failed.has(tableText(each)));
    if (lost.length === 0) continue;
    await noteLost(controller, task, lost);
    await engine.dropForeignKeys(
      to,
      lost.map(({ key }) => key),
    );
  }
}

async function noteLost(controller: Controller, task: ImportTableTask, lost: readonly TableReference[]): Promise<void> {
  const said = `foreign keys to tables that failed are dropped: ${lost.map(({ key }) => key).join(', ')}`;
  if (task.comment.endsWith(said)) return;
  await controller.catalog.transaction((tx) =>
    tx.recoverTables.tasks.update(task, {
      importedRefConstraintCount: task.importedRefConstraintCount - lost.length,
      comment: task.comment === '' ? said : `${task.comment}; ${said}`,
    }),
  );
}

function hasFailed(task: ImportTableTask): boolean {
  return task.result === failedText;
}
