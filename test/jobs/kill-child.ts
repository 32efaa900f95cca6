import { argv, kill, pid, stdout } from 'node:process';
import { backedUp, nextPiece, roundIs } from './backed-up-tenant.ts';
import { makePool, restoredValue, shipped, startHarness } from './job-harness.ts';
import { KillAtPoint } from './kill-at-point.ts';
import { ended } from './validate-scene.ts';

/*
 * A server without sockets that goes through the life of a tenant and kills itself with SIGKILL at the n-th point: before or
 * after an operation of a medium, before or after a durable step of the catalog. Says on standard output which rows are
 * committed; at the end how many points there were.
 */
const [directory = '', at = '0', lastRow = '0'] = argv.slice(2);
const killer = new KillAtPoint(Number(at));
const harness = await startHarness({
  directory,
  wrapMedium: killer.counted,
  onStep: killer.point,
  maxLogFileBytes: 30_000,
  logBatchBytes: 6_000,
  settings: { foldLogBytes: 60_000 },
});
let row = Number(lastRow);

async function insert(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${row + 1}, '${'log '.repeat(200)}')`);
    row++;
    stdout.write(`row ${row}\n`);
  }
}

killer.armed = true;
await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
await roundIs(harness, 'DOING');
await insert(3);
await backedUp(harness);
await insert(20);
await shipped(harness, 'a');
await nextPiece(harness);
await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
await insert(5);
await backedUp(harness, 'INCREMENTAL DATABASE PLUS ARCHIVELOG');
await shipped(harness, 'a');
await makePool(harness, 'pool_child');
await harness.say('DROP RESOURCE POOL pool_child');
await harness.say('ALTER SYSTEM VALIDATE BACKUP', 'a');
await ended(harness);
await restoredValue(harness, 'a', 'copy', 'SELECT COUNT(*) FROM d.t');
await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = a");
await roundIs(harness, 'SUSPEND');
await insert(2);
await harness.say("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = a");
await roundIs(harness, 'DOING');
await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
await roundIs(harness, 'STOP');
await insert(2);
await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
await roundIs(harness, 'DOING');
await backedUp(harness, 'INCREMENTAL DATABASE');
// An exit in order would fold the log; how many points there are differs a little from run to run.
stdout.write(`points ${killer.points}\n`, () => kill(pid, 'SIGKILL'));
