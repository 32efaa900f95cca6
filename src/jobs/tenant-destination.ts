import type { Repositories } from '../catalog/catalog.ts';
import type { Secrets } from '../catalog/secrets.ts';
import type { Tenant } from '../catalog/tenants.ts';
import type { DestType } from '../destination/codec/identity-files.ts';
import type { Destination, SealKey } from '../destination/destination.ts';
import { endpointText } from '../destination/destination.ts';
import type { ExpectedFormat, WriterIdentity } from '../destination/identity.ts';
import { parseStoredDestination } from '../destination/parse.ts';
import { parseTimeText } from '../destination/time-text.ts';
import type { Medium } from '../media/medium.ts';
import type { Controller } from './controller.ts';

/** The archive destination of a tenant as its attribute rows say. */
export interface TenantArchiveDest {
  readonly destination: Destination;
  readonly destId: number;
  readonly pieceSwitchIntervalUs: number;
  readonly binding: 'OPTIONAL' | 'MANDATORY';
  readonly state: 'ENABLE' | 'DEFER';
}

/** The only destination number that archives. */
export const archiveDestNo = 0;

/** How a tenant's access keys are sealed: bound to the tenant and to the root of the destination. */
export function sealKeyOf(secrets: Secrets, tenantId: number, path: string): SealKey {
  return (accessKey) => secrets.sealText('destination', { tenantId, id: path, field: 'access_key' }, accessKey);
}

/** Reads a destination text as the catalog keeps it. */
export function readStored(secrets: Secrets, tenantId: number, text: string): Destination {
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  return parseStoredDestination(text, (hex) =>
    secrets.openText('destination', { tenantId, id: path, field: 'access_key' }, hex),
  );
}

/** The destination with the limits its storage-info row has now. */
export function withLimits(tx: Repositories, tenantId: number, destination: Destination): Destination {
  const key = { tenantId, path: destination.path, endpoint: endpointText(destination) };
  const row = tx.destinations.storageInfo.get(key);
  return row === null ? destination : { ...destination, maxIops: row.maxIops, maxBandwidth: row.maxBandwidth };
}

/** The destination with limits, keys and options as its storage-info row has them now: those of a job's memory may have been taken back. */
export function asRegistered(
  tx: Repositories,
  secrets: Secrets,
  tenantId: number,
  destination: Destination,
): Destination {
  const key = { tenantId, path: destination.path, endpoint: endpointText(destination) };
  const row = tx.destinations.storageInfo.get(key);
  if (row === null) return destination;
  const { maxIops, maxBandwidth } = row;
  if (row.authorization === '') return { ...destination, maxIops, maxBandwidth };
  const options = [row.endpoint, row.authorization, row.extension].filter((text) => text !== '').join('&');
  const registered = readStored(secrets, tenantId, `${row.path}?${options}`);
  const { authorization, extension } = registered;
  return { ...destination, authorization, options: registered.options, extension, maxIops, maxBandwidth };
}

/** Opens a destination of a tenant as it was read from the catalog, at the pace all work of the tenant on it shares. */
export function openPaced(controller: Controller, tenantId: number, destination: Destination): Medium {
  const pace = controller.paces.of(tenantId, destination.path, destination.host);
  pace.set(destination);
  const paced = { ...destination, pace };
  return controller.openMedium(paced);
}

/** Lets changed limits hold for what is open already. */
export function followLimits(
  controller: Controller,
  tenantId: number,
  destination: Pick<Destination, 'path' | 'host' | 'maxIops' | 'maxBandwidth'>,
): void {
  controller.paces.of(tenantId, destination.path, destination.host).set(destination);
}

/** DATA_BACKUP_DEST of a tenant, null when it is not set. */
export function dataDestination(tx: Repositories, secrets: Secrets, tenantId: number): Destination | null {
  const text = tx.destinations.dataDest(tenantId);
  return text === '' ? null : withLimits(tx, tenantId, readStored(secrets, tenantId, text));
}

/** LOG_ARCHIVE_DEST of a tenant, null when it is not set. */
export function archiveDestination(tx: Repositories, secrets: Secrets, tenantId: number): TenantArchiveDest | null {
  const row = tx.destinations.archiveDest(tenantId, archiveDestNo);
  if (row?.path === undefined) return null;
  return {
    destination: withLimits(tx, tenantId, readStored(secrets, tenantId, row.path)),
    destId: Number(row.dest_id ?? 0),
    pieceSwitchIntervalUs: parseTimeText(row.piece_switch_interval ?? '1d') ?? 86_400_000_000,
    binding: row.binding?.toUpperCase() === 'MANDATORY' ? 'MANDATORY' : 'OPTIONAL',
    state: row.state?.toUpperCase() === 'DEFER' ? 'DEFER' : 'ENABLE',
  };
}

/** The destination a tenant uses or has used under that number, as it is known now; null when it is not. */
export function destinationOfId(
  tx: Repositories,
  secrets: Secrets,
  tenantId: number,
  destId: number,
): Destination | null {
  const row = tx.destinations.storageInfoOfDest(tenantId, destId);
  if (row === null) return null;
  const present = [dataDestination(tx, secrets, tenantId), archiveDestination(tx, secrets, tenantId)?.destination];
  const same = present.find((one) => one?.path === row.path);
  if (same) return same;
  const options = [row.endpoint, row.authorization, row.extension].filter((text) => text !== '').join('&');
  return readStored(secrets, tenantId, options === '' ? row.path : `${row.path}?${options}`);
}

/** Who writes the format and check files of a tenant. */
export function writerIdentity(
  controller: Controller,
  tenant: Pick<Tenant, 'tenantId' | 'tenantName'>,
): WriterIdentity {
  const { name, id } = controller.cluster;
  return { clusterName: name, clusterId: id, tenantName: tenant.tenantName, tenantId: tenant.tenantId };
}

/** What the format file of one of the tenant's destinations must say, for `requireFormat`. */
export function expectedFormat(
  tx: Repositories,
  controller: Controller,
  tenant: Pick<Tenant, 'tenantId' | 'tenantName'>,
  destination: Destination,
  destType: DestType,
): ExpectedFormat {
  const key = { tenantId: tenant.tenantId, path: destination.path, endpoint: endpointText(destination) };
  const row = tx.destinations.storageInfo.get(key);
  return {
    destination,
    destType,
    identity: writerIdentity(controller, tenant),
    row: row === null ? null : { destId: row.destId ?? 0, destType: row.destType ?? '' },
  };
}
