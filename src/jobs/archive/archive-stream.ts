import type { Scn } from '../../base/scn.ts';
import type { ArchivePiece, ArchiveRound, LsArchiveProgress } from '../../catalog/archives.ts';
import { generateSetKey, type SetKey, unwrapKey } from '../../copy/keys.ts';
import { type LogScan, scanLogFile } from '../../copy/log-scan.ts';
import type { LogHandle, Shipped } from '../../copy/log-shipper.ts';
import { archiveFileBytes, parseLogFile, pieceLsKeys } from '../../destination/archive-layout.ts';
import type { AppendSink, Medium } from '../../media/medium.ts';
import type { LogPosition, LogSource } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { activeMasterKey, masterKeys } from '../tenant-keys.ts';
import { userLsId, writeCheckpoint, writePieceEnd, writePieceStart } from './archive-files.ts';
import { insertPiece, type LogStart, logStart } from './round-steps.ts';

/**
 * The open archive of one tenant: the engine's log on one side, the active piece's newest log file on the other. Made when a
 * round begins or is taken up after a restart; thrown away after any failure, the file is then scanned anew.
 */
export class ArchiveStream {
  readonly #controller: Controller;
  readonly #medium: Medium;
  readonly #source: LogSource;
  readonly #handle: LogHandle;
  #round: ArchiveRound;
  #piece: ArchivePiece;
  #progress: LsArchiveProgress;
  #sink: AppendSink;
  #keyVersion: number;

  private constructor(parts: StreamParts) {
    this.#controller = parts.controller;
    this.#medium = parts.medium;
    this.#source = parts.source;
    this.#handle = parts.handle;
    this.#round = parts.round;
    this.#piece = parts.piece;
    this.#progress = { ...parts.progress, fileId: parts.file.fileId };
    this.#sink = parts.file.sink;
    this.#keyVersion = parts.file.key?.masterKeyVersion ?? 0;
  }

  /** Takes up the round's active piece where its files say the last record ended. */
  static async open(controller: Controller, round: ArchiveRound, medium: Medium): Promise<ArchiveStream> {
    const { tenantId, destId, roundId } = round;
    const { piece, progress, frozen } = await controller.catalog.read((tx) => {
      const pieces = tx.archives.piecesOfRound(tenantId, destId, roundId);
      const active = pieces.find((one) => one.status === 'ACTIVE');
      if (!active) throw new Error(`round ${roundId} of tenant ${tenantId} has no active piece`);
      const key = { tenantId, destId, roundId, pieceId: active.pieceId, lsId: userLsId };
      const ls = tx.archives.lsProgress.get(key);
      if (!ls) throw new Error(`piece ${active.pieceId} of tenant ${tenantId} has no progress row`);
      return { piece: active, progress: ls, frozen: pieces.filter((one) => one.status === 'FROZEN') };
    });
    await writePieceStart(medium, piece, frozen);
    const engine = await controller.engines.open(tenantId);
    const source = await engine.log();
    const file = await openNewestFile(controller, medium, piece, progress);
    const handle = await controller.shipper.open({
      tenantId,
      reader: source.reader,
      from: file.start.position,
      afterScn: BigInt(file.start.afterScn),
      file: shipFile(piece, file),
    });
    return new ArchiveStream({ controller, medium, source, handle, round, piece, progress, file });
  }

  /** Ships everything committed up to now, moves checkpoint and rows on, switches files and pieces when due. */
  async advance(signal?: AbortSignal): Promise<void> {
    await this.#followKey();
    const { scn } = await this.#source.barrier();
    for (;;) {
      const end = this.#piece.endScn - 1n;
      const shipped = await this.#ship({ untilScn: end, ...(signal ? { signal } : {}) });
      const reached = max(scn, shipped.lastScn);
      if (reached <= end && shipped.switchDue === null) return this.#record(reached, shipped);
      await this.#record(end, shipped);
      await this.#switchPiece();
    }
  }

  /** Everything up to `position` is on the medium, with the seal that proves it, when this resolves. */
  async seal(position: LogPosition): Promise<void> {
    await this.advance();
    for (;;) {
      const shipped = await this.#controller.shipper.seal(this.#handle, position);
      await this.#record(max(shipped.lastScn, this.#piece.checkpointScn), shipped);
      if (shipped.sealed) return;
      await this.#nextFile();
    }
  }

