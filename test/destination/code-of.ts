import { ObError } from '../../src/base/errors.ts';

/** The code of what `work` throws, 0 when it does not; anything but a coded error is passed on. */
export function codeOf(work: () => unknown): number {
  try {
    work();
  } catch (error) {
    if (error instanceof ObError) return error.code;
    throw error;
  }
  return 0;
}
