import type { ArchivePiece } from '../../catalog/archives.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { brokenPieces, planPieceOf, planSetOf } from '../../catalog/plan-rows.ts';
import type { Secrets } from '../../catalog/secrets.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import { endpointText } from '../../destination/destination.ts';
import {
  type CleanupPiece,
  type CleanupSet,
  type CleanupWish,
  type ItemsInUse,
  pieceText,
} from '../../policy/cleanup.ts';
import type { RestoreMemory } from '../restore/restore-rows.ts';
import { archiveDestNo, dataDestination } from '../tenant-destination.ts';

/** A destination a job cleans, as the catalog keeps it. */
export interface CleanPlace {
  readonly text: string;
  readonly destId: number;
}

/** Where a tenant's sets and pieces lie now; null for what is not set. */
export interface CleanPlaces {
  readonly data: CleanPlace | null;
  readonly archive: CleanPlace | null;
}

export function placesOf(tx: Repositories, secrets: Secrets, tenantId: number): CleanPlaces {
  const archive = tx.destinations.archiveDest(tenantId, archiveDestNo);
  return {
    data: dataPlace(tx, secrets, tenantId),
    archive: archive?.path === undefined ? null : { text: archive.path, destId: Number(archive.dest_id ?? 0) },
  };
}

function dataPlace(tx: Repositories, secrets: Secrets, tenantId: number): CleanPlace | null {
  const destination = dataDestination(tx, secrets, tenantId);
  if (destination === null) return null;
  const key = { tenantId, path: destination.path, endpoint: endpointText(destination) };
  return { text: tx.destinations.dataDest(tenantId), destId: tx.destinations.storageInfo.get(key)?.destId ?? 0 };
}

const present = "WHERE tenant_id = ? AND file_status <> 'DELETED'";

/** Everything the policy decides from, as the rows say now. */
export function cleanupWish(
  tx: Repositories,
  tenantId: number,
  places: CleanPlaces,
  policy: CleanupWish['policy'],
  expiryUs: number,
): CleanupWish {
  const broken = brokenPieces(tx, tenantId);
  return {
    policy,
    expiryUs,
    // What was deleted long ago plays no part, and its rows are kept for ever.
    sets: tx.backups.sets.select(present, tenantId).map((set) => setOf(tx, set)),
    pieces: tx.archives.pieces
      .select(present, tenantId)
      .map((piece): CleanupPiece => ({ ...planPieceOf(piece, broken), status: piece.status })),
    dataDestId: places.data?.destId ?? null,
    archiveDestId: places.archive?.destId ?? null,
    inUse: itemsInUse(tx, tenantId, places),
  };
}

function setOf(tx: Repositories, set: BackupSet): CleanupSet {
  const made = { ...planSetOf(set), destId: set.destId, endUs: set.endUs };
  if (set.status !== 'DOING' || set.startReplayScn > 0n) return made;
  // Its row does not say yet of which moment it is made: it is none before its task began.
  const { tenantId, backupSetId } = set;
  return { ...made, startReplayScn: tx.backups.tasks.list({ tenantId, backupSetId })[0]?.startScn ?? 0n };
}

/** Sets and pieces of these places that restores of this server read now. */
function itemsInUse(tx: Repositories, tenantId: number, { data, archive }: CleanPlaces): ItemsInUse {
  const sets = new Set<number>();
  const pieces = new Set<string>();
  for (const job of tx.restores.liveJobs()) {
    if (job.tenantId === sysTenantId || job.finishUs !== null) continue;
    const memory = job.stepData as Partial<RestoreMemory>;
    if (data !== null && memory.data !== undefined && pathOf(memory.data) === pathOf(data.text))
      for (const set of memory.sets ?? []) sets.add(set.id);
    if (archive !== null && memory.archive && pathOf(memory.archive) === pathOf(archive.text))
      for (const piece of memory.pieces ?? []) pieces.add(pieceText(piece));
  }
  for (const piece of archive === null ? [] : followedPieces(tx, tenantId, archive)) pieces.add(pieceText(piece));
  return { sets, pieces };
}

/** Pieces of this archive that standby tenants are still to take: those that are to go further than they are. */
function followedPieces(tx: Repositories, tenantId: number, archive: CleanPlace): readonly ArchivePiece[] {
  const from = tx.restores.logSources
    .list({ type: 'LOCATION' })
    .filter((source) => pathOf(source.value.replace(/^LOCATION=/, '')) === pathOf(archive.text))
    .map((source) => tx.tenants.get({ tenantId: source.tenantId }))
    .filter((tenant) => tenant?.role === 'STANDBY' && (tenant.recoveryUntilScn ?? 0n) > (tenant.syncScn ?? 0n))
    .map((tenant) => tenant?.syncScn ?? 0n);
  if (from.length === 0) return [];
  const first = from.reduce((least, scn) => (scn < least ? scn : least));
  return tx.archives.pieces.list({ tenantId, destId: archive.destId }).filter((piece) => piece.endScn > first);
}

function pathOf(text: string): string {
  return text.split('?', 1)[0] ?? text;
}
