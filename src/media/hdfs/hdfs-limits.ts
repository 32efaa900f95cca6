/** Named limits of HDFS as it is used here. */

/** Size of every part of an object but the last, the most parts there are (each becomes a block), and what is under way. */
export const partBytes = 16 * 1024 * 1024;
export const partsMax = 10_000;
export const partsInFlight = 2;
export const partsHeld = 4;

/** Parts named by one request that puts them together: their names travel in its address. */
export const joinedParts = 40;

/** Connections of one medium to each server. */
export const socketsMax = 16;

/** How long a connection may stand still. */
export const idleMs = 20_000;

/** The largest answer of a NameNode: a page of a listing. */
export const answerBytes = 16 * 1024 * 1024;

/** Bytes of a name that are kept in a temporary one: HDFS takes no segment of more than 255. */
export const tempStemBytes = 200;
