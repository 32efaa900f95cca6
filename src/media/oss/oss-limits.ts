/** Named limits of OSS as it is used here. */

/** Size of every part of an upload but the last, the most parts there are, and how many go at once and are held in memory. */
export const partBytes = 8 * 1024 * 1024;
export const partsMax = 10_000;
export const partsInFlight = 3;
export const partsHeld = 6;

/** The service takes no smaller part but the last. */
export const smallestPartBytes = 100 * 1024;

/** Connections of one medium, and how long one of them is kept when nobody uses it. */
export const socketsMax = 32;
export const freeSocketMs = 10_000;

/** How long a connection may stand still while a reply is due; putting many parts together takes the server longer. */
export const idleMs = 20_000;
export const completeIdleMs = 120_000;

/** The largest reply that is no object: a page of a list. */
export const replyBytes = 8 * 1024 * 1024;

/** The largest reply that says why something was refused. */
export const refusalBytes = 64 * 1024;

/** Entries of a page, and keys of one call that removes many. */
export const pageEntries = 1_000;
export const removeKeys = 1_000;

/** Objects tagged at once. */
export const tagsInFlight = 8;
