import type { Scn } from '../base/scn.ts';
import type { FileStatus } from './backups.ts';
import { openTable, type Store, type TableAccess, type TableSpec } from './store.ts';

export type RoundStatus =
  | 'PREPARE'
  | 'BEGINNING'
  | 'DOING'
  | 'INTERRUPTED'
  | 'SUSPENDING'
  | 'SUSPEND'
  | 'STOPPING'
  | 'STOP';

/** An archive round. The live table has one row per destination; a stopped round stays until the next one begins. */
export interface ArchiveRound {
  readonly tenantId: number;
  readonly destNo: number;
  readonly roundId: number;
  readonly destId: number;
  readonly status: RoundStatus;
  /** 0 before BEGINNING. */
  readonly startScn: Scn;
  readonly checkpointScn: Scn;
  readonly maxScn: Scn;
  readonly basePieceId: number;
  readonly usedPieceId: number;
  readonly pieceSwitchIntervalUs: number;
  readonly compression: string;
  readonly frozenInputBytes: bigint;
  readonly frozenOutputBytes: bigint;
  readonly activeInputBytes: bigint;
  readonly activeOutputBytes: bigint;
  readonly deletedInputBytes: bigint;
  readonly deletedOutputBytes: bigint;
  readonly comment: string;
  /** Destination without credentials. */
  readonly path: string;
  readonly stepData: unknown;
}

export interface ArchivePiece {
  readonly tenantId: number;
  readonly destId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly destNo: number;
  readonly status: 'ACTIVE' | 'FROZEN' | 'INACTIVE';
  readonly startScn: Scn;
  readonly checkpointScn: Scn;
  readonly maxScn: Scn;
  /** Scheduled end: start of the slot plus the switch interval. */
  readonly endScn: Scn;
  readonly compression: string;
  readonly inputBytes: bigint;
  readonly outputBytes: bigint;
  readonly fileStatus: FileStatus;
  readonly path: string;
  readonly stepData: unknown;
}

/** How far one log stream is archived in one piece. */
export interface LsArchiveProgress {
  readonly tenantId: number;
  readonly destId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly lsId: number;
  readonly startScn: Scn;
  readonly minLsn: bigint;
  readonly maxLsn: bigint;
  readonly checkpointScn: Scn;
  readonly status: 'DOING' | 'INTERRUPTED' | 'SUSPEND' | 'STOP';
  readonly fileId: number;
  readonly fileOffset: bigint;
  readonly inputBytes: bigint;
  readonly outputBytes: bigint;
  /** Where the log reader stands, for the next start. */
  readonly stepData: unknown;
}

/** Archive rounds, their pieces and the progress of their log streams. */
export interface ArchiveRepository {
  /** Live rounds. */
  readonly rounds: TableAccess<ArchiveRound, 'tenantId' | 'destNo'>;
  /** Stopped rounds. */
  readonly roundHistory: TableAccess<ArchiveRound, 'tenantId' | 'destNo' | 'roundId'>;
  readonly pieces: TableAccess<ArchivePiece, 'tenantId' | 'destId' | 'roundId' | 'pieceId'>;
  readonly lsProgress: TableAccess<LsArchiveProgress, 'tenantId' | 'destId' | 'roundId' | 'pieceId' | 'lsId'>;
  /** Number of the next round of a destination, from 1. */
  nextRoundId(tenantId: number, destNo: number): number;
  /** First piece of the next round: the last used piece of all rounds plus 1. */
  nextPieceId(tenantId: number, destNo: number): number;
  piecesOfRound(tenantId: number, destId: number, roundId: number): readonly ArchivePiece[];
  /** Copies the (stopped) live round to the history; the live row stays. */
  copyToHistory(tenantId: number, destNo: number): void;
  removeTenant(tenantId: number): void;
}

