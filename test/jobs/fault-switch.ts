import type { Medium, MediumErrorKind } from '../../src/media/medium.ts';
import type { MediumOperation } from '../../src/media/wrap/each-operation.ts';
import { withFault } from '../../src/media/wrap/fault.ts';

export interface PlannedFault {
  readonly kind: MediumErrorKind;
  readonly moment?: 'before' | 'after';
  /** From the n-th operation on every operation fails, until `clear`. */
  readonly lasting?: boolean;
}

const allButClose: readonly MediumOperation[] = [
  ...([
    'putSmall',
    'createObject',
    'openAppend',
    'read',
    'openObject',
    'head',
    'list',
    'listPages',
    'tag',
    'tagsOf',
  ] as const),
  ...(['remove', 'removeDirectory', 'writeAt', 'publish', 'abort', 'append', 'readAt'] as const),
];

/**
 * One fault over all media a server opens: the n-th operation from `arm` on fails, whichever medium it is on. `withFault` counts
 * per medium, and jobs open a new one for each attempt.
 */
export class FaultSwitch {
  #at = 0;
  #count = 0;
  #plan: PlannedFault = { kind: 'io' };
  #places: (path: string) => boolean = () => true;
  #keys: (key: string) => boolean = () => true;
  readonly #hits: string[] = [];

  /** The n-th operation (from 1) on media whose path and key pass fails from now on. */
  arm(
    at: number,
    plan: PlannedFault,
    places: (path: string) => boolean = () => true,
    keys: (key: string) => boolean = () => true,
  ): void {
    this.#at = at;
    this.#count = 0;
    this.#plan = plan;
    this.#places = places;
    this.#keys = keys;
    this.#hits.length = 0;
  }

  clear(): void {
    this.#at = 0;
  }

  /** Operations that failed since `arm`, `name key`. */
  get hits(): readonly string[] {
    return this.#hits;
  }

  wrap(medium: Medium, path: string): Medium {
    const before = withFault(medium, this.#trap(path, 'before'));
    return withFault(before, this.#trap(path, 'after'));
  }

  #trap(path: string, moment: 'before' | 'after') {
    const next = (key: string) => {
      if ((this.#plan.moment ?? 'before') !== moment || this.#at === 0 || !this.#places(path) || !this.#keys(key))
        return false;
      this.#count++;
      const hit = this.#plan.lasting === true ? this.#count >= this.#at : this.#count === this.#at;
      if (hit) this.#hits.push(key);
      return hit;
    };
    const kindNow = () => this.#plan.kind;
    return {
      at: 1,
      moment,
      // A close that fails is carried out either way: it is met once, after it was done.
      ...(moment === 'before' ? { only: allButClose } : {}),
      lasting: true,
      keys: next,
      get kind() {
        return kindNow();
      },
    };
  }
}
