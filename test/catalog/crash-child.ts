import { systemClock } from '../../src/base/clock.ts';
import { noStatistics } from '../../src/catalog/backups.ts';
import { backupJob, backupTask } from './sample-rows.ts';
import { openAt } from './scratch.ts';

/* Run by open-catalog.test.ts: writes a job and its task per transaction, prints the job id when it is durable. */
const catalog = openAt(process.argv[2]!, systemClock);
process.stdout.write('open\n');
for (;;) {
  const jobId = await catalog.transaction(({ backups, counters }) => {
    const id = counters.next(1002, 'job');
    backups.jobs.insert({ ...backupJob, jobId: id });
    backups.tasks.insert({ ...backupTask, ...noStatistics, taskId: counters.next(1002, 'task'), jobId: id });
    return id;
  });
  process.stdout.write(`${jobId}\n`);
}
