import { MediumError } from './medium.ts';

/** Waits for work that others wait for too, or that must not be broken off: the signal ends the wait only, with `cancelled`. */
export async function orCancelled<T>(work: Promise<T>, key: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise: gone, reject } = Promise.withResolvers<never>();
  const leave = () => reject(new MediumError('cancelled', key, 'the caller gave up', signal.reason));
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, gone]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
