import { fault, faultText } from '../../base/errors.ts';
import type { ArchivePiece, LsArchiveProgress } from '../../catalog/archives.ts';
import { generateSetKey, type SetKey, unwrapKey } from '../../copy/keys.ts';
import { type LogScan, scanLogFile } from '../../copy/log-scan.ts';
import { parseLogFile, pieceLsKeys } from '../../destination/archive-layout.ts';
import type { AppendSink, Medium } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';
import { activeMasterKey, masterKeys } from '../tenant-keys.ts';
import { userLsId } from './archive-files.ts';
import { type LogStart, logStart } from './round-steps.ts';

/** A log file open for appending. */
export interface OpenedFile {
  readonly sink: AppendSink;
  readonly fileId: number;
  readonly key: SetKey | null;
  /** What stands in it already; null for a new one. */
  readonly scan: LogScan | null;
}

/**
 * The newest log file of the piece, scanned, and where the log goes on behind it; the first one when there is none. A torn tail
 * is cut off. A file that is gone or shorter than was confirmed is an error: nothing is appended behind a hole. No
 * other file may be begun before the rows say what stands behind `progress.fileOffset`.
 */
export async function openNewestFile(
  controller: Controller,
  medium: Medium,
  piece: ArchivePiece,
  progress: LsArchiveProgress,
  signal: AbortSignal,
): Promise<{ readonly file: OpenedFile; readonly start: LogStart }> {
  const keys = pieceLsKeys(piece, userLsId);
  const ids = (await medium.list(keys.logDirectory, signal)).map((entry) => parseLogFile(entry.name) ?? 0);
  const newest = Math.max(progress.fileId, ...ids);
  const start = (progress.stepData as LogStart | null) ?? logStart(piece);
  await rememberFile(controller, progress, newest);
  const name = keys.log(newest);
  const confirmedBytes = newest === progress.fileId ? Number(progress.fileOffset) : 0;
  if (!ids.includes(newest)) {
    if (confirmedBytes > 0) {
      throw faultText('OB_BACKUP_FILE_NOT_EXIST', `${fault('OB_BACKUP_FILE_NOT_EXIST').message}: ${name}`);
    }
    return { file: await createFile(controller, medium, piece, newest, signal), start };
  }
  const scan = await scanOf(medium, name, confirmedBytes, signal);
  if (scan.header === null) return { file: await createFile(controller, medium, piece, newest, signal), start };
  const key = await fileKeyOf(controller, piece, scan);
  const sink = await openBehind(medium, name, scan, confirmedBytes, signal);
  const reached = scan.lastScn === null ? start : { position: scan.lastPosition, afterScn: String(scan.lastScn) };
  return { file: { sink, fileId: newest, key, scan }, start: reached };
}

async function scanOf(medium: Medium, name: string, confirmedBytes: number, signal: AbortSignal): Promise<LogScan> {
  const source = await medium.openObject(name, signal);
  return scanLogFile(source, { name, confirmedBytes, signal }).finally(() => closeQuietly(source));
}

/**
 * Opens the file behind its last record. That one may have been read from a cache alone, after its append failed; those before it
 * were confirmed, for nothing is appended behind a record that is not.
 */
async function openBehind(
  medium: Medium,
  name: string,
  { validBytes, records }: LogScan,
  confirmedBytes: number,
  signal: AbortSignal,
): Promise<AppendSink> {
  const syncedBytes = Math.max(confirmedBytes, records.at(-1)?.offset ?? 0);
  const sink = await medium.openAppend(name, validBytes, signal, syncedBytes);
  try {
    // What it reads now is what was made durable.
    if (syncedBytes < validBytes) await scanOf(medium, name, validBytes, signal);
    return sink;
  } catch (error) {
    await closeQuietly(sink);
    throw error;
  }
}

/** A new log file under the tenant's present key; what an earlier attempt left under its name was never confirmed. */
export async function createFile(
  controller: Controller,
  medium: Medium,
  piece: ArchivePiece,
  fileId: number,
  signal: AbortSignal,
): Promise<OpenedFile> {
  const master = await controller.catalog.read((tx) => activeMasterKey(tx, controller.catalog.secrets, piece.tenantId));
  const key = master && generateSetKey(master, keyPurpose(piece));
  const sink = await medium.openAppend(pieceLsKeys(piece, userLsId).log(fileId), 0, signal);
  return { sink, fileId, key, scan: null };
}

/** Closes without complaint: for objects whose work is done or already failed. */
export async function closeQuietly(object: { close(): Promise<void> }): Promise<void> {
  await object.close().catch(() => undefined);
}

async function rememberFile(controller: Controller, progress: LsArchiveProgress, fileId: number): Promise<void> {
  if (progress.fileId === fileId) return;
  const { tenantId, destId, roundId, pieceId, lsId } = progress;
  await controller.catalog.transaction((tx) =>
    tx.archives.lsProgress.update({ tenantId, destId, roundId, pieceId, lsId }, { fileId, fileOffset: 0n }),
  );
}

async function fileKeyOf(controller: Controller, piece: ArchivePiece, scan: LogScan): Promise<SetKey | null> {
  const { header } = scan;
  if (!header?.encrypted) return null;
  const masters = await controller.catalog.read((tx) => masterKeys(tx, controller.catalog.secrets, piece.tenantId));
  const bytes = unwrapKey(header.wrappedKey, masters, keyPurpose(piece));
  return { bytes, masterKeyVersion: header.keyVersion, wrapped: header.wrappedKey };
}

function keyPurpose(piece: ArchivePiece) {
  return { kind: 'piece' as const, tenantId: piece.tenantId, owner: `${piece.roundId}.${piece.pieceId}` };
}
