import { join } from 'node:path';
import { argv, kill, pid } from 'node:process';
import Database from 'better-sqlite3';
import { startHarness } from './job-harness.ts';

/*
 * A server without sockets that recovers tables and kills itself with SIGKILL while a table is filled that has no name yet: at once,
 * or when CANCEL was said.
 */
const [directory = '', , point = '', cancels = ''] = argv.slice(2);
const harness = await startHarness({ directory });
const from = `${harness.place('a/data')},${harness.place('a/archive')}`;
const tenant = await harness.controller.catalog.read((tx) => tx.tenants.byName('a'));
const data = new Database(join(directory, `server/tenants/t${tenant?.tenantId}/data.db`), { readonly: true });
// Behind the first table, which the second one points at.
const filling = data.prepare(
  "SELECT 1 FROM sqlite_schema WHERE name GLOB '__ob_import*' AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'goal.t')",
);
await harness.say(
  `ALTER SYSTEM RECOVER TABLE d.* TO TENANT = a FROM '${from}' UNTIL SCN = ${point} WITH 'pool_list=aux' REMAP TABLE d.*:goal.*`,
);
await harness.until(async () => filling.all().length > 0);
if (cancels === 'true') await harness.say('ALTER SYSTEM CANCEL RECOVER TABLE a');
kill(pid, 'SIGKILL');
