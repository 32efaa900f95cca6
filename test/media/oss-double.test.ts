import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OssDouble } from './servers/oss-double.ts';

/** A double that is not strict proves nothing: these requests are signed here, step by step as the service describes it. */
let double: OssDouble;
beforeAll(async () => {
  double = new OssDouble();
  await double.listen();
});
afterAll(() => double.kill());
beforeEach(() => {
  double.removeBucket('bkt');
  double.bucket('bkt');
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
const stampOf = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
const md5 = (body: Buffer) => createHash('md5').update(body).digest('base64');

/** V4 for a path in bucket form: `/bkt/key`; the query as it goes over the wire and is sorted already. */
function signed(asked: Asked, change: { region?: string; secret?: string; ms?: number; id?: string } = {}): Asked {
  const stamp = stampOf(change.ms ?? Date.now());
  const region = change.region ?? double.region;
  const headers: Record<string, string> = {
    ...asked.headers,
    'x-oss-date': stamp,
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
  };
  const names = Object.keys(headers).filter((name) => /^(content-type|content-md5|x-oss-.*)$/.test(name));
  const lines = names.sort().map((name) => `${name}:${headers[name]}\n`);
  const canonical = [asked.method, asked.path, asked.query ?? '', lines.join(''), '', 'UNSIGNED-PAYLOAD'].join('\n');
  const day = stamp.slice(0, 8);
  const scope = `${day}/${region}/oss/aliyun_v4_request`;
  const toSign = `OSS4-HMAC-SHA256\n${stamp}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  let key: Buffer | string = `aliyun_v4${change.secret ?? double.accessKey}`;
  for (const step of [day, region, 'oss', 'aliyun_v4_request']) key = hmac(key, step);
  const signature = hmac(key, toSign).toString('hex');
  const credential = `${change.id ?? double.accessId}/${scope}`;
  return {
    ...asked,
    headers: { ...headers, authorization: `OSS4-HMAC-SHA256 Credential=${credential},Signature=${signature}` },
  };
}

function send({ method, path, query, headers, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = `${path}${query === undefined || query === '' ? '' : `?${query}`}`;
    const outgoing = request({ host: '127.0.0.1', port: double.port, method, path: target, headers: { ...headers } });
    outgoing.on('error', reject);
    outgoing.on('response', async (incoming) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const said =
        method === 'HEAD' ? Buffer.from(String(incoming.headers['x-oss-err'] ?? ''), 'base64').toString() : text;
      const code = /<Code>(\w+)<\/Code>/.exec(said)?.[1] ?? '';
      resolve({ status: incoming.statusCode ?? 0, code, headers: incoming.headers, body: text });
    });
    outgoing.end(body);
  });
}

const body = Buffer.from('123456789');
const put = (key: string, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'PUT',
  path: `/bkt/${key}`,
  headers: { 'content-md5': md5(body), ...headers },
  body,
});

test('a right signature is taken, and the check sum is the published one', async () => {
  const answer = await send(signed(put('a')));
  expect(answer.status).toBe(200);
  expect(answer.headers['x-oss-hash-crc64ecma']).toBe(BigInt('0x995dc9bbdf1939fa').toString());
  expect((await send(signed({ method: 'GET', path: '/bkt/a' }))).body).toBe('123456789');
});

describe('a request is refused', () => {
  const right = () => signed(put('a'));
  test.each<readonly [string, () => Asked, string]>([
    ['without a signature', () => put('a'), 'AccessDenied'],
    ['with another secret', () => signed(put('a'), { secret: 'x' }), 'SignatureDoesNotMatch'],
    ['with an unknown id', () => signed(put('a'), { id: 'nobody' }), 'InvalidAccessKeyId'],
    ['of another region', () => signed(put('a'), { region: 'cn-beijing' }), 'InvalidArgument'],
    ['of 20 minutes ago', () => signed(put('a'), { ms: Date.now() - 1_200_000 }), 'RequestTimeTooSkewed'],
    ['of 20 minutes to come', () => signed(put('a'), { ms: Date.now() + 1_200_000 }), 'RequestTimeTooSkewed'],
    ['for another path', () => ({ ...right(), path: '/bkt/b' }), 'SignatureDoesNotMatch'],
    ['by another method', () => ({ ...right(), method: 'POST' }), 'SignatureDoesNotMatch'],
    [
      'with a parameter that was not signed',
      () => ({ ...right(), query: 'append&position=0' }),
      'SignatureDoesNotMatch',
    ],
    [
      'with a header that was not signed',
      () => ({ ...right(), headers: { ...right().headers, 'x-oss-forbid-overwrite': 'true' } }),
      'SignatureDoesNotMatch',
    ],
    ['with other bytes', () => ({ ...right(), body: Buffer.from('123456780') }), 'InvalidDigest'],
    ['for a bucket that is not there', () => signed({ method: 'GET', path: '/none/a' }), 'NoSuchBucket'],
    ['for an object that is not there', () => signed({ method: 'HEAD', path: '/bkt/a' }), 'NoSuchKey'],
    [
      'for a sub-resource nobody knows',
      () => signed({ method: 'PUT', path: '/bkt/', query: 'uploads' }),
      'MethodNotAllowed',
    ],
  ])('%s', async (_, asked, code) => {
    expect((await send(asked())).code).toBe(code);
    expect(double.bucket('bkt').objects.size).toBe(0);
  });
});

test('V1 covers sub-resources and headers, nothing else of the query', async () => {
  const date = new Date().toUTCString();
  const v1 = (resource: string, key: string) =>
    `OSS ${double.accessId}:${createHmac('sha1', key).update(`GET\n\n\n${date}\nx-oss-date:${date}\n${resource}`).digest('base64')}`;
  const ask = (query: string, authorization: string) =>
    send({ method: 'GET', path: '/bkt/', query, headers: { 'x-oss-date': date, authorization } });
  expect((await ask('prefix=a&max-keys=5', v1('/bkt/', double.accessKey))).status).toBe(200);
  expect((await ask('uploads', v1('/bkt/?uploads', double.accessKey))).status).toBe(200);
  expect((await ask('uploads', v1('/bkt/', double.accessKey))).code).toBe('SignatureDoesNotMatch');
  expect((await ask('uploads', v1('/bkt/?uploads', 'x'))).code).toBe('SignatureDoesNotMatch');
});

test('rules of writing: create only, positions, parts', async () => {
  const forbid = { 'x-oss-forbid-overwrite': 'true' };
  expect((await send(signed(put('a', forbid)))).status).toBe(200);
  expect((await send(signed(put('a', forbid)))).code).toBe('FileAlreadyExists');
  const append = (key: string, position: number) =>
    send(signed({ ...put(key), method: 'POST', query: `append&position=${position}` }));
  expect((await append('log', 0)).headers['x-oss-next-append-position']).toBe('9');
  const wrong = await append('log', 3);
  expect([wrong.status, wrong.code, wrong.headers['x-oss-next-append-position']]).toEqual([
    409,
    'PositionNotEqualToLength',
    '9',
  ]);
  expect((await append('a', 9)).code).toBe('ObjectNotAppendable');
  const begun = await send(signed({ method: 'POST', path: '/bkt/big', query: 'uploads' }));
  const id = /<UploadId>(\w+)</.exec(begun.body)?.[1] ?? '';
  const part = (no: number) => send(signed({ ...put('big'), query: `partNumber=${no}&uploadId=${id}` }));
  const etags = [await part(1), await part(2)].map(({ headers }) => String(headers.etag));
  const complete = (nos: readonly number[], tag = etags[0]) => {
    const rows = nos.map((no) => `<Part><PartNumber>${no}</PartNumber><ETag>${tag}</ETag></Part>`).join('');
    const list = Buffer.from(`<CompleteMultipartUpload>${rows}</CompleteMultipartUpload>`);
    return send(signed({ method: 'POST', path: '/bkt/big', query: `uploadId=${id}`, body: list }));
  };
  expect((await complete([1, 2])).code).toBe('EntityTooSmall');
  expect((await complete([2, 1])).code).toBe('EntityTooSmall');
  expect((await complete([3])).code).toBe('InvalidPart');
  expect((await complete([1], '"00"')).code).toBe('InvalidPart');
  expect((await complete([])).code).toBe('MalformedXML');
  expect(double.bucket('bkt').objects.has('big')).toBe(false);
  expect((await complete([1])).status).toBe(200);
  expect((await complete([1])).code).toBe('NoSuchUpload');
});

test('a range that reaches beyond the end gets everything, unless the standard is asked for', async () => {
  await send(signed(put('a')));
  const get = (range: string, standard: boolean) =>
    send(
      signed({
        method: 'GET',
        path: '/bkt/a',
        headers: { range, ...(standard ? { 'x-oss-range-behavior': 'standard' } : {}) },
      }),
    );
  expect((await get('bytes=2-4', false)).body).toBe('345');
  expect((await get('bytes=7-20', false)).status).toBe(200);
  expect((await get('bytes=7-20', true)).body).toBe('89');
  expect((await get('bytes=9-20', true)).code).toBe('InvalidRange');
});
