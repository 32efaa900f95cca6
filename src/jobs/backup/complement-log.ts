import { fault, faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { ArchivePiece, ArchiveRound } from '../../catalog/archives.ts';
import type { BackupSet, BackupTask } from '../../catalog/backups.ts';
import type { SetKey } from '../../copy/keys.ts';
import { unwrapKey } from '../../copy/keys.ts';
import type { LogRecordHeader } from '../../copy/log-file.ts';
import { sliceLog } from '../../copy/slice-log.ts';
import { type PieceName, parseLogFile, pieceLsKeys } from '../../destination/archive-layout.ts';
import { shownPath } from '../../destination/destination.ts';
import { formatContent, writeFormatFile } from '../../destination/identity.ts';
import { complementDirectory } from '../../destination/layout.ts';
import type { Medium, ObjectSink } from '../../media/medium.ts';
import { publishObject } from '../../media/publish-object.ts';
import { below } from '../../media/wrap/below.ts';
import { choosePieces } from '../../policy/piece-chain.ts';
import { userLsId, writePieceEnd, writePieceStart, writeRoundEnd, writeRoundStart } from '../archive/archive-files.ts';
import { removeTree } from '../clean/remove-tree.ts';
import { type FoundPiece, logFileKeys, readPieces } from '../restore/read-archive-path.ts';
import { logKeyPurpose } from '../restore/source-keys.ts';
import {
  archiveDestination,
  archiveDestNo,
  dataDestination,
  openPaced,
  writerIdentity,
} from '../tenant-destination.ts';
import { masterKeys } from '../tenant-keys.ts';
import { setKeyOf } from './copy-set.ts';
import { changeTask, destinationMissing, type JobRun, type TaskMemory, taskMemory } from './job-run.ts';
import { setNameOf } from './set-files.ts';

/**
 * PLUS ARCHIVELOG: copies the log from START_REPLAY_SCN to MIN_RESTORE_SCN, which the archive holds by now, into
 * `complement_log` of the set: an archive destination of its own with the pieces of that range, frozen there. Its log files
 * are under the key of the set. An attempt begins with an empty directory.
 */
export async function copyLog(run: JobRun, task: BackupTask, set: BackupSet): Promise<void> {
  const { controller, tenant, medium, signal } = run;
  const { catalog } = controller;
  const directory = complementDirectory(setNameOf(set));
  await removeTree(medium, directory, signal);
  const target = below(medium, directory);
  const { data, archive, round, masters } = await catalog.read((tx) => ({
    data: dataDestination(tx, catalog.secrets, tenant.tenantId),
    archive: archiveDestination(tx, catalog.secrets, tenant.tenantId),
    round: tx.archives.rounds.get({ tenantId: tenant.tenantId, destNo: archiveDestNo }),
    masters: masterKeys(tx, catalog.secrets, tenant.tenantId),
  }));
  if (data === null) throw destinationMissing();
  if (archive === null || round === null) throw fault('OB_LOG_ARCHIVE_NOT_RUNNING');
  const place = { ...data, path: `${data.path}/${directory}` };
  const identity = writerIdentity(controller, tenant);
  await writeFormatFile(target, formatContent(place, 'archive_log', round.destId, identity, task.startUs), signal);
  const source = openPaced(controller, tenant.tenantId, archive.destination);
  try {
    const pieces = await neededPieces(source, round, set, signal);
    const files = await copyPieces(run, set, {
      source,
      target,
      path: shownPath(place),
      round,
      pieces,
      key: await setKeyOf(run, taskMemory(task)),
      keyFor: async (header) =>
        header.encrypted ? unwrapKey(header.wrappedKey, masters, logKeyPurpose(header)) : null,
    });
    const counts = { logFileCount: files, finishLogFileCount: files };
    const stepData: TaskMemory = { ...taskMemory(task), logCopied: true };
    await changeTask(controller, task, { ...counts, stepData });
  } finally {
    await source.close().catch(() => undefined);
  }
}

interface LogCopy {
  readonly source: Medium;
  readonly target: Medium;
  readonly path: string;
  readonly round: ArchiveRound;
  readonly pieces: readonly FoundPiece[];
  readonly key: SetKey | null;
  readonly keyFor: Parameters<typeof sliceLog>[0]['keyFor'];
}

/** -9027 when the round does not reach back to the set's start, or has lost a piece. */
async function neededPieces(
  source: Medium,
  round: ArchiveRound,
  { startReplayScn, minRestoreScn }: BackupSet,
  signal: AbortSignal,
): Promise<readonly FoundPiece[]> {
  const wanted = (piece: PieceName) => piece.destId === round.destId && piece.roundId === round.roundId;
  const own = await readPieces(source, { wanted }, signal);
  const choice = choosePieces(own, startReplayScn, minRestoreScn);
  if (choice.failure !== null) throw fault('OB_LOG_ARCHIVE_INTERRUPTED');
  const chosen = new Set(choice.pieces.map((piece) => piece.pieceId));
  return own.filter((piece) => chosen.has(piece.pieceId) && piece.startScn <= minRestoreScn);
}

/** Returns how many log files were written. */
async function copyPieces(run: JobRun, set: BackupSet, copy: LogCopy): Promise<number> {
  const { signal } = run;
  const { target, round } = copy;
  const { startReplayScn, minRestoreScn } = set;
  const startScn = round.startScn > startReplayScn ? round.startScn : startReplayScn;
  const part = { ...round, startScn, checkpointScn: minRestoreScn, path: copy.path };
  await writeRoundStart(target, part, signal);
  const written: ArchivePiece[] = [];
  let files = 0;
  let last: LogRecordHeader | null = null;
  for (const piece of copy.pieces) {
    const row = pieceRow(set, piece, copy);
    await writePieceStart(target, row, written, signal);
    for (const name of await logFileKeys(copy.source, piece, signal)) {
      const reached = await copyFile(run, set, copy, piece, name, last);
      if (reached === null) continue;
      last = reached;
      files++;
    }
    const maxScn = last === null ? row.startScn : smaller(last.lastScn, minRestoreScn);
    const done = { ...row, maxScn: maxScn > row.startScn ? maxScn : row.startScn };
    await writePieceEnd(target, done, null, signal);
    written.push(done);
  }
  // A piece without a commit says its own beginning.
  const recorded = copy.pieces.reduce(
    (most, { startScn, maxScn }) => (maxScn > startScn && maxScn > most ? maxScn : most),
    0n,
  );
  const promised = smaller(recorded, minRestoreScn);
  if (promised > startReplayScn && (last?.lastScn ?? 0n) < promised) {
    throw faultText('OB_ENTRY_NOT_EXIST', 'No enough log for restore: the archive has lost what it had confirmed');
  }
  await writeRoundEnd(target, part, signal);
  return files;
}

/** The part of one log file that lies in the range; null, and no file, when it holds none. */
async function copyFile(
  { signal }: JobRun,
  { startReplayScn, minRestoreScn }: BackupSet,
  { source, target, key, keyFor }: LogCopy,
  piece: FoundPiece,
  name: string,
  follows: LogRecordHeader | null,
): Promise<LogRecordHeader | null> {
  const object = await source.openObject(name, signal);
  try {
    const fileNo = parseLogFile(name.slice(name.lastIndexOf('/') + 1)) ?? 1;
    let last: LogRecordHeader | null = null;
    const fill = async (sink: ObjectSink) => {
      let offset = 0;
      const write = async (bytes: Uint8Array) => {
        await sink.writeAt(offset, bytes);
        offset += bytes.length;
      };
      const range = { afterScn: startReplayScn, untilScn: minRestoreScn };
      last = await sliceLog({ source: object, name, ...range, follows, keyFor, key, write, signal });
      return last === null ? null : offset;
    };
    await publishObject(target, pieceLsKeys(piece, userLsId).log(fileNo), fill, signal);
    return last;
  } finally {
    await object.close().catch(() => undefined);
  }
}

function pieceRow(set: BackupSet, piece: FoundPiece, { round, path }: LogCopy): ArchivePiece {
  const { startReplayScn, minRestoreScn } = set;
  return {
    tenantId: set.tenantId,
    destId: piece.destId,
    roundId: piece.roundId,
    pieceId: piece.pieceId,
    destNo: archiveDestNo,
    status: 'FROZEN',
    startScn: piece.startScn > startReplayScn ? piece.startScn : startReplayScn,
    checkpointScn: smaller(piece.endScn, minRestoreScn),
    maxScn: piece.maxScn,
    endScn: piece.endScn,
    compression: round.compression,
    inputBytes: 0n,
    outputBytes: 0n,
    fileStatus: 'AVAILABLE',
    path,
    stepData: {},
  };
}

function smaller(a: Scn, b: Scn): Scn {
  return a < b ? a : b;
}
