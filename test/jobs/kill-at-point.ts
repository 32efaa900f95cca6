import { kill, pid } from 'node:process';
import type { Medium } from '../../src/media/medium.ts';
import { withFault } from '../../src/media/wrap/fault.ts';

/** Counts points while it is armed, and kills this process with SIGKILL at one of them. */
export class KillAtPoint {
  readonly #wanted: number;
  armed = false;
  points = 0;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  readonly point = (): void => {
    if (!this.armed) return;
    this.points++;
    if (this.points === this.#wanted) kill(pid, 'SIGKILL');
  };

  /** Counts a point before and after every operation of a medium. */
  readonly counted = (medium: Medium): Medium => {
    const { point } = this;
    const count = () => {
      point();
      return false;
    };
    const after = new Proxy(medium, {
      get(target, name) {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const result: unknown = await Reflect.apply(method, target, args);
          point();
          return result;
        };
      },
    });
    return withFault(after, { at: 1, kind: 'io', keys: count });
  };
}
