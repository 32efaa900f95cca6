import { fdatasyncSync, readSync } from 'node:fs';
import { type LogChunk, LogGapError, type LogPosition, type LogReader } from '../tenant-engine.ts';
import { type AliveFlag, requireAlive } from './alive.ts';
import { ClockCell } from './clock-cell.ts';
import { commitBytes, pageEntryBytes, writeCommitHeader } from './log-chunk.ts';
import { decodePosition, encodePosition, type Position, sameGeneration } from './log-position.ts';
import { collectCommits, type WalCommit } from './log-scan.ts';
import { frameHeaderBytes, frameOffset, pageBytes } from './wal-format.ts';

/** What a reader in another thread needs: a descriptor that stays open and the tenant's clock cell. */
export interface LogReaderData {
  readonly walFd: number;
  readonly cell: SharedArrayBuffer;
  /** Ends with the thread that writes cell and log. */
  readonly alive: AliveFlag;
}

/**
 * Reads committed transactions behind `from` (null: from the start of the present generation), large ones in parts. Never reads behind the
 * published end, verifies every frame, and syncs the log before it hands anything out, so that an archive is never
 * ahead of its tenant after a power loss. OB_EAGAIN once the tenant's thread was lost: others may write the log now.
 */
export function openLogReader(data: LogReaderData, from: LogPosition | null): LogReader {
  const cell = new ClockCell(data.cell);
  const alive = new Int32Array(data.alive);
  let position: Position = from
    ? decodePosition(from)
    : { ...cell.read(), frame: 0, checksum1: 0, checksum2: 0, scn: null, part: null };
  requireNotBehind(cell, position);
  return {
    get position() {
      return encodePosition(position);
    },
    next(maxBytes, gotOn = () => undefined) {
      try {
        const chunk = readChunk(data.walFd, cell, position, maxBytes, gotOn);
        if (chunk !== null) position = decodePosition(chunk.position);
        return chunk;
      } finally {
        // Behind the reads: neither what was read of a log without its writer counts, nor what seems to be missing there.
        requireAlive(alive, 'reading the log');
      }
    },
    standsAt(stored) {
      const other = decodePosition(stored);
      if (sameGeneration(position, other)) return position.frame === other.frame;
      // Nothing lies between the end of a generation and the beginning of the next.
      return other.frame === 0 && mayFollow(cell, position);
    },
    close() {},
  };
}

function readChunk(
  walFd: number,
  cell: ClockCell,
  position: Position,
  maxBytes: number,
  gotOn: () => void,
): LogChunk | null {
  const start = followGeneration(cell, position);
  if (start === null) return null;
  const end = cell.read();
  if (!sameGeneration(start, end)) return null;
  verifyStart(walFd, start);
  const commits = collectCommits(walFd, start, end.frame, maxBytes, gotOn);
  fdatasyncSync(walFd);
  const chunk = makeChunk(start, commits);
  freeFrames(commits);
  return chunk;
}

/** A tenant that stands before what was read has lost its newest commits. */
function requireNotBehind(cell: ClockCell, { scn }: Position): void {
  const newest = cell.read().scn;
  if (scn !== null && newest < scn) throw new LogGapError(`the tenant stands at commit ${newest}, before ${scn}`);
}

/** Where reading goes on: null when nothing is new. Throws LogGapError when records may be missing. */
function followGeneration(cell: ClockCell, position: Position): Position | null {
  const end = cell.read();
  if (!sameGeneration(position, end)) {
    if (!mayFollow(cell, position) && !showsGap(end, position))
      throw new LogGapError(`the log was folded behind frame ${position.frame} without being sealed`);
    if (end.frame === 0) return null;
    return { ...position, salt1: end.salt1, salt2: end.salt2, frame: 0, checksum1: 0, checksum2: 0, sealed: false };
  }
  if (end.frame < position.frame) throw new LogGapError(`the log ends at frame ${end.frame}, before ${position.frame}`);
  if (end.frame > position.frame) return { ...position, sealed: false };
  if (end.frame > 0 && (end.checksum1 !== position.checksum1 || end.checksum2 !== position.checksum2))
    throw new LogGapError(`frame ${end.frame} of the log is not the one that was read`);
  return null;
}

/** Whether the generation of a position ended there. */
function mayFollow(cell: ClockCell, position: Position): boolean {
  return position.frame === 0 || position.sealed || cell.isSealed(position);
}

/**
 * A log folded without a seal, as by SQLite when a thread is lost, is followed where a gap would show: the tenant's newest commit
 * is the one that was read last, or there is a later one, and the first of them must name it.
 */
function showsGap(end: Position, { scn, part }: Position): boolean {
  return scn !== null && part === null && (end.frame > 0 || end.scn === scn);
}

/** The frame at the position must still be the one that was read: a lost tail may have been written anew. */
function verifyStart(walFd: number, start: Position): void {
  if (start.frame === 0) return;
  const header = Buffer.alloc(frameHeaderBytes);
  readSync(walFd, header, 0, frameHeaderBytes, frameOffset(start.frame));
  const same =
    header.readUInt32BE(8) === start.salt1 &&
    header.readUInt32BE(12) === start.salt2 &&
    header.readUInt32BE(16) === start.checksum1 &&
    header.readUInt32BE(20) === start.checksum2;
  if (!same) throw new LogGapError(`frame ${start.frame} of the log is not the one that was read`);
}

/** Gives the memory of what was copied back at once. */
function freeFrames(commits: readonly WalCommit[]): void {
  const buffers = new Set<ArrayBufferLike>();
  for (const { pages } of commits) for (const { buffer } of pages.values()) buffers.add(buffer);
  for (const buffer of buffers) if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function makeChunk(start: Position, found: readonly WalCommit[]): LogChunk {
  const total = found.reduce((sum, commit) => sum + commitBytes(commit.pages.size), 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const commits: { scn: bigint; end: number }[] = [];
  let offset = 0;
  let previous = start.scn;
  for (const commit of found) {
    if (previous !== null && commit.previous !== previous)
      throw new LogGapError(`commit ${commit.scn} follows ${commit.previous}, not ${previous}`);
    const end = offset + commitBytes(commit.pages.size);
    writeCommitHeader(view, offset, { ...commit, pageCount: commit.pages.size });
    let at = end - commit.pages.size * pageEntryBytes;
    for (const [pageNo, page] of commit.pages) {
      view.setUint32(at, pageNo, true);
      bytes.set(page, at + 4);
      at += 4 + pageBytes;
    }
    commits.push({ scn: commit.scn, end });
    previous = commit.scn;
    offset = end;
  }
  const last = found.at(-1)!;
  const position = encodePosition({ ...last.position, sealed: false });
  const part = last.databasePages === 0;
  return { firstScn: found[0]!.scn, lastScn: last.scn, commits, bytes, position, part };
}
