import type { ArchivePiece, ArchiveRound, LsArchiveProgress } from '../../catalog/archives.ts';
import {
  parseLogFile,
  pieceEndKey,
  pieceKeys,
  pieceLsKeys,
  pieceStartKey,
  roundEndKey,
  roundStartKey,
} from '../../destination/archive-layout.ts';
import {
  type LsFileInfo,
  lsFileInfoFile,
  type PieceInfo,
  pieceEndFile,
  pieceFileInfoFile,
  pieceInnerFile,
  pieceStartFile,
  roundEndFile,
  roundStartFile,
  singlePieceInfoFile,
  tenantPieceInfosFile,
} from '../../destination/codec/archive-files.ts';
import { checkpointFile } from '../../destination/codec/checkpoint-file.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';

/** The one log stream that carries a tenant's data. */
export const userLsId = 1001;

/** Frozen pieces a piece lists at most; the medium's limit of a small object is far above. */
const maxListedPieces = 10_000;

/**
 * Publishes an object that a run before a crash may have published already with the same content. Another content under that
 * name is not ours to replace: the error of the medium (`alreadyExists`) is passed on.
 */
export async function putOnce(medium: Medium, key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  try {
    await medium.putSmall(key, bytes, 'create', signal);
  } catch (error) {
    if (!isMediumError(error, 'alreadyExists')) throw error;
    const found = await medium.read(key, undefined, undefined, signal);
    if (Buffer.compare(found, bytes) !== 0) throw error;
  }
}

/** `rounds/round_…_start`. */
export async function writeRoundStart(medium: Medium, round: ArchiveRound, signal?: AbortSignal): Promise<void> {
  const { destId, roundId, startScn, basePieceId, pieceSwitchIntervalUs } = round;
  const content = { destId, roundId, startScn, basePieceId, pieceSwitchIntervalUs };
  await putOnce(medium, roundStartKey(round), roundStartFile.encode(content), signal);
}

/** `rounds/round_…_end`. */
export async function writeRoundEnd(medium: Medium, round: ArchiveRound, signal?: AbortSignal): Promise<void> {
  const { destId, roundId, startScn, checkpointScn, basePieceId, pieceSwitchIntervalUs } = round;
  const content = { destId, roundId, startScn, checkpointScn, basePieceId, pieceSwitchIntervalUs };
  await putOnce(medium, roundEndKey(round), roundEndFile.encode(content), signal);
}

/** Start placeholder of a piece and the list of the frozen pieces before it. */
export async function writePieceStart(
  medium: Medium,
  piece: ArchivePiece,
  frozen: readonly ArchivePiece[],
  signal?: AbortSignal,
): Promise<void> {
  const { destId, roundId, pieceId, startScn } = piece;
  await putOnce(
    medium,
    pieceStartKey(piece, startScn),
    pieceStartFile.encode({ destId, roundId, pieceId, startScn }),
    signal,
  );
  const infos = {
    tenantId: piece.tenantId,
    destId,
    roundId,
    pieceId,
    incarnation: 1,
    destNo: piece.destNo,
    compatible: 1,
    startScn,
    endScn: piece.endScn,
    path: piece.path,
    frozenPieces: frozen.slice(-maxListedPieces).map((one) => pieceInfoOf(one, 0)),
  };
  // Not once and for all: pieces of the list may be cleaned while the piece goes on.
  await medium.putSmall(pieceKeys(piece).tenant, tenantPieceInfosFile.encode(infos), 'replace', signal);
}

/** The checkpoint of the active piece, the one small file that is replaced: it only ever moves on. */
export function writeCheckpoint(medium: Medium, piece: ArchivePiece, signal?: AbortSignal): Promise<void> {
  const { tenantId, destId, roundId, pieceId, startScn, checkpointScn, maxScn, endScn } = piece;
  const content = {
    tenantId,
    destId,
    roundId,
    pieceId,
    incarnation: 1,
    compatible: 1,
    startScn,
    checkpointScn,
    maxScn,
    endScn,
  };
  return medium.putSmall(pieceKeys(piece).checkpoint, checkpointFile.encode(content), 'replace', signal);
}

/** Everything a frozen piece leaves: file lists, inner placeholder, its own info, end placeholder last. */
export async function writePieceEnd(
  medium: Medium,
  piece: ArchivePiece,
  progress: LsArchiveProgress | null,
  signal?: AbortSignal,
): Promise<void> {
  const { destId, roundId, pieceId, startScn, checkpointScn } = piece;
  const keys = pieceKeys(piece);
  const stream = await streamInfo(medium, piece, progress, signal);
  await putOnce(medium, pieceLsKeys(piece, userLsId).fileInfo, lsFileInfoFile.encode(stream), signal);
  await putOnce(
    medium,
    keys.fileInfo,
    pieceFileInfoFile.encode({ destId, roundId, pieceId, streams: [stream] }),
    signal,
  );
  const inner = pieceInnerFile.encode({ destId, roundId, pieceId, startScn, checkpointScn });
  await putOnce(medium, keys.inner(startScn, checkpointScn), inner, signal);
  const info = pieceInfoOf({ ...piece, status: 'FROZEN' }, stream.files.length);
  await putOnce(medium, keys.single, singlePieceInfoFile.encode({ piece: info }), signal);
  const end = pieceEndFile.encode({ destId, roundId, pieceId, endScn: piece.endScn });
  await putOnce(medium, pieceEndKey(piece, checkpointScn), end, signal);
}

async function streamInfo(
  medium: Medium,
  piece: ArchivePiece,
  progress: LsArchiveProgress | null,
  signal?: AbortSignal,
): Promise<LsFileInfo> {
  const files = (await medium.list(pieceLsKeys(piece, userLsId).logDirectory, signal))
    .map((entry) => ({ fileId: parseLogFile(entry.name), sizeBytes: entry.sizeBytes ?? 0 }))
    .filter((file): file is { fileId: number; sizeBytes: number } => file.fileId !== null)
    .sort((a, b) => a.fileId - b.fileId);
  const { destId, roundId, pieceId, startScn, checkpointScn } = piece;
  return {
    destId,
    roundId,
    pieceId,
    lsId: userLsId,
    startScn,
    checkpointScn,
    minLsn: progress?.minLsn ?? 0n,
    maxLsn: progress?.maxLsn ?? 0n,
    files,
    deleted: false,
  };
}

function pieceInfoOf(piece: ArchivePiece, fileCount: number): PieceInfo {
  const { tenantId, destId, roundId, pieceId } = piece;
  return {
    key: { tenantId, destId, roundId, pieceId },
    incarnation: 1,
    destNo: piece.destNo,
    fileCount,
    startScn: piece.startScn,
    checkpointScn: piece.checkpointScn,
    maxScn: piece.maxScn,
    endScn: piece.endScn,
    compatible: 1,
    inputBytes: piece.inputBytes,
    outputBytes: piece.outputBytes,
    status: piece.status,
    fileStatus: piece.fileStatus,
    checkpointFileId: 0,
    checkpointFileOffset: 0,
    path: piece.path,
  };
}
