import { MediumError, type MediumErrorKind } from '../medium.ts';

/** What a code of the service means for a medium. */
const kindOfCode: Readonly<Record<string, MediumErrorKind>> = {
  NoSuchKey: 'notFound',
  NoSuchUpload: 'notFound',
  NoSuchBucket: 'noContainer',
  InvalidBucketName: 'noContainer',
  AccessDenied: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  InvalidSecurityToken: 'denied',
  SecurityTokenExpired: 'denied',
  UserDisable: 'denied',
  FileImmutable: 'denied',
  KmsServiceNotEnabled: 'denied',
  RequestTimeTooSkewed: 'clockSkew',
  FileAlreadyExists: 'alreadyExists',
  ObjectAlreadyExists: 'alreadyExists',
  InvalidObjectName: 'invalidKey',
  KeyTooLong: 'invalidKey',
  // What came was not what was sent: sent again it may arrive.
  InvalidDigest: 'network',
  BadDigest: 'network',
  IncompleteBody: 'network',
  RequestTimeout: 'timeout',
  QuotaExceeded: 'outOfSpace',
  QpsLimitExceeded: 'throttled',
  BandwidthLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  DownloadTrafficRateLimitExceeded: 'throttled',
  UploadTrafficRateLimitExceeded: 'throttled',
  ServiceUnavailable: 'unavailable',
  InternalError: 'unavailable',
  InvalidRange: 'checksum',
  PositionNotEqualToLength: 'io',
  ObjectNotAppendable: 'unsupported',
  EntityTooLarge: 'unsupported',
  FileSizeLimitExceeded: 'unsupported',
  InvalidObjectState: 'unsupported',
  NotImplemented: 'unsupported',
};

/** Codes of connections that are worth another word than `network`. */
const kindOfErrno: Readonly<Record<string, MediumErrorKind>> = {
  ETIMEDOUT: 'timeout',
  EMFILE: 'unavailable',
  // An access id that no header can carry.
  ERR_INVALID_CHAR: 'denied',
};

/** A server whose certificate is not trusted stays so until somebody says otherwise. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)_/;

/** An answer with an error. `code` and `requestId` are the service's; its message is never kept, it may repeat what was sent. */
export class OssRefusal extends MediumError {
  readonly status: number;
  readonly code: string;

  constructor(key: string, host: string, reply: OssRefusalReply) {
    const { status, requestId } = reply;
    const code = word(reply.code);
    const request = word(requestId);
    const said = `${host} answered ${status}${code === '' ? '' : ` ${code}`}${request === '' ? '' : `, request ${request}`}`;
    super(kindOfCode[code] ?? kindOfStatus(status), key, said.slice(0, 200));
    this.status = status;
    this.code = code;
  }
}

export interface OssRefusalReply {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
}

/** A connection that failed; the error of the system goes no further than its code. */
export function connectionError(key: string, host: string, error: unknown): MediumError {
  if (error instanceof MediumError) return error;
  const code = error instanceof Error && 'code' in error ? word(String(error.code)) : '';
  return new MediumError(
    untrusted.test(code) ? 'denied' : (kindOfErrno[code] ?? 'network'),
    key,
    `${host}: ${code === '' ? 'the connection broke' : code}`,
  );
}

/** True for an answer with one of these codes. */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is OssRefusal {
  return error instanceof OssRefusal && codes.includes(error.code);
}

function kindOfStatus(status: number): MediumErrorKind {
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'notFound';
  if (status === 408) return 'timeout';
  if (status === 412) return 'io';
  if (status === 429) return 'throttled';
  if (status === 405 || status === 501) return 'unsupported';
  return status >= 500 ? 'unavailable' : 'io';
}

/** Only what a code or an id is made of. */
function word(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '').slice(0, 64);
}
