import { MediumError, type MediumErrorKind } from '../medium.ts';

/** A refusal as the servers write it: the class of what they threw. */
export interface Refusal {
  readonly status: number;
  /** `RemoteException.exception`, `''` for a reply that is none. */
  readonly exception: string;
}

const kindOfException: Readonly<Record<string, MediumErrorKind>> = {
  FileNotFoundException: 'notFound',
  FileAlreadyExistsException: 'alreadyExists',
  AccessControlException: 'denied',
  AuthorizationException: 'denied',
  AuthenticationException: 'denied',
  SecurityException: 'denied',
  InvalidToken: 'denied',
  DSQuotaExceededException: 'outOfSpace',
  NSQuotaExceededException: 'outOfSpace',
  QuotaExceededException: 'outOfSpace',
  ParentNotDirectoryException: 'notDirectory',
  PathIsNotDirectoryException: 'notDirectory',
  PathComponentTooLongException: 'invalidKey',
  InvalidPathException: 'invalidKey',
  StandbyException: 'unavailable',
  ObserverRetryOnActiveException: 'unavailable',
  RetriableException: 'unavailable',
  SafeModeException: 'unavailable',
  // A writer that died holds its file until its lease is over.
  AlreadyBeingCreatedException: 'unavailable',
  RecoveryInProgressException: 'unavailable',
  LeaseExpiredException: 'unavailable',
  UnsupportedOperationException: 'unsupported',
  // CONCAT of files it does not take.
  HadoopIllegalArgumentException: 'unsupported',
};

/** The MediumError of a refusal. The server's own words are left out: they hold stack traces and addresses with tokens. */
export function refusalError(server: string, key: string, { status, exception }: Refusal): MediumError {
  const kind = kindOfException[exception] ?? kindOfStatus(status);
  return new MediumError(kind, key, `${server}: ${status} ${exception.replace(/[^\w.$]/g, '').slice(0, 80)}`.trim());
}

/** True for the words of a NameNode that is not the active one. */
export function isStandby({ exception }: Refusal): boolean {
  return exception === 'StandbyException' || exception === 'ObserverRetryOnActiveException';
}

/** Reads the JSON of a refusal. */
export function readRefusal(status: number, body: Buffer): Refusal {
  try {
    const { RemoteException } = JSON.parse(body.toString('utf8')) as { RemoteException?: { exception?: unknown } };
    return { status, exception: String(RemoteException?.exception ?? '') };
  } catch {
    return { status, exception: '' };
  }
}

/** True when the request may have been carried out although it failed. */
export function isInDoubt(error: unknown): error is MediumError {
  return (
    error instanceof MediumError &&
    (error.kind === 'network' || error.kind === 'timeout' || error.kind === 'unavailable' || error.kind === 'cancelled')
  );
}

export function isKind(error: unknown, kind: MediumErrorKind): error is MediumError {
  return error instanceof MediumError && error.kind === kind;
}

function kindOfStatus(status: number): MediumErrorKind {
  if (status === 401 || status === 403) return status === 401 ? 'denied' : 'io';
  if (status === 404) return 'notFound';
  if (status === 429) return 'throttled';
  if (status >= 500) return 'unavailable';
  return status === 400 ? 'unsupported' : 'io';
}
