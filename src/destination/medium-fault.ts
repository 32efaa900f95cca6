import { type ErrorName, fault, faultText, ObError } from '../base/errors.ts';
import { MediumError, type MediumErrorKind } from '../media/medium.ts';

/** What a medium's error is called in release 4.2.1, for jobs and statements alike. */
const symbolOfKind: Readonly<Record<MediumErrorKind, ErrorName>> = {
  notFound: 'OB_BACKUP_FILE_NOT_EXIST',
  denied: 'OB_BACKUP_PERMISSION_DENIED',
  outOfSpace: 'OB_BACKUP_DEVICE_OUT_OF_SPACE',
  // A file stands where a directory of the path must be made (-4117); a destination that is itself a file is -4009.
  notDirectory: 'OB_FILE_ALREADY_EXIST',
  alreadyExists: 'OB_FILE_ALREADY_EXIST',
  noContainer: 'OB_IO_ERROR',
  timeout: 'OB_IO_TIMEOUT',
  throttled: 'OB_IO_ERROR',
  unavailable: 'OB_IO_ERROR',
  network: 'OB_IO_ERROR',
  io: 'OB_IO_ERROR',
  checksum: 'OB_CHECKSUM_ERROR',
  clockSkew: 'OB_IO_ERROR',
  invalidKey: 'OB_INVALID_ARGUMENT',
  unsupported: 'OB_NOT_SUPPORTED',
  cancelled: 'OB_CANCELED',
};

/** While a destination is configured nobody retries: what cannot be reached is 9070, not a riddle about I/O. */
const unreachable: ReadonlySet<MediumErrorKind> = new Set([
  'timeout',
  'unavailable',
  'network',
  'throttled',
  'clockSkew',
]);

/**
 * The coded error for whatever a procedure over a medium threw. The medium's own words travel as `cause`, for the
 * log. Coded errors stay as they are; anything else is a bug and stays one. `configuring` is the statement's view:
 * an unreachable medium is 9070 there; jobs see -4009 or -4404, which they may try again.
 */
export function mapMediumError(error: unknown, moment: 'working' | 'configuring' = 'working'): Error {
  if (error instanceof ObError) return error;
  if (!(error instanceof MediumError)) return error instanceof Error ? error : new Error(String(error));
  const symbol: ErrorName =
    moment === 'configuring' && unreachable.has(error.kind) ? 'OB_BACKUP_DEST_NOT_CONNECT' : symbolOfKind[error.kind];
  return faultText(symbol, fault(symbol).message, error);
}

/** Runs `work` and throws coded errors only. */
export async function withCodedErrors<T>(work: () => Promise<T>, moment?: 'working' | 'configuring'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mapMediumError(error, moment);
  }
}

/** True for a MediumError of one kind. */
export function isMediumError(error: unknown, kind: MediumErrorKind): error is MediumError {
  return error instanceof MediumError && error.kind === kind;
}
