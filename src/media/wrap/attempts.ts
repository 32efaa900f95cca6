import type { Clock } from '../../base/clock.ts';
import { retryAttemptsMax, retryFirstPauseMs, retryTotalMs, statementAttemptsMax } from '../limits.ts';
import { MediumError, type MediumErrorKind } from '../medium.ts';
import type { MediumOperation } from './each-operation.ts';

/** Who waits: a job, which has time, or somebody who typed a statement. */
export type Patience = 'job' | 'statement';

export interface AttemptOptions {
  readonly clock: Clock;
  /** From 0 to 1, for the pauses. */
  readonly random: () => number;
  /** `job` when left out. */
  readonly patience?: Patience | undefined;
  /** Called before each attempt but the first. */
  readonly onRetry?: ((ask: AttemptAsk) => void) | undefined;
}

/** What may pass by itself. An `io` fault is none: who met it decides, for it may have cost something. */
const passing: ReadonlySet<MediumErrorKind> = new Set(['throttled', 'unavailable', 'timeout', 'network']);

/**
 * Runs `work` until it succeeds, fails for good, or attempts and time are used up; then its last error stands. `again` says that
 * an earlier attempt may have been carried out without our knowing. Throws `cancelled` when the signal ends a pause.
 */
export type Attempts = <T>(ask: AttemptAsk, work: (again: boolean) => Promise<T>) => Promise<T>;

export interface AttemptAsk {
  readonly operation: MediumOperation;
  /** What errors name. */
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
  /** Operations of a pace each attempt is, 1 when left out, and bytes it moves, none when left out. */
  readonly operationCount?: number;
  readonly byteCount?: number;
  /** Bytes are sent that are still at hand: those damaged on the way (`checksum`) are sent again. */
  readonly sends?: boolean;
  /** What is missing may be in the middle of its replacement: it is looked for once more. */
  readonly mayBeReplaced?: boolean;
}

export function attemptsWith({ clock, random, patience = 'job', onRetry }: AttemptOptions): Attempts {
  return async (ask, work) => {
    const { key, signal } = ask;
    const lastNs = clock.nowNs() + BigInt(retryTotalMs) * 1_000_000n;
    for (let attempt = 1; ; attempt++) {
      if (attempt > 1) onRetry?.(ask);
      try {
        return await work(attempt > 1);
      } catch (error) {
        const pauseMs = retryFirstPauseMs * 2 ** (attempt - 1) * (1 - random() / 2);
        const tooLate = clock.nowNs() + BigInt(Math.round(pauseMs * 1e6)) > lastNs;
        const again = mayPass(error, ask) || (attempt === 1 && ask.mayBeReplaced === true && isMissing(error));
        if (!again || attempt >= attemptsMax(error, patience) || tooLate) throw error;
        await clock.sleep(pauseMs, signal).catch(() => {
          throw new MediumError('cancelled', key, 'the caller gave up', signal?.reason);
        });
      }
    }
  };
}

function attemptsMax(error: unknown, patience: Patience): number {
  if (patience === 'job' || !(error instanceof MediumError)) return retryAttemptsMax;
  if (error.kind === 'timeout') return 1;
  return error.kind === 'network' || error.kind === 'unavailable' ? statementAttemptsMax : retryAttemptsMax;
}

function isMissing(error: unknown): boolean {
  return error instanceof MediumError && error.kind === 'notFound';
}

function mayPass(error: unknown, { sends = false, signal }: AttemptAsk): boolean {
  if (!(error instanceof MediumError) || signal?.aborted) return false;
  return passing.has(error.kind) || (sends && error.kind === 'checksum');
}
