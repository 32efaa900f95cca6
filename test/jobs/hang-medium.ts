import type { Medium } from '../../src/media/medium.ts';
import { type DeadlineOptions, withDeadlines } from '../../src/media/wrap/deadline.ts';

/** A medium no call of which comes back while `hangs` says so, the calls of its open objects included; deadlines as in service. */
export function hangMedium(medium: Medium, hangs: () => boolean, options: DeadlineOptions = {}): Medium {
  return withDeadlines(hanging(medium, hangs), options);
}

const ends: ReadonlySet<string | symbol> = new Set(['close', 'abort']);

function hanging<T extends object>(target: T, hangs: () => boolean): T {
  return new Proxy(target, {
    get(_, name) {
      // Without its descriptor an object is reached through its calls alone.
      if (name === 'fd') return undefined;
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (hangs() && !ends.has(name)) return new Promise(() => undefined);
        const result: unknown = Reflect.apply(member, target, args);
        return result instanceof Promise ? result.then((value) => opened(value, hangs)) : result;
      };
    },
  });
}

function opened(value: unknown, hangs: () => boolean): unknown {
  const isObject = typeof value === 'object' && value !== null && ('close' in value || 'abort' in value);
  return isObject ? hanging(value, hangs) : value;
}
