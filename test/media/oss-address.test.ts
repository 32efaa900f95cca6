import { expect, test } from 'vitest';
import { MediumError } from '../../src/media/medium.ts';
import { ossPlace } from '../../src/media/oss/oss-address.ts';

const place = (path: string, host: string) =>
  ossPlace({ scheme: 'oss', path, host, authorization: { accessId: 'a', accessKey: 'b' }, options: {} });

test.each([
  ['oss-cn-hangzhou.aliyuncs.com', 'http://bkt-1.oss-cn-hangzhou.aliyuncs.com', 'cn-hangzhou', false],
  [
    'https://oss-cn-shenzhen-internal.aliyuncs.com',
    'https://bkt-1.oss-cn-shenzhen-internal.aliyuncs.com',
    'cn-shenzhen',
    false,
  ],
  [
    'http://oss-ap-southeast-1.aliyuncs.com:8080',
    'http://bkt-1.oss-ap-southeast-1.aliyuncs.com:8080',
    'ap-southeast-1',
    false,
  ],
  ['oss-accelerate.aliyuncs.com', 'http://bkt-1.oss-accelerate.aliyuncs.com', null, false],
  ['oss.aliyuncs.com', 'http://bkt-1.oss.aliyuncs.com', null, false],
  ['oss-internal.example.net', 'http://bkt-1.oss-internal.example.net', null, false],
  ['10.0.0.7:9000', 'http://10.0.0.7:9000', null, true],
  ['https://[::1]:9000', 'https://[::1]:9000', null, true],
  ['localhost:9000', 'http://localhost:9000', null, true],
])('host %s', (host, origin, region, byPath) => {
  expect(place('oss://bkt-1/dir', host)).toMatchObject({ bucket: 'bkt-1', prefix: 'dir/', origin, region, byPath });
});

test.each([
  ['oss://bkt-1', ''],
  ['oss://bkt-1/a', 'a/'],
  ['oss://bkt-1/a//b', 'a//b/'],
  ['oss://bkt-1/数 据/b+c', '数 据/b+c/'],
])('the prefix of %s', (path, prefix) => {
  expect(place(path, '127.0.0.1').prefix).toBe(prefix);
});

test.each([
  ['oss://', '127.0.0.1', 'noContainer'],
  ['oss:///dir', '127.0.0.1', 'noContainer'],
  ['oss://Bucket/dir', '127.0.0.1', 'noContainer'],
  ['oss://-bkt/dir', '127.0.0.1', 'noContainer'],
  ['oss://bkt-1/dir', 'ftp://x', 'noContainer'],
  ['oss://bkt-1/dir', 'host:99999', 'noContainer'],
  ['oss://bkt-1/./dir', '127.0.0.1', 'invalidKey'],
  ['oss://bkt-1/..', '127.0.0.1', 'invalidKey'],
])('%s at %s leads nowhere', (path, host, kind) => {
  expect(() => place(path, host)).toThrow(MediumError);
  expect(() => place(path, host)).toThrow(expect.objectContaining({ kind }));
});
