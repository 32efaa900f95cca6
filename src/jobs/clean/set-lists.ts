import { isFault } from '../../base/errors.ts';
import type { ArchivePiece } from '../../catalog/archives.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { pieceKeys } from '../../destination/archive-layout.ts';
import { tenantPieceInfosFile } from '../../destination/codec/archive-files.ts';
import { tenantSetInfosFile } from '../../destination/codec/set-files.ts';
import { setInfoKeys } from '../../destination/layout.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { setNameOf } from '../backup/set-files.ts';

/** Whose list of sets is the newest on a path, and which of the sets it may name are there. */
export interface SetList {
  readonly newest: BackupSet | null;
  readonly present: ReadonlySet<number>;
}

export function setListOf(tx: Repositories, tenantId: number, destId: number): SetList {
  const there = tx.backups.sets
    .list({ tenantId, destId, status: 'SUCCESS' })
    .filter((set) => set.fileStatus !== 'DELETING' && set.fileStatus !== 'DELETED');
  return { newest: there.at(-1) ?? null, present: new Set(there.map((set) => set.backupSetId)) };
}

export interface PieceList {
  readonly newest: ArchivePiece | null;
  /** `round.piece` */
  readonly present: ReadonlySet<string>;
}

export function pieceListOf(tx: Repositories, tenantId: number, destId: number): PieceList {
  const there = tx.archives.pieces
    .list({ tenantId, destId })
    .filter((piece) => piece.fileStatus !== 'DELETING' && piece.fileStatus !== 'DELETED');
  return {
    newest: there.at(-1) ?? null,
    present: new Set(there.map((piece) => `${piece.roundId}.${piece.pieceId}`)),
  };
}

/** Takes what is not there any more out of the newest list of sets, the one that speaks for the path. */
export async function trueSetList(medium: Medium, list: SetList, signal: AbortSignal): Promise<void> {
  if (list.newest === null) return;
  const key = setInfoKeys(setNameOf(list.newest)).tenant;
  await rewrite(medium, key, signal, (bytes) => {
    const { sets } = tenantSetInfosFile.decode(bytes);
    const left = sets.filter((set) => list.present.has(set.backupSetId));
    return left.length === sets.length ? null : tenantSetInfosFile.encode({ sets: left });
  });
}

/** As `trueSetList`, for the list of frozen pieces in the newest piece. */
export async function truePieceList(medium: Medium, list: PieceList, signal: AbortSignal): Promise<void> {
  if (list.newest === null) return;
  await rewrite(medium, pieceKeys(list.newest).tenant, signal, (bytes) => {
    const infos = tenantPieceInfosFile.decode(bytes);
    const left = infos.frozenPieces.filter(({ key }) => list.present.has(`${key.roundId}.${key.pieceId}`));
    if (left.length === infos.frozenPieces.length) return null;
    return tenantPieceInfosFile.encode({ ...infos, frozenPieces: left });
  });
}

async function rewrite(
  medium: Medium,
  key: string,
  signal: AbortSignal,
  change: (bytes: Uint8Array) => Uint8Array | null,
): Promise<void> {
  try {
    const changed = change(await medium.read(key, undefined, undefined, signal));
    if (changed !== null) await medium.putSmall(key, changed, 'replace', signal);
  } catch (error) {
    // Nobody can take a missing or damaged list for the truth; that it is damaged is for others to find.
    if (!isMediumError(error, 'notFound') && !isFault(error)) throw error;
  }
}
