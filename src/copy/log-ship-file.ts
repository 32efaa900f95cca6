import { randomBytes } from 'node:crypto';
import { faultText } from '../base/errors.ts';
import type { AppendSink } from '../media/medium.ts';
import { saltBytes } from './data-file.ts';
import type { SetKey } from './keys.ts';
import { encodeLogFileHeader, type LogFileHeader } from './log-file.ts';
import type { LogScan } from './log-scan.ts';
import type { LogFileState } from './log-task.ts';
import { mediumErrorAt } from './thread-error.ts';

/** A log file to append to: a new one (`sink.sizeBytes` 0), or one scanned before. The sink is opened at `scan.validBytes`. */
export interface ShipFile {
  readonly sink: AppendSink;
  readonly name: string;
  readonly roundId: number;
  readonly pieceId: number;
  readonly fileNo: number;
  readonly key: SetKey | null;
  /** What `scanLogFile` said, when the file has content. */
  readonly scan?: LogScan;
}

/** Writes the header of a new file, or takes up a scanned one. */
export async function startFile(
  tenantId: number,
  file: ShipFile,
): Promise<{ readonly state: LogFileState; readonly sizeBytes: number }> {
  const setKey = file.key?.bytes ?? null;
  const known = file.scan?.header;
  if (known) {
    if (file.sink.sizeBytes !== file.scan.validBytes)
      throw faultText(
        'OB_ERR_UNEXPECTED',
        `${file.name}: opened at ${file.sink.sizeBytes}, valid up to ${file.scan.validBytes}`,
      );
    const last = file.scan.records.at(-1)?.header;
    const state: LogFileState = {
      setKey,
      salt: known.salt,
      recordNo: file.scan.records.length,
      previousCrc: last?.headerCrc ?? 0,
      sizeBytes: file.scan.validBytes,
    };
    return { state, sizeBytes: file.scan.validBytes };
  }
  const header: LogFileHeader = {
    tenantId,
    roundId: file.roundId,
    pieceId: file.pieceId,
    fileNo: file.fileNo,
    encrypted: file.key !== null,
    keyVersion: file.key?.masterKeyVersion ?? 0,
    salt: new Uint8Array(randomBytes(saltBytes)),
    wrappedKey: file.key?.wrapped ?? new Uint8Array(0),
  };
  const bytes = encodeLogFileHeader(header);
  await appendTo(file, bytes, 0);
  return {
    state: { setKey, salt: header.salt, recordNo: 0, previousCrc: 0, sizeBytes: bytes.length },
    sizeBytes: bytes.length,
  };
}

/** Appends; a system error becomes a MediumError that names file and offset. */
export async function appendTo(file: ShipFile, bytes: Uint8Array, offset: number): Promise<void> {
  try {
    await file.sink.append(bytes);
  } catch (error) {
    throw mediumErrorAt(error, file.name, offset, 'append');
  }
}
