/** Named limits of every medium. */

/** The largest object `putSmall` publishes and `read` returns in one piece. */
export const smallObjectBytes = 8 * 1024 * 1024;

/** How long one call may take before `media/wrap/deadline.ts` gives it up. */
export const callDeadlineMs = 30_000;

/** How long publishing a large object may take: the medium may have gigabytes left to make durable. */
export const publishDeadlineMs = 600_000;

/**
 * The slowest upload that is waited for where all of an object goes off as it is published (CIFS): 256 kB a second. One that stands
 * still ends by itself.
 */
export const publishBytesPerMs = 256;

/** Calls given up but still running below. At this number a medium answers `unavailable` without trying. */
export const abandonedCallsMax = 2;

/**
 * As `abandonedCallsMax`, for media whose calls end with their signal and hold no thread. Reads and writes of opened objects end
 * with the object only: it must still be possible to close it.
 */
export const abandonedRemoteCallsMax = 64;

/** Small objects that a job or statement reads at once (`smallReadsAtOnce`) where no call holds a thread. */
export const remoteReadsAtOnce = 16;

/** Bytes of one segment of a key, and of a whole key. */
export const keySegmentBytes = 255;
export const keyBytes = 1023;

/** Entries of a page of `listPages`. */
export const listPageEntries = 1_000;

/** How often `media/wrap/retry.ts` makes a call in all, and how long after the first one it begins none any more. */
export const retryAttemptsMax = 5;
export const retryTotalMs = 60_000;

/**
 * For statements, whose speaker waits: how long one call may take, how long publishing, and how often a server that cannot be reached,
 * or is sick, is asked in all. Who does not answer in time is not asked again; who has too much to do (`throttled`) is, as ever.
 */
export const statementCallMs = 10_000;
export const statementPublishMs = 30_000;
export const statementAttemptsMax = 2;

/** The pause before the second attempt; each further one is twice as long, less up to half of it by chance. */
export const retryFirstPauseMs = 200;

/** Names a listing remembers so that it can begin anew in the middle; of longer ones a fault ends the listing. */
export const listResumeNames = 100_000;

/** Bytes at the start and at the end of a large object by which it is known again after a lost answer. */
export const identityMarkBytes = 256;

/** Threads that media with a server of their own run in, and media one of them serves before there is a second one. */
export const mediaThreadsMax = 2;
export const mediaOfThread = 4;

/** How long a media thread stays when nobody needs it. */
export const mediaThreadIdleMs = 30_000;
