import type { FaultSwitch, PlannedFault } from './fault-switch.ts';
import { type Harness, makeTenant, settle, shipped, startArchiving } from './job-harness.ts';
import { expectTruth } from './media-truth.ts';

/** Tenant `a`, archived, with an empty table `d.t`; its id. */
export async function archivedTenant(harness: Harness, columns = 'id INT PRIMARY KEY'): Promise<number> {
  const tenantId = await makeTenant(harness, 'a');
  await startArchiving(harness, 'a');
  await harness.sql('a', 'CREATE DATABASE d');
  await harness.sql('a', `CREATE TABLE d.t (${columns})`);
  return tenantId;
}

/** As `archivedTenant`, with two full sets of one and of two rows, and a third row in the archive. */
export async function tenantWithTwoSets(harness: Harness): Promise<void> {
  await archivedTenant(harness);
  for (let id = 1; id <= 2; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
    await settle(harness);
  }
  await harness.sql('a', 'INSERT INTO d.t VALUES (3)');
  await shipped(harness, 'a');
}

interface Scene {
  readonly harness: Harness;
  readonly faults: FaultSwitch;
  readonly tenantId: number;
  readonly dataRoot: string;
}

/** A backup of tenant `a` during which an operation on its data path fails: which one, null when none did, and the job's row. */
export async function backupUnderFault(
  { harness, faults, tenantId, dataRoot }: Scene,
  fault: { readonly at: number; readonly plan: PlannedFault; readonly keys?: RegExp },
  statement: string,
) {
  const onData = (path: string) => path.endsWith('/a/data');
  const { keys } = fault;
  if (keys) faults.arm(fault.at, fault.plan, onData, (key) => keys.test(key));
  else faults.arm(fault.at, fault.plan, onData);
  await harness.say(statement, 'a');
  await settle(harness);
  const hit = faults.hits[0] ?? null;
  faults.clear();
  await expectTruth(harness, tenantId, dataRoot);
  const job = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }).at(-1));
  return { hit, job };
}
