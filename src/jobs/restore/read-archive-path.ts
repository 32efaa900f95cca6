import type { ObError } from '../../base/errors.ts';
import {
  type PieceName,
  parseLogFile,
  parsePiecePlaceholder,
  pieceDirectory,
  pieceKeys,
  pieceLsKeys,
  piecesDirectory,
} from '../../destination/archive-layout.ts';
import { singlePieceInfoFile, tenantPieceInfosFile } from '../../destination/codec/archive-files.ts';
import { checkpointFile } from '../../destination/codec/checkpoint-file.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import { type DamagedFile, decodeNamed, lostFile, unlessDamaged } from '../../destination/named-damage.ts';
import type { Medium } from '../../media/medium.ts';
import type { PlanPiece } from '../../policy/restore-plan.ts';
import { userLsId } from '../archive/archive-files.ts';
import { isTaggedDeleted } from '../clean/tagging.ts';

/** A piece whose info files do not say what it holds. */
export interface DamagedPiece extends PieceName {
  readonly error: ObError;
}

/** A piece found on an archive path. */
export interface FoundPiece extends PlanPiece {
  /** Highest SCN of which a record exists; less must not be found when it is read. */
  readonly maxScn: bigint;
}

/**
 * All pieces of an archive path, frozen ones by their own info, the active one by its checkpoint. `frozen` keeps what never
 * changes, by directory, for callers that come again. A piece whose info files are damaged, or gone although its end placeholder
 * stands, is told in `damaged`; without that list a damaged one is thrown.
 */
export async function readPieces(
  medium: Medium,
  signal?: AbortSignal,
  frozen: Map<string, FoundPiece> = new Map(),
  damaged?: DamagedPiece[],
): Promise<readonly FoundPiece[]> {
  const names = new Map<string, PieceName & { readonly placeholder: string }>();
  const ended = new Set<string>();
  for (const entry of await medium.list(piecesDirectory, signal)) {
    const placeholder = parsePiecePlaceholder(entry.name);
    if (placeholder === null) continue;
    names.set(pieceDirectory(placeholder), { ...placeholder, placeholder: `${piecesDirectory}/${entry.name}` });
    if (placeholder.kind === 'end') ended.add(pieceDirectory(placeholder));
  }
  const found: FoundPiece[] = [];
  for (const { destId, roundId, pieceId, placeholder } of names.values()) {
    const name = { destId, roundId, pieceId };
    const directory = pieceDirectory(name);
    const key = pieceKeys(name).single;
    const bad: DamagedFile[] = [];
    let gone = false;
    const piece = await unlessDamaged(key, damaged && bad, async () => {
      const whole = frozen.get(directory) ?? (await readFrozen(medium, name, signal));
      if (whole !== null) frozen.set(directory, whole);
      if (whole !== null) return whole;
      // Of a piece that was tagged the store may have removed the info file first: it is no active one.
      gone = await isTaggedDeleted(medium, placeholder, signal);
      return gone ? null : readActive(medium, name, signal);
    });
    if (piece !== null) found.push(piece);
    else if (bad.length === 0 && ended.has(directory) && !gone) bad.push(lostFile(key));
    damaged?.push(...bad.map(({ error }) => ({ ...name, error })));
  }
  return found.sort((a, b) => a.pieceId - b.pieceId);
}

async function readFrozen(medium: Medium, name: PieceName, signal?: AbortSignal): Promise<FoundPiece | null> {
  const bytes = await readIfThere(medium, pieceKeys(name).single, signal);
  if (bytes === null) return null;
  const { piece } = decodeNamed(singlePieceInfoFile, bytes, pieceKeys(name).single);
  const { startScn, checkpointScn, maxScn, endScn, fileStatus } = piece;
  return { ...name, startScn, checkpointScn, maxScn, endScn, fileStatus };
}

async function readActive(medium: Medium, name: PieceName, signal?: AbortSignal): Promise<FoundPiece | null> {
  const infos = await readIfThere(medium, pieceKeys(name).tenant, signal);
  const checkpoint = await readIfThere(medium, pieceKeys(name).checkpoint, signal);
  if (infos === null || checkpoint === null) return null;
  const { startScn, endScn } = decodeNamed(tenantPieceInfosFile, infos, pieceKeys(name).tenant);
  const { checkpointScn, maxScn } = decodeNamed(checkpointFile, checkpoint, pieceKeys(name).checkpoint);
  return { ...name, startScn, checkpointScn, maxScn, endScn, fileStatus: 'AVAILABLE' };
}

async function readIfThere(medium: Medium, key: string, signal?: AbortSignal): Promise<Uint8Array | null> {
  try {
    return await medium.read(key, undefined, undefined, signal);
  } catch (error) {
    if (isMediumError(error, 'notFound')) return null;
    throw error;
  }
}

/** Keys of the log files of a piece, in the order they were written. */
export async function logFileKeys(medium: Medium, piece: PieceName, signal?: AbortSignal): Promise<readonly string[]> {
  const keys = pieceLsKeys(piece, userLsId);
  return (await medium.list(keys.logDirectory, signal))
    .map((entry) => parseLogFile(entry.name))
    .filter((fileId) => fileId !== null)
    .sort((a, b) => a - b)
    .map((fileId) => keys.log(fileId));
}

/** Full path of a piece as BACKUP_PIECE_LIST shows it. */
export function piecePath(root: string, piece: PieceName): string {
  return `${root}/${pieceDirectory(piece)}`;
}
