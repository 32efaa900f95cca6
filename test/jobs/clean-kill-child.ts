import { argv, stdout } from 'node:process';
import type { Medium } from '../../src/media/medium.ts';
import { MovableClock } from './clean-clock.ts';
import { farMedium } from './far-medium.ts';
import { startHarness } from './job-harness.ts';
import { KillAtPoint } from './kill-at-point.ts';

/*
 * A server without sockets that runs one clean-up and kills itself with SIGKILL at the n-th point: before or after an operation of
 * a medium, before or after a durable step of the catalog. Says on standard output how many points there were.
 */
const [directory = '', at = '0', aheadMs = '0', reach = 'near'] = argv.slice(2);
const killer = new KillAtPoint(Number(at));
const clock = new MovableClock();
clock.move(Number(aheadMs));
const wrapMedium = (medium: Medium) => killer.counted(reach === 'far' ? farMedium(medium) : medium);
const harness = await startHarness({ directory, clock, wrapMedium, onStep: killer.point });
await harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '1d'", 'a');
killer.armed = true;
await harness.until(() =>
  harness.controller.catalog.read((tx) => {
    const jobs = tx.deletions.jobs.list();
    return jobs.length > 0 && jobs.every((job) => job.history);
  }),
);
killer.armed = false;
stdout.write(`points ${killer.points}\n`);
await harness.stop();
