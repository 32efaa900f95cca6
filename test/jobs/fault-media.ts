import { existsSync, renameSync } from 'node:fs';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type ListEntry, type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';
import { AbandonedCalls } from '../../src/media/wrap/abandoned-calls.ts';
import { withDeadlines } from '../../src/media/wrap/deadline.ts';

/** What may become of an operation of a medium. */
export const faultEffects = ['ENOSPC', 'EIO', 'EACCES', 'hang', 'short write', 'mount gone'] as const;
export type FaultEffect = (typeof faultEffects)[number];

const errorKinds: Readonly<Partial<Record<FaultEffect, MediumErrorKind>>> = {
  ENOSPC: 'outOfSpace',
  EIO: 'io',
  EACCES: 'denied',
  'short write': 'io',
};

/** When a call that hangs is given up, and when it is carried out, long after anybody waits for it. */
const [givenUpMs, hangMs] = [50, 200];
/** Deadline of any other call, on a machine that has much else to do. */
const callMs = 20_000;
/** How long a mount is away. */
const goneMs = 150;

const ends: ReadonlySet<string> = new Set(['close', 'abort']);
const writes: ReadonlySet<string> = new Set(['writeAt', 'append']);

/** One fault over all media a server opens: the n-th operation since `arm` on places that are meant meets it. */
export class FaultMedia {
  #at = 0;
  #count = 0;
  #effect: FaultEffect = 'EIO';
  #places: (path: string) => boolean = () => true;
  #hit: string | null = null;
  /** Set while a call that is to hang begins: its deadline, which is set next, comes soon. */
  #hangs = false;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #abandoned = new Map<string, AbandonedCalls>();

  /** 0 counts only. */
  arm(at: number, effect: FaultEffect, places: (path: string) => boolean): void {
    this.#at = at;
    this.#count = 0;
    this.#effect = effect;
    this.#places = places;
    this.#hit = null;
  }

  /** Resolves when the mount is back and what hung has been carried out. */
  async clear(): Promise<void> {
    this.#places = () => false;
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending]);
  }

  /** Operations since `arm`. */
  get count(): number {
    return this.#count;
  }

  /** The operation that met the fault, null while none has. */
  get hit(): string | null {
    return this.#hit;
  }

  wrap(medium: Medium, path: string): Medium {
    const abandoned = this.#abandoned.get(path) ?? new AbandonedCalls();
    this.#abandoned.set(path, abandoned);
    const clock: Clock = {
      ...systemClock,
      sleep: (delayMs, signal) => {
        const hangs = this.#hangs && delayMs === callMs;
        if (hangs) this.#hangs = false;
        return systemClock.sleep(hangs ? givenUpMs : delayMs, signal);
      },
    };
    return withDeadlines(this.#around(medium, path, ''), { clock, callMs, publishMs: callMs, abandoned });
  }

  #around<T extends object>(target: T, path: string, opened: string): T {
    return new Proxy(target, {
      get: (_, name) => {
        // Without its descriptor an object is reached through its calls alone.
        if (name === 'fd') return undefined;
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function' || typeof name !== 'string') return member;
        if (name === 'listPages')
          return (...args: unknown[]) =>
            this.#pages(args, path, (given) => Reflect.apply(member, target, given) as Pages);
        return async (...args: unknown[]) => {
          const key = opened || String(args[0] ?? '');
          const work = (given: unknown[]) => Promise.resolve<unknown>(Reflect.apply(member, target, given));
          const isHit = !ends.has(name) && this.#places(path) && ++this.#count === this.#at;
          if (isHit) this.#hit = `${name} ${key}`;
          const result = await (isHit ? this.#meet(name, args, key, path, work) : work(args));
          return isObject(result) ? this.#around(result, path, key) : result;
        };
      },
    });
  }

  /** Each page is an operation, and so is learning that there is no more. */
  async *#pages(args: unknown[], path: string, list: (given: unknown[]) => Pages): Pages {
    const key = String(args[0] ?? '');
    const pages = list(args);
    for (;;) {
      const isHit = this.#places(path) && ++this.#count === this.#at;
      if (isHit) this.#hit = `listPages ${key}`;
      const work = () => pages.next();
      const { done, value } = await (isHit ? this.#meet('listPages', args, key, path, work) : work());
      if (done === true) return;
      yield value;
    }
  }

  async #meet<T>(
    name: string,
    args: unknown[],
    key: string,
    path: string,
    work: (given: unknown[]) => Promise<T>,
  ): Promise<T> {
    const effect = this.#effect;
    if (effect === 'hang') {
      this.#hangs = true;
      return this.#keep(later(hangMs).then(() => work(args)));
    }
    if (effect === 'mount gone') {
      this.#takeAway(path.slice('file://'.length));
      return work(args);
    }
    if (effect === 'short write' && writes.has(name)) {
      const half = args.map((arg) => (arg instanceof Uint8Array ? arg.subarray(0, arg.length >> 1) : arg));
      await work(half);
    }
    throw new MediumError(errorKinds[effect] ?? 'io', key, `planned ${effect}`);
  }

  #takeAway(root: string): void {
    if (!existsSync(root)) return;
    renameSync(root, `${root}.away`);
    void this.#keep(later(goneMs).then(() => renameSync(`${root}.away`, root)));
  }

  #keep<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const done = () => this.#pending.delete(work);
    work.then(done, done);
    return work;
  }
}

type Pages = AsyncGenerator<readonly ListEntry[]>;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && ('close' in value || 'abort' in value);
}

function later(delayMs: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, delayMs));
}
