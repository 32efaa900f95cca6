import { argv, kill, pid, stdout } from 'node:process';
import type { Medium } from '../../src/media/medium.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { MovableClock } from './clean-clock.ts';
import { startHarness } from './job-harness.ts';

/*
 * A server without sockets that runs one clean-up and kills itself with SIGKILL at the n-th point: before or after an operation of
 * a medium, before or after a durable step of the catalog. Says on standard output how many points there were.
 */
const [directory = '', at = '0', aheadMs = '0'] = argv.slice(2);
const wanted = Number(at);
let points = 0;
let armed = false;

function point(): void {
  if (!armed) return;
  points++;
  if (points === wanted) kill(pid, 'SIGKILL');
}

function counted(medium: Medium): Medium {
  const count = () => {
    point();
    return false;
  };
  const after = new Proxy(medium, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        const result: unknown = await Reflect.apply(method, target, args);
        point();
        return result;
      };
    },
  });
  return withFault(after, { at: 1, kind: 'io', keys: count });
}

const clock = new MovableClock();
clock.move(Number(aheadMs));
const harness = await startHarness({ directory, clock, wrapMedium: counted, onStep: point });
await harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '1d'", 'a');
armed = true;
await harness.until(() =>
  harness.controller.catalog.read((tx) => {
    const jobs = tx.deletions.jobs.list();
    return jobs.length > 0 && jobs.every((job) => job.history);
  }),
);
armed = false;
stdout.write(`points ${points}\n`);
await harness.stop();
