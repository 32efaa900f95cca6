import { MediumError, type MediumErrorKind } from '../medium.ts';

/** What a code of S3, or of the stores that speak as it does, means for a medium. */
const kindOfCode: Readonly<Record<string, MediumErrorKind>> = {
  NoSuchKey: 'notFound',
  NoSuchUpload: 'notFound',
  NotFound: 'notFound',
  NoSuchBucket: 'noContainer',
  InvalidBucketName: 'noContainer',
  PreconditionFailed: 'alreadyExists',
  ConditionalRequestConflict: 'unavailable',
  OperationAborted: 'unavailable',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  ExpiredToken: 'denied',
  InvalidToken: 'denied',
  InvalidSecurity: 'denied',
  AuthorizationHeaderMalformed: 'denied',
  PermanentRedirect: 'wrongRegion',
  IllegalLocationConstraintException: 'wrongRegion',
  RequestTimeTooSkewed: 'clockSkew',
  RequestExpired: 'clockSkew',
  SlowDown: 'throttled',
  TooManyRequests: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  BandwidthLimitExceeded: 'throttled',
  ServiceUnavailable: 'unavailable',
  InternalError: 'unavailable',
  RequestTimeout: 'timeout',
  InvalidRange: 'checksum',
  // What came was not what was sent: sent again it may arrive.
  BadDigest: 'network',
  InvalidDigest: 'network',
  XAmzContentSHA256Mismatch: 'network',
  XAmzContentChecksumMismatch: 'network',
  IncompleteBody: 'network',
  QuotaExceeded: 'outOfSpace',
  StorageFull: 'outOfSpace',
  XMinioStorageFull: 'outOfSpace',
  InsufficientStorage: 'outOfSpace',
  KeyTooLongError: 'invalidKey',
  EntityTooLarge: 'unsupported',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
};

const kindOfStatus: Readonly<Record<number, MediumErrorKind>> = {
  301: 'denied',
  307: 'unavailable',
  401: 'denied',
  403: 'denied',
  404: 'notFound',
  405: 'unsupported',
  408: 'timeout',
  409: 'unavailable',
  412: 'alreadyExists',
  416: 'checksum',
  429: 'throttled',
  500: 'unavailable',
  501: 'unsupported',
  502: 'unavailable',
  503: 'throttled',
  504: 'unavailable',
  507: 'outOfSpace',
};

/** What sockets say. Certificates that are not believed are a refusal, not a fault that passes. */
const kindOfErrno: Readonly<Record<string, MediumErrorKind>> = {
  ECONNREFUSED: 'unavailable',
  EHOSTUNREACH: 'network',
  ENETUNREACH: 'network',
  ECONNRESET: 'network',
  ECONNABORTED: 'network',
  EPIPE: 'network',
  ENOTFOUND: 'network',
  EAI_AGAIN: 'network',
  ETIMEDOUT: 'timeout',
  EPROTO: 'network',
  EMFILE: 'unavailable',
  ERR_STREAM_PREMATURE_CLOSE: 'network',
};

const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)_/;

/** What a call was about, for its error. */
export interface S3Ask {
  readonly key: string;
  /** The S3 API's name of what was asked. */
  readonly operation: string;
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
}

interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  /** The region an error document names. */
  readonly Region?: unknown;
  readonly $response?: { readonly headers?: Readonly<Record<string, unknown>> };
}

/**
 * Turns what the SDK threw into a MediumError; a MediumError stays as it is. Only names, numbers and ids are taken over: messages may
 * hold what was signed, bytes of the object, or nothing. The thrown error is not kept as cause, for it holds request and answer.
 */
export function s3Error(ask: S3Ask, error: unknown): MediumError {
  if (error instanceof MediumError) return error;
  const { key, signal } = ask;
  if (signal?.aborted) return new MediumError('cancelled', key, 'the caller gave up', signal.reason);
  const { name, code, $metadata } = (error ?? {}) as SdkError;
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : 0;
  // A broken connection has the name TimeoutError, and its own code.
  const names = [word(code), word(name)].filter((text) => text !== '');
  const region = otherRegion(error as SdkError | null, status);
  const kind = region === '' ? kindOf(names, status) : 'wrongRegion';
  const said = names.find((text) => text !== 'Error' && text !== 'Unknown') ?? 'no code';
  const request = word($metadata?.requestId);
  const where = region === '' ? '' : `the bucket is in ${region}`;
  const parts = [`${ask.operation} on ${ask.host}: ${said}`, where, status > 0 ? `status ${status}` : '', request];
  return new MediumError(kind, key, parts.filter((text) => text !== '').join(', '));
}

/**
 * The region a refusal names as the right one, `''` for other refusals. Answers to HEAD have it in a header only; where somebody merely
 * redirects there is none.
 */
function otherRegion(error: SdkError | null, status: number): string {
  if (status !== 301 && status !== 400) return '';
  return word(error?.Region) || word(error?.$response?.headers?.['x-amz-bucket-region']);
}

/** The status of a thrown error of the SDK, 0 without an answer. */
export function statusOf(error: unknown): number {
  const status = (error as SdkError | null)?.$metadata?.httpStatusCode;
  return typeof status === 'number' ? status : 0;
}

/** True when the store refused temporary keys because their time is over. */
export function hasEnded(error: unknown): boolean {
  const { name, code } = (error ?? {}) as SdkError;
  return name === 'ExpiredToken' || name === 'ExpiredTokenException' || code === 'ExpiredToken';
}

function kindOf(names: readonly string[], status: number): MediumErrorKind {
  for (const name of names) {
    const kind = kindOfCode[name] ?? kindOfErrno[name];
    if (kind !== undefined) return kind;
    if (name === 'TimeoutError') return 'timeout';
    if (name === 'AbortError') return 'cancelled';
    if (certificate.test(name)) return 'denied';
  }
  if (status >= 300) return kindOfStatus[status] ?? (status >= 500 ? 'unavailable' : 'io');
  // An answer of 2xx that could not be read, or none at all: the connection ended, or something in between answered.
  return 'network';
}

/** Text the server or the SDK chose, as far as it is one printable word. */
function word(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/+=-]{1,64}$/.test(value) ? value : '';
}
