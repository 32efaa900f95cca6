/** Named limits of COS as it is used here. */

/** Size of every part of an upload but the last, the most parts there are, and how many go at once and are held in memory. */
export const partBytes = 8 * 1024 * 1024;
export const partsMax = 10_000;
export const partsInFlight = 3;
export const partsHeld = 5;

/** The service copies no smaller piece of an object, unless it is the last. */
export const copyMinBytes = 1024 * 1024;

/** Connections of one medium. */
export const socketsMax = 32;

/** How long a connection may stand still; putting many parts together takes the service longer. */
export const idleMs = 20_000;
export const completeIdleMs = 120_000;

/** Bytes of an error's body that are looked at. */
export const errorBodyBytes = 8 * 1024;

/** Most objects one request removes. */
export const removeKeys = 1_000;

/** Tag requests that run at once: the service tags one object at a time. */
export const tagsInFlight = 8;
