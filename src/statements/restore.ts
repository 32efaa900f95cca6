import { fault } from '../base/errors.ts';
import { baseScn } from '../base/scn.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { MasterKey } from '../copy/keys.ts';
import { passwordDigest } from '../copy/password-digest.ts';
import { parseRestoreFrom } from '../destination/archive-dest.ts';
import type { Destination } from '../destination/destination.ts';
import type { Controller } from '../jobs/controller.ts';
import { clusterVersionIsKnown, insertRestore, type RestoreOrder } from '../jobs/restore/restore-rows.ts';
import { decideSource, type RestoreSource } from '../jobs/restore/restore-source.ts';
import { scnText } from '../jobs/restore/scn-text.ts';
import { openSourceKeys } from '../jobs/restore/source-keys.ts';
import { parseSourceList, type SourceNames } from '../jobs/restore/source-names.ts';
import { closePaths, openPaths } from '../jobs/restore/source-paths.ts';
import { masterKeys } from '../jobs/tenant-keys.ts';
import { removeTenant } from '../jobs/tenant-removal.ts';
import type { RecoverableWindow } from '../policy/recoverable-window.ts';
import type { KeyClause } from '../sql/statement.ts';
import type { Restore } from '../sql/statement-restore.ts';
import { readKeyBackups } from './key-backups.ts';
import { explain, warnOfIgnored } from './prepare-destination.ts';
import { checkedLocality, checkedPrimaryZone, parseRestoreOptions, restorePools } from './restore-options.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { requireTenantName } from './tenant-name.ts';

/** What the history of restores holds of a description. */
const maxDescriptionBytes = 1024;

/**
 * ALTER SYSTEM RESTORE. Everything is read and decided before the answer: options, paths, point, sets, pieces, keys; then one
 * step makes the tenant and the job rows, and the copying goes on in the background.
 */
export const restore = handler<'restore', RestoreOrder>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  async resolve(statement, speaker) {
    requireTenantName(statement.name);
    if (statement.from !== null && speaker.memory.restoreSources.length > 0)
      throw fault('OB_NOT_SUPPORTED', 'should not have backup_dest and restore_source at the same time');
    if (statement.until?.kind === 'scn' && statement.until.scn <= baseScn) {
      throw fault('OB_INVALID_ARGUMENT', 'until scn, it should be positive integer');
    }
  },
  check: restoreOrder,
  async run(order, statement, _, controller) {
    await controller.catalog.transaction((tx) => {
      checkNameIsFree(tx, statement.name);
      restorePools(
        tx,
        order.poolIds.map((id) => tx.resources.pools.get({ resourcePoolId: id })?.name ?? String(id)),
      );
      insertRestore(tx, controller, order);
    });
    controller.wake.restore();
    return {};
  },
});

/** Steps 5 to 13 of RESTORE: options, paths, point, sets, pieces, keys, pools. Reads, and changes nothing. */
export async function restoreOrder(
  statement: Restore,
  speaker: Speaker,
  controller: Controller,
): Promise<RestoreOrder> {
  if (statement.password !== null) throw fault('OB_NOT_SUPPORTED', 'ENCRYPTED BY behind the restore options is');
  if (Buffer.byteLength(statement.description ?? '') > maxDescriptionBytes) throw fault('OB_SIZE_OVERFLOW');
  const options = parseRestoreOptions(statement.options, speaker);
  const { destinations, names } = sourcesOf(statement, speaker, controller);
  const digests = speaker.memory.decryptionPasswords.map(passwordDigest);
  for (const destination of destinations) warnOfIgnored(destination, speaker);
  const paths = await openPaths(controller, destinations).catch((error: unknown) => {
    explain(error, destinations, speaker);
    throw error;
  });
  try {
    const source = await decideSource(paths, statement.until, digests, {
      ...(names === null ? {} : { only: names }),
      onUnreachable: (windows, zone) => tellWindows(windows, zone, speaker),
    });
    checkVersions(controller, source);
    const rows = await controller.catalog.read((tx) => {
      checkNameIsFree(tx, statement.name);
      return {
        poolIds: restorePools(tx, options.pools),
        locality: checkedLocality(tx, options.locality),
        primaryZone: checkedPrimaryZone(tx, options.primaryZone),
      };
    });
    const masters = await mastersFor(controller, source, statement.key, speaker);
    const keys = await openSourceKeys(source, { masters, passwords: speaker.memory.decryptionPasswords });
    return orderOf(statement, { ...rows, concurrency: options.concurrency, source, keys, masters, digests });
  } finally {
    await closePaths(paths);
  }
}

