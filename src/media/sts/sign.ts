import { createHash, createHmac, randomUUID } from 'node:crypto';
import { roleSeconds } from './limits.ts';
import type { Keys } from './own-keys.ts';
import type { Role } from './role.ts';

/** A form to be POSTed to `/` of a token service. */
export interface SignedForm {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const contentType = 'application/x-www-form-urlencoded; charset=utf-8';
/** What logs of the cloud call this server. */
const sessionName = 'obvault';

/** AssumeRole as each vendor wants it asked for. `host` is the value of the Host header. */
export function signedForm(role: Role, host: string, keys: Keys, nowMs: number): SignedForm {
  return role.vendor === 'aws' ? amazonForm(role, host, keys, nowMs) : aliyunForm(role, keys, nowMs);
}

function wish({ arn, externalId }: Role): Readonly<Record<string, string>> {
  return {
    Action: 'AssumeRole',
    RoleArn: arn,
    RoleSessionName: sessionName,
    DurationSeconds: String(roleSeconds),
    ...(externalId === '' ? {} : { ExternalId: externalId }),
  };
}

/** Signature V4 over the whole body. */
function amazonForm(role: Role, host: string, keys: Keys, nowMs: number): SignedForm {
  const body = formOf({ ...wish(role), Version: '2011-06-15' });
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = stamp.slice(0, 8);
  const signed: Record<string, string> = { 'content-type': contentType, host, 'x-amz-date': stamp };
  if (keys.token !== '') signed['x-amz-security-token'] = keys.token;
  const signedNames = Object.keys(signed).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...signedNames.map((name) => `${name}:${signed[name]}`),
    '',
    signedNames.join(';'),
    sha256(body),
  ].join('\n');
  const scope = [day, role.region, 'sts', 'aws4_request'];
  const key = scope.reduce<string | Buffer>((before, word) => hmac(before, word), `AWS4${keys.accessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope.join('/'), sha256(canonical)].join('\n'));
  const credential = `${keys.accessId}/${scope.join('/')}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedNames.join(';')}, Signature=${signature.toString('hex')}`;
  return { body, headers: { ...signed, authorization } };
}

/** The signature is one of the form's fields, over all the others. */
function aliyunForm(role: Role, keys: Keys, nowMs: number): SignedForm {
  const fields = {
    ...wish(role),
    Version: '2015-04-01',
    Format: 'JSON',
    AccessKeyId: keys.accessId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    Timestamp: new Date(nowMs).toISOString().replace(/\.\d+/, ''),
    ...(keys.token === '' ? {} : { SecurityToken: keys.token }),
  };
  const toSign = `POST&${escaped('/')}&${escaped(formOf(fields))}`;
  const signature = createHmac('sha1', `${keys.accessKey}&`).update(toSign).digest('base64');
  return { body: formOf({ ...fields, Signature: signature }), headers: { 'content-type': contentType } };
}

function formOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join('&');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
