import type { Repositories } from '../../catalog/catalog.ts';
import type { RestoreJob } from '../../catalog/restores.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import type { MasterKey } from '../../copy/keys.ts';
import { packVersion } from '../../destination/codec/set-files.ts';
import { shownPath, storedText } from '../../destination/destination.ts';
import type { Controller } from '../controller.ts';
import { jobSecret, keepSecret } from '../job-secrets.ts';
import { sealKeyOf } from '../tenant-destination.ts';
import { requireKept } from './kept-source.ts';
import { piecePath } from './read-archive-path.ts';
import { setPath } from './read-data-path.ts';
import type { RestoreSource } from './restore-source.ts';
import type { SourceKeys } from './source-keys.ts';

/** What the tenant's row of a restore remembers between steps. */
export interface RestoreMemory {
  /** Stored texts of the two paths. */
  readonly data: string;
  readonly archive: string | null;
  /** Limits of the paths that were given some, by path without options; missing in restores of earlier programs. */
  readonly limits?: Readonly<Record<string, { readonly maxIops: string; readonly maxBandwidth: string }>>;
  readonly sets: readonly { readonly id: number; readonly type: 'full' | 'inc'; readonly encrypted: boolean }[];
  readonly pieces: readonly {
    readonly destId: number;
    readonly roundId: number;
    readonly pieceId: number;
    /** A record up to here stands in the piece; 0 when it has none. */
    readonly maxScn: string;
  }[];
  /** Commits up to here are in the sets. */
  readonly afterScn: string;
  readonly timeZone: string;
  /** `concurrency` of the options, 0 without one; missing in restores of earlier programs, which have the options alone. */
  readonly concurrency?: number;
  /** Attempts that met a passing fault. */
  readonly retryCount?: number;
}

/** What RESTORE asks, once everything was checked. */
export interface RestoreOrder {
  readonly tenantName: string;
  readonly poolIds: readonly number[];
  readonly locality: string;
  readonly primaryZone: string;
  readonly options: string;
  /** Of the options; 0 without one. */
  readonly concurrency: number;
  readonly description: string;
  readonly digests: readonly string[];
  readonly source: RestoreSource;
  readonly keys: SourceKeys;
  readonly masters: readonly MasterKey[];
}

export const masterKeysName = 'masterKeys';
export const setKeyNameOf = (setId: number) => `setKey/${setId}`;

/** One of the keys a restore was given, null when it was not. */
export function secretOf(controller: Controller, job: RestoreJob, name: string): Promise<Uint8Array | null> {
  const owner = { tenantId: job.tenantId, kind: 'restore' as const, jobId: job.jobId };
  return controller.catalog.read((tx) => jobSecret(tx, controller.catalog.secrets, owner, name));
}

/** Both rows, the tenant in RESTORE, its pools and its secrets: one step. Returns the new tenant's id. */
export function insertRestore(tx: Repositories, controller: Controller, order: RestoreOrder): number {
  const { source } = order;
  requireKept(tx, source);
  const tenantId = tx.counters.nextOfCluster('tenant');
  const jobId = tx.counters.nextOfCluster('rootServiceJob');
  const { untilScn } = source.plan;
  tx.tenants.create(tenantId, {
    tenantName: order.tenantName,
    mode: source.locality.compatMode,
    status: 'RESTORE',
    role: 'RESTORE',
    primaryZone: order.primaryZone,
    locality: order.locality,
    recoveryUntilScn: untilScn,
    syncScn: source.plan.startReplayScn,
    replayableScn: source.plan.startReplayScn,
    readableScn: source.plan.startReplayScn,
    compatible: `${controller.release.text}.0`,
  });
  const unitGroupId = tx.counters.nextOfCluster('unitGroup');
  for (const poolId of order.poolIds) tx.resources.grant(poolId, tenantId, unitGroupId);
  const row = restoreRow(controller, order, tenantId, jobId);
  tx.restores.jobs.insert({ ...row, tenantId: sysTenantId, status: 'WAIT_TENANT_RESTORE_FINISH', stepData: {} });
  const owner = { tenantId, kind: 'restore' as const, jobId };
  tx.restores.jobs.insert({ ...row, tenantId, status: 'RESTORE_PRE', stepData: memoryOf(controller, order, tenantId) });
  const { secrets } = controller.catalog;
  for (const [setId, key] of order.keys.setKeys) keepSecret(tx, secrets, owner, setKeyNameOf(setId), key);
  if (order.masters.length > 0) keepSecret(tx, secrets, owner, masterKeysName, encodeMasters(order.masters));
  tx.events.record('physical_restore', 'restore_start', { tenant_name: order.tenantName, job_id: jobId });
  return tenantId;
}

