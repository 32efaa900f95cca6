/** Lengths a destination text may have, in bytes; each is the first length that is too long, where not said otherwise. */

export const destinationTextBytes = 2048;
export const destinationPathBytes = 1024;
/** Option text up to and including 4.2, and from 4.3 on. */
export const optionTextBytes = 1536;
export const optionTextBytes43 = 1600;
/** `host=…`, `access_id=…`, `access_key=…`, key name included. */
export const optionFieldBytes = 256;
/** A delegation token of hdfs. */
export const tokenBytes = 1024;
/** All remaining options together. */
export const extensionBytes = 512;

/** Bounds of PIECE_SWITCH_INTERVAL, both allowed. */
export const pieceSwitchMinUs = 86_400_000_000;
export const pieceSwitchMaxUs = 7 * 86_400_000_000;

/** How long a statement may try a destination; what has not answered by then cannot be reached. */
export const configureDeadlineMs = 60_000;

/** The smallest `archive_lag_target` of an archive on S3, from 4.3 on. */
export const s3LagMinUs = 60_000_000;
