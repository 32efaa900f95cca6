import type { Clock } from '../base/clock.ts';
import type { Release } from '../base/release.ts';
import type { Destination } from '../destination/destination.ts';
import { mapMediumError } from '../destination/medium-fault.ts';
import type { Medium } from '../media/medium.ts';
import { openMedium } from '../media/open-medium.ts';
import type { Pace } from '../media/pace.ts';

/** `openMedium`, coded: a text that is right may still name what its store cannot have (a bucket with capitals). */
export function openDestination(
  destination: Destination & { readonly pace?: Pace },
  clock: Clock | undefined,
  release: Release,
): Medium {
  try {
    return openMedium(destination, clock);
  } catch (error) {
    throw mapMediumError(error, 'configuring', { scheme: destination.scheme, release });
  }
}
