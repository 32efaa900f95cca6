import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Refusal } from './s3-refusal.ts';
import type { TemporaryKeys } from './sts-double.ts';

/** Who may speak to the double, and its clock. */
export interface S3Accounts {
  /** Secret key by access key id. */
  readonly keys: Readonly<Record<string, string>>;
  readonly region: string;
  /** Keys of roles by their id. */
  readonly temporary?: ReadonlyMap<string, TemporaryKeys>;
  nowMs(): number;
}

/** What a signature is for. */
export interface V4Use {
  readonly service: 's3' | 'sts';
  readonly payloadHash: string;
}

const allowedSkewMs = 15 * 60_000;

/** Checks the header form of Signature Version 4 and returns the payload hash the client signed. Throws S3Refusal. */
export function verifySignature(request: IncomingMessage, accounts: S3Accounts): string {
  parseAuthorization(request.headers.authorization);
  const payloadHash = header(request, 'x-amz-content-sha256');
  if (payloadHash.startsWith('STREAMING-')) throw new S3Refusal(501, 'NotImplemented');
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payloadHash))
    throw new S3Refusal(400, 'InvalidRequest');
  verifyV4(request, accounts, { service: 's3', payloadHash });
  return payloadHash;
}

/** Checks a signature over a payload of this hash. Throws S3Refusal. */
export function verifyV4(request: IncomingMessage, accounts: S3Accounts, { service, payloadHash }: V4Use): void {
  const given = parseAuthorization(request.headers.authorization);
  const secret = secretOf(given.accessId, request, accounts);
  const amzDate = header(request, 'x-amz-date');
  checkDate(amzDate, given.day, accounts.nowMs());
  if (given.service !== service || given.terminator !== 'aws4_request')
    throw new S3Refusal(400, 'AuthorizationHeaderMalformed');
  if (given.region !== accounts.region)
    throw new S3Refusal(400, 'AuthorizationHeaderMalformed', `<Region>${accounts.region}</Region>`, {
      'x-amz-bucket-region': accounts.region,
    });
  checkSignedHeaders(request, given.signedHeaders);
  const scope = `${given.day}/${given.region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonicalRequest(request, given, payloadHash))].join('\n');
  const dayKey = hmac(`AWS4${secret}`, given.day);
  const signingKey = hmac(hmac(hmac(dayKey, given.region), service), 'aws4_request');
  const expected = hmac(signingKey, toSign);
  const got = Buffer.from(given.signature, 'hex');
  if (got.length !== expected.length || !timingSafeEqual(got, expected))
    throw new S3Refusal(403, 'SignatureDoesNotMatch', `<StringToSign>${toSign}</StringToSign>`);
}

/** Temporary keys are nothing without their token, and nothing when their time is over. */
function secretOf(accessId: string, request: IncomingMessage, accounts: S3Accounts): string {
  const { keys, temporary } = accounts;
  const token = request.headers['x-amz-security-token'];
  const role = temporary?.get(accessId);
  const secret = keys[accessId] ?? role?.accessKey;
  if (secret === undefined) throw new S3Refusal(403, 'InvalidAccessKeyId');
  if (token !== role?.token) throw new S3Refusal(400, 'InvalidToken');
  if (role && accounts.nowMs() >= role.endsMs)
    throw new S3Refusal(400, 'ExpiredToken', `<Token-0>${role.token}</Token-0>`);
  return secret;
}

interface Given {
  readonly accessId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(text: string | undefined): Given {
  if (text === undefined) throw new S3Refusal(403, 'AccessDenied');
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(text);
  const scope = match?.[1]?.split('/') ?? [];
  if (!match || scope.length !== 5) throw new S3Refusal(400, 'AuthorizationHeaderMalformed');
  const [accessId = '', day = '', region = '', service = '', terminator = ''] = scope;
  return {
    accessId,
    day,
    region,
    service,
    terminator,
    signedHeaders: (match[2] ?? '').split(';'),
    signature: match[3] ?? '',
  };
}

function checkDate(amzDate: string, day: string, nowMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate);
  if (!match || !amzDate.startsWith(day)) throw new S3Refusal(403, 'AccessDenied');
  const [, year, month, date, hour, minute, second] = match.map(Number);
  const thenMs = Date.UTC(year ?? 0, (month ?? 1) - 1, date, hour, minute, second);
  if (Math.abs(nowMs - thenMs) > allowedSkewMs) throw new S3Refusal(403, 'RequestTimeTooSkewed');
}

function checkSignedHeaders(request: IncomingMessage, signed: readonly string[]): void {
  if (signed.join() !== [...signed].sort().join() || !signed.includes('host'))
    throw new S3Refusal(403, 'SignatureDoesNotMatch');
  for (const name of Object.keys(request.headers))
    if ((name.startsWith('x-amz-') || name === 'content-md5') && !signed.includes(name))
      throw new S3Refusal(403, 'AccessDenied', `<HeadersNotSigned>${name}</HeadersNotSigned>`);
}

function canonicalRequest(request: IncomingMessage, given: Given, payloadHash: string): string {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const headers = given.signedHeaders.map((name) => `${name}:${header(request, name).trim().replace(/ +/g, ' ')}\n`);
  return [
    request.method,
    path
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    canonicalQuery(query),
    headers.join(''),
    given.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const cut = pair.indexOf('=');
    const [name, value] = cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
    return `${encode(decodeURIComponent(name))}=${encode(decodeURIComponent(value))}`;
  });
  return pairs.sort().join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  if (value === undefined) throw new S3Refusal(403, 'AccessDenied', `<Missing>${name}</Missing>`);
  return Array.isArray(value) ? value.join(',') : value;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
