import { MediumError, type MediumErrorKind } from '../medium.ts';

const inUseStatus = 'SHARING_VIOLATION';

/** What a status of SMB means for a medium. Everything that is not here is `io`. */
const ofStatus: Readonly<Record<string, MediumErrorKind>> = {
  ACCESS_DENIED: 'denied',
  LOGON_FAILURE: 'denied',
  WRONG_PASSWORD: 'denied',
  NO_SUCH_USER: 'denied',
  ACCOUNT_DISABLED: 'denied',
  ACCOUNT_LOCKED_OUT: 'denied',
  ACCOUNT_EXPIRED: 'denied',
  ACCOUNT_RESTRICTION: 'denied',
  PASSWORD_EXPIRED: 'denied',
  PASSWORD_MUST_CHANGE: 'denied',
  LOGON_TYPE_NOT_GRANTED: 'denied',
  MEDIA_WRITE_PROTECTED: 'denied',
  BAD_NETWORK_NAME: 'noContainer',
  NETWORK_NAME_DELETED: 'noContainer',
  OBJECT_NAME_NOT_FOUND: 'notFound',
  OBJECT_PATH_NOT_FOUND: 'notFound',
  NO_SUCH_FILE: 'notFound',
  DELETE_PENDING: 'notFound',
  FILE_IS_A_DIRECTORY: 'notFound',
  OBJECT_NAME_COLLISION: 'alreadyExists',
  NOT_A_DIRECTORY: 'notDirectory',
  OBJECT_NAME_INVALID: 'invalidKey',
  NAME_TOO_LONG: 'invalidKey',
  DISK_FULL: 'outOfSpace',
  QUOTA_EXCEEDED: 'outOfSpace',
  CONNECTION_REFUSED: 'unavailable',
  [inUseStatus]: 'unavailable',
  FILE_LOCK_CONFLICT: 'unavailable',
  INSUFFICIENT_RESOURCES: 'unavailable',
  INSUFF_SERVER_RESOURCES: 'unavailable',
  TOO_MANY_OPENED_FILES: 'unavailable',
  REQUEST_NOT_ACCEPTED: 'unavailable',
  IO_TIMEOUT: 'timeout',
  HOST_UNREACHABLE: 'network',
  NETWORK_UNREACHABLE: 'network',
  BAD_NETWORK_PATH: 'network',
  UNSUCCESSFUL: 'network',
  CONNECTION_DISCONNECTED: 'network',
  CONNECTION_RESET: 'network',
  CONNECTION_ABORTED: 'network',
  CONNECTION_INVALID: 'network',
  LOCAL_DISCONNECT: 'network',
  REMOTE_DISCONNECT: 'network',
  PIPE_BROKEN: 'network',
  END_OF_FILE: 'network',
  INVALID_NETWORK_RESPONSE: 'network',
  NETWORK_SESSION_EXPIRED: 'network',
  USER_SESSION_DELETED: 'network',
  FILE_CLOSED: 'network',
  NOT_SUPPORTED: 'unsupported',
  NOT_IMPLEMENTED: 'unsupported',
  INVALID_DEVICE_REQUEST: 'unsupported',
  INVALID_INFO_CLASS: 'unsupported',
};

/** Statuses after which a connection is of no use any more. */
const deadKinds: ReadonlySet<MediumErrorKind> = new Set(['network', 'timeout']);

/** The status smbclient names in its answer, without its prefix; `''` when all went well. Lines of a listing begin with blanks. */
export function statusIn(lines: readonly string[]): string {
  for (const line of lines) {
    if (line.startsWith('  ') || line.startsWith('\t')) continue;
    const found = /NT_STATUS_([A-Z0-9_]+)/.exec(line);
    if (found?.[1] && found[1] !== 'OK') return found[1];
  }
  return '';
}

/** The server refused because somebody else has the object open just now. */
export class InUseError extends MediumError {}

/** What a status means. smbclient's own text is not passed on. */
export function statusError(key: string, step: string, status: string): MediumError {
  const Kind = status === inUseStatus ? InUseError : MediumError;
  return new Kind(ofStatus[status] ?? 'io', key, `${step}: ${status.slice(0, 60)}`);
}

/** True when the connection has to be made anew. */
export function endsConnection(error: unknown): boolean {
  return !(error instanceof MediumError) || deadKinds.has(error.kind) || error.kind === 'cancelled';
}
