import { fault, faultText } from '../base/errors.ts';
import type { Release } from '../base/release.ts';
import type { BackupStorageInfo } from '../catalog/backup-destinations.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { Tenant } from '../catalog/tenants.ts';
import { parseAccessInfo } from '../destination/access-info.ts';
import { type Destination, sameDestination, storedText } from '../destination/destination.ts';
import { parseOptions } from '../destination/options.ts';
import { schemeOf } from '../destination/parse.ts';
import type { Controller } from '../jobs/controller.ts';
import { archiveDestNo, followLimits, readStored, sealKeyOf } from '../jobs/tenant-destination.ts';
import { prepare } from './prepare-destination.ts';
import { handler } from './statement-handler.ts';

type Limits = Partial<Pick<BackupStorageInfo, 'maxIops' | 'maxBandwidth'>>;

/** What is to change on which row; `keys` is the destination with its new ones. */
interface Wish {
  readonly row: BackupStorageInfo;
  readonly limits: Limits;
  readonly keys: Destination | null;
}

/**
 * ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST: other keys or limits for a destination the tenant uses, also while a job works on it.
 * New keys must pass everything SET tries, and the format file must be there; then they stand in the parameter and in the row, and
 * dest_id and history stay. Errors: 1210 (nothing to change, an empty path, unreadable texts), 1235 (keys of a file path, stores
 * without a medium), -4018 (a path the tenant never used), with new keys also those of SET. The kernel refuses file paths
 * altogether; here they have limits too.
 */
export const changeStorageDest = handler<'changeStorageDest', Wish>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async check({ path, accessInfo, attribute }, speaker, controller) {
    if (path === '' || (accessInfo === null && attribute === null)) throw fault('OB_INVALID_ARGUMENT');
    const scheme = schemeOf(path, controller.release);
    if (scheme === null) throw fault('OB_INVALID_BACKUP_DEST');
    if (accessInfo !== null && scheme === 'file') throw fault('OB_NOT_SUPPORTED', 'reset ak/sk of nfs path is');
    const limits = attribute === null ? {} : readLimits(attribute, controller.release);
    const row = await controller.catalog.read((tx) => requireKnown(tx, speaker.effectiveTenantId, path));
    if (accessInfo === null) return { row, limits, keys: null };
    const present = destinationOf(controller, row);
    return { row, limits, keys: { ...present, authorization: parseAccessInfo(accessInfo, present), ...limits } };
  },
  async run({ row: seen, limits, keys }, _, speaker, controller) {
    const { tenantId } = seen;
    const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId }));
    if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(tenantId));
    const order = { tenant, destType: seen.destType ?? 'backup_data', speaker, known: true } as const;
    const change = (tx: Repositories) => {
      if (keys !== null) changeKeys(tx, controller, tenant, keys);
      const changed = { ...requireRow(tx, seen), ...limits };
      tx.destinations.storageInfo.put(changed);
      return changed;
    };
    const row = await (keys === null
      ? controller.catalog.transaction(change)
      : prepare(controller, { ...order, destination: keys }, change));
    followLimits(controller, tenantId, { ...row, host: row.endpoint.replace(/^host=/, '') });
    controller.wake.archive();
    return {};
  },
});

/** The stored texts of the destination that is in use now. */
function changeKeys(tx: Repositories, { catalog }: Controller, { tenantId }: Tenant, keys: Destination): void {
  const text = storedText(keys, sealKeyOf(catalog.secrets, tenantId, keys.path));
  const isIt = (stored: string) =>
    stored !== '' && sameDestination(readStored(catalog.secrets, tenantId, stored), keys);
  if (isIt(tx.destinations.dataDest(tenantId))) tx.destinations.setDataDest(tenantId, text);
  const archive = tx.destinations.archiveDest(tenantId, archiveDestNo);
  if (isIt(archive?.path ?? '')) tx.destinations.setArchiveDest(tenantId, archiveDestNo, { path: text });
}

/** A destination the tenant has used, with its keys; null for a text that names none as the rows do. */
export async function registeredDestination(
  controller: Controller,
  tenantId: number,
  text: string,
): Promise<Destination | null> {
  const key = { tenantId, ...keyOf(text) };
  const row = await controller.catalog.read((tx) => tx.destinations.storageInfo.get(key));
  return row === null ? null : destinationOf(controller, row);
}

function destinationOf({ catalog }: Controller, row: BackupStorageInfo): Destination {
  const options = [row.endpoint, row.authorization, row.extension].filter((text) => text !== '').join('&');
  const stored = readStored(catalog.secrets, row.tenantId, options === '' ? row.path : `${row.path}?${options}`);
  return { ...stored, maxIops: row.maxIops, maxBandwidth: row.maxBandwidth };
}

/** `max_iops=…&max_bandwidth=…`; what is not named stays. */
function readLimits(text: string, release: Release): Limits {
  const limits: { maxIops?: bigint; maxBandwidth?: bigint } = {};
  for (const token of text.split('&')) {
    const key = token.slice(0, token.indexOf('='));
    if (key !== 'max_iops' && key !== 'max_bandwidth') throw fault('OB_INVALID_ARGUMENT');
    const { maxIops, maxBandwidth } = parseOptions(token, 'file', release);
    if (key === 'max_iops') limits.maxIops = maxIops;
    else limits.maxBandwidth = maxBandwidth;
  }
  return limits;
}

/** `oss://b/d` or `oss://b/d?host=h`, as rows of views show it. */
function keyOf(text: string): Pick<BackupStorageInfo, 'path' | 'endpoint'> {
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  return { path: path.replace(/\/+$/, ''), endpoint: mark < 0 ? '' : text.slice(mark + 1) };
}

function requireKnown(tx: Repositories, tenantId: number, text: string): BackupStorageInfo {
  return requireRow(tx, { tenantId, ...keyOf(text) });
}

function requireRow(
  tx: Repositories,
  { tenantId, path, endpoint }: Pick<BackupStorageInfo, 'tenantId' | 'path' | 'endpoint'>,
): BackupStorageInfo {
  const row = tx.destinations.storageInfo.get({ tenantId, path, endpoint });
  if (row === null) throw faultText('OB_ENTRY_NOT_EXIST', 'the path does not exist');
  return row;
}
