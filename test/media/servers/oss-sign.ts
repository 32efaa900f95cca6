import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { OssError } from './oss-error.ts';

/** What a signature covers, as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
}

export interface Signer {
  readonly accessId: string;
  readonly accessKey: string;
  readonly region: string;
  readonly nowMs: number;
}

const skewMs = 15 * 60_000;

/** Sub-resources that are part of a V1 signature. */
const subResources = new Set(
  (
    'acl append bucketInfo comp cors delete encryption lifecycle location logging objectInfo objectMeta partNumber policy ' +
    'position qos referer replication requestPayment restore stat style symlink tagging uploadId uploads versionId ' +
    'versioning versions website worm x-oss-process x-oss-traffic-limit continuation-token security-token ' +
    'response-cache-control response-content-disposition response-content-encoding response-content-language ' +
    'response-content-type response-expires'
  ).split(' '),
);

/** Throws the error a service would answer unless the request carries a right V4 or V1 signature. */
export function checkSignature(request: SignedRequest, signer: Signer): void {
  const authorization = request.headers.authorization ?? '';
  if (authorization.startsWith('OSS4-HMAC-SHA256 ')) checkV4(request, signer, authorization);
  else if (authorization.startsWith('OSS ')) checkV1(request, signer, authorization.slice(4));
  else if (authorization !== '') throw new OssError(400, 'InvalidArgument', 'Authorization header is invalid.');
  else throw new OssError(403, 'AccessDenied', 'Anonymous access is forbidden for this operation.');
}

function checkV4(request: SignedRequest, signer: Signer, authorization: string): void {
  const shape =
    /^OSS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/oss\/aliyun_v4_request,\s*(?:AdditionalHeaders=([^,]*),\s*)?Signature=([0-9a-f]{64})$/;
  const match = shape.exec(authorization);
  if (!match) throw new OssError(400, 'InvalidArgument', 'Authorization header is malformed.');
  const [, id = '', day = '', region = '', additional = '', signature = ''] = match;
  checkId(id, signer);
  const stamp = text(request.headers['x-oss-date']);
  const time = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(stamp);
  if (!time) throw new OssError(403, 'AccessDenied', 'x-oss-date is missing.');
  const [, y = '', mo = '', d = '', h = '', mi = '', s = ''] = time;
  checkTime(Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`), signer);
  if (day !== stamp.slice(0, 8))
    throw new OssError(400, 'InvalidArgument', 'The day of the credential is another one.');
  if (region !== signer.region)
    throw new OssError(400, 'InvalidArgument', 'Invalid signing region in Authorization header.');
  if (text(request.headers['x-oss-content-sha256']) !== 'UNSIGNED-PAYLOAD')
    throw new OssError(400, 'InvalidArgument', 'x-oss-content-sha256 must be UNSIGNED-PAYLOAD.');
  const canonical = canonicalV4(request, additional === '' ? [] : additional.split(';'));
  const scope = `${day}/${region}/oss/aliyun_v4_request`;
  const toSign = ['OSS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const chain = [day, region, 'oss', 'aliyun_v4_request'];
  const key = chain.reduce<Buffer | string>((last, step) => hmac(last, step), `aliyun_v4${signer.accessKey}`);
  if (!same(hmac(key, toSign).toString('hex'), signature)) throw mismatch();
}

function canonicalV4({ method, bucket, key, query, headers }: SignedRequest, additional: readonly string[]): string {
  const path = `/${bucket === '' ? '' : `${bucket}/`}${key}`;
  const named = new Set(additional);
  for (const name of Object.keys(headers))
    if (name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-')) named.add(name);
  const pairs = [...query].map(([name, value]) => [encoded(name), encoded(value)] as const).sort(byFirst);
  return [
    method,
    encoded(path).replaceAll('%2F', '/'),
    pairs.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&'),
    [...named]
      .sort()
      .map((name) => `${name}:${text(headers[name]).trim()}\n`)
      .join(''),
    additional.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
}

function checkV1({ method, bucket, key, query, headers }: SignedRequest, signer: Signer, given: string): void {
  const colon = given.lastIndexOf(':');
  checkId(given.slice(0, colon), signer);
  const date = text(headers['x-oss-date']) || text(headers.date);
  checkTime(Date.parse(date), signer);
  const own = Object.keys(headers).filter((name) => name.startsWith('x-oss-'));
  const resources = [...query].filter(([name]) => subResources.has(name)).sort(byFirst);
  const resource = `/${bucket === '' ? '' : `${bucket}/`}${key}`;
  const toSign = [
    method,
    text(headers['content-md5']),
    text(headers['content-type']),
    date,
    ...own.sort().map((name) => `${name}:${text(headers[name]).trim()}`),
    resource + (resources.length === 0 ? '' : `?${resources.map(([n, v]) => (v === '' ? n : `${n}=${v}`)).join('&')}`),
  ].join('\n');
  if (!same(createHmac('sha1', signer.accessKey).update(toSign).digest('base64'), given.slice(colon + 1)))
    throw mismatch();
}

function checkId(id: string, signer: Signer): void {
  if (id !== signer.accessId)
    throw new OssError(403, 'InvalidAccessKeyId', 'The OSS Access Key Id you provided does not exist in our records.');
}

function checkTime(ms: number, signer: Signer): void {
  if (Number.isNaN(ms)) throw new OssError(403, 'AccessDenied', 'The date is missing.');
  if (Math.abs(ms - signer.nowMs) > skewMs)
    throw new OssError(403, 'RequestTimeTooSkewed', 'The difference between the request time and now is too large.');
}

function mismatch(): OssError {
  return new OssError(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match yours.');
}

function hmac(key: Buffer | string, value: string): Buffer {
  return createHmac('sha256', key).update(value).digest();
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function text(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(',') ?? '');
}

function byFirst([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Percent-encoding that leaves A-Z a-z 0-9 - _ . ~ alone. */
function encoded(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
