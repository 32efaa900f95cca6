import { argv, kill, pid, stdout } from 'node:process';
import type { Medium } from '../../src/media/medium.ts';
import { settle, shipped, startHarness } from './job-harness.ts';

/*
 * A server without sockets that rolls a standby forward and recovers a table, and kills itself with SIGKILL at the n-th point:
 * before or after an operation of a medium or a durable step of the catalog. At the end it says how many points there were.
 */
const [directory = '', at = '0'] = argv.slice(2);
const wanted = Number(at);
let points = 0;
let armed = false;

function point(): void {
  if (!armed) return;
  points++;
  if (points === wanted) kill(pid, 'SIGKILL');
}

function counted(medium: Medium): Medium {
  return new Proxy(medium, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        point();
        const result: unknown = await Reflect.apply(method, target, args);
        point();
        return result;
      };
    },
  });
}

const harness = await startHarness({ directory, wrapMedium: counted, onStep: point, maxLogFileBytes: 30_000 });
const synced = () => harness.controller.catalog.read((tx) => tx.tenants.byName('s')?.syncScn ?? 0n);
const scn = await shipped(harness, 'a');
armed = true;
await harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
await harness.until(async () => (await synced()) >= scn);
const from = `${harness.place('a/data')},${harness.place('a/archive')}`;
await harness.say(
  `ALTER SYSTEM RECOVER TABLE d.t, d.u TO TENANT = a FROM '${from}' UNTIL SCN = ${scn} WITH 'pool_list=aux' REMAP TABLE d.t:t2, d.u:u2`,
);
await settle(harness);
stdout.write(`points ${points}\n`, () => kill(pid, 'SIGKILL'));
