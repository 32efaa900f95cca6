import { scnTimeText } from './layout.ts';

/**
 * Names of everything on an archive destination of release 4.2.1, as keys relative to its root; the
 * complement log of a set has the same layout below `complement_log`.
 */
export const roundsDirectory = 'rounds';
export const piecesDirectory = 'pieces';

/** Size of an archive log file. */
export const archiveFileBytes = 64 * 1024 * 1024;

export interface RoundName {
  readonly destId: number;
  readonly roundId: number;
}

export interface PieceName extends RoundName {
  readonly pieceId: number;
}

/** `round_d<d>r<R>` */
export function roundText(round: RoundName): string {
  return `round_d${round.destId}r${round.roundId}`;
}

/** `piece_d<d>r<R>p<p>`, the directory of a piece. */
export function pieceDirectory(piece: PieceName): string {
  return `piece_d${piece.destId}r${piece.roundId}p${piece.pieceId}`;
}

export function parsePieceDirectory(name: string): PieceName | null {
  const match = /^piece_d(\d{1,15})r(\d{1,15})p(\d{1,15})$/.exec(name);
  return match ? { destId: Number(match[1]), roundId: Number(match[2]), pieceId: Number(match[3]) } : null;
}

export function roundStartKey(round: RoundName): string {
  return `${roundsDirectory}/${roundText(round)}_start.obarc`;
}

export function roundEndKey(round: RoundName): string {
  return `${roundsDirectory}/${roundText(round)}_end.obarc`;
}

/** Reads a name below `rounds/`. */
export function parseRoundFile(name: string): (RoundName & { readonly kind: 'start' | 'end' }) | null {
  const match = /^round_d(\d{1,15})r(\d{1,15})_(start|end)\.obarc$/.exec(name);
  if (!match) return null;
  return { destId: Number(match[1]), roundId: Number(match[2]), kind: match[3] === 'end' ? 'end' : 'start' };
}

export function pieceStartKey(piece: PieceName, startScn: bigint): string {
  return `${piecesDirectory}/${pieceDirectory(piece)}_start_${scnTimeText(startScn)}.obarc`;
}

/** Written when the piece is frozen. */
export function pieceEndKey(piece: PieceName, checkpointScn: bigint): string {
  return `${piecesDirectory}/${pieceDirectory(piece)}_end_${scnTimeText(checkpointScn)}.obarc`;
}

/** Reads a name below `pieces/`. */
export function parsePiecePlaceholder(name: string): (PieceName & { readonly kind: 'start' | 'end' }) | null {
  const match = /^(piece_d\d+r\d+p\d+)_(start|end)_\d{8}T\d{6}\.obarc$/.exec(name);
  const piece = match && parsePieceDirectory(match[1] ?? '');
  return piece ? { ...piece, kind: match[2] === 'end' ? 'end' : 'start' } : null;
}

/** Keys of the info files of one piece. */
export function pieceKeys(piece: PieceName) {
  const name = pieceDirectory(piece);
  return {
    directory: name,
    inner: (startScn: bigint, checkpointScn: bigint) =>
      `${name}/${name}_${scnTimeText(startScn)}_${scnTimeText(checkpointScn)}.obarc`,
    single: `${name}/single_piece_info.obarc`,
    tenant: `${name}/tenant_archive_piece_infos.obarc`,
    fileInfo: `${name}/file_info.obarc`,
    checkpointDirectory: `${name}/checkpoint`,
    checkpoint: `${name}/checkpoint/checkpoint_info.0.obarc`,
  } as const;
}

/** Keys of one log stream inside a piece. */
export function pieceLsKeys(piece: PieceName, lsId: number) {
  const directory = `${pieceDirectory(piece)}/logstream_${lsId}`;
  return {
    directory,
    fileInfo: `${directory}/file_info.obarc`,
    logDirectory: `${directory}/log`,
    log: (fileId: number) => `${directory}/log/${fileId}.obarc`,
    schemaDirectory: `${directory}/schema_meta`,
    schema: (scn: bigint) => `${directory}/schema_meta/${scn}.obarc`,
  } as const;
}

/** Number of the archive file that holds a byte position of the log; files count from 1. */
export function logFileId(position: bigint): number {
  return Number(position / BigInt(archiveFileBytes)) + 1;
}

/** Number of a `<n>.obarc` below `log/`. */
export function parseLogFile(name: string): number | null {
  const match = /^([1-9]\d{0,14})\.obarc$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** SCN of a `<scn>.obarc` below `schema_meta/`. */
export function parseSchemaFile(name: string): bigint | null {
  const match = /^([1-9]\d{0,18})\.obarc$/.exec(name);
  return match ? BigInt(match[1] ?? '0') : null;
}
