import { MediumError } from './medium.ts';
import { sparePart, takePart } from './spare-parts.ts';

export interface PartBufferOptions<T> {
  /** The object's key, for errors. */
  readonly key: string;
  /** Size of every part but the last. */
  readonly partBytes: number;
  /** Most parts of one object the medium takes. */
  readonly partsMax: number;
  /** Uploads that run at once. */
  readonly partsInFlight: number;
  /** Part buffers in memory, those being uploaded counted; more than `partsInFlight`. */
  readonly partsHeld: number;
  /** Uploads part `partNo` (from 1) and obeys the signal; `bytes` stay as they are until it settles. May come again for a part that failed. */
  readonly upload: (partNo: number, bytes: Uint8Array, signal: AbortSignal) => Promise<T>;
  /** Ends uploads as `abort` does. */
  readonly signal?: AbortSignal | undefined;
}

/** What `finish` hands back: the results of all parts in order, or the bytes of an object that never filled one. */
export type FinishedParts<T> =
  | { readonly whole: null; readonly parts: readonly T[] }
  | { readonly whole: Uint8Array; readonly parts: readonly [] };

interface Part<T> {
  readonly no: number;
  bytes: Buffer | null;
  /** Disjoint written ranges by start, neighbours joined; offsets within the part. */
  filled: readonly (readonly [start: number, end: number])[];
  state: 'filling' | 'full' | 'uploading' | 'failed' | 'done';
  result: T | undefined;
}

/**
 * Collects writes that come in any order, disjoint and finally without gaps, into numbered parts of one size and uploads
 * each part as soon as it is full. `writeAt` returns when its bytes are taken; it waits while the memory is used up, but never
 * for itself: the lowest part that is not full always gets room.
 *
 * A failed upload rejects every call that waits, else the next one. Whoever repeats such a call has the failed parts
 * uploaded again first, and waits for them; so a retry wrapper counts what really was tried.
 */
export class PartBuffer<T> {
  readonly #options: PartBufferOptions<T>;
  readonly #parts = new Map<number, Part<T>>();
  readonly #queue: Part<T>[] = [];
  /** Parts whose upload failed, and why. */
  readonly #failed = new Map<Part<T>, unknown>();
  readonly #waiters = new Set<{ readonly resolve: () => void; readonly reject: (error: unknown) => void }>();
  readonly #running = new Set<Promise<void>>();
  readonly #giveUp = new AbortController();
  readonly #signal: AbortSignal;
  /** A call was rejected since the last one began: whatever else fails at the same time is no news. */
  #told = false;
  #unreported: { readonly error: unknown } | null = null;
  #held = 0;
  #started = false;
  #done = 0;
  /** All parts below are full. */
  #lowestNo = 1;
  #endBytes = 0;

  constructor(options: PartBufferOptions<T>) {
    if (options.partsHeld <= options.partsInFlight) throw new Error('a part must have room while others are uploaded');
    this.#options = options;
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#giveUp.signal]) : this.#giveUp.signal;
    this.#signal.addEventListener('abort', () => this.#failWaiters(this.#cancelled()), { once: true });
  }

  /** True as soon as a part was handed to `upload`. */
  get started(): boolean {
    return this.#started;
  }

