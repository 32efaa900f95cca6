/**
 * Numbers the threads of one job share: which block comes next, where the next record goes, how far they are. One slot per
 * thread says where that thread is at work, so that a hang can be named.
 */
export class SharedCounters {
  readonly buffer: SharedArrayBuffer;
  readonly #flag: Int32Array;
  readonly #numbers: BigInt64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8 * 17)) {
    this.buffer = buffer;
    this.#flag = new Int32Array(buffer, 0, 2);
    this.#numbers = new BigInt64Array(buffer, 8);
  }

  /** Counters of a job that begins with so many threads. */
  static begin(threads: number): SharedCounters {
    const shared = new SharedCounters();
    shared.threadLimit = threads;
    return shared;
  }

  /** Tells every thread to stop at its next step. */
  stop(): void {
    Atomics.store(this.#flag, 0, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.#flag, 0) !== 0;
  }

  /** Says that a thread is alive although no block is finished: it waits for the pace of the destination. */
  beat(): void {
    Atomics.add(this.#numbers, beatsAt, 1n);
  }

  /** Grows whenever any thread got on or waits on purpose. */
  get signs(): number {
    return this.blocksDone + Number(Atomics.load(this.#numbers, beatsAt));
  }

  /** Threads of this slot and above stop at their next block. */
  get threadLimit(): number {
    return Number(Atomics.load(this.#numbers, threadLimitAt));
  }

  set threadLimit(count: number) {
    Atomics.store(this.#numbers, threadLimitAt, BigInt(count));
  }

  /** Length a data file may have before its index. */
  get maxFileBytes(): number {
    return Number(Atomics.load(this.#numbers, maxFileBytesAt));
  }

  set maxFileBytes(sizeBytes: number) {
    Atomics.store(this.#numbers, maxFileBytesAt, BigInt(sizeBytes));
  }

  /** The number of the next item nobody has taken. */
  takeNext(): number {
    return Number(Atomics.add(this.#numbers, 0, 1n));
  }

  /** Items taken so far; more than there are once every thread has found none left. */
  get taken(): number {
    return Number(Atomics.load(this.#numbers, 0));
  }

  /** Sets where the first record goes. */
  startPlace(fileNo: number, offset: number): void {
    Atomics.store(this.#numbers, 1, placeOf(fileNo, offset));
  }

  /**
   * Reserves `length` bytes: behind the last record, or at `firstOffset` of the next file when they would pass `maxFileBytes`.
   * A record alone in its file may be longer.
   */
  reserve(length: number, firstOffset: number, maxFileBytes: number): { fileNo: number; offset: number } {
    for (;;) {
      const now = Atomics.load(this.#numbers, 1);
      let fileNo = Number(now >> offsetBits);
      let offset = Number(now & offsetMask);
      if (offset + length > maxFileBytes && offset > firstOffset) {
        fileNo += 1;
        offset = firstOffset;
      }
      const next = placeOf(fileNo, offset + length);
      if (Atomics.compareExchange(this.#numbers, 1, now, next) === now) return { fileNo, offset };
    }
  }

  /** Counts a finished block; `inputBytes` and `outputBytes` add up. */
  finished(inputBytes: number, outputBytes: number): void {
    Atomics.add(this.#numbers, 2, BigInt(inputBytes));
    Atomics.add(this.#numbers, 3, BigInt(outputBytes));
    Atomics.add(this.#numbers, 4, 1n);
  }

  get inputBytes(): number {
    return Number(Atomics.load(this.#numbers, 2));
  }

  get outputBytes(): number {
    return Number(Atomics.load(this.#numbers, 3));
  }

  get blocksDone(): number {
    return Number(Atomics.load(this.#numbers, 4));
  }

  /** Says that thread `slot` is at work on a place; -1 for nowhere. */
  workingAt(slot: number, fileNo: number, offset: number): void {
    if (slot < slots) Atomics.store(this.#numbers, firstSlot + slot, placeOf(fileNo, offset) + 1n);
  }

  idle(slot: number): void {
    if (slot < slots) Atomics.store(this.#numbers, firstSlot + slot, 0n);
  }

  /** The place a thread is at work on, of any. */
  anyPlace(): { fileNo: number; offset: number } | null {
    for (let slot = 0; slot < slots; slot++) {
      const value = Atomics.load(this.#numbers, firstSlot + slot);
      if (value > 0n) return { fileNo: Number((value - 1n) >> offsetBits), offset: Number((value - 1n) & offsetMask) };
    }
    return null;
  }
}

const offsetBits = 40n;
const offsetMask = (1n << offsetBits) - 1n;
const firstSlot = 5;
const slots = 8;
const beatsAt = firstSlot + slots;
const threadLimitAt = beatsAt + 1;
const maxFileBytesAt = beatsAt + 2;

function placeOf(fileNo: number, offset: number): bigint {
  return (BigInt(fileNo) << offsetBits) | BigInt(offset);
}
