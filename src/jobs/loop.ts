import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/**
 * A pass that runs again and again: at once when woken, otherwise `intervalMs` after the last one ended. A pass that
 * throws is logged and repeated at the next turn; passes never overlap.
 */
export interface Loop {
  /** Runs a pass as soon as the present one has ended. */
  wake(): void;
  /** Aborts the signal of the present pass and resolves when it has ended. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  pass(signal: AbortSignal): Promise<void>;
}

export function startLoop({ name, clock, log, intervalMs, pass }: LoopOptions): Loop {
  const stopping = new AbortController();
  let pause = new AbortController();
  let woken = false;
  const run = async () => {
    while (!stopping.signal.aborted) {
      woken = false;
      try {
        await pass(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted) log.error('pass failed', { loop: name, error });
      }
      if (woken || stopping.signal.aborted) continue;
      pause = new AbortController();
      await clock.sleep(intervalMs, AbortSignal.any([pause.signal, stopping.signal])).catch(() => undefined);
    }
  };
  const ended = run();
  return {
    wake() {
      woken = true;
      pause.abort();
    },
    stop() {
      stopping.abort(new Error('server is stopping'));
      return ended;
    },
  };
}
