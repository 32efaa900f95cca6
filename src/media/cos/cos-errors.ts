import { MediumError, type MediumErrorKind } from '../medium.ts';

/** What became of one request: its reply as far as it came, or why there was none. */
export interface Outcome {
  /** 0 when no reply came. */
  readonly status: number;
  /** The service's word for an error, `''` without one (a reply to HEAD has no body). */
  readonly code: string;
  /** The service says the signature's time is over: it shares a code with refused permissions. */
  readonly expired: boolean;
  readonly requestId: string;
  /** Word of a failed connection, `''` without one. */
  readonly errno: string;
}

const kindOfCode: Readonly<Record<string, MediumErrorKind>> = {
  NoSuchKey: 'notFound',
  NoSuchUpload: 'notFound',
  NoSuchBucket: 'noContainer',
  InvalidBucketName: 'noContainer',
  InvalidURI: 'noContainer',
  AccessDenied: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  RequestTimeTooSkewed: 'clockSkew',
  FileAlreadyExists: 'alreadyExists',
  PositionNotEqualToLength: 'checksum',
  ObjectNotAppendable: 'unsupported',
  InvalidPart: 'checksum',
  InvalidPartOrder: 'checksum',
  InvalidRange: 'checksum',
  PreconditionFailed: 'checksum',
  EntityTooLarge: 'unsupported',
  MethodNotAllowed: 'unsupported',
  NotImplemented: 'unsupported',
  KeyTooLong: 'invalidKey',
  SlowDown: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  ServiceUnavailable: 'unavailable',
  InternalError: 'unavailable',
  RequestTimeout: 'timeout',
  RequestTimeOut: 'timeout',
  UserNetworkTooSlow: 'timeout',
  // The body did not arrive whole, or not as it was sent: sent again it may.
  BadDigest: 'network',
  InvalidDigest: 'network',
  IncompleteBody: 'network',
  EntitySizeNotMatch: 'network',
  // Another request on the same key was under way: neither of them need have been done.
  PathConflict: 'unavailable',
  OperationAborted: 'unavailable',
};

const kindOfStatus: Readonly<Record<number, MediumErrorKind>> = {
  401: 'denied',
  403: 'denied',
  404: 'notFound',
  408: 'timeout',
  409: 'alreadyExists',
  416: 'checksum',
  429: 'throttled',
  // Nobody pays for the bucket.
  451: 'denied',
  501: 'unsupported',
};

const timeouts: ReadonlySet<string> = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT']);

/** The error of a request. The service's own message is left out: it quotes keys and what was signed. */
export function cosError(host: string, key: string, outcome: Outcome): MediumError {
  const { status, code, requestId, errno } = outcome;
  if (status === 0 || timeouts.has(errno))
    return new MediumError(kindOfErrno(errno), key, `${host}: ${word(errno) || 'no reply'}`);
  const words = [host, status, word(code), requestId === '' ? '' : `(request ${word(requestId)})`];
  return new MediumError(kindOf(outcome), key, words.filter((one) => one !== '').join(' '));
}

function kindOf({ status, code, expired }: Outcome): MediumErrorKind {
  if (code === 'AccessDenied' && expired) return 'clockSkew';
  const known = kindOfCode[code] ?? kindOfStatus[status];
  if (known) return known;
  if (status >= 500) return 'unavailable';
  // A body that is cut short comes with the status of success.
  return status < 300 ? 'network' : 'io';
}

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)_/;

function kindOfErrno(errno: string): MediumErrorKind {
  if (untrusted.test(errno)) return 'denied';
  if (timeouts.has(errno)) return 'timeout';
  return errno === '' ? 'io' : 'network';
}

function word(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, 60);
}

/** True when the request may have been carried out although it failed. */
export function isInDoubt(error: unknown): error is MediumError {
  return (
    error instanceof MediumError &&
    (error.kind === 'network' || error.kind === 'timeout' || error.kind === 'unavailable' || error.kind === 'cancelled')
  );
}
