import { placesOf } from './clean-places.ts';
import { cleanMemory, dropsOf, insertCleanTask } from './clean-rows.ts';
import { type CleanRun, requirePlace } from './clean-run.ts';
import { pieceListOf, setListOf, truePieceList, trueSetList } from './set-lists.ts';

/** INIT of a job: both destinations are held against their format files, then the tasks appear in one step. */
export async function beginClean(run: CleanRun): Promise<void> {
  const { controller, job, signal } = run;
  const { catalog } = controller;
  const { tenantId } = job;
  const seen = await catalog.read((tx) => {
    const places = placesOf(tx, catalog.secrets, tenantId);
    return {
      places,
      sets: places.data && setListOf(tx, tenantId, places.data.destId),
      pieces: places.archive && pieceListOf(tx, tenantId, places.archive.destId),
    };
  });
  const { places } = seen;
  const data = places.data && (await requirePlace(run, places.data, 'backup_data'));
  const archive = places.archive && (await requirePlace(run, places.archive, 'archive_log'));
  // A list that was written while an earlier job deleted may still name what is gone.
  if (data !== null && seen.sets !== null) await trueSetList(data, seen.sets, signal);
  if (archive !== null && seen.pieces !== null) await truePieceList(archive, seen.pieces, signal);
  await catalog.transaction((tx) => {
    // Cancelled, or the destinations changed meanwhile: the driver looks at the row again.
    if (tx.deletions.jobs.get(job)?.status !== 'INIT') return;
    if (JSON.stringify(placesOf(tx, catalog.secrets, tenantId)) !== JSON.stringify(places)) return;
    const drops = dropsOf(tx, job, places);
    for (const drop of drops) insertCleanTask(tx, controller, job, places, drop);
    const stepData = { ...cleanMemory(job), places };
    tx.deletions.jobs.update(job, { status: 'DOING', taskCount: drops.length, stepData });
  });
}
