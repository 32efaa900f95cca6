import { type Medium, MediumError } from '../../src/media/medium.ts';
import { type DeadlineOptions, withDeadlines } from '../../src/media/wrap/deadline.ts';

/** What brings a call that hangs back. The system holds such calls as well: with them goes who waits to close what is open. */
const hung = new Set<() => void>();

/**
 * A medium no call of which comes back while `hangs` says so, nor later until `hungCallsComeBack`; the calls of its open objects
 * included. Deadlines as in service.
 */
export function hangMedium(medium: Medium, hangs: () => boolean, options: DeadlineOptions = {}): Medium {
  return withDeadlines(hanging(medium, hangs), options);
}

/** Every call that hangs fails now, as when a dead mount is taken away: whatever waited for it is ended and closed. */
export function hungCallsComeBack(): void {
  for (const comesBack of hung) comesBack();
  hung.clear();
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
        if (hangs() && !ends.has(name)) return name === 'listPages' ? hungPages() : hang();
        const result: unknown = Reflect.apply(member, target, args);
        return result instanceof Promise ? result.then((value) => opened(value, hangs)) : result;
      };
    },
  });
}

function hang(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  hung.add(() => reject(new MediumError('io', '', 'the call hung')));
  return promise;
}

async function* hungPages(): AsyncGenerator<never> {
  yield await hang();
}

function opened(value: unknown, hangs: () => boolean): unknown {
  const isObject = typeof value === 'object' && value !== null && ('close' in value || 'abort' in value);
  return isObject ? hanging(value, hangs) : value;
}
