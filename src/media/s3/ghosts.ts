import { ghostMs, ghostsMax } from './limits.ts';

/** A part of an object that grows whose writing failed: a slow store may still carry it out. */
export interface Ghost {
  /** Key of the object. */
  readonly object: string;
  /** Key of the part. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Of every attempt at it. */
  readonly writeIds: readonly string[];
}

/**
 * Appends that failed, for a while, whichever sink made them: one that comes true when others have gone on from the same byte under
 * another name would pass for what they wrote.
 */
export class Ghosts {
  readonly #nowNs: () => bigint;
  #known: readonly { readonly ghost: Ghost; readonly untilNs: bigint }[] = [];

  constructor(nowNs: () => bigint) {
    this.#nowNs = nowNs;
  }

  add(ghost: Ghost): void {
    const untilNs = this.#nowNs() + BigInt(ghostMs) * 1_000_000n;
    const same = this.#known.find((one) => one.ghost.key === ghost.key);
    const writeIds = [...(same?.ghost.writeIds ?? []), ...ghost.writeIds];
    const others = this.#known.filter((one) => one !== same);
    this.#known = [...others, { ghost: { ...ghost, writeIds }, untilNs }].slice(-ghostsMax);
  }

  of(object: string): readonly Ghost[] {
    const nowNs = this.#nowNs();
    this.#known = this.#known.filter(({ untilNs }) => untilNs > nowNs);
    return this.#known.filter(({ ghost }) => ghost.object === object).map(({ ghost }) => ghost);
  }

  /** The part is one of the object's from now on. */
  adopt(key: string): void {
    this.#known = this.#known.filter(({ ghost }) => ghost.key !== key);
  }
}
