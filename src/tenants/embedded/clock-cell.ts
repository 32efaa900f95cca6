import type { Clock } from '../../base/clock.ts';
import { faultText } from '../../base/errors.ts';
import { nextScn, type Scn } from '../../base/scn.ts';
import type { Position } from './log-position.ts';
import { frameBytes } from './wal-format.ts';

/**
 * The shared memory in which a tenant's engine thread says where its log stands, so that others learn it while the
 * thread is busy with a long statement.
 *
 * Writer (engine thread): `startCommit` marks a commit in flight, takes an SCN above the floor and announces it;
 * `endCommit` publishes the new position and clears the mark. Barrier (any thread): raises the floor to `c`, then looks
 * at the mark. No mark: whatever comes later reads the floor and gets more than `c`. A mark `s` ≤ `c`: that commit may
 * have read the old floor, so the barrier is `s - 1`.
 */
export class ClockCell {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(cellCount * 8)) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
  }

  /** Takes the SCN of a commit about to be written; `last` is the newest one in the database. */
  startCommit(clock: Clock, last: Scn): Scn {
    Atomics.store(this.#cells, slot.inFlight, pending);
    const floor = Atomics.load(this.#cells, slot.floor);
    const scn = nextScn(clock, floor > last ? floor : last);
    Atomics.store(this.#cells, slot.inFlight, scn);
    return scn;
  }

  /** Publishes what the log looks like after a commit, or unchanged (null) after a failed one. */
  endCommit(position: Position | null): void {
    if (position) this.publish(position);
    Atomics.store(this.#cells, slot.inFlight, none);
  }

  publish(position: Position): void {
    const cells = this.#cells;
    Atomics.add(cells, slot.sequence, 1n);
    Atomics.store(cells, slot.scn, position.scn ?? 0n);
    Atomics.store(cells, slot.salt1, BigInt(position.salt1));
    Atomics.store(cells, slot.salt2, BigInt(position.salt2));
    Atomics.store(cells, slot.frame, BigInt(position.frame));
    Atomics.store(cells, slot.checksum1, BigInt(position.checksum1));
    Atomics.store(cells, slot.checksum2, BigInt(position.checksum2));
    Atomics.add(cells, slot.sequence, 1n);
  }

  /** The published end of the log. */
  read(): Position & { readonly scn: bigint } {
    const cells = this.#cells;
    const number = (index: number) => Number(Atomics.load(cells, index));
    for (;;) {
      const before = Atomics.load(cells, slot.sequence);
      const position = {
        scn: Atomics.load(cells, slot.scn),
        salt1: number(slot.salt1),
        salt2: number(slot.salt2),
        frame: number(slot.frame),
        checksum1: number(slot.checksum1),
        checksum2: number(slot.checksum2),
        part: null,
        sealed: false,
      };
      if ((before & 1n) === 0n && before === Atomics.load(cells, slot.sequence)) return position;
    }
  }

  /**
   * An SCN no later commit will be at or below, while every commit at or below it is in the published log. OB_EAGAIN when a commit
   * does not come so far as to say its own.
   */
  barrier(clock: Clock): { readonly scn: Scn; readonly position: Position & { readonly scn: bigint } } {
    const now = clock.nowNs();
    const last = Atomics.load(this.#cells, slot.scn);
    const wanted = this.raiseFloor(now > last ? now : last);
    let mark = Atomics.load(this.#cells, slot.inFlight);
    // The mark is `pending` only between two loads of the engine thread, nanoseconds, or for ever when it was lost there.
    for (const endMs = performance.now() + pendingMs; mark === pending; ) {
      if (performance.now() > endMs) throw faultText('OB_EAGAIN', 'a commit does not say its SCN');
      mark = Atomics.load(this.#cells, slot.inFlight);
    }
    const scn = mark === none || mark > wanted ? wanted : mark - 1n;
    const position = this.read();
    // Who begins to read here may find the next generation only later, after a restart even.
    return { scn, position: { ...position, sealed: this.isSealed(position) } };
  }

  /** Raises the floor to `scn` at least and returns what it now is. */
  raiseFloor(scn: Scn): Scn {
    let floor = Atomics.load(this.#cells, slot.floor);
    while (floor < scn) {
      const seen = Atomics.compareExchange(this.#cells, slot.floor, floor, scn);
      if (seen === floor) return scn;
      floor = seen;
    }
    return floor;
  }

  /** Marks the sealed end of a generation, or takes the mark back. */
  seal(position: Position | null): void {
    Atomics.store(this.#cells, slot.sealedFrame, 0n);
    if (!position) return;
    Atomics.store(this.#cells, slot.sealedSalt1, BigInt(position.salt1));
    Atomics.store(this.#cells, slot.sealedSalt2, BigInt(position.salt2));
    Atomics.store(this.#cells, slot.sealedFrame, BigInt(position.frame));
  }

  /** Notes up to where the log is archived; `backlogBytes` counts what lies behind. */
  archived(position: Position): void {
    Atomics.store(this.#cells, slot.archivedFrame, 0n);
    Atomics.store(this.#cells, slot.archivedSalt1, BigInt(position.salt1));
    Atomics.store(this.#cells, slot.archivedSalt2, BigInt(position.salt2));
    Atomics.store(this.#cells, slot.archivedFrame, BigInt(position.frame));
  }

  /** Bytes of the log that nobody has archived. */
  backlogBytes(): number {
    const end = this.read();
    const same =
      Atomics.load(this.#cells, slot.archivedSalt1) === BigInt(end.salt1) &&
      Atomics.load(this.#cells, slot.archivedSalt2) === BigInt(end.salt2);
    const archived = same ? Number(Atomics.load(this.#cells, slot.archivedFrame)) : 0;
    return Math.max(0, end.frame - archived) * frameBytes;
  }

  /** Holds writers back while the backlog is larger than this; null holds nobody back. */
  limitBacklog(limitBytes: number | null): void {
    Atomics.store(this.#cells, slot.backlogLimit, limitBytes === null ? 0n : BigInt(Math.max(1, limitBytes)));
  }

  /** True while writers are held back. */
  get full(): boolean {
    const limit = Atomics.load(this.#cells, slot.backlogLimit);
    return limit !== 0n && BigInt(this.backlogBytes()) > limit;
  }

  isSealed(position: Position): boolean {
    return (
      position.frame > 0 &&
      Atomics.load(this.#cells, slot.sealedFrame) === BigInt(position.frame) &&
      Atomics.load(this.#cells, slot.sealedSalt1) === BigInt(position.salt1) &&
      Atomics.load(this.#cells, slot.sealedSalt2) === BigInt(position.salt2)
    );
  }
}

const none = 0n;
const pending = 1n;
/** However long a thread is kept from its processor. */
const pendingMs = 1_000;

const slot = {
  sequence: 0,
  inFlight: 1,
  floor: 2,
  scn: 3,
  salt1: 4,
  salt2: 5,
  frame: 6,
  checksum1: 7,
  checksum2: 8,
  sealedSalt1: 9,
  sealedSalt2: 10,
  sealedFrame: 11,
  archivedSalt1: 12,
  archivedSalt2: 13,
  archivedFrame: 14,
  backlogLimit: 15,
} as const;

const cellCount = 16;
