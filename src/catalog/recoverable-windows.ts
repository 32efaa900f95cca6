import type Database from 'better-sqlite3';
import {
  type RecoverableWindow,
  type RecoverySource,
  recoverableWindows,
  recoveryHoles,
} from '../policy/recoverable-window.ts';
import type { Repositories } from './catalog.ts';
import { brokenPieces, planPieceOf, planSetOf } from './plan-rows.ts';

/** The sets and pieces of a tenant as a restore would see them, for each pair of a data and an archive destination. */
export interface TenantSource extends RecoverySource {
  readonly dataPath: string;
  readonly archivePath: string | null;
}

type Rows = Pick<Repositories, 'archives' | 'backups' | 'proofs'>;

/** One row of `recoverable_window(tenant)`. */
type WindowRow = readonly (string | bigint | null)[];

const columns = [
  'tenant_id',
  'kind',
  'from_scn',
  'to_scn',
  'first_backup_set_id',
  'last_backup_set_id',
  'round_id',
  'data_path',
  'archive_path',
  'comment',
];

const sysTenantId = 1;

/**
 * Makes `recoverable_window(tenant_id)` known to a connection: the windows and holes of one tenant, of all when it is sys. A
 * connection cannot be asked while it answers, so the rows come through another one, which `openRows` opens on first use.
 */
export function registerWindows(database: Database.Database, openRows: () => Rows): void {
  let rows: Rows | null = null;
  database.table('recoverable_window', {
    columns,
    parameters: ['of_tenant'],
    *rows(tenant: unknown) {
      rows ??= openRows();
      for (const tenantId of tenantsOf(rows, Number(tenant))) {
        for (const row of windowRows(rows, tenantId)) yield [...row];
      }
    },
  });
}

function tenantsOf(rows: Rows, tenantId: number): readonly number[] {
  if (tenantId !== sysTenantId) return [tenantId];
  return [...new Set(rows.backups.sets.list({ status: 'SUCCESS' }).map((set) => set.tenantId))];
}

function windowRows(rows: Rows, tenantId: number): readonly WindowRow[] {
  const found = sourcesOf(rows, tenantId).flatMap((source) =>
    recoverableWindows(source).map((window) => ({ window, source })),
  );
  found.sort((a, b) => (a.window.fromScn < b.window.fromScn ? -1 : a.window.fromScn > b.window.fromScn ? 1 : 0));
  const windows = found.map(({ window, source }) => windowRow(tenantId, window, source));
  const first = found[0]?.source;
  if (first === undefined) return windows;
  const holes = recoveryHoles(
    first,
    found.map(({ window }) => window),
  );
  const holeRows = holes.map(
    ({ fromScn, toScn, reason }): WindowRow => [
      BigInt(tenantId),
      'HOLE',
      fromScn,
      toScn,
      null,
      null,
      null,
      null,
      null,
      reason,
    ],
  );
  return [...windows, ...holeRows].sort((a, b) => (a[2]! < b[2]! ? -1 : a[2]! > b[2]! ? 1 : 0));
}

function windowRow(tenantId: number, window: RecoverableWindow, { dataPath, archivePath }: TenantSource): WindowRow {
  const { fromScn, toScn, firstSetId, lastSetId, roundId } = window;
  const ids = [BigInt(firstSetId), BigInt(lastSetId), roundId === null ? null : BigInt(roundId)];
  return [BigInt(tenantId), 'WINDOW', fromScn, toScn, ...ids, dataPath, archivePath, ''];
}

/** Every pair of destinations a restore of the tenant could name. */
export function sourcesOf(rows: Rows, tenantId: number): readonly TenantSource[] {
  const sets = grouped(
    rows.backups.sets.list({ tenantId, status: 'SUCCESS' }).filter((set) => !isGone(set.fileStatus)),
  );
  const broken = brokenPieces(rows, tenantId);
  const pieces = grouped(rows.archives.pieces.list({ tenantId }).filter((piece) => !isGone(piece.fileStatus)));
  return sets.flatMap((ofDest): TenantSource[] => {
    const common = { sets: ofDest.map(planSetOf), dataPath: ofDest[0]!.path };
    if (pieces.length === 0) return [{ ...common, pieces: null, archivePath: null }];
    return pieces.map((ofArchive) => ({
      ...common,
      pieces: ofArchive.map((piece) => planPieceOf(piece, broken)),
      archivePath: ofArchive[0]!.path,
    }));
  });
}

/** What is being deleted loses its end placeholder first: no restore finds it. */
function isGone(fileStatus: string): boolean {
  return fileStatus === 'DELETING' || fileStatus === 'DELETED';
}

function grouped<R extends { readonly destId: number }>(rows: readonly R[]): readonly (readonly R[])[] {
  return [...Map.groupBy(rows, (row) => row.destId).values()];
}
