import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CosDouble } from './servers/cos-double.ts';
import { crc64Of } from './servers/cos-store.ts';

// The double is held against requests signed here, by the service's own description: what the SDK sends proves it only half.

let double: CosDouble;
beforeAll(async () => {
  double = await CosDouble.start();
});
afterAll(() => double.stop());

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly unsigned?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly host?: string;
  readonly secret?: string;
  readonly signedPath?: string;
  readonly aheadSeconds?: number;
}

function ask(asked: Asked): Promise<{ status: number; code: string; headers: Record<string, unknown>; body: string }> {
  const host = asked.host ?? `vault-1250000000.${double.host}`;
  const signed: Record<string, string> = { host, ...asked.headers };
  const now = Math.floor(Date.now() / 1000) + (asked.aheadSeconds ?? 0);
  const time = `${now};${now + 600}`;
  const query = Object.entries(asked.query ?? {}).sort();
  const headers = Object.entries(signed).sort();
  const line = (pairs: [string, string][]) => pairs.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&');
  const text = `${asked.method.toLowerCase()}\n${asked.signedPath ?? asked.path}\n${line(query)}\n${line(headers)}\n`;
  const key = createHmac('sha1', asked.secret ?? double.signer.secretKey)
    .update(time)
    .digest('hex');
  const toSign = `sha1\n${time}\n${createHash('sha1').update(text).digest('hex')}\n`;
  const list = (pairs: [string, string][]) => pairs.map(([k]) => k).join(';');
  const authorization = `q-sign-algorithm=sha1&q-ak=${double.signer.secretId}&q-sign-time=${time}&q-key-time=${time}&q-header-list=${list(headers)}&q-url-param-list=${list(query)}&q-signature=${createHmac('sha1', key).update(toSign).digest('hex')}`;
  const search = line(query) === '' ? '' : `?${line(query)}`;
  const [hostname, port] = double.host.split(':');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method: asked.method,
        path: `${asked.path}${search}`,
        headers: { ...signed, ...asked.unsigned, authorization, 'content-length': Buffer.byteLength(asked.body ?? '') },
      },
      async (reply) => {
        let body = '';
        for await (const chunk of reply) body += chunk;
        const code = /<Code>(\w+)</.exec(body)?.[1] ?? '';
        resolve({ status: reply.statusCode ?? 0, code, headers: reply.headers, body });
      },
    );
    sent.on('error', reject);
    sent.end(asked.body);
  });
}

test('a request signed by the description passes, and one that differs in anything does not', async () => {
  const put = { method: 'PUT', path: '/a/b', body: '123456789' };
  const { status, headers } = await ask(put);
  expect(status).toBe(200);
  expect(headers['x-cos-hash-crc64ecma']).toBe(BigInt('0x995dc9bbdf1939fa').toString());
  expect(crc64Of(Buffer.from('123456789'))).toBe(headers['x-cos-hash-crc64ecma']);
  const differing: readonly (readonly [string, Partial<Asked>])[] = [
    ['SignatureDoesNotMatch', { secret: 'another' }],
    ['SignatureDoesNotMatch', { signedPath: '/a/c' }],
    ['SignatureDoesNotMatch', { unsigned: { 'x-cos-forbid-overwrite': 'true' } }],
    ['RequestTimeTooSkewed', { aheadSeconds: 1200 }],
    ['AccessDenied', { aheadSeconds: -1200 }],
    ['InvalidURI', { host: double.host }],
    ['NoSuchBucket', { host: `other-1250000000.${double.host}` }],
    ['InvalidBucketName', { host: `vault.${double.host}` }],
    ['BadDigest', { headers: { 'content-md5': createHash('md5').update('other').digest('base64') } }],
  ];
  for (const [code, change] of differing) expect((await ask({ ...put, ...change })).code).toBe(code);
});

test('overwriting is refused at the end of an upload only when it was at its beginning too', async () => {
  const forbid = { 'x-cos-forbid-overwrite': 'true' };
  const { store } = double;
  const finish = (key: string, atBegin: boolean, atEnd: boolean) => {
    const id = store.begin(key, atBegin);
    store.upload(id, key).parts.set(1, { bytes: Buffer.from('late'), etag: '"e"' });
    store.put(key, Buffer.from('first'));
    store.complete(id, key, [{ no: 1, etag: '"e"' }], atEnd);
    return String(store.get(key).bytes);
  };
  expect(finish('begin', true, false)).toBe('late');
  expect(finish('end', false, true)).toBe('late');
  expect(() => finish('both', true, true)).toThrow('exists');
  expect(String(store.get('both').bytes)).toBe('first');
  const begun = await ask({ method: 'POST', path: '/both', query: { uploads: '' }, headers: forbid });
  expect(begun.code).toBe('FileAlreadyExists');
  expect((await ask({ method: 'PUT', path: '/both', body: 'y', headers: forbid })).code).toBe('FileAlreadyExists');
});
