import { MediumError, type MediumErrorKind } from './medium.ts';

/** What an errno of the file system means for a medium. Everything that is not here is `io`. */
const kindOfErrno: Readonly<Record<string, MediumErrorKind>> = {
  ENOENT: 'notFound',
  EEXIST: 'alreadyExists',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'outOfSpace',
  EDQUOT: 'outOfSpace',
  EFBIG: 'outOfSpace',
  ENOTDIR: 'notDirectory',
  ENAMETOOLONG: 'invalidKey',
  ETIMEDOUT: 'timeout',
  ENOTCONN: 'unavailable',
  EHOSTDOWN: 'unavailable',
  EHOSTUNREACH: 'network',
  ECONNRESET: 'network',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  ENOTSUP: 'unsupported',
  EOPNOTSUPP: 'unsupported',
  ENOSYS: 'unsupported',
  ESTALE: 'io',
  EIO: 'io',
};

/** The errno word of a thrown value, `''` when it has none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Turns what the file system threw at `key` into a MediumError; a MediumError stays as it is, a bug too. */
export function fileError(key: string, error: unknown): Error {
  if (error instanceof MediumError) return error;
  const errno = errnoOf(error);
  if (errno === '') return error instanceof Error ? error : new Error(String(error));
  const syscall = error instanceof Error && 'syscall' in error ? `${String(error.syscall)}: ` : '';
  return new MediumError(kindOfErrno[errno] ?? 'io', key, `${syscall}${errno}`, error);
}

/** Throws `cancelled` when the caller has gone. */
export function checkSignal(key: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MediumError('cancelled', key, 'the caller gave up', signal.reason);
}
