import { type AppendPart, partKey, piecesOf } from './append-parts.ts';
import { readPieces } from './appended.ts';
import type { S3Connection } from './connection.ts';
import {
  coveredPartMs,
  mergedBytesMax,
  mergedPartsMax,
  mergedPartsMin,
  mergeLimitMs,
  mergeRestMs,
  smallPartBytes,
} from './limits.ts';
import { putObject } from './objects.ts';
import { removeExactly } from './remove.ts';

/**
 * Makes one part of many small ones beside the appends, so that an object of a hundred thousand appends lies in a hundred parts. Only
 * bytes that were confirmed are merged: whatever of it arrives late, or twice, says what stands there already. The part that
 * covers the others comes first; they go `coveredPartMs` later, when nobody can be in the middle of a listing that missed
 * it. Until then, or for ever where it breaks off, they stand in its shadow (`joinParts`). After a fault it rests a while: parts are
 * read as well one by one.
 */
export class PartMerger {
  readonly #connection: S3Connection;
  readonly #key: string;
  /** What the object is made of, in order. */
  readonly #joined: AppendPart[];
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

  /** Takes note of a part that was confirmed; returns at once. */
  added(part: AppendPart): void {
    this.#joined.push(part);
    if (this.#ended.signal.aborted || this.#working || this.#connection.nowNs() < this.#restsUntilNs) return;
    const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(mergeLimitMs)]);
    this.#working = this.#work(signal)
      .catch(() => {
        this.#restsUntilNs = this.#inMs(mergeRestMs);
      })
      .finally(() => {
        this.#working = null;
      });
  }

  /** Ends what is under way, and resolves when nothing is. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#working;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const now = this.#connection.nowNs();
    const due = this.#covered.filter(({ dueNs }) => dueNs <= now);
    if (due.length > 0) {
      const keys = due.flatMap((one) => one.keys);
      await removeExactly(this.#connection, keys, signal);
      this.#covered = this.#covered.filter((one) => !due.includes(one));
    }
    const count = mergeable(this.#joined);
    if (count > 0) await this.#merge(this.#joined.length - count, count, signal);
  }

  async #merge(at: number, count: number, signal: AbortSignal): Promise<void> {
    const parts = this.#joined.slice(at, at + count);
    const [from, to] = [parts[0]?.from ?? 0, parts.at(-1)?.to ?? 0];
    const bytes = await readPieces(this.#connection, piecesOf(parts, from, to), to - from, signal);
    const merged = { key: partKey(this.#key, from, to), from, to };
    await putObject(this.#connection, merged.key, bytes, 'replace', signal);
    // Appends went on meanwhile, behind these.
    this.#joined.splice(at, count, merged);
    this.#cover(parts);
  }

  #cover(parts: readonly AppendPart[]): void {
    if (parts.length === 0) return;
    this.#covered.push({ keys: parts.map(({ key }) => key), dueNs: this.#inMs(coveredPartMs) });
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
    for (const { from, to } of parts.toReversed()) {
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
