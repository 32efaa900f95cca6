import { fault, faultText } from '../base/errors.ts';
import { unlimitedScn } from '../base/scn.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { type Tenant, tenantType } from '../catalog/tenants.ts';
import {
  type ArchiveDest,
  parseArchiveDest,
  parseArchiveDestState,
  requireListable,
} from '../destination/archive-dest.ts';
import type { FormatFile } from '../destination/codec/identity-files.ts';
import { type Destination, storedText } from '../destination/destination.ts';
import { readFormatFile } from '../destination/identity.ts';
import { mayLag } from '../destination/limits.ts';
import { withCodedErrors } from '../destination/medium-fault.ts';
import { parseDestination } from '../destination/parse.ts';
import { parseRestoreSource } from '../destination/restore-source.ts';
import type { Controller } from '../jobs/controller.ts';
import { archiveDestNo, followLimits, sealKeyOf } from '../jobs/tenant-destination.ts';
import type { ParameterItem } from '../sql/statement.ts';
import { requirePlace } from './parameter-owners.ts';
import { explain, prepare, warnOfIgnored } from './prepare-destination.ts';
import type { Speaker } from './statement-handler.ts';
import { anyTenant } from './tenant-clause.ts';

const dataDestName = 'data_backup_dest';
const archiveDestName = /^log_archive_dest(?:_([1-8]))?$/;
const archiveStateName = /^log_archive_dest_state(?:_([1-8]))?$/;
const restoreSourceName = 'log_restore_source';

/** True for the backup configuration items: they are no parameters and have rules of their own. */
export function isBackupItem(name: string): boolean {
  return (
    name === dataDestName || name === restoreSourceName || archiveDestName.test(name) || archiveStateName.test(name)
  );
}

/** Sets one backup configuration item: target, value, pre-checks, destination, one transaction at the end. */
export async function setBackupItem(
  item: ParameterItem,
  value: string,
  speaker: Speaker,
  controller: Controller,
): Promise<void> {
  const tenant = await controller.catalog.read((tx) => {
    const found = targetTenant(tx, item.tenant, speaker);
    requirePlace(tx, item);
    return found;
  });
  if (item.name === dataDestName) return setDataDest(controller, tenant, value, speaker);
  if (item.name === restoreSourceName) return setRestoreSource(controller, tenant, value, speaker);
  const state = archiveStateName.exec(item.name);
  // The kernel takes numbered destinations and never archives to them; here they are refused.
  if ((state ?? archiveDestName.exec(item.name))?.[1] !== undefined) throw fault('OB_NOT_SUPPORTED', `${item.name} is`);
  if (state) return setArchiveState(controller, tenant, archiveDestNo, value);
  return setArchiveDest(controller, tenant, archiveDestNo, value, speaker);
}

function targetTenant(tx: Repositories, name: string | null, speaker: Speaker): Tenant {
  if (name !== null) {
    const tenant = anyTenant(tx, name);
    if (tenantType(tenant.tenantId) !== 'USER') throw fault('OB_NOT_SUPPORTED');
    return tenant;
  }
  const tenant = tx.tenants.get({ tenantId: speaker.effectiveTenantId });
  if (tenant === null || tenantType(tenant.tenantId) !== 'USER') throw fault('OB_NOT_SUPPORTED');
  return tenant;
}

async function setDataDest(controller: Controller, tenant: Tenant, value: string, speaker: Speaker): Promise<void> {
  const { tenantId } = tenant;
  if (value !== '') requireListable(value);
  const destination = value === '' ? null : readDestination(controller, value, speaker);
  await controller.catalog.read((tx) => requireNoBackup(tx, tenantId));
  if (destination !== null)
    await prepare(controller, { tenant, destination, destType: 'backup_data', speaker }, () => undefined);
  const stored =
    destination === null
      ? ''
      : storedText(destination, sealKeyOf(controller.catalog.secrets, tenantId, destination.path));
  await controller.catalog.transaction((tx) => {
    requireNoBackup(tx, tenantId);
    tx.destinations.setDataDest(tenantId, stored);
  });
  if (destination !== null) followLimits(controller, tenantId, destination);
}

/** A job that ended stands in the live views a little longer, and needs its destination no more. */
function requireNoBackup(tx: Repositories, tenantId: number): void {
  if (tx.backups.liveJobs(tenantId).some(({ endUs }) => endUs === null)) throw fault('OB_BACKUP_IN_PROGRESS');
}

async function setArchiveDest(
  controller: Controller,
  tenant: Tenant,
  destNo: number,
  value: string,
  speaker: Speaker,
): Promise<void> {
  const { tenantId } = tenant;
  const wish = parseArchiveDest(value, controller.release);
  if (wish !== null) warnOfIgnored(wish.location, speaker);
  if (wish?.compression === 'DISABLE')
    speaker.warn('Warning', 1235, 'COMPRESSION=DISABLE has no effect: log is compressed as it is archived');
  await controller.catalog.read((tx) => requireStopped(tx, tenantId, destNo));
  if (wish === null) {
    await controller.catalog.transaction((tx) => {
      requireStopped(tx, tenantId, destNo);
      tx.destinations.clearArchiveDest(tenantId, destNo);
    });
    return;
  }
  await requireLag(controller, tenantId, wish.location);
  const order = { tenant, destination: wish.location, destType: 'archive_log', speaker } as const;
  const destId = await prepare(controller, order, (_, id) => id);
  await controller.catalog.transaction((tx) => {
    requireStopped(tx, tenantId, destNo);
    tx.destinations.clearArchiveDest(tenantId, destNo);
    tx.destinations.setArchiveDest(tenantId, destNo, attributesOf(controller, tenantId, wish, destId));
  });
  followLimits(controller, tenantId, wish.location);
  controller.wake.archive();
}