  /** Takes the bytes; the caller's buffer is free again when it resolves. The same call may be repeated after an error. */
  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    const { partBytes, partsMax, key } = this.#options;
    if (offset + bytes.length > partBytes * partsMax)
      throw new MediumError('unsupported', key, `larger than ${partsMax} parts of ${partBytes} bytes`);
    await this.#repeatFailed();
    for (let done = 0; done < bytes.length; ) {
      const start = (offset + done) % partBytes;
      const piece = bytes.subarray(done, done + partBytes - start);
      const part = await this.#roomFor(Math.floor((offset + done) / partBytes) + 1);
      // What is on its way, or there, holds these bytes from the call that is repeated.
      if (part.state === 'filling' && part.bytes) this.#fill(part, part.bytes, start, piece);
      done += piece.length;
    }
    this.#endBytes = Math.max(this.#endBytes, offset + bytes.length);
  }

  /** Uploads what is left and resolves when every part is there; `checksum` unless exactly `sizeBytes` were written. */
  async finish(sizeBytes: number): Promise<FinishedParts<T>> {
    const { partBytes, key } = this.#options;
    const count = Math.ceil(sizeBytes / partBytes);
    await this.#repeatFailed();
    const written = this.#writtenBytes();
    if (written !== sizeBytes || this.#endBytes !== sizeBytes)
      throw new MediumError('checksum', key, `${written} bytes were written, ${sizeBytes} were announced`);
    const last = this.#parts.get(count);
    if (count <= 1 && !this.#started)
      return { whole: last?.bytes?.subarray(0, sizeBytes) ?? new Uint8Array(0), parts: [] };
    if (last?.state === 'filling') this.#handOver(last);
    await this.#until(() => this.#done === count);
    const results = Array.from({ length: count }, (_, i) => this.#parts.get(i + 1)?.result as T);
    return { whole: null, parts: results };
  }

  /** Ends all uploads and gives the memory back; resolves when none runs any more. Calls that wait are `cancelled`. */
  async abort(): Promise<void> {
    this.#giveUp.abort(this.#cancelled());
    await Promise.all(this.#running);
    for (const part of this.#parts.values()) part.bytes = null;
  }

  #fill(part: Part<T>, into: Buffer, start: number, piece: Uint8Array): void {
    into.set(piece, start);
    part.filled = joined(part.filled, start, start + piece.length);
    const [first] = part.filled;
    if (first?.[0] === 0 && first[1] === this.#options.partBytes) this.#handOver(part);
  }

  async #roomFor(no: number): Promise<Part<T>> {
    for (;;) {
      const known = this.#parts.get(no);
      if (known) return known;
      const { partsHeld, partBytes } = this.#options;
      if (this.#held < (no === this.#lowestNo ? partsHeld : partsHeld - 1)) {
        const bytes = takePart(partBytes);
        const part: Part<T> = { no, bytes, filled: [], state: 'filling', result: undefined };
        this.#held += 1;
        this.#parts.set(no, part);
        return part;
      }
      await this.#change();
    }
  }

  #handOver(part: Part<T>): void {
    part.state = 'full';
    this.#failed.delete(part);
    this.#queue.push(part);
    while (this.#isFull(this.#lowestNo)) this.#lowestNo += 1;
    this.#pump();
    // The lowest part may be another one now, which has room.
    this.#wake();
  }

  #isFull(no: number): boolean {
    const part = this.#parts.get(no);
    return part !== undefined && part.state !== 'filling';
  }

  #pump(): void {
    while (this.#running.size < this.#options.partsInFlight) {
      const part = this.#queue.shift();
      if (!part?.bytes) return;
      part.state = 'uploading';
      this.#started = true;
      const running: Promise<void> = this.#upload(part, part.bytes).finally(() => {
        this.#running.delete(running);
        if (!this.#signal.aborted) this.#pump();
      });
      this.#running.add(running);
    }
  }

  async #upload(part: Part<T>, buffer: Buffer): Promise<void> {
    const [, end] = part.filled[0] ?? [0, 0];
    try {
      part.result = await this.#options.upload(part.no, buffer.subarray(0, end), this.#signal);
      part.state = 'done';
      part.bytes = null;
      this.#held -= 1;
      this.#done += 1;
      if (!this.#signal.aborted) sparePart(buffer);
      this.#wake();
    } catch (error) {
      part.state = 'failed';
      this.#failed.set(part, error);
      if (this.#waiters.size === 0 && !this.#told) this.#unreported ??= { error };
      this.#failWaiters(error);
    }
  }

  async #repeatFailed(): Promise<void> {
    if (this.#signal.aborted) throw this.#cancelled();
    this.#told = false;
    const unreported = this.#unreported;
    this.#unreported = null;
    if (unreported) throw unreported.error;
    const failed = [...this.#failed.keys()];
    for (const part of failed) this.#handOver(part);
    await this.#until(() => failed.every(({ state }) => state === 'done'));
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      for (const error of this.#failed.values()) throw error;
      await this.#change();
    }
  }

  /** The next upload that ends or part that becomes full; rejects with the error of one that fails. */
  #change(): Promise<void> {
    if (this.#signal.aborted) return Promise.reject(this.#cancelled());
    return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject }));
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { resolve } of waiters) resolve();
  }

  #failWaiters(error: unknown): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    if (waiters.length > 0) this.#told = true;
    for (const { reject } of waiters) reject(error);
  }

  #writtenBytes(): number {
    let sum = 0;
    for (const { filled } of this.#parts.values()) for (const [start, end] of filled) sum += end - start;
    return sum;
  }

  #cancelled(): MediumError {
    return new MediumError('cancelled', this.#options.key, 'the object was given up', this.#options.signal?.reason);
  }
}

/** Ranges with another one put in; those that touch become one. */
function joined(
  ranges: readonly (readonly [number, number])[],
  start: number,
  end: number,
): readonly (readonly [number, number])[] {
  const apart = ranges.filter(([from, to]) => to < start || from > end);
  const touching = ranges.filter(([from, to]) => to >= start && from <= end);
  const from = Math.min(start, ...touching.map(([a]) => a));
  const to = Math.max(end, ...touching.map(([, b]) => b));
  return [...apart, [from, to] as const].sort(([a], [b]) => a - b);
}
