import { atLeast, type Release } from '../base/release.ts';
import type { Scheme } from '../media/medium.ts';

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

/** From 4.3 on, the smallest `archive_lag_target` of an archive on S3: it cannot append, and smaller parts would be too many. */
const s3LagMinUs = 60_000_000;

/** Whether an archive with that `archive_lag_target` may lie on a destination of that scheme. */
export function mayLag(release: Release, scheme: Scheme, lagTargetUs: number): boolean {
  return scheme !== 's3' || lagTargetUs >= s3LagMinUs || !atLeast(release, '4.3.0');
}
