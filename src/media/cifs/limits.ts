/** Named limits of the CIFS medium. */

/** smbclient processes of a medium; each does one thing at a time. */
export const sessionsMax = 4;

/** A process nobody has used for so long is ended; the next call starts another. */
export const idleMs = 60_000;

/** How long smbclient waits for an answer of the server. */
export const answerTimeoutMs = 20_000;

/** Large objects are read in chunks of this size, of which a medium keeps so many. */
export const chunkBytes = 32 * 1024 * 1024;
export const chunksMax = 8;

/**
 * How long a failed call waits for its temporary file to go, and how long it does when its caller or the connection has gone; after
 * that the removal goes on alone, or the file stays for the sweep.
 */
export const discardMs = 5_000;
export const discardLateMs = 500;

/** An object somebody else has open is asked for again so often, with such a pause. */
export const inUseTries = 40;
export const inUsePauseMs = 25;

/** Parts of an object that grows, of about one size, before they are made one. */
export const mergedParts = 32;

/** What a merge may take of `max_iops` and `max_bandwidth`: one that would hold appends up for longer is left alone. */
export const mergePaceMs = 10_000;
