import type { Controller } from './controller.ts';

/**
 * Whether a job that ended then is still to be seen in the live views: for `jobLingerMs`. One that ended in what is the future
 * now, because the clock was set back, has lingered long enough.
 */
export function lingers({ clock, settings }: Pick<Controller, 'clock' | 'settings'>, endUs: number | null): boolean {
  const ageMs = (clock.nowUs() - (endUs ?? 0)) / 1000;
  return ageMs >= 0 && ageMs < settings.jobLingerMs;
}
