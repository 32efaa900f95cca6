import type { BackupSet } from '../../src/catalog/backups.ts';
import type { FaultSwitch, PlannedFault } from './fault-switch.ts';
import { type Harness, makeTenant, roundOf, setsOf, settle, shipped, startArchiving } from './job-harness.ts';
import { expectTruth } from './media-truth.ts';

/** Database `d` with an empty table `d.t`. */
export async function makeTable(harness: Harness, columns = 'id INT PRIMARY KEY', tenant = 'a'): Promise<void> {
  await harness.sql(tenant, 'CREATE DATABASE d');
  await harness.sql(tenant, `CREATE TABLE d.t (${columns})`);
}

/** Tenant `a`, archived, with an empty table `d.t`; its id. */
export async function archivedTenant(harness: Harness, columns?: string): Promise<number> {
  const tenantId = await makeTenant(harness, 'a');
  await startArchiving(harness, 'a');
  await makeTable(harness, columns);
  return tenantId;
}

/** Both destinations of tenant `a`, its pieces shorter than a statement could make them. The archive is not begun. */
export async function setShortPieces(
  harness: Harness,
  tenantId: number,
  pieceSwitch: string,
  archive = harness.place('a/archive'),
  data = harness.place('a/data'),
): Promise<void> {
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${archive}' TENANT = a`);
  await harness.controller.catalog.transaction((tx) =>
    tx.destinations.setArchiveDest(tenantId, 0, { piece_switch_interval: pieceSwitch }),
  );
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${data}' TENANT = a`);
}

/** Waits until the round of a tenant has a status. */
export async function roundIs(harness: Harness, status: string, tenant = 'a'): Promise<void> {
  await harness.until(async () => (await roundOf(harness, tenant))?.status === status);
}

/** Waits until the archive of tenant `a` goes on in another piece. */
export async function nextPiece(harness: Harness): Promise<void> {
  const used = (await roundOf(harness, 'a'))?.usedPieceId ?? 0;
  await harness.until(async () => ((await roundOf(harness, 'a'))?.usedPieceId ?? 0) > used);
}

/** Says BACKUP and waits for its end, whatever that is; the tenant's newest set. */
export async function backedUp(harness: Harness, what = 'DATABASE', tenant = 'a'): Promise<BackupSet> {
  await harness.say(`ALTER SYSTEM BACKUP ${what}`, tenant);
  await settle(harness);
  const set = (await setsOf(harness, tenant)).at(-1);
  if (set === undefined) throw new Error(`no set of ${tenant} was made`);
  return set;
}

/** Waits until no clean-up is live. */
export async function cleanUpsEnded(harness: Harness): Promise<void> {
  await harness.until(() => harness.controller.catalog.read((tx) => tx.deletions.liveJobs().length === 0));
}

/** A few passes of the drivers, while nothing needs to end. */
export async function passes(harness: Harness, count: number): Promise<void> {
  let left = count;
  await harness.until(async () => --left < 0);
}

/** As `archivedTenant`, with two full sets of one and of two rows, and a third row in the archive. */
export async function tenantWithTwoSets(harness: Harness): Promise<void> {
  await archivedTenant(harness);
  for (let id = 1; id <= 2; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await backedUp(harness);
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
