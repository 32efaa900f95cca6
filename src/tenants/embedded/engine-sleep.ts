import { faultText } from '../../base/errors.ts';
import type { Slumber } from '../../sql/functions/slumber.ts';
import { statementFlag } from './statement-flag.ts';

/** Sleeps after which a statement goes on in a thread of its own: each of them makes it run again from its start. */
const mostReplays = 100;
/** What a statement that can neither move nor run again may sleep at once: it holds up everybody on its engine thread. */
const longestHoldSeconds = 1;

interface Sleeper {
  readonly slumber: Slumber;
  readonly flag: Int32Array;
  /** The thread is the statement's own. */
  readonly ownThread: boolean;
  /** Rows were handed out: the statement cannot run again. */
  readonly handedOut: () => boolean;
  /** Throws where the statement can move. */
  readonly leave: () => void;
  /** Throws when the statement was ended or is late. */
  readonly refuse: () => void;
  /** Milliseconds until the deadline. */
  readonly leftMs: () => number;
}

/** SLEEP of a tenant's statement, as SQLite calls it. */
export function engineSleep(sleeper: Sleeper): (seconds: number) => 0 | 1 {
  const { slumber, flag, ownThread } = sleeper;
  const hold = (seconds: number): 0 => {
    Atomics.wait(
      flag as Int32Array<SharedArrayBuffer>,
      0,
      statementFlag.running,
      Math.min(seconds * 1000, sleeper.leftMs()),
    );
    sleeper.refuse();
    return 0;
  };
  return (seconds) => {
    if (ownThread) return slumber.answer() ?? hold(seconds);
    if (sleeper.handedOut()) {
      sleeper.leave();
      if (seconds > longestHoldSeconds)
        throw faultText(
          'OB_NOT_SUPPORTED',
          `sleep of more than ${longestHoldSeconds} second in a long answer of a transaction not supported`,
        );
      return hold(seconds);
    }
    if (slumber.over.length >= mostReplays) sleeper.leave();
    return slumber.sleep(seconds);
  };
}
