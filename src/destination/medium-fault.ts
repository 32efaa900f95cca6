import { type ErrorName, fault, faultText, ObError } from '../base/errors.ts';
import { atLeast, defaultRelease, type Release } from '../base/release.ts';
import { MediumError, type MediumErrorKind, type Scheme } from '../media/medium.ts';
import { isObjectStore } from './destination.ts';

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
  wrongRegion: 'OB_IO_ERROR',
  invalidKey: 'OB_INVALID_ARGUMENT',
  unsupported: 'OB_NOT_SUPPORTED',
  cancelled: 'OB_CANCELED',
};

/** While a destination is configured nobody retries: what cannot be reached is 9070, not a riddle about I/O. */
const unreachable: ReadonlySet<MediumErrorKind> = new Set(['timeout', 'unavailable', 'network', 'throttled']);

/** Where a destination is being configured: kernels before 4.3 and the stores have names of their own for the same trouble. */
export interface FaultPlace {
  readonly scheme: Scheme;
  readonly release: Release;
}

/**
 * The coded error for whatever a procedure over a medium threw. The medium's own words travel as `cause`, for the
 * log. Coded errors stay as they are; anything else is a bug and stays one. `configuring` is the statement's view:
 * an unreachable medium is 9070 there; jobs see -4009 or -4404, which they may try again.
 */
export function mapMediumError(
  error: unknown,
  moment: 'working' | 'configuring' = 'working',
  place: FaultPlace = { scheme: 'file', release: defaultRelease },
): Error {
  if (error instanceof ObError) return error;
  if (!(error instanceof MediumError)) return error instanceof Error ? error : new Error(String(error));
  const symbol = moment === 'configuring' ? configuringSymbol(error.kind, place) : symbolOfKind[error.kind];
  return faultText(symbol, fault(symbol).message, error);
}

function configuringSymbol(kind: MediumErrorKind, { scheme, release }: FaultPlace): ErrorName {
  if (unreachable.has(kind)) return 'OB_BACKUP_DEST_NOT_CONNECT';
  const unified = atLeast(release, '4.3.0');
  // The stores answer a request of a wrong time as they answer one with a wrong key: 403.
  if (kind === 'denied' || kind === 'clockSkew')
    return unified ? 'OB_OBJECT_STORAGE_PERMISSION_DENIED' : 'OB_BACKUP_PERMISSION_DENIED';
  if (kind === 'wrongRegion' && unified) return 'OB_S3_REGION_MISMATCH';
  // And a missing bucket as a missing object: 404.
  if (kind === 'notFound' || (kind === 'noContainer' && scheme !== 'file'))
    return unified ? 'OB_OBJECT_NOT_EXIST' : 'OB_BACKUP_FILE_NOT_EXIST';
  if ((kind === 'io' || kind === 'wrongRegion') && isObjectStore(scheme))
    return atLeast(release, '4.3.3') ? 'OB_OBJECT_STORAGE_IO_ERROR' : errorOfStore[scheme];
  return symbolOfKind[kind];
}

const errorOfStore = { oss: 'OB_OSS_ERROR', cos: 'OB_COS_ERROR', s3: 'OB_S3_ERROR' } as const;

/** Runs `work` and throws coded errors only. */
export async function withCodedErrors<T>(
  work: () => Promise<T>,
  moment?: 'working' | 'configuring',
  place?: FaultPlace,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mapMediumError(error, moment, place);
  }
}

/** True for a MediumError of one kind. */
export function isMediumError(error: unknown, kind: MediumErrorKind): error is MediumError {
  return error instanceof MediumError && error.kind === kind;
}
