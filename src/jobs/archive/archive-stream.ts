import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { ArchivePiece, ArchiveRound, LsArchiveProgress } from '../../catalog/archives.ts';
import type { LogScan } from '../../copy/log-scan.ts';
import type { LogHandle, ShipOptions, Shipped } from '../../copy/log-shipment.ts';
import { archiveFileBytes, pieceLsKeys } from '../../destination/archive-layout.ts';
import type { AppendSink, Medium } from '../../media/medium.ts';
import type { LogPosition, LogSource } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { userLsId, writeCheckpoint, writePieceEnd, writePieceStart } from './archive-files.ts';
import { closeQuietly, createFile, type OpenedFile, openNewestFile } from './newest-log-file.ts';
import { activePiece, freezeAndGoOn, type LogStart, markDrained } from './round-steps.ts';

/**
 * The open archive of one tenant: the engine's log on one side, the active piece's newest log file on the other. Made when a
 * round begins or is taken up after a restart; thrown away after any failure, the file is then scanned anew.
 */
export class ArchiveStream {
  readonly #controller: Controller;
  readonly #medium: Medium;
  readonly #source: LogSource;
  readonly #handle: LogHandle;
  readonly #signal: AbortSignal;
  #round: ArchiveRound;
  #piece: ArchivePiece;
  #progress: LsArchiveProgress;
  #sink: AppendSink;
  #keyVersion: number;
  /** What was archived just before a crash, and what no row says yet; null when there is none. */
  #tail: Shipped | null;

  private constructor(parts: StreamParts) {
    const { file, progress } = parts;
    this.#controller = parts.controller;
    this.#medium = parts.medium;
    this.#source = parts.source;
    this.#handle = parts.handle;
    this.#signal = parts.signal;
    this.#round = parts.round;
    this.#piece = parts.piece;
    this.#progress = file.fileId === progress.fileId ? progress : { ...progress, fileId: file.fileId, fileOffset: 0n };
    this.#sink = file.sink;
    this.#keyVersion = file.key?.masterKeyVersion ?? 0;
    this.#tail = file.scan && tailBehind(file.scan, Number(this.#progress.fileOffset));
  }

  /** Takes up the round's active piece where its files say the last record ended. The signal ends every wait on the medium. */
  static async open(
    controller: Controller,
    round: ArchiveRound,
    medium: Medium,
    signal: AbortSignal,
  ): Promise<ArchiveStream> {
    const { tenantId } = round;
    const { piece, progress, frozen } = await controller.catalog.read((tx) => activePiece(tx, round));
    await writePieceStart(medium, piece, frozen, signal);
    const engine = await tenantEngineOf(controller, tenantId);
    const source = await engine.log();
    // A piece counts once its checkpoint is behind its start, and a clock that was set back may not move it for long.
    source.stayAbove(max(piece.checkpointScn, piece.startScn + 1n));
    const { file, start } = await openNewestFile(controller, medium, piece, progress, signal);
    try {
      const handle = await controller.shipper.open({
        tenantId,
        reader: source.reader,
        from: start.position,
        afterScn: BigInt(start.afterScn),
        file: shipFile(piece, file),
      });
      if (start.position !== null) source.archived(start.position);
      return new ArchiveStream({ controller, medium, source, handle, round, piece, progress, file, signal });
    } catch (error) {
      await closeQuietly(file.sink);
      throw error;
    }
  }

