import type { ThreadIo } from '../../src/copy/thread-io.ts';

export interface FaultPlan {
  /** Counts calls over all threads. */
  readonly counter: SharedArrayBuffer;
  readonly on: 'write' | 'read' | 'sync';
  /** The call that fails, from 1. */
  readonly nth: number;
  /** An errno name, `short` for single bytes ever after, `die` for the end of the thread, `hang`. */
  readonly how: string;
}

/** Makes the n-th call fail as planned. */
export function wrapThreadIo(io: ThreadIo, plan: FaultPlan): ThreadIo {
  const count = new Int32Array(plan.counter);
  const strike = (on: FaultPlan['on']): boolean => {
    if (on !== plan.on) return false;
    const call = Atomics.add(count, 0, 1) + 1;
    if (plan.how === 'short') return call >= plan.nth;
    if (call !== plan.nth) return false;
    if (plan.how === 'die') process.exit(9);
    if (plan.how === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    throw Object.assign(new Error(`${plan.how}: planned`), { code: plan.how });
  };
  return {
    writev(fd, parts, offset) {
      if (!strike('write')) return io.writev(fd, parts, offset);
      return io.writev(fd, [firstBytes(parts)], offset);
    },
    read(fd, into, offset) {
      return strike('read') ? io.read(fd, into.subarray(0, 1000), offset) : io.read(fd, into, offset);
    },
    async sync(fd) {
      if (plan.how !== 'hang') strike('sync');
      else if (plan.on === 'sync' && Atomics.add(count, 0, 1) + 1 === plan.nth) await new Promise(() => undefined);
      return io.sync(fd);
    },
  };
}

/** A thousand bytes that may lie over several parts. */
function firstBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts.map((part) => part.subarray(0, 1000))).subarray(0, 1000);
}
