import { crc32 } from 'node:zlib';
import { MediumError } from '../medium.ts';
import { type AppendPart, partKey, piecesOf } from './append-parts.ts';
import { readPieces } from './appended.ts';
import type { S3Connection } from './connection.ts';
import {
  coveredPartMs,
  mergedBytesMax,
  mergedPartsMax,
  mergedPartsMin,
  mergeLimitMs,
  mergePaceMs,
  mergeRestMs,
  mergesAtOnce,
  smallPartBytes,
} from './limits.ts';
import { putObject } from './objects.ts';
import { removeExactly } from './remove.ts';

/** Merges under way in this thread. */
let running = 0;

/**
 * Makes one part of many small ones beside the appends, so that an object of a hundred thousand appends lies in a hundred parts. Only
 * bytes that were confirmed are merged, and only as they were written (`#read`): whatever of it arrives late, or twice, says what
 * stands there already. The part that covers the others comes first; they go `coveredPartMs` later, when nobody can be in the middle
 * of a listing that missed it. Until then, or for ever where it breaks off, they stand in its shadow (`joinParts`). After a fault it
 * rests a while: parts are read as well one by one.
 */
export class PartMerger {
  readonly #connection: S3Connection;
  readonly #key: string;
  /** What the object is made of, in order. */
  readonly #joined: AppendPart[];
  /** CRC-32 of those that were written here, by key. */
  readonly #sums = new Map<string, number>();
  #covered: { readonly keys: readonly string[]; readonly dueNs: bigint }[] = [];
  readonly #ended = new AbortController();
  #working: Promise<void> | null = null;
  #restsUntilNs = 0n;

  /** `covered`: parts that an earlier sink has merged. */
  constructor(connection: S3Connection, key: string, joined: readonly AppendPart[], covered: readonly AppendPart[]) {
    this.#connection = connection;
    this.#key = key;
    this.#joined = [...joined];
    this.#cover(covered);
  }

  /** The part that ends the object; null while there is none. It stays until another writer has merged it. */
  get last(): AppendPart | null {
    return this.#joined.at(-1) ?? null;
  }

  /** Takes note of a part that was confirmed, and of its bytes; returns at once. */
  added(part: AppendPart, bytes: Uint8Array): void {
    this.#joined.push(part);
    this.#sums.set(part.key, crc32(bytes));
    if (this.#ended.signal.aborted || this.#working || running >= mergesAtOnce || !this.#isDue()) return;
    running += 1;
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(mergeLimitMs)]);
    this.#working = this.#work(signal)
      .catch(() => this.#rest())
      .finally(() => {
        running -= 1;
        this.#working = null;
      });
  }

  /** Ends what is under way, and resolves when nothing is. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#working;
  }

  #isDue(): boolean {
    const now = this.#connection.nowNs();
    if (now < this.#restsUntilNs) return false;
    return this.#covered.some(({ dueNs }) => dueNs <= now) || mergeable(this.#joined) > 0;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const now = this.#connection.nowNs();
    const due = this.#covered.filter(({ dueNs }) => dueNs <= now);
    if (due.length > 0) {
      const keys = due.flatMap((one) => one.keys);
      await this.#connection.pay(this.#key, 1, 0, signal);
      await removeExactly(this.#connection, keys, signal).catch((error: unknown) => {
        // Where nothing may be removed they stay, and merging still spares readers most of the parts.
        if (!(error instanceof MediumError && error.kind === 'denied')) throw error;
      });
      this.#covered = this.#covered.filter((one) => !due.includes(one));
    }
    const count = mergeable(this.#joined);
    if (count > 0) await this.#merge(this.#joined.length - count, count, signal);
  }

  async #merge(at: number, count: number, signal: AbortSignal): Promise<void> {
    const parts = this.#joined.slice(at, at + count);
    const [from, to] = [parts[0]?.from ?? 0, parts.at(-1)?.to ?? 0];
    // Appends keep to the same pace and are not to wait long.
    if ((this.#connection.pace?.spanMs(count, to - from) ?? 0) > mergePaceMs) return this.#rest();
    const bytes = await this.#read(parts, from, to, signal);
    const merged = { key: partKey(this.#key, from, to), from, to };
    await this.#connection.pay(this.#key, 1, bytes.length, signal);
    await putObject(this.#connection, merged.key, bytes, 'replace', signal);
    // Appends went on meanwhile, behind these.
    this.#joined.splice(at, count, merged);
    for (const { key } of parts) this.#sums.delete(key);
    this.#sums.set(merged.key, crc32(bytes));
    this.#cover(parts);
  }

  /**
   * The bytes of parts. What is damaged on its way would be written where the parts are about to go, so each must have the sum it was
   * written with; those whose sum an earlier sink knew are read twice. `checksum` where bytes differ.
   */
  async #read(parts: readonly AppendPart[], from: number, to: number, signal: AbortSignal): Promise<Uint8Array> {
    const pieces = piecesOf(parts, from, to);
    await this.#connection.pay(this.#key, pieces.length, to - from, signal);
    const bytes = await readPieces(this.#connection, pieces, to - from, signal);
    const of = (from: Uint8Array, { at, length }: (typeof pieces)[number]) => from.subarray(at, at + length);
    const unknown = pieces.filter(({ key }) => !this.#sums.has(key));
    const unknownBytes = unknown.reduce((sum, { length }) => sum + length, 0);
    if (unknown.length > 0) await this.#connection.pay(this.#key, unknown.length, unknownBytes, signal);
    const again = unknown.length === 0 ? bytes : await readPieces(this.#connection, unknown, to - from, signal);
    for (const piece of pieces) {
      const sum = this.#sums.get(piece.key) ?? crc32(of(again, piece));
      if (crc32(of(bytes, piece)) !== sum) throw new MediumError('checksum', piece.key, 'reads as it was not written');
    }
    return bytes;
  }

  #cover(parts: readonly AppendPart[]): void {
    if (parts.length === 0) return;
    this.#covered.push({ keys: parts.map(({ key }) => key), dueNs: this.#inMs(coveredPartMs) });
  }

  #rest(): void {
    this.#restsUntilNs = this.#inMs(mergeRestMs);
  }

  #inMs(delayMs: number): bigint {
    return this.#connection.nowNs() + BigInt(delayMs) * 1_000_000n;
  }
}

/**
 * How many of the last parts become one: those up to a size, when there are `mergedPartsMin` of them that are more than a fraction of
 * it. So parts grow by steps, and each byte is written again twice or thrice.
 */
export function mergeable(parts: readonly Pick<AppendPart, 'from' | 'to'>[]): number {
  let least = 0;
  for (const most of smallPartBytes) {
    let [count, counted, sum] = [0, 0, 0];
    for (let i = parts.length - 1; i >= 0; i--) {
      const { from, to } = parts[i] as (typeof parts)[number];
      const size = to - from;
      if (size >= most || sum + size > mergedBytesMax || count === mergedPartsMax) break;
      sum += size;
      count += 1;
      if (size >= least) counted += 1;
    }
    if (counted >= mergedPartsMin) return count;
    least = most;
  }
  return 0;
}
