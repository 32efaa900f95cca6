import { fault } from '../../base/errors.ts';
import type { DeleteTask } from '../../catalog/deletions.ts';
import type { Medium } from '../../media/medium.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
import type { CleanPlace } from './clean-places.ts';
import { cleanMemory } from './clean-rows.ts';
import { type CleanRun, requirePlace, TaskFault } from './clean-run.ts';
import type { Deletion, Removal } from './remove-files.ts';
import { tagsInsteadOfRemoving } from './tagging.ts';
import { kindOf, type TaskKind } from './task-kinds.ts';
import { completeTask, startTasks } from './task-rows.ts';

/** A task under way. */
interface Begun {
  readonly task: DeleteTask;
  readonly deletion: Deletion;
}

interface Failure {
  readonly task: DeleteTask;
  readonly error: unknown;
}

/**
 * Carries out the next of the waiting tasks from wherever their rows say they stand: several of one kind at a time where no call holds a
 * thread. What they delete is hidden from readers in their order; then the files of all of them go beside each other, and the list on
 * the path is rewritten once before any row says DELETED. A task that fails ends none of the others; the first one's fault is thrown.
 */
export async function runTasks(run: CleanRun, waiting: readonly DeleteTask[]): Promise<void> {
  const { controller, signal } = run;
  const [first] = waiting;
  if (first === undefined) return;
  const kind = kindOf(first);
  const place = cleanMemory(run.job).places?.[kind.place] ?? null;
  if (place === null) throw fault('OB_ERR_UNEXPECTED', `the place of the ${kind.taskType} is not known`);
  const atOnce = smallReadsAtOnce(await run.media.at(place));
  const next = waiting.filter((task) => task.taskType === kind.taskType).slice(0, atOnce);
  const tasks = await controller.catalog.transaction((tx) => startTasks(tx, run, next));
  if (tasks.length === 0) return;
  const medium = await requirePlace(run, place, kind.destType);
  const begun = await controller.catalog.read((tx) =>
    tasks.map((task) => ({ task, deletion: kind.deletion(tx, task, removalOf(run, task, place, medium)) })),
  );
  const { hidden, failure } = await hideInOrder(begun, atOnce);
  const failed = await inParallel(hidden, atOnce, ({ task, deletion }) => failureOf(task, deletion.remove()));
  signal.throwIfAborted();
  const done = hidden.filter((_, i) => failed[i] === null).map(({ task }) => task);
  if (done.length > 0) await endTasks(run, kind, place, medium, done);
  const worst = failed.find((one) => one !== null) ?? failure;
  if (worst !== null) throw new TaskFault(worst.task, worst.error);
}

/** Hides what is deleted, up to the first that cannot be hidden: what comes behind it may be what it needs. */
async function hideInOrder(
  begun: readonly Begun[],
  atOnce: number,
): Promise<{ readonly hidden: readonly Begun[]; readonly failure: Failure | null }> {
  const unprepared = await inParallel(begun, atOnce, ({ task, deletion }) => failureOf(task, deletion.prepare()));
  for (const [i, { task, deletion }] of begun.entries()) {
    const failure = unprepared[i] ?? (await failureOf(task, deletion.hide()));
    if (failure !== null) return { hidden: begun.slice(0, i), failure };
  }
  return { hidden: begun, failure: null };
}

function failureOf(task: DeleteTask, step: Promise<void>): Promise<Failure | null> {
  return step.then(
    () => null,
    (error: unknown) => ({ task, error }),
  );
}

/** The files are gone: the newest list on the path is made true, then the rows. */
async function endTasks(
  run: CleanRun,
  kind: TaskKind,
  place: CleanPlace,
  medium: Medium,
  tasks: readonly DeleteTask[],
): Promise<void> {
  const { catalog } = run.controller;
  const trueList = await catalog.read((tx) => kind.trueList(tx, run.job.tenantId, place.destId));
  await trueList(medium, run.signal);
  // What is empty because it is not there any more must not pass for deleted.
  await requirePlace(run, place, kind.destType);
  await catalog.transaction((tx) => {
    for (const task of tasks) {
      kind.deleted(tx, task);
      completeTask(tx, run, task);
    }
  });
}

function removalOf(run: CleanRun, task: DeleteTask, place: CleanPlace, medium: Medium): Removal {
  const { controller, media, signal } = run;
  const tags = media.tags(place);
  return {
    medium: tags ? tagsInsteadOfRemoving(medium) : medium,
    tags,
    signal,
    namesIn: (directory) => media.namesIn(place, directory, signal),
    async progress(streamCount) {
      await controller.catalog.transaction((tx) => {
        // What a run before a crash had deleted is not there to be counted again.
        const all = Math.max(tx.deletions.tasks.get(task)?.totalLsCount ?? 0, streamCount);
        tx.deletions.tasks.update(task, { totalLsCount: all, finishLsCount: all - streamCount });
      });
    },
  };
}