function roundSpec<K extends keyof ArchiveRound & string>(name: string, key: readonly K[]): TableSpec<ArchiveRound, K> {
  return {
    name,
    key,
    fields: {
      tenantId: 'int',
      destNo: 'int',
      roundId: 'int',
      destId: 'int',
      status: 'text',
      startScn: 'big',
      checkpointScn: 'big',
      maxScn: 'big',
      basePieceId: 'int',
      usedPieceId: 'int',
      pieceSwitchIntervalUs: 'int',
      compression: 'text',
      frozenInputBytes: 'big',
      frozenOutputBytes: 'big',
      activeInputBytes: 'big',
      activeOutputBytes: 'big',
      deletedInputBytes: 'big',
      deletedOutputBytes: 'big',
      comment: 'text',
      path: 'text',
      stepData: 'json',
    },
  };
}

export function createArchives(store: Store): ArchiveRepository {
  const rounds = openTable(store, roundSpec<'tenantId' | 'destNo'>('archive_round', ['tenantId', 'destNo']));
  const roundHistory = openTable(
    store,
    roundSpec<'tenantId' | 'destNo' | 'roundId'>('archive_round_history', ['tenantId', 'destNo', 'roundId']),
  );
  const pieces = openTable<ArchivePiece, 'tenantId' | 'destId' | 'roundId' | 'pieceId'>(store, {
    name: 'archive_piece',
    key: ['tenantId', 'destId', 'roundId', 'pieceId'],
    fields: {
      tenantId: 'int',
      destId: 'int',
      roundId: 'int',
      pieceId: 'int',
      destNo: 'int',
      status: 'text',
      startScn: 'big',
      checkpointScn: 'big',
      maxScn: 'big',
      endScn: 'big',
      compression: 'text',
      inputBytes: 'big',
      outputBytes: 'big',
      fileStatus: 'text',
      path: 'text',
      stepData: 'json',
    },
  });
  const lsProgress = openTable<LsArchiveProgress, 'tenantId' | 'destId' | 'roundId' | 'pieceId' | 'lsId'>(store, {
    name: 'ls_archive_progress',
    key: ['tenantId', 'destId', 'roundId', 'pieceId', 'lsId'],
    fields: {
      tenantId: 'int',
      destId: 'int',
      roundId: 'int',
      pieceId: 'int',
      lsId: 'int',
      startScn: 'big',
      minLsn: 'big',
      maxLsn: 'big',
      checkpointScn: 'big',
      status: 'text',
      fileId: 'int',
      fileOffset: 'big',
      inputBytes: 'big',
      outputBytes: 'big',
      stepData: 'json',
    },
  });
  const highest = (column: string) =>
    store.database
      .prepare(
        `SELECT max(value) FROM (
           SELECT max(${column}) AS value FROM archive_round WHERE tenant_id = @tenantId AND dest_no = @destNo
           UNION ALL
           SELECT max(${column}) FROM archive_round_history WHERE tenant_id = @tenantId AND dest_no = @destNo)`,
      )
      .pluck(true);
  const lastRound = highest('round_id');
  const lastPiece = highest('used_piece_id');
  return Object.freeze({
    rounds,
    roundHistory,
    pieces,
    lsProgress,
    nextRoundId: (tenantId: number, destNo: number) =>
      ((lastRound.get({ tenantId, destNo }) as number | null) ?? 0) + 1,
    nextPieceId: (tenantId: number, destNo: number) =>
      ((lastPiece.get({ tenantId, destNo }) as number | null) ?? 0) + 1,
    piecesOfRound: (tenantId: number, destId: number, roundId: number) => pieces.list({ tenantId, destId, roundId }),
    copyToHistory: (tenantId: number, destNo: number) => {
      const round = rounds.get({ tenantId, destNo });
      if (!round) throw new Error(`tenant ${tenantId} has no archive round at destination ${destNo}`);
      roundHistory.put(round);
    },
    removeTenant: (tenantId: number) => {
      for (const table of [rounds, roundHistory, pieces, lsProgress]) table.removeAll({ tenantId });
    },
  });
}