  /** Freezes the active piece for good: the round ends here. */
  async freeze(): Promise<void> {
    const marked = await this.#controller.shipper.mark(this.#handle, this.#piece.checkpointScn);
    await this.#record(this.#piece.checkpointScn, marked);
    await writePieceEnd(this.#medium, this.#piece, this.#progress);
  }

  async close(): Promise<void> {
    await this.#controller.shipper.close(this.#handle).catch(() => undefined);
    await this.#sink.close().catch(() => undefined);
  }

  /** Ships, opening further files of the piece as they fill; the sums of all of it. */
  async #ship(options: { readonly untilScn: Scn; readonly signal?: AbortSignal }): Promise<Shipped> {
    let inputBytes = 0;
    let outputBytes = 0;
    for (;;) {
      const shipped = await this.#controller.shipper.ship(this.#handle, options);
      const sum = {
        ...shipped,
        inputBytes: inputBytes + shipped.inputBytes,
        outputBytes: outputBytes + shipped.outputBytes,
      };
      if (shipped.switchDue !== 'size') return sum;
      await this.#record(max(shipped.lastScn, this.#piece.checkpointScn), sum);
      inputBytes = 0;
      outputBytes = 0;
      await this.#nextFile();
    }
  }

  /** Writes down what is confirmed: checkpoint file first, then the rows. */
  async #record(checkpointScn: Scn, shipped: Shipped): Promise<void> {
    const grown = { input: BigInt(shipped.inputBytes), output: BigInt(shipped.outputBytes) };
    const checkpoint = max(checkpointScn, this.#piece.checkpointScn);
    if (checkpoint === this.#piece.checkpointScn && grown.output === 0n) return;
    const piece: ArchivePiece = {
      ...this.#piece,
      checkpointScn: checkpoint,
      maxScn: max(shipped.lastScn, this.#piece.maxScn),
      inputBytes: this.#piece.inputBytes + grown.input,
      outputBytes: this.#piece.outputBytes + grown.output,
      fileStatus: checkpoint > this.#piece.startScn ? 'AVAILABLE' : this.#piece.fileStatus,
    };
    await writeCheckpoint(this.#medium, piece);
    const start: LogStart = { position: shipped.position, afterScn: String(shipped.lastScn) };
    const fileId = this.#progress.fileId;
    const progress: LsArchiveProgress = {
      ...this.#progress,
      checkpointScn: checkpoint,
      maxLsn: BigInt(Math.max(0, fileId - 1)) * BigInt(archiveFileBytes) + BigInt(shipped.fileSizeBytes),
      fileOffset: BigInt(shipped.fileSizeBytes),
      inputBytes: this.#progress.inputBytes + grown.input,
      outputBytes: this.#progress.outputBytes + grown.output,
      stepData: start,
    };
    const { tenantId, destNo } = this.#round;
    this.#round = await this.#controller.catalog.transaction((tx) => {
      tx.archives.pieces.put(piece);
      tx.archives.lsProgress.put(progress);
      const live = tx.archives.rounds.get({ tenantId, destNo }) ?? this.#round;
      const round = {
        ...live,
        checkpointScn: max(checkpoint, live.checkpointScn),
        maxScn: max(piece.maxScn, live.maxScn),
        activeInputBytes: live.activeInputBytes + grown.input,
        activeOutputBytes: live.activeOutputBytes + grown.output,
      };
      tx.archives.rounds.put(round);
      return round;
    });
    this.#piece = piece;
    this.#progress = progress;
  }

  /** A new master key version is used from the next file on. */
  async #followKey(): Promise<void> {
    const { tenantId } = this.#round;
    const active = await this.#controller.catalog.read((tx) => tx.keys.activeMasterKey(tenantId)?.keyId ?? 0);
    if (active !== this.#keyVersion) await this.#nextFile();
  }

  async #nextFile(): Promise<void> {
    await this.#openFile(this.#progress.fileId + 1);
  }

  async #openFile(fileId: number): Promise<void> {
    const file = await createFile(this.#controller, this.#medium, this.#piece, fileId);
    await this.#controller.shipper.switchFile(this.#handle, shipFile(this.#piece, { ...file, fileId }));
    await this.#sink.close();
    this.#sink = file.sink;
    this.#keyVersion = file.key?.masterKeyVersion ?? 0;
    this.#progress = { ...this.#progress, fileId, fileOffset: 0n };
    await this.#controller.catalog.transaction((tx) => tx.archives.lsProgress.put(this.#progress));
  }

