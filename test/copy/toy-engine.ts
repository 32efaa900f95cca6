import { fsyncSync, readSync, writeSync } from 'node:fs';
import {
  type BlockReader,
  type BlockWriter,
  type LogApplier,
  type LogChunk,
  LogGapError,
  type LogPosition,
  type LogReader,
  type RestoredCheck,
} from '../../src/tenants/tenant-engine.ts';

/**
 * The smallest engine the copy code can be tried on: a file of fixed blocks, and a log of frames
 * `u64 SCN, u32 page, 64 bytes`, where each frame is one commit that overwrites a 64-byte page.
 */
export interface ToyData {
  readonly fd: number;
  readonly blockBytes: number;
  readonly sizeBytes: number;
  /** Blocks that read as empty. */
  readonly empty?: readonly number[];
  /** Log bytes from here on are gone. */
  readonly gapAt?: number;
  /** Milliseconds each block read takes. */
  readonly slowMs?: number;
  /** Block at which the reading thread ends itself. */
  readonly dieAt?: number;
  /** Block at which the reading thread sleeps for ever. */
  readonly hangAt?: number;
  /** Cells of a log reader that takes long: signs a call of `next` gives up to, signs it may give, signs given. */
  readonly signs?: SharedArrayBuffer;
  /** A count for each part of its check: how often it was proved. */
  readonly proved?: SharedArrayBuffer;
}

export const pageBytes = 64;
export const frameBytes = 12 + pageBytes;

export function encodeFrame(scn: bigint, page: number, content: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameBytes);
  frame.writeBigUInt64LE(scn, 0);
  frame.writeUInt32LE(page, 8);
  frame.set(content.subarray(0, pageBytes), 12);
  return frame;
}

const sleepCell = new Int32Array(new SharedArrayBuffer(4));

export function openBlockReader(data: ToyData): BlockReader {
  const empty = new Set(data.empty ?? []);
  return {
    maxBlockBytes: data.blockBytes,
    read(blockNo, into) {
      if (data.slowMs) Atomics.wait(sleepCell, 0, 0, data.slowMs);
      if (data.dieAt === blockNo) process.exit(7);
      if (data.hangAt === blockNo) Atomics.wait(sleepCell, 0, 0);
      if (empty.has(blockNo)) return 0;
      const at = blockNo * data.blockBytes;
      return readSync(data.fd, into, 0, Math.min(data.blockBytes, data.sizeBytes - at), at);
    },
    close() {},
  };
}

export function openBlockWriter(data: ToyData): BlockWriter {
  return {
    write(blockNo, bytes) {
      writeSync(data.fd, bytes, 0, bytes.length, blockNo * data.blockBytes);
    },
    async close() {
      fsyncSync(data.fd);
    },
  };
}

export async function openRestoredCheck(data: ToyData): Promise<RestoredCheck> {
  const proved = new Int32Array(data.proved ?? new SharedArrayBuffer(0));
  return {
    parts: proved.length,
    check(part) {
      Atomics.wait(sleepCell, 0, 0, data.slowMs ?? 0);
      Atomics.add(proved, part, 1);
    },
    proved() {},
    async close() {},
  };
}

export function openLogReader(data: ToyData, from: LogPosition | null): LogReader {
  let offset = Number(from?.['offset'] ?? 0);
  const position = () => ({ generation: 'g1', offset });
  return {
    get position() {
      return position();
    },
    next(maxBytes, gotOn): LogChunk | null {
      if (data.signs) giveSigns(new Int32Array(data.signs), gotOn);
      if (data.gapAt !== undefined && offset >= data.gapAt) throw new LogGapError(`log ends at ${data.gapAt}`);
      const buffer = Buffer.alloc(Math.max(1, Math.floor(maxBytes / frameBytes)) * frameBytes);
      const got = readSync(data.fd, buffer, 0, buffer.length, offset);
      const count = Math.floor(got / frameBytes);
      if (count === 0) return null;
      const bytes = buffer.subarray(0, count * frameBytes);
      const commits = Array.from({ length: count }, (_, i) => ({
        scn: bytes.readBigUInt64LE(i * frameBytes),
        end: (i + 1) * frameBytes,
      }));
      offset += bytes.length;
      const [firstScn, lastScn] = [commits[0]!.scn, commits.at(-1)!.scn];
      return { firstScn, lastScn, part: false, commits, bytes, position: position() };
    },
    standsAt: (other) => other['offset'] === offset,
    close() {},
  };
}

function giveSigns(cells: Int32Array, gotOn: () => void = () => undefined): void {
  for (let given = Atomics.load(cells, 2); given < Atomics.load(cells, 0); Atomics.store(cells, 2, ++given)) {
    while (Atomics.load(cells, 1) <= given) Atomics.wait(cells, 1, given);
    gotOn();
  }
}

export function openLogApplier(data: ToyData): LogApplier {
  return {
    apply({ bytes, commits }, afterScn, untilScn) {
      let applied = 0;
      let start = 0;
      for (const { scn, end } of commits) {
        if (scn > afterScn && scn <= untilScn) {
          const frame = Buffer.from(bytes.subarray(start, end));
          writeSync(data.fd, frame, 12, pageBytes, frame.readUInt32LE(8) * pageBytes);
          applied += 1;
        }
        start = end;
      }
      return applied;
    },
    close() {
      fsyncSync(data.fd);
    },
  };
}