function attributesOf(controller: Controller, tenantId: number, wish: ArchiveDest, destId: number) {
  const seal = sealKeyOf(controller.catalog.secrets, tenantId, wish.location.path);
  return {
    path: storedText(wish.location, seal),
    binding: wish.binding,
    dest_id: String(destId),
    piece_switch_interval: wish.pieceSwitchInterval,
    state: 'ENABLE',
  };
}

async function requireLag(controller: Controller, tenantId: number, { scheme }: Destination): Promise<void> {
  const lagUs = await controller.catalog.read((tx) => tx.parameters.timeUs(tenantId, 'archive_lag_target'));
  if (!mayLag(controller.release, scheme, lagUs))
    throw fault('OB_OP_NOT_ALLOW', 'archive_lag_target is smaller than 60s, set log_archive_dest to S3 is');
}

/** A destination cannot change under a round, whatever its state, unless it has stopped. */
function requireStopped(tx: Repositories, tenantId: number, destNo: number): void {
  const round = tx.archives.rounds.get({ tenantId, destNo });
  if (round !== null && round.status !== 'STOP') {
    throw fault('OB_NOT_SUPPORTED', 'change archive dest when archive is running is');
  }
}

async function setArchiveState(controller: Controller, tenant: Tenant, destNo: number, value: string): Promise<void> {
  parseArchiveDestState(value);
  await controller.catalog.transaction((tx) =>
    tx.destinations.setArchiveDest(tenant.tenantId, destNo, { state: value }),
  );
  controller.wake.archive();
}

/** An archive path, which must be another tenant's; a running server as source (SERVICE) is refused. `''` removes the source. */
async function setRestoreSource(
  controller: Controller,
  tenant: Tenant,
  value: string,
  speaker: Speaker,
): Promise<void> {
  const source = parseRestoreSource(value, controller.release);
  if (source?.type === 'SERVICE') throw fault('OB_NOT_SUPPORTED', 'set log restore source to a service is');
  const { tenantId } = tenant;
  if (source !== null) {
    warnOfIgnored(source.location, speaker);
    await checkLogSource(controller, tenant, source.location, speaker);
  }
  await controller.holdStandby(tenantId, () =>
    controller.catalog.transaction((tx) => {
      if (source === null) return void tx.restores.logSources.remove({ tenantId, id: 1 });
      const seal = sealKeyOf(controller.catalog.secrets, tenantId, source.location.path);
      const recoveryUntilScn = tx.tenants.get({ tenantId })?.recoveryUntilScn ?? unlimitedScn;
      const text = `LOCATION=${storedText(source.location, seal)}`;
      tx.restores.logSources.put({ tenantId, id: 1, type: 'LOCATION', value: text, recoveryUntilScn });
    }),
  );
  controller.wake.restore();
}

async function checkLogSource(
  controller: Controller,
  tenant: Tenant,
  location: Destination,
  speaker: Speaker,
): Promise<void> {
  const unreadable = 'access the log restore source location';
  const place = { scheme: location.scheme, release: controller.release };
  const medium = controller.openMedium({ ...location, patience: 'statement' });
  try {
    const format = await withCodedErrors(() => readFormatFile(medium), 'configuring', place);
    if (format === null) throw faultText('OB_BACKUP_FILE_NOT_EXIST', `Incorrect arguments to ${unreadable}`);
    if (format.destType !== 'archive_log') throw fault('OB_INVALID_ARGUMENT', `${unreadable}, it is no archive path`);
    if (format.clusterId === controller.cluster.id && format.tenantId === tenant.tenantId)
      throw fault('OB_INVALID_ARGUMENT', 'set standby itself as log restore source');
    await warnOfOtherOrigin(controller, tenant, format, speaker);
  } catch (error) {
    explain(error, [location], speaker);
    throw error;
  } finally {
    void medium.close().catch(() => undefined);
  }
}

/**
 * Another standby's archive may be meant, so this is no error; but where nothing was committed in it, a log that is not this
 * tenant's contradicts nothing, and the standby would count as synchronized.
 */
async function warnOfOtherOrigin(
  controller: Controller,
  { tenantId }: Tenant,
  { tenantId: archiving, clusterName }: FormatFile,
  speaker: Speaker,
): Promise<void> {
  const [made] = await controller.catalog.read((tx) => tx.restores.jobs.list({ tenantId, restoreTenantId: tenantId }));
  if (made === undefined || (made.backupTenantId === archiving && made.backupClusterName === clusterName)) return;
  const told = `tenant ${archiving} of ${clusterName} archives there, this one was made from tenant ${made.backupTenantId} of ${made.backupClusterName}`;
  speaker.warn('Warning', fault('OB_INVALID_ARGUMENT').errno, told);
}

function readDestination(controller: Controller, value: string, speaker: Speaker): Destination {
  const destination = parseDestination(value, controller.release);
  warnOfIgnored(destination, speaker);
  return destination;
}