  /** The active piece has reached its scheduled end: freeze it and go on in the next. */
  async #switchPiece(): Promise<void> {
    const old = this.#piece;
    await writePieceEnd(this.#medium, old, this.#progress);
    const { tenantId, destNo, destId, roundId } = this.#round;
    const start = this.#progress.stepData as LogStart;
    const { piece, progress, frozen, round } = await this.#controller.catalog.transaction((tx) => {
      tx.archives.pieces.put({ ...old, status: 'FROZEN' });
      const live = tx.archives.rounds.get({ tenantId, destNo }) ?? this.#round;
      const next = insertPiece(tx, live, old.pieceId + 1, old.endScn, start);
      tx.archives.rounds.update(
        { tenantId, destNo },
        {
          frozenInputBytes: live.frozenInputBytes + live.activeInputBytes,
          frozenOutputBytes: live.frozenOutputBytes + live.activeOutputBytes,
          activeInputBytes: 0n,
          activeOutputBytes: 0n,
        },
      );
      const key = { tenantId, destId, roundId, pieceId: next.pieceId, lsId: userLsId };
      return {
        piece: next,
        progress: tx.archives.lsProgress.get(key),
        frozen: tx.archives.piecesOfRound(tenantId, destId, roundId).filter((one) => one.status === 'FROZEN'),
        round: tx.archives.rounds.get({ tenantId, destNo }),
      };
    });
    if (!progress || !round) throw new Error(`piece ${piece.pieceId} of tenant ${tenantId} vanished`);
    const lastFileId = this.#progress.fileId;
    this.#piece = piece;
    this.#round = round;
    this.#progress = { ...progress, minLsn: BigInt(lastFileId) * BigInt(archiveFileBytes) };
    await writePieceStart(this.#medium, piece, frozen);
    await this.#openFile(lastFileId + 1);
  }
}

interface StreamParts {
  readonly controller: Controller;
  readonly medium: Medium;
  readonly source: LogSource;
  readonly handle: LogHandle;
  readonly round: ArchiveRound;
  readonly piece: ArchivePiece;
  readonly progress: LsArchiveProgress;
  readonly file: OpenedFile;
}

interface OpenedFile {
  readonly sink: AppendSink;
  readonly fileId: number;
  readonly key: SetKey | null;
  readonly scan: LogScan | null;
  readonly start: LogStart;
}

function shipFile(piece: ArchivePiece, file: Omit<OpenedFile, 'start'>) {
  return {
    sink: file.sink,
    name: pieceLsKeys(piece, userLsId).log(file.fileId),
    roundId: piece.roundId,
    pieceId: piece.pieceId,
    fileNo: file.fileId,
    key: file.key,
    ...(file.scan?.header ? { scan: file.scan } : {}),
  };
}

/** The newest log file of the piece, scanned; the first one when there is none. A torn tail is cut off. */
async function openNewestFile(
  controller: Controller,
  medium: Medium,
  piece: ArchivePiece,
  progress: LsArchiveProgress,
): Promise<OpenedFile> {
  const keys = pieceLsKeys(piece, userLsId);
  const ids = (await medium.list(keys.logDirectory)).map((entry) => parseLogFile(entry.name) ?? 0);
  const newest = Math.max(progress.fileId, ...ids);
  const remembered = progress.stepData as LogStart | null;
  const start = remembered ?? logStart(piece);
  if (newest === 0 || !ids.includes(newest)) {
    const fileId = Math.max(1, newest);
    const made = await createFile(controller, medium, piece, fileId);
    await rememberFile(controller, progress, fileId);
    return { ...made, fileId, start };
  }
  const name = keys.log(newest);
  const source = await medium.openObject(name);
  const confirmed = newest === progress.fileId ? { confirmedBytes: Number(progress.fileOffset) } : {};
  const scan = await scanLogFile(source, { name, ...confirmed }).finally(() => source.close());
  await rememberFile(controller, progress, newest);
  if (scan.header === null) {
    const made = await createFile(controller, medium, piece, newest);
    return { ...made, fileId: newest, start };
  }
  const sink = await medium.openAppend(name, scan.validBytes);
  const key = await fileKeyOf(controller, piece, scan);
  const reached = scan.lastScn === null ? start : { position: scan.lastPosition, afterScn: String(scan.lastScn) };
  return { sink, fileId: newest, key, scan, start: reached };
}

async function rememberFile(controller: Controller, progress: LsArchiveProgress, fileId: number): Promise<void> {
  if (progress.fileId === fileId) return;
  const { tenantId, destId, roundId, pieceId, lsId } = progress;
  await controller.catalog.transaction((tx) =>
    tx.archives.lsProgress.update({ tenantId, destId, roundId, pieceId, lsId }, { fileId }),
  );
}

async function createFile(
  controller: Controller,
  medium: Medium,
  piece: ArchivePiece,
  fileId: number,
): Promise<{ readonly sink: AppendSink; readonly key: SetKey | null; readonly scan: null }> {
  const sink = await medium.openAppend(pieceLsKeys(piece, userLsId).log(fileId), 0);
  const master = await controller.catalog.read((tx) => activeMasterKey(tx, controller.catalog.secrets, piece.tenantId));
  return { sink, key: master && generateSetKey(master, keyPurpose(piece)), scan: null };
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

function max(a: Scn, b: Scn): Scn {
  return a > b ? a : b;
}
