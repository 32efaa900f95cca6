import type { Scn } from '../../base/scn.ts';
import type { ArchivePiece, ArchiveRound } from '../../catalog/archives.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { shownPath } from '../../destination/destination.ts';
import type { LogPosition } from '../../tenants/tenant-engine.ts';
import { archiveDestNo, type TenantArchiveDest } from '../tenant-destination.ts';
import { userLsId } from './archive-files.ts';

/** Where the log of a round or a piece begins. */
export interface LogStart {
  readonly position: LogPosition | null;
  readonly afterScn: string;
}

/** What the round remembers between steps. */
export interface RoundMemory {
  readonly start?: LogStart;
  readonly stoppingSinceUs?: number;
}

export function roundMemory(round: ArchiveRound): RoundMemory {
  return (round.stepData ?? {}) as RoundMemory;
}

export function logStart(piece: ArchivePiece): LogStart {
  return piece.stepData as LogStart;
}

/** A new round in PREPARE: the row is there, nothing is on the medium yet. */
export function prepareRound(tx: Repositories, tenantId: number, dest: TenantArchiveDest): void {
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
  insertPiece(tx, begun, round.basePieceId, scn, start);
}

/** The next piece becomes the active one; `startScn` is the scheduled end of the one before. */
export function insertPiece(
  tx: Repositories,
  round: ArchiveRound,
  pieceId: number,
  startScn: Scn,
  start: LogStart,
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
    minLsn: 0n,
    maxLsn: 0n,
    checkpointScn: startScn,
    status: 'DOING',
    fileId: 0,
    fileOffset: 0n,
    inputBytes: 0n,
    outputBytes: 0n,
    stepData: start,
  });
  tx.archives.rounds.update({ tenantId, destNo }, { usedPieceId: pieceId });
  return piece;
}

/** Changes the state of a live round; records the event. */
export function moveRound(
  tx: Repositories,
  round: ArchiveRound,
  status: ArchiveRound['status'],
  changes: Partial<Pick<ArchiveRound, 'comment' | 'stepData'>> = {},
): void {
  const { tenantId, destNo } = round;
  tx.archives.rounds.update({ tenantId, destNo }, { status, ...changes });
  const streams = { SUSPEND: 'SUSPEND', INTERRUPTED: 'INTERRUPTED', STOP: 'STOP', DOING: 'DOING' } as const;
  const streamStatus = streams[status as keyof typeof streams];
  if (streamStatus !== undefined) {
    for (const row of tx.archives.lsProgress.list({ tenantId, destId: round.destId, roundId: round.roundId })) {
      if (row.status !== 'STOP') tx.archives.lsProgress.put({ ...row, status: streamStatus });
    }
  }
  tx.events.record('log_archive', 'change_status', {
    tenant_id: tenantId,
    round_id: round.roundId,
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
  tx.archives.rounds.put({
    ...live,
    frozenInputBytes: live.frozenInputBytes + live.activeInputBytes,
    frozenOutputBytes: live.frozenOutputBytes + live.activeOutputBytes,
    activeInputBytes: 0n,
    activeOutputBytes: 0n,
  });
  moveRound(tx, { ...live, status: round.status }, 'STOP', { comment });
  tx.archives.copyToHistory(tenantId, destNo);
}
