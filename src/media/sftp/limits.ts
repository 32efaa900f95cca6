/** Named limits of SFTP. */

/** How long connecting, logging in and opening SFTP may take in all. */
export const connectTimeoutMs = 10_000;

/** A server that is silent this often in a row, asked at this interval, is gone. */
export const keepAliveMs = 5_000;
export const keepAliveMisses = 3;

/** A connection nobody has used for so long is closed; the next call opens another. */
export const idleMs = 60_000;

/** Bytes of one read or write request, and requests under way at once on a connection. */
export const requestBytes = 32 * 1024;
export const requestsInFlight = 64;

/**
 * How long a failed call waits for its temporary file to go, and how long it does when its caller or the connection has gone; after
 * that the removal goes on alone, or the file stays for the sweep.
 */
export const discardMs = 5_000;
export const discardLateMs = 500;

/** A name somebody else is giving just now is asked for again so often, with such a pause. */
export const lockTries = 40;
export const lockPauseMs = 25;

/** Objects that are being removed at once. */
export const removalsAtOnce = 32;
