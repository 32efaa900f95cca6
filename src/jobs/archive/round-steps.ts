import type { Scn } from '../../base/scn.ts';
import type { ArchivePiece, ArchiveRound, LsArchiveProgress } from '../../catalog/archives.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Secrets } from '../../catalog/secrets.ts';
import { archiveFileBytes } from '../../destination/archive-layout.ts';
import { shownPath } from '../../destination/destination.ts';
import type { LogPosition } from '../../tenants/tenant-engine.ts';
import { archiveDestination, archiveDestNo, type TenantArchiveDest } from '../tenant-destination.ts';
import { userLsId } from './archive-files.ts';

/** Where the log of a round or a piece begins. */
export interface LogStart {
  readonly position: LogPosition | null;
  readonly afterScn: string;
}

/** What the round remembers between steps. */
export interface RoundMemory {
  readonly start?: LogStart;
  /** Nothing is appended any more: the rows say where the round ends, and its last files can be written again and again. */
  readonly drained?: boolean;
}

export function roundMemory(round: ArchiveRound): RoundMemory {
  return (round.stepData ?? {}) as RoundMemory;
}

export function logStart(piece: ArchivePiece): LogStart {
  return piece.stepData as LogStart;
}

/**
 * A new round in PREPARE: the row is there, nothing is on the medium yet. False, and nothing done, when the tenant's wish or its
 * destination changed since it was looked at.
 */
export function prepareRound(
  tx: Repositories,
  secrets: Secrets,
  tenantId: number,
  checked: TenantArchiveDest,
): boolean {
  const dest = archiveDestination(tx, secrets, tenantId);
  const wanted = tx.tenants.get({ tenantId })?.logMode === 'ARCHIVELOG';
  const live = tx.archives.rounds.get({ tenantId, destNo: archiveDestNo });
  if (!wanted || dest?.destId !== checked.destId || (live !== null && live.status !== 'STOP')) return false;
  const pieceId = tx.archives.nextPieceId(tenantId, archiveDestNo);
  tx.archives.rounds.put({
    tenantId,
    destNo: archiveDestNo,
    roundId: tx.archives.nextRoundId(tenantId, archiveDestNo),
    destId: dest.destId,
    status: 'PREPARE',
    startScn: 0n,
    checkpointScn: 0n,
    maxScn: 0n,
    basePieceId: pieceId,
    usedPieceId: pieceId,
    pieceSwitchIntervalUs: dest.pieceSwitchIntervalUs,
    compression: 'none',
    frozenInputBytes: 0n,
    frozenOutputBytes: 0n,
    activeInputBytes: 0n,
    activeOutputBytes: 0n,
    deletedInputBytes: 0n,
    deletedOutputBytes: 0n,
    comment: '',
    path: shownPath(dest.destination),
    stepData: {},
  });
  tx.events.record('log_archive', 'enable_archive', { tenant_id: tenantId });
  return true;
}

/** PREPARE → BEGINNING: start SCN, log position and first piece are fixed in one step. */
export function beginRound(tx: Repositories, round: ArchiveRound, scn: Scn, position: LogPosition): void {
  const start: LogStart = { position, afterScn: String(scn) };
  const begun: ArchiveRound = {
    ...round,
    status: 'BEGINNING',
    startScn: scn,
    checkpointScn: scn,
    maxScn: scn,
    stepData: { ...roundMemory(round), start },
  };
  tx.archives.rounds.put(begun);
  insertPiece(tx, begun, round.basePieceId, scn, start, 1);
}

/**
 * The next piece becomes the active one; `startScn` is the scheduled end of the one before. Log files are numbered through the
 * whole round.
 */
export function insertPiece(
  tx: Repositories,
  round: ArchiveRound,
  pieceId: number,
  startScn: Scn,
  start: LogStart,
  firstFileId: number,
): ArchivePiece {
  const { tenantId, destId, roundId, destNo, compression, path } = round;
  const piece: ArchivePiece = {
    tenantId,
    destId,
    roundId,
    pieceId,
    destNo,
    status: 'ACTIVE',
    startScn,
    checkpointScn: startScn,
    maxScn: startScn,
    endScn: startScn + BigInt(round.pieceSwitchIntervalUs) * 1000n,
    compression,
    inputBytes: 0n,
    outputBytes: 0n,
    fileStatus: 'INCOMPLETE',
    path,
    stepData: start,
  };
  tx.archives.pieces.put(piece);
  tx.archives.lsProgress.put({
    tenantId,
    destId,
    roundId,
    pieceId,
    lsId: userLsId,
    startScn,
    minLsn: BigInt(firstFileId - 1) * BigInt(archiveFileBytes),
    maxLsn: BigInt(firstFileId - 1) * BigInt(archiveFileBytes),
    checkpointScn: startScn,
    status: 'DOING',
    fileId: firstFileId,
    fileOffset: 0n,
    inputBytes: 0n,
    outputBytes: 0n,
    stepData: start,
  });
  tx.archives.rounds.update({ tenantId, destNo }, { usedPieceId: pieceId });
  return piece;
}

