import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Niceness of threads that work for long: the threads that answer clients come first where processors are short. */
export const niceness = { copying: 5, longStatements: 10 } as const;

/** Lets the calling thread yield to others. Without effect where the system knows no priorities of threads. */
export function giveWay(nice: number): void {
  try {
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (threadId > 0) setPriority(threadId, nice);
  } catch {
    // Only Linux tells a thread's number; elsewhere all threads are equal.
  }
}