function restoreRow(
  controller: Controller,
  order: RestoreOrder,
  tenantId: number,
  jobId: number,
): Omit<RestoreJob, 'tenantId' | 'status' | 'stepData'> {
  const { source } = order;
  const paths = [source.data, ...(source.archive === null ? [] : [source.archive])];
  const info = source.sets.at(-1)!.info;
  return {
    jobId,
    history: false,
    restoreTenantName: order.tenantName,
    restoreTenantId: tenantId,
    backupTenantName: source.locality.tenantName,
    backupTenantId: source.locality.tenantId,
    backupClusterName: source.locality.clusterName,
    backupClusterVersion: info.clusterVersion,
    backupDest: paths.map((path) => shownPath(path.destination)).join(','),
    restoreOption: order.options,
    restoreType: 'FULL',
    restoreScn: source.plan.untilScn,
    consistentScn: info.consistentScn,
    recoverScn: 0n,
    startUs: controller.clock.nowUs(),
    finishUs: null,
    backupSetList: source.sets.map((set) => setPath(source.data.destination.path, set.name)).join(','),
    backupPieceList: source.pieces.map((piece) => piecePath(source.log.path, piece)).join(','),
    lsCount: 2,
    finishLsCount: 0,
    tabletCount: info.stats.tabletCount,
    finishTabletCount: 0,
    totalBytes: source.sets.reduce((sum, set) => sum + set.info.stats.outputBytes, 0n),
    finishBytes: 0n,
    passwd: order.digests.join(','),
    description: order.description,
    comment: '',
  };
}

function memoryOf(controller: Controller, order: RestoreOrder, tenantId: number): RestoreMemory {
  const { source, keys } = order;
  const { secrets } = controller.catalog;
  const stored = (path: { readonly destination: Parameters<typeof storedText>[0] }) =>
    storedText(path.destination, sealKeyOf(secrets, tenantId, path.destination.path));
  return {
    limits: limitsOf(source),
    data: stored(source.data),
    archive: source.archive === null ? null : stored(source.archive),
    sets: source.sets.map((set) => ({
      id: set.name.backupSetId,
      type: set.name.backupType,
      encrypted: keys.setKeys.has(set.plan.id),
    })),
    pieces: source.pieces.map(({ destId, roundId, pieceId, startScn, maxScn }) => ({
      destId,
      roundId,
      pieceId,
      // A piece in which nothing was committed yet says its start, and holds no record of that SCN.
      maxScn: String(maxScn > startScn ? maxScn : 0n),
    })),
    afterScn: String(source.plan.startReplayScn),
    timeZone: source.locality.sysTimeZone,
    concurrency: order.concurrency,
  };
}

/** The limits the paths of FROM were given with; stored texts leave them out. */
function limitsOf(source: RestoreOrder['source']): NonNullable<RestoreMemory['limits']> {
  const paths = [source.data, ...(source.archive === null ? [] : [source.archive])];
  return Object.fromEntries(
    paths.map(({ destination }) => [
      destination.path,
      { maxIops: String(destination.maxIops), maxBandwidth: String(destination.maxBandwidth) },
    ]),
  );
}

function encodeMasters(masters: readonly MasterKey[]): Uint8Array {
  const plain = masters.map((key) => ({ ...key, bytes: Buffer.from(key.bytes).toString('base64') }));
  return Buffer.from(JSON.stringify(plain));
}

export function decodeMasters(bytes: Uint8Array | null): readonly MasterKey[] {
  if (bytes === null) return [];
  const plain = JSON.parse(Buffer.from(bytes).toString()) as { version: number; createdUs: number; bytes: string }[];
  return plain.map((key) => ({ ...key, bytes: new Uint8Array(Buffer.from(key.bytes, 'base64')) }));
}

/** True when the release of a set is one this server knows. */
export function clusterVersionIsKnown(controller: Controller, version: bigint): boolean {
  return version <= packVersion(`${controller.release.text}.99`);
}