/** FROM, or else what ADD RESTORE SOURCE collected, which is used up whatever comes of it. */
function sourcesOf(
  { from }: Pick<Restore, 'from'>,
  { memory }: Speaker,
  { release }: Controller,
): { readonly destinations: readonly Destination[]; readonly names: SourceNames | null } {
  const sources = memory.restoreSources;
  memory.restoreSources = [];
  if (from === null && sources.length > 0) return parseSourceList(sources, release);
  if (from === null || from === '') throw fault('OB_INVALID_ARGUMENT');
  return { destinations: parseRestoreFrom(from, release), names: null };
}

/** How many stretches of time a refused restore is told at most, the latest ones. */
const windowsTold = 10;

/** The kernel does not say what could be reached; here a warning does. */
export function tellWindows(
  windows: readonly RecoverableWindow[],
  timeZone: string,
  speaker: Pick<Speaker, 'warn'>,
): void {
  const text = ({ fromScn, toScn }: RecoverableWindow) =>
    `${scnText(fromScn, timeZone)} (${fromScn}) to ${scnText(toScn, timeZone)} (${toScn})`;
  if (windows.length === 0) speaker.warn('Warning', 4018, 'no point in time can be restored');
  for (const window of windows.slice(-windowsTold)) speaker.warn('Warning', 4018, `restorable from ${text(window)}`);
}

function orderOf(
  statement: Restore,
  found: Pick<
    RestoreOrder,
    'poolIds' | 'locality' | 'primaryZone' | 'concurrency' | 'source' | 'keys' | 'masters' | 'digests'
  >,
): RestoreOrder {
  return {
    ...found,
    tenantName: statement.name,
    options: statement.options,
    description: statement.description ?? '',
  };
}

function checkNameIsFree(tx: Repositories, name: string): void {
  if (tx.restores.liveJobOfName(name) !== null && tx.tenants.byName(name) === null)
    throw fault('OB_RESTORE_IN_PROGRESS');
  if (tx.tenants.byName(name) !== null) throw fault('OB_OP_NOT_ALLOW', 'restore tenant with existed tenant name is');
}

/** A newer backup cannot be read; an older one can. */
function checkVersions(controller: Controller, source: RestoreSource): void {
  for (const { info } of source.sets) {
    if (info.clusterVersion === 0n) throw fault('OB_INVALID_ARGUMENT', 'cluster version of backup set');
    if (info.tenantCompatible === 0n) throw fault('OB_INVALID_ARGUMENT', 'tenant compatible of backup set');
    if (!clusterVersionIsKnown(controller, info.clusterVersion)) {
      throw fault('OB_OP_NOT_ALLOW', 'restore from higher cluster version is');
    }
    if (!clusterVersionIsKnown(controller, info.tenantCompatible)) {
      throw fault('OB_OP_NOT_ALLOW', 'restore from higher data version is');
    }
  }
}

/** Master keys out of the key backup; without the clause those this cluster itself has for the source tenant. */
async function mastersFor(
  controller: Controller,
  source: RestoreSource,
  clause: KeyClause | null,
  speaker: Speaker,
): Promise<readonly MasterKey[]> {
  if (clause !== null) return readKeyBackups(controller, clause, source.locality.tenantId, speaker);
  if (source.locality.clusterId !== controller.cluster.id) return [];
  const { tenantId } = source.locality;
  return controller.catalog.read((tx) => masterKeys(tx, controller.catalog.secrets, tenantId));
}

/** ALTER SYSTEM CANCEL RESTORE: the half-restored tenant is dropped at once, its pools are free, its job ends RESTORE_FAIL. */
export const cancelRestore = handler<'cancelRestore', number>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'sys' },
  check: ({ name }, _: Speaker, controller) =>
    controller.catalog.read((tx) => {
      const tenant = tx.tenants.byName(name);
      if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', name);
      requireRestoring(tx, tenant.tenantId);
      return tenant.tenantId;
    }),
  async run(tenantId, _, __, controller) {
    await removeTenant(controller, tenantId, (tx) => requireRestoring(tx, tenantId));
    controller.wake.restore();
    return { dropped: tenantId };
  },
});

function requireRestoring(tx: Repositories, tenantId: number): void {
  if (tx.tenants.get({ tenantId })?.status !== 'RESTORE')
    throw fault('OB_OP_NOT_ALLOW', 'Cancel tenant not in restore is');
}
