/** Named limits of the medium of `s3://`. */

/** Bytes of every part of a large object but the last, as OceanBase cuts them. */
export const partBytes = 8 * 1024 * 1024;

/** Most parts of one object. */
export const partsMax = 10_000;

/** Parts of one object that are uploaded at once, and parts of it in memory. */
export const partsInFlight = 3;
export const partsHeld = 6;

/** Connections to one endpoint for each opened medium. */
export const socketsMax = 16;

/** How long making a connection may take, and how long one may stand still; below the deadline of a call. */
export const connectTimeoutMs = 10_000;
export const idleTimeoutMs = 20_000;

/** How long the server may be silent while it puts an upload together; below the deadline of publishing. */
export const completeTimeoutMs = 300_000;

/** Requests that one call makes side by side. */
export const requestsAtOnce = 8;

/** Keys of one DeleteObjects. */
export const deleteKeysMax = 1_000;

/**
 * Parts of an object that grows are merged when there are so many of them, below one of these sizes and above the one before; what
 * comes of it is at most `mergedBytesMax` long.
 */
export const mergedPartsMin = 32;
export const mergedPartsMax = 1_000;
export const smallPartBytes = [64 * 1024, 256 * 1024] as const;
export const mergedBytesMax = 8 * 1024 * 1024;

/** Merges of one thread at a time, each of which holds what it merges, or twice that; the others wait for one of their next appends. */
export const mergesAtOnce = 8;

/** How long a merge may take, which holds nobody up, and how long it is left alone after one that failed. */
export const mergeLimitMs = 20_000;
export const mergeRestMs = 60_000;

/** What a merge may take of `max_iops` and `max_bandwidth`: one that would hold appends up for longer is left alone. */
export const mergePaceMs = 10_000;

/** How long parts stay behind the one that covers them: longer than a call that lists them may take (`callDeadlineMs`). */
export const coveredPartMs = 60_000;

/** Parts of an appended object that are deleted to drop a tail, or joined. */
export const appendPartsMax = 1_000_000;
