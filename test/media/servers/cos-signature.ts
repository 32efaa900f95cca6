import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request was refused, in the words of the service. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface Signer {
  readonly secretId: string;
  readonly secretKey: string;
}

/** Query parameters and headers that may travel unsigned. */
const unsignedHeaders = new Set(['x-cos-security-token']);

/**
 * Holds a V5 signature against what arrived: the times of the signature, the lists, every query parameter and every
 * `x-cos-*` header signed, and the signature itself. `null` when it is right.
 */
export function refusedSignature(
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
  signer: Signer,
  nowMs: number,
): Refusal | null {
  const text = request.headers.authorization;
  if (!text) return { status: 403, code: 'AccessDenied', message: 'Access Denied.' };
  const fields = new Map(
    text.split('&').map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]),
  );
  const field = (name: string) => fields.get(name) ?? '';
  if (field('q-sign-algorithm') !== 'sha1') return bad('the algorithm is unknown');
  if (field('q-ak') !== signer.secretId)
    return { status: 403, code: 'InvalidAccessKeyId', message: `The access key Id ${field('q-ak')} does not exist` };
  const [from = 0, to = 0] = field('q-sign-time').split(';').map(Number);
  const late = refusedTime(from, to, nowMs / 1000);
  if (late) return late;
  const given = new Map(
    Object.entries(request.headers).map(([name, value]) => [encode(name).toLowerCase(), String(value)]),
  );
  const parameters = new Map([...query].map(([name, value]) => [encode(name).toLowerCase(), value]));
  const headerList = listOf(field('q-header-list'));
  const parameterList = listOf(field('q-url-param-list'));
  for (const list of [headerList, parameterList])
    if (list.join() !== list.toSorted().join()) return bad('a list is not sorted');
  for (const name of headerList) if (!given.has(name)) return bad(`the header ${name} is signed but absent`);
  for (const name of parameterList) if (!parameters.has(name)) return bad(`${name} is signed but absent`);
  for (const name of given.keys())
    if (name.startsWith('x-cos-') && !unsignedHeaders.has(name) && !headerList.includes(name))
      return bad(`the header ${name} is not signed`);
  for (const name of parameters.keys()) if (!parameterList.includes(name)) return bad(`${name} is not signed`);
  const line = (names: readonly string[], values: ReadonlyMap<string, string>) =>
    names.map((name) => `${name}=${encode(values.get(name) ?? '')}`).join('&');
  const signed = [
    (request.method ?? '').toLowerCase(),
    path,
    line(parameterList, parameters),
    line(headerList, given),
    '',
  ];
  const signKey = createHmac('sha1', signer.secretKey).update(field('q-key-time')).digest('hex');
  const digest = createHash('sha1').update(signed.join('\n')).digest('hex');
  const expected = createHmac('sha1', signKey)
    .update(`sha1\n${field('q-sign-time')}\n${digest}\n`)
    .digest('hex');
  return expected === field('q-signature') ? null : bad(`StringToSign: ${digest}`);
}

/** Seconds a clock may be ahead of ours. */
const toleratedSeconds = 60;

function refusedTime(from: number, to: number, now: number): Refusal | null {
  if (from > now + toleratedSeconds)
    return { status: 403, code: 'RequestTimeTooSkewed', message: 'The difference of times is too large.' };
  return to < now ? { status: 403, code: 'AccessDenied', message: 'Request has expired' } : null;
}

function bad(message: string): Refusal {
  return { status: 403, code: 'SignatureDoesNotMatch', message: `The signature does not match: ${message}` };
}

function listOf(text: string): string[] {
  return text === '' ? [] : text.split(';');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
