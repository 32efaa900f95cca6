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
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
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

/** What narrows the reading of an archive path, and what it tells beside its pieces. */
export interface PieceWish {
  /** Pieces that are left out without a look. */
  readonly wanted?: (piece: PieceName) => boolean;
  /** Keeps what never changes, by directory, for callers that come again. */
  readonly frozen?: Map<string, FoundPiece>;
  /**
   * Told of pieces whose info files are damaged, or gone although their end placeholder stands; without it a damaged one is thrown.
   */
  readonly damaged?: DamagedPiece[];
}

/** A piece as its placeholders name it. */
interface NamedPiece extends PieceName {
  readonly placeholder: string;
  readonly ended: boolean;
}

/** All pieces of an archive path, ascending: frozen ones by their own info, the active one by its checkpoint. */
export async function readPieces(
  medium: Medium,
  { wanted = () => true, frozen = new Map(), damaged }: PieceWish = {},
  signal?: AbortSignal,
): Promise<readonly FoundPiece[]> {
  const names = (await namedPieces(medium, signal)).filter(wanted);
  const read = await inParallel(names, smallReadsAtOnce(medium), async (name) => {
    const bad: DamagedFile[] = [];
    const piece = await readPiece(medium, name, frozen, damaged && bad, signal);
    return { piece, bad: bad.map(({ error }): DamagedPiece => ({ ...pieceName(name), error })) };
  });
  damaged?.push(...read.flatMap(({ bad }) => bad));
  return read.flatMap(({ piece }) => piece ?? []).sort((a, b) => a.pieceId - b.pieceId);
}

async function namedPieces(medium: Medium, signal?: AbortSignal): Promise<readonly NamedPiece[]> {
  const names = new Map<string, NamedPiece>();
  for (const entry of await medium.list(piecesDirectory, signal)) {
    const found = parsePiecePlaceholder(entry.name);
    if (found === null) continue;
    const directory = pieceDirectory(found);
    const ended = found.kind === 'end' || names.get(directory)?.ended === true;
    names.set(directory, { ...pieceName(found), placeholder: `${piecesDirectory}/${entry.name}`, ended });
  }
  return [...names.values()];
}

async function readPiece(
  medium: Medium,
  piece: NamedPiece,
  frozen: Map<string, FoundPiece>,
  bad: DamagedFile[] | undefined,
  signal?: AbortSignal,
): Promise<FoundPiece | null> {
  const name = pieceName(piece);
  const directory = pieceDirectory(name);
  const key = pieceKeys(name).single;
  let gone = false;
  const found = await unlessDamaged(key, bad, async () => {
    const whole = frozen.get(directory) ?? (await readFrozen(medium, name, signal));
    if (whole !== null) frozen.set(directory, whole);
    if (whole !== null) return whole;
    // Of a piece that was tagged the store may have removed the info file first: it is no active one.
    gone = await isTaggedDeleted(medium, piece.placeholder, signal);
    return gone ? null : readActive(medium, name, signal);
  });
  if (found === null && bad?.length === 0 && piece.ended && !gone) bad.push(lostFile(key));
  return found;
}

function pieceName({ destId, roundId, pieceId }: PieceName): PieceName {
  return { destId, roundId, pieceId };
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