  /** Ships everything committed up to now, moves checkpoint and rows on, switches files and pieces when due. */
  async advance(signal: AbortSignal): Promise<void> {
    // Before any other file is begun: once that is the newest, nothing but the rows says how far the log is archived.
    if (this.#tail !== null) await this.#record(max(this.#tail.lastScn, this.#piece.checkpointScn), this.#tail);
    this.#tail = null;
    // The files of a piece that has reached its end are about to be listed: none may be added.
    if (this.#piece.checkpointScn < this.#piece.endScn - 1n) await this.#followKey();
    const { scn } = await this.#source.barrier();
    for (;;) {
      const end = this.#piece.endScn - 1n;
      // No further: where commits never pause there would be no end to it.
      const shipped = await this.#ship({ untilScn: end, enoughScn: scn, signal });
      const reached = max(scn, shipped.lastScn);
      if (reached <= end && shipped.switchDue === null) return this.#record(reached, shipped);
      await this.#record(end, shipped);
      await this.#switchPiece();
    }
  }

  /** Everything up to `position` is on the medium, with the seal that proves it, when this resolves. OB_EAGAIN when it came too late. */
  async seal(position: LogPosition): Promise<void> {
    await this.advance(this.#signal);
    const { scn } = await this.#source.barrier();
    for (;;) {
      const limits = { untilScn: this.#piece.endScn - 1n, enoughScn: scn };
      const shipped = await this.#controller.shipper.seal(this.#handle, position, limits);
      await this.#record(max(shipped.lastScn, this.#piece.checkpointScn), shipped);
      if (shipped.sealed) return;
      if (shipped.switchDue !== 'size') throw faultText('OB_EAGAIN', 'the log went on before it was sealed');
      await this.#openFile(this.#progress.fileId + 1);
    }
  }

  /** Ships the last of it and marks the end; from here on the rows say where the round ends. */
  async drain(signal: AbortSignal): Promise<void> {
    await this.advance(signal);
    const marked = await this.#controller.shipper.mark(this.#handle, this.#piece.checkpointScn);
    await this.#record(this.#piece.checkpointScn, marked);
    await this.#controller.catalog.transaction((tx) => markDrained(tx, this.#round));
  }

  async close(): Promise<void> {
    await this.#controller.shipper.close(this.#handle).catch(() => undefined);
    await closeQuietly(this.#sink);
  }

  /** Ships, opening further files of the piece as they fill; the sums of all of it. */
  async #ship(options: ShipOptions): Promise<Shipped> {
    const { tenantId } = this.#round;
    let inputBytes = 0;
    for (;;) {
      const threads = await this.#controller.catalog.read((tx) =>
        tx.parameters.integer(tenantId, 'log_archive_concurrency'),
      );
      const shipped = await this.#controller.shipper.ship(this.#handle, { ...options, threads });
      const sum = { ...shipped, inputBytes: inputBytes + shipped.inputBytes };
      if (shipped.switchDue !== 'size') return sum;
      await this.#record(max(shipped.lastScn, this.#piece.checkpointScn), sum);
      inputBytes = 0;
      await this.#openFile(this.#progress.fileId + 1);
    }
  }

  /** Writes down what is confirmed: checkpoint file first, then the rows. */
  async #record(checkpointScn: Scn, shipped: Shipped): Promise<void> {
    const input = BigInt(shipped.inputBytes);
    const output = BigInt(shipped.fileSizeBytes) - this.#progress.fileOffset;
    const checkpoint = max(checkpointScn, this.#piece.checkpointScn);
    if (checkpoint === this.#piece.checkpointScn && output === 0n) return;
    const piece: ArchivePiece = {
      ...this.#piece,
      checkpointScn: checkpoint,
      maxScn: max(shipped.lastScn, this.#piece.maxScn),
      inputBytes: this.#piece.inputBytes + input,
      outputBytes: this.#piece.outputBytes + output,
      fileStatus: checkpoint > this.#piece.startScn ? 'AVAILABLE' : this.#piece.fileStatus,
    };
    await writeCheckpoint(this.#medium, piece, this.#signal);
    const start: LogStart = { position: shipped.position, afterScn: String(shipped.lastScn) };
    const progress: LsArchiveProgress = {
      ...this.#progress,
      checkpointScn: checkpoint,
      maxLsn: BigInt(this.#progress.fileId - 1) * BigInt(archiveFileBytes) + BigInt(shipped.fileSizeBytes),
      fileOffset: BigInt(shipped.fileSizeBytes),
      inputBytes: this.#progress.inputBytes + input,
      outputBytes: this.#progress.outputBytes + output,
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
        activeInputBytes: live.activeInputBytes + input,
        activeOutputBytes: live.activeOutputBytes + output,
      };
      tx.archives.rounds.put(round);
      return round;
    });
    this.#piece = piece;
    this.#progress = progress;
    if (shipped.position !== null) this.#source.archived(shipped.position);
  }

  /** A new master key version is used from the next file on. */
  async #followKey(): Promise<void> {
    const { tenantId } = this.#round;
    const active = await this.#controller.catalog.read((tx) => tx.keys.activeMasterKey(tenantId)?.keyId ?? 0);
    if (active !== this.#keyVersion) await this.#openFile(this.#progress.fileId + 1);
  }

  async #openFile(fileId: number): Promise<void> {
    const file = await createFile(this.#controller, this.#medium, this.#piece, fileId, this.#signal);
    try {
      await this.#controller.shipper.switchFile(this.#handle, shipFile(this.#piece, file));
    } catch (error) {
      await closeQuietly(file.sink);
      throw error;
    }
    const former = this.#sink;
    this.#sink = file.sink;
    await closeQuietly(former);
    this.#keyVersion = file.key?.masterKeyVersion ?? 0;
    this.#progress = { ...this.#progress, fileId, fileOffset: 0n };
    await this.#controller.catalog.transaction((tx) => tx.archives.lsProgress.put(this.#progress));
  }

  /** The active piece has reached its scheduled end: freeze it and go on in the next. */
  async #switchPiece(): Promise<void> {
    await writePieceEnd(this.#medium, this.#piece, this.#progress, this.#signal);
    const next = await this.#controller.catalog.transaction((tx) =>
      freezeAndGoOn(tx, this.#round, this.#piece, this.#progress),
    );
    this.#round = next.round;
    this.#piece = next.piece;
    this.#progress = next.progress;
    await writePieceStart(this.#medium, next.piece, next.frozen, this.#signal);
    await this.#openFile(next.progress.fileId);
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
  readonly signal: AbortSignal;
}

function shipFile(piece: ArchivePiece, file: OpenedFile) {
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

/** The records behind `offset` as if they were shipped now; null when there are none. */
function tailBehind(scan: LogScan, offset: number): Shipped | null {
  const headers = scan.records.filter((record) => record.offset >= offset).map(({ header }) => header);
  const last = headers.at(-1);
  if (last === undefined) return null;
  const logs = headers.filter(({ kind }) => kind === 'batch' || kind === 'part');
  return {
    records: headers.length,
    commits: logs.reduce((sum, { commitCount }) => sum + commitCount, 0),
    firstScn: logs[0]?.firstScn ?? null,
    lastScn: last.lastScn,
    inputBytes: logs.reduce((sum, { rawLength, indexLength }) => sum + rawLength - indexLength, 0),
    outputBytes: scan.validBytes - offset,
    position: last.to,
    fileSizeBytes: scan.validBytes,
    switchDue: null,
  };
}

function max(a: Scn, b: Scn): Scn {
  return a > b ? a : b;
}