/** What the stream of a running round works on. */
export interface RoundParts {
  readonly piece: ArchivePiece;
  readonly progress: LsArchiveProgress;
  /** Earlier pieces of the round whose files are there. */
  readonly frozen: readonly ArchivePiece[];
}

/** The active piece of a round with its progress. */
export function activePiece(tx: Repositories, round: ArchiveRound): RoundParts {
  const { tenantId, destId, roundId } = round;
  const pieces = tx.archives.piecesOfRound(tenantId, destId, roundId);
  const piece = pieces.find((one) => one.status === 'ACTIVE');
  if (!piece) throw new Error(`round ${roundId} of tenant ${tenantId} has no active piece`);
  const progress = tx.archives.lsProgress.get({ tenantId, destId, roundId, pieceId: piece.pieceId, lsId: userLsId });
  if (!progress) throw new Error(`piece ${piece.pieceId} of tenant ${tenantId} has no progress row`);
  const frozen = pieces.filter((one) => one.status === 'FROZEN' && one.fileStatus === 'AVAILABLE');
  return { piece, progress, frozen };
}

/** The active piece is full: it is frozen and the next one begins where it ends. */
export function freezeAndGoOn(
  tx: Repositories,
  round: ArchiveRound,
  old: ArchivePiece,
  progress: LsArchiveProgress,
): RoundParts & { readonly round: ArchiveRound } {
  const { tenantId, destNo } = round;
  tx.archives.pieces.put({ ...old, status: 'FROZEN' });
  tx.archives.lsProgress.put({ ...progress, status: 'STOP' });
  const live = tx.archives.rounds.get({ tenantId, destNo }) ?? round;
  insertPiece(tx, live, old.pieceId + 1, old.endScn, progress.stepData as LogStart, progress.fileId + 1);
  tx.archives.rounds.update({ tenantId, destNo }, sumsFrozen(live));
  const parts = activePiece(tx, round);
  return { ...parts, round: tx.archives.rounds.get({ tenantId, destNo }) ?? live };
}

function sumsFrozen(round: ArchiveRound) {
  return {
    frozenInputBytes: round.frozenInputBytes + round.activeInputBytes,
    frozenOutputBytes: round.frozenOutputBytes + round.activeOutputBytes,
    activeInputBytes: 0n,
    activeOutputBytes: 0n,
  };
}

/** Nothing is appended to the round any more. */
export function markDrained(tx: Repositories, round: ArchiveRound): void {
  const { tenantId, destNo } = round;
  const live = tx.archives.rounds.get({ tenantId, destNo }) ?? round;
  tx.archives.rounds.update({ tenantId, destNo }, { stepData: { ...roundMemory(live), drained: true } });
}

const streamStatuses = {
  BEGINNING: 'DOING',
  DOING: 'DOING',
  SUSPEND: 'SUSPEND',
  INTERRUPTED: 'INTERRUPTED',
  STOP: 'STOP',
} as const;

/** Changes the state of a live round; records the event. */
export function moveRound(
  tx: Repositories,
  round: ArchiveRound,
  status: ArchiveRound['status'],
  changes: Partial<Pick<ArchiveRound, 'comment' | 'stepData'>> = {},
): void {
  const { tenantId, destNo, destId, roundId } = round;
  tx.archives.rounds.update({ tenantId, destNo }, { status, ...changes });
  const streamStatus = streamStatuses[status as keyof typeof streamStatuses];
  if (streamStatus !== undefined) {
    for (const row of tx.archives.lsProgress.list({ tenantId, destId, roundId })) {
      if (row.status !== 'STOP') tx.archives.lsProgress.put({ ...row, status: streamStatus });
    }
  }
  if (status === 'SUSPENDING') tx.events.record('log_archive', 'defer_archive', { tenant_id: tenantId });
  if (status === 'STOPPING') tx.events.record('log_archive', 'disable_archive', { tenant_id: tenantId });
  tx.events.record('log_archive', 'change_status', {
    tenant_id: tenantId,
    round_id: roundId,
    old_status: round.status,
    new_status: status,
  });
}

/** STOPPING → STOP: the piece is frozen, the round goes to the history. */
export function stopRound(tx: Repositories, round: ArchiveRound, comment: string): void {
  const { tenantId, destNo, destId, roundId } = round;
  for (const piece of tx.archives.piecesOfRound(tenantId, destId, roundId)) {
    if (piece.status === 'ACTIVE') tx.archives.pieces.put({ ...piece, status: 'FROZEN' });
  }
  const live = tx.archives.rounds.get({ tenantId, destNo }) ?? round;
  tx.archives.rounds.update({ tenantId, destNo }, sumsFrozen(live));
  moveRound(tx, { ...live, status: round.status }, 'STOP', { comment });
  tx.archives.copyToHistory(tenantId, destNo);
}
