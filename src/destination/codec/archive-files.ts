import { dataTypes } from './common-header.ts';
import { bigInt, bool, int, list, object, scn, since, text, word, wrapped } from './fields.ts';
import { infoFile, type ValueIn } from './info-file.ts';
import { fileStatuses } from './set-files.ts';

export const pieceStatuses = ['INACTIVE', 'ACTIVE', 'FROZEN'] as const;
export type PieceStatus = (typeof pieceStatuses)[number];

/** `round_d<d>r<R>_start.obarc`. Intervals in microseconds. */
export const roundStartFile = infoFile(
  dataTypes.roundStart,
  object({ destId: int, roundId: int, startScn: scn, basePieceId: int, pieceSwitchIntervalUs: int }),
  (round) => round.destId > 0 && round.roundId > 0 && round.basePieceId > 0,
);
export type RoundStart = ValueIn<typeof roundStartFile>;

/** `round_d<d>r<R>_end.obarc` */
export const roundEndFile = infoFile(
  dataTypes.roundEnd,
  object({
    destId: int,
    roundId: int,
    startScn: scn,
    checkpointScn: scn,
    basePieceId: int,
    pieceSwitchIntervalUs: int,
  }),
  (round) => round.destId > 0 && round.roundId > 0 && round.basePieceId > 0,
);
export type RoundEnd = ValueIn<typeof roundEndFile>;

const pieceKey = { destId: int, roundId: int, pieceId: int };

interface PieceKey {
  readonly destId: number;
  readonly roundId: number;
  readonly pieceId: number;
}

function keyIsSane(key: PieceKey): boolean {
  return key.destId > 0 && key.roundId > 0 && key.pieceId > 0;
}

/** `piece_d<d>r<R>p<p>_start_<T>.obarc` */
export const pieceStartFile = infoFile(dataTypes.pieceStart, object({ ...pieceKey, startScn: scn }), keyIsSane);
export type PieceStart = ValueIn<typeof pieceStartFile>;

/** `piece_d<d>r<R>p<p>_end_<T>.obarc` */
export const pieceEndFile = infoFile(dataTypes.pieceEnd, object({ ...pieceKey, endScn: scn }), keyIsSane);
export type PieceEnd = ValueIn<typeof pieceEndFile>;

/** `piece_d<d>r<R>p<p>_<T1>_<T2>.obarc` inside the piece. */
export const pieceInnerFile = infoFile(
  dataTypes.pieceInner,
  object({ ...pieceKey, startScn: scn, checkpointScn: scn }),
  keyIsSane,
);
export type PieceInner = ValueIn<typeof pieceInnerFile>;

/** One archive piece. */
export const pieceInfo = object({
  key: object({ tenantId: int, ...pieceKey }),
  incarnation: int,
  destNo: int,
  fileCount: int,
  startScn: scn,
  checkpointScn: scn,
  maxScn: scn,
  endScn: scn,
  compatible: wrapped(int),
  inputBytes: bigInt,
  outputBytes: bigInt,
  status: wrapped(word(pieceStatuses)),
  fileStatus: word(fileStatuses),
  checkpointFileId: int,
  checkpointFileOffset: int,
  path: text(2048),
});
export type PieceInfo = ValueIn<typeof pieceInfo>;

function pieceIsSane(piece: PieceInfo): boolean {
  return keyIsSane(piece.key) && piece.key.tenantId > 0 && piece.incarnation === 1;
}

/** `single_piece_info.obarc` */
export const singlePieceInfoFile = infoFile(dataTypes.singlePieceInfo, object({ piece: pieceInfo }), ({ piece }) =>
  pieceIsSane(piece),
);

/** `tenant_archive_piece_infos.obarc`: this piece and the frozen ones before it. */
export const tenantPieceInfosFile = infoFile(
  dataTypes.tenantPieceInfos,
  object({
    tenantId: int,
    ...pieceKey,
    incarnation: int,
    destNo: int,
    compatible: wrapped(int),
    startScn: scn,
    endScn: scn,
    path: text(2048),
    frozenPieces: list(pieceInfo),
  }),
  (infos) => keyIsSane(infos) && infos.tenantId > 0 && infos.frozenPieces.every(pieceIsSane),
);
export type TenantPieceInfos = ValueIn<typeof tenantPieceInfosFile>;

const lsFileInfo = object({
  ...pieceKey,
  lsId: wrapped(int),
  startScn: scn,
  checkpointScn: scn,
  minLsn: bigInt,
  maxLsn: bigInt,
  files: list(object({ fileId: int, sizeBytes: int })),
  deleted: since(bool, false),
});
export type LsFileInfo = ValueIn<typeof lsFileInfo>;

/** `logstream_<ls>/file_info.obarc` */
export const lsFileInfoFile = infoFile(dataTypes.lsFileInfo, lsFileInfo, keyIsSane);

/** `file_info.obarc` of a piece: all its log streams. */
export const pieceFileInfoFile = infoFile(
  dataTypes.pieceFileInfo,
  object({ ...pieceKey, streams: list(lsFileInfo) }),
  keyIsSane,
);
export type PieceFileInfo = ValueIn<typeof pieceFileInfoFile>;
