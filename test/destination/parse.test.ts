import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import {
  authorizationText,
  endpointText,
  maskDestination,
  sameDestination,
  shownPath,
  storageColumns,
  storedText,
} from '../../src/destination/destination.ts';
import { parseDestination, parseStoredDestination } from '../../src/destination/parse.ts';

function failure(work: () => unknown): { code: number; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof ObError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}
const invalid = { code: -9026, message: 'backup destination is not valid' };
const argument = { code: -4002, message: 'Invalid argument' };
const keys = 'host=oss.example.net&access_id=AK1&access_key=SK1';

describe('file destinations', () => {
  test.each([
    ['file:///data/backup', 'file:///data/backup'],
    ['file:///data/backup///', 'file:///data/backup'],
    ['file:///data//Back.up/../x?', 'file:///data//Back.up/../x'],
    ['file:///data with blank/é', 'file:///data with blank/é'],
  ])('%s', (text, path) => {
    const destination = parseDestination(text);
    expect(destination).toMatchObject({ scheme: 'file', path, host: '', extension: '' });
    expect(storedText(destination)).toBe(path);
    expect(shownPath(destination)).toBe(path);
    expect(Object.isFrozen(destination)).toBe(true);
  });

  test.each(['delete_mode=delete', 'checksum_type=md5'])('the hint names %s', (option) => {
    const [name] = option.split('=');
    expect(() => parseDestination(`file:///data?${option}`, parseRelease('4.2.5'))).toThrow(
      expect.objectContaining({ hint: `a file:// destination takes no '${name}'` }),
    );
  });

  test('dropped options are named, never with their values', () => {
    const ignored = (more: string) => parseDestination(`oss://b/data?${keys}&${more}`).ignored;
    expect(ignored('access_token=SECRET&flag')).toEqual(['access_token', 'flag']);
    expect(ignored('constructor=1&__proto__=2')).toEqual(['constructor', '__proto__']);
  });

  test('limits are cut out of the stored text', () => {
    const destination = parseDestination('file:///data?max_iops=100&max_bandwidth=100MB');
    expect(destination).toMatchObject({ maxIops: 100n, maxBandwidth: 104857600n });
    expect(storedText(destination)).toBe('file:///data');
  });

  test.each([
    ['', invalid],
    ['/data/backup', invalid],
    ['FILE:///data', invalid],
    ['File:///data', invalid],
    ['LOCATION=file:///data', invalid],
    [' file:///data', invalid],
    ['azblob://a/b', invalid],
    ['file:/data', invalid],
    ['file://', argument],
    ['file:///', argument],
    ['file:////?', argument],
    ['file:///data?host=a', invalid],
    ['file:///data?access_id=a', invalid],
    ['file:///data?access_key=a', invalid],
    ['file:///data?delete_mode=delete', invalid],
    ['file:///data?delete_mode=shred', argument],
    ['file:///data?appid=1', argument],
    ['file:///data?s3_region=eu', argument],
    ['file:///data?max_iops=many', argument],
    ['file:///data?max_bandwidth=100', argument],
    ['file:///a\0b', invalid],
  ])('%j is refused', (text, expected) => {
    expect(failure(() => parseDestination(text))).toEqual(expected);
  });

  test('a relative path says so', () => {
    expect(failure(() => parseDestination('file://backup/data/'))).toEqual({
      code: -9026,
      message: 'file://backup/data (not an absolute path) is not a valid uri',
    });
  });

  test('an encrypted key cannot be typed', () => {
    expect(failure(() => parseDestination(`oss://b/d?host=h&access_id=a&encrypt_key=00`))).toEqual({
      code: -9026,
      message: 'backup destination contains encrypt_key, which is not a valid uri',
    });
  });
});

describe('object store destinations', () => {
  test('parts and stored forms', () => {
    const destination = parseDestination(`oss://bk-eu/shop_a/data/?${keys}&delete_mode=tagging&noise=1`);
    expect(destination).toMatchObject({
      scheme: 'oss',
      path: 'oss://bk-eu/shop_a/data',
      host: 'oss.example.net',
      authorization: { accessId: 'AK1', accessKey: 'SK1' },
      options: { delete_mode: 'tagging' },
      extension: 'delete_mode=tagging',
      ignored: ['noise'],
    });
    expect(shownPath(destination)).toBe('oss://bk-eu/shop_a/data?host=oss.example.net');
    expect(storedText(destination)).toBe(`oss://bk-eu/shop_a/data?${keys}&delete_mode=tagging`);
    const seal = (key: string) => Buffer.from(key).toString('hex');
    const open = (hex: string) => Buffer.from(hex, 'hex').toString();
    const sealed = storedText(destination, seal);
    expect(sealed).toBe(
      'oss://bk-eu/shop_a/data?host=oss.example.net&access_id=AK1&encrypt_key=534b31&delete_mode=tagging',
    );
    expect(parseStoredDestination(sealed, open)).toEqual({ ...destination, ignored: [] });
    expect(endpointText(destination)).toBe('host=oss.example.net');
    expect(authorizationText(destination)).toBe('access_id=AK1&access_key=SK1');
    expect(storageColumns(destination, seal)).toEqual({
      path: 'oss://bk-eu/shop_a/data',
      endpoint: 'host=oss.example.net',
      authorization: 'access_id=AK1&encrypt_key=534b31',
      extension: 'delete_mode=tagging',
      maxIops: 0n,
      maxBandwidth: 0n,
    });
  });

  test.each([
    ['oss://b/d', invalid],
    ['oss://b/d?', invalid],
    ['oss://?host=h', argument],
    ['oss://b/d?access_id=a&access_key=k', invalid],
    ['oss://b/d?host=h&access_key=k', invalid],
    ['oss://b/d?host=h&access_id=a', invalid],
    ['oss://b/d?HOST=h&access_id=a&access_key=k', invalid],
    [`oss://b/d?${keys}&delete_mode=Delete`, argument],
    [`oss://b/d?${keys}&appid=1`, argument],
    [`cos://b/d?${keys}`, invalid],
    [`cos://b/d?${keys}&s3_region=eu`, argument],
    [`s3://b/d?${keys}&appid=1`, argument],
    [
      `s3://b/d?${keys}&ca_file=/etc/ca.pem`,
      { code: -9026, message: 'destination with ca_file whose host does not begin with https:// is not a valid uri' },
    ],
    [
      `oss://b/d?host=https://h&access_id=a&access_key=k&ca_file=ca.pem`,
      { code: -4002, message: 'Incorrect arguments to ca_file, it should be an absolute path' },
    ],
    [`oss://b//d?${keys}`, { code: -9026, message: 'oss://b//d (a name in it is empty, . or ..) is not a valid uri' }],
    [
      `oss://b/../d?${keys}`,
      { code: -9026, message: 'oss://b/../d (a name in it is empty, . or ..) is not a valid uri' },
    ],
  ])('%s is refused', (text, expected) => {
    expect(failure(() => parseDestination(text))).toEqual(expected);
  });

  test('cos takes its appid, s3 its region', () => {
    expect(parseDestination(`cos://b/d?${keys}&appid=12`).extension).toBe('appid=12');
    expect(parseDestination(`s3://b/d?${keys}&s3_region=eu`).extension).toBe('s3_region=eu');
  });

  test('a key that appears twice is stored twice', () => {
    expect(storedText(parseDestination('oss://b/d?host=h&access_id=a1&access_id=a2&access_key=k'))).toBe(
      'oss://b/d?host=h&access_id=a1&access_id=a2&access_key=k',
    );
  });
});

describe('releases', () => {
  const at = (release: string, text: string) => parseDestination(text, parseRelease(release));

  test('s3 is known from 4.2.1', () => {
    expect(failure(() => at('4.2.0', `s3://b/d?${keys}`))).toEqual(invalid);
    expect(failure(() => at('4.1.0', `s3://b/d?${keys}`))).toEqual(invalid);
    expect(at('4.2.1', `s3://b/d?${keys}`).scheme).toBe('s3');
  });

  test('checksum_type is dropped before 4.2.5 and appended from then on', () => {
    expect(at('4.2.1', `oss://b/d?${keys}&checksum_type=crc32`).ignored).toEqual(['checksum_type']);
    expect(at('4.3.2', `oss://b/d?${keys}`).extension).toBe('checksum_type=md5');
    expect(at('4.3.2', `s3://b/d?${keys}&checksum_type=crc32`).extension).toBe('checksum_type=crc32');
    expect(failure(() => at('4.3.2', `oss://b/d?${keys}&checksum_type=sha1`))).toEqual(argument);
    expect(failure(() => at('4.3.2', `oss://b/d?${keys}&checksum_type=crc32`))).toEqual({
      code: -9113,
      message: 'checksum type crc32 is not supported for the input destination',
    });
    expect(failure(() => at('4.3.2', 'file:///d?checksum_type=md5'))).toEqual(invalid);
  });

  test('an option of a later release is not lost when a stored text is read', () => {
    const typed = at('4.3.2', `s3://b/d?${keys}&checksum_type=crc32&addressing_model=path_style`);
    expect(parseStoredDestination(storedText(typed), String)).toEqual(typed);
    const older = at('4.2.1', `oss://b/d?${keys}`);
    expect(parseStoredDestination(storedText(older), String).extension).toBe('');
  });

  test('a host that is no endpoint has a code of its own from 4.3 on', () => {
    for (const host of ['h h', 'ftp://h', 'h:0', 'h:65536', 'h:x', 'h/bucket', 'u:p@h', 'https://', 'http:/h', '-h'])
      for (const [release, code] of [
        ['4.2.1', -9026],
        ['4.3.0', -9118],
      ] as const) {
        const error = failure(() => at(release, `oss://b/d?host=${host}&access_id=a&access_key=k`));
        expect([host, error.code]).toEqual([host, code]);
      }
    for (const host of [
      'h',
      'h:1',
      'http://h',
      'https://h:443',
      '10.0.0.1:9000',
      '[::1]:80',
      'https://oss.example.net/',
    ])
      expect(at('4.2.1', `oss://b/d?host=${host}&access_id=a&access_key=k`).host).toBe(host);
  });

  test('a role takes the place of both keys on OSS and S3, where releases know it', () => {
    const stored = (text: string) => storedText(at('4.3.2', text), (key) => `sealed-${key}`);
    for (const key of ['role_arn', 'external_id']) {
      expect(failure(() => at('4.3.2', `file:///d?${key}=r`))).toEqual(invalid);
      expect(failure(() => at('4.3.2', `oss://b/d?${keys}&${key}=r`))).toEqual(invalid);
      expect(failure(() => at('4.3.2', `oss://b/d?${keys}&${key}=`))).toEqual(invalid);
      expect(failure(() => at('4.3.2', `cos://b/d?host=h&appid=1&${key}=r`))).toEqual(invalid);
      expect(at('4.2.5', `oss://b/d?${keys}&${key}=r`).ignored).toEqual([key]);
      expect(failure(() => at('4.2.5', `oss://b/d?host=h&${key}=r`))).toEqual(invalid);
    }
    const typed = at('4.3.2', 's3://b/d?host=h&role_arn=arn:aws:iam::1:role/r&external_id=e/1');
    expect(typed.authorization).toEqual({ accessId: 'arn:aws:iam::1:role/r', accessKey: 'e/1', byRole: true });
    const text = storedText(typed, (key) => `sealed-${key}`);
    expect(text).toBe('s3://b/d?host=h&role_arn=arn:aws:iam::1:role/r&encrypt_key=sealed-e/1&checksum_type=md5');
    expect(parseStoredDestination(text, (hex) => hex.slice('sealed-'.length))).toEqual(typed);
    expect(stored('s3://b/d?host=h&role_arn=r')).toBe('s3://b/d?host=h&role_arn=r&checksum_type=md5');
    expect(failure(() => at('4.3.2', 's3://b/d?host=h&external_id=e'))).toEqual(invalid);
    expect(at('4.3.0', 's3://b/d?host=h&role_arn=r').authorization.accessKey).toBe('');
  });

  test('sts_host says where a role is asked for, and must where nobody can know', () => {
    const role = 'role_arn=r&external_id=e';
    expect(failure(() => at('4.3.2', `oss://b/d?host=oss.example.net&${role}`)).code).toBe(-9026);
    expect(at('4.3.2', `oss://b/d?host=oss.example.net&${role}&sts_host=https://sts`).options['sts_host']).toBe(
      'https://sts',
    );
    expect(at('4.3.2', `oss://b/d?host=https://oss-cn-beijing.aliyuncs.com&${role}`).options['sts_host']).toBe(
      undefined,
    );
    expect(failure(() => at('4.3.2', `s3://b/d?host=h&${role}&sts_host=h h`)).code).toBe(-9118);
    expect(failure(() => at('4.3.2', `s3://b/d?${keys}&sts_host=h`)).code).toBe(-9026);
    expect(failure(() => at('4.3.2', `cos://b/d?${keys}&appid=1&sts_host=h`)).code).toBe(-4002);
    expect(failure(() => at('4.3.2', `s3://b/d?host=h&${role}&ca_file=/c`)).code).toBe(-9026);
    expect(at('4.3.2', `s3://b/d?host=h&${role}&ca_file=/c&sts_host=https://s`).options['ca_file']).toBe('/c');
    expect(at('4.2.5', `s3://b/d?${keys}&sts_host=h`).ignored).toEqual(['sts_host']);
  });
});

describe('lengths', () => {
  const options = (length: number) => `oss://b/d?${keys}&x=`.padEnd('oss://b/d?'.length + length, 'x');

  test.each([
    ['path', () => `file:///${'p'.repeat(1015)}`, () => `file:///${'p'.repeat(1016)}`, invalid],
    ['path in bytes', () => `file:///${'é'.repeat(507)}p`, () => `file:///${'é'.repeat(508)}`, invalid],
    ['options', () => options(1535), () => options(1536), invalid],
    [
      'host',
      () => `oss://b/d?host=${'h'.repeat(250)}&access_id=a&access_key=k`,
      () => `oss://b/d?host=${'h'.repeat(251)}&access_id=a&access_key=k`,
      argument,
    ],
    [
      'access_key',
      () => `oss://b/d?host=h&access_id=a&access_key=${'k'.repeat(244)}`,
      () => `oss://b/d?host=h&access_id=a&access_key=${'k'.repeat(245)}`,
      argument,
    ],
    [
      'extension',
      () => `cos://b/d?${keys}&appid=${'1'.repeat(505)}`,
      () => `cos://b/d?${keys}&appid=${'1'.repeat(506)}`,
      argument,
    ],
  ])('%s', (_name, fits, tooLong, expected) => {
    expect(parseDestination(fits()).path).not.toBe('');
    expect(failure(() => parseDestination(tooLong()))).toEqual(expected);
  });

  test('a sealed key may be longer than any text that is typed', () => {
    const longest = `cos://b/d?host=${'h'.repeat(250)}&access_id=${'i'.repeat(245)}&access_key=${'k'.repeat(244)}&appid=${'1'.repeat(505)}`;
    const destination = parseDestination(longest);
    const seal = (key: string) => Buffer.from(`${key}${'x'.repeat(33)}`).toString('hex');
    const open = (hex: string) => Buffer.from(hex, 'hex').toString().slice(0, -33);
    const stored = storedText(destination, seal);
    expect(stored.length).toBeGreaterThan(1536);
    expect(parseStoredDestination(stored, open)).toEqual(destination);
  });

  test('options may be longer from 4.3 on', () => {
    expect(parseDestination(options(1599), parseRelease('4.3.0')).scheme).toBe('oss');
    expect(failure(() => parseDestination(options(1600), parseRelease('4.3.0')))).toEqual(invalid);
  });

  test('the whole text', () => {
    const text = `oss://b/${'p'.repeat(600)}?${keys}&x=`;
    expect(parseDestination(text.padEnd(2047, 'x')).scheme).toBe('oss');
    expect(failure(() => parseDestination(text.padEnd(2048, 'x')))).toEqual(invalid);
  });
});

describe('equality', () => {
  test('path and endpoint decide, keys and slashes do not', () => {
    const one = parseDestination(`oss://b/d?${keys}`);
    expect(sameDestination(one, parseDestination('oss://b/d//?access_key=x&access_id=y&host=oss.example.net'))).toBe(
      true,
    );
    expect(sameDestination(one, parseDestination('oss://b/d?host=other&access_id=AK1&access_key=SK1'))).toBe(false);
    expect(sameDestination(parseDestination('file:///a/b'), parseDestination('file:///a//b'))).toBe(false);
    expect(sameDestination(parseDestination('file:///a/b'), parseDestination('file:///A/b'))).toBe(false);
  });
});

describe('masking', () => {
  test('no secret survives, whatever its text', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9 ,'"%+/]{8,20}$/);
    fc.assert(
      fc.property(fc.constantFrom('access_key', 'encrypt_key', 'ACCESS_KEY', 'password'), word, (key, secret) => {
        const masked = maskDestination(`LOCATION=oss://b/d?host=h&${key}=${secret}&delete_mode=delete`);
        expect(masked).toBe(`LOCATION=oss://b/d?host=h&${key}=******&delete_mode=delete`);
      }),
    );
    expect(maskDestination('SERVICE=1.2.3.4:1 USER=a@b PASSWORD=top secret')).toBe(
      'SERVICE=1.2.3.4:1 USER=a@b PASSWORD=******',
    );
    expect(maskDestination('file:///data')).toBe('file:///data');
    expect(maskDestination('sftp://u:top@h/d?password=x')).toBe('sftp://u:******@h/d?password=******');
    expect(maskDestination('s3://b/d?role_arn=r&external_id=abc&host=h')).toBe(
      's3://b/d?role_arn=r&external_id=******&host=h',
    );
    expect(maskDestination('hdfs://n/d?delegation_token=abc&user=u')).toBe('hdfs://n/d?delegation_token=******&user=u');
  });
});

test('no text makes the parser throw anything but a coded error', () => {
  const piece = fc.constantFrom('file://', 'oss://', '/', '?', '&', '=', 'host=h', 'access_id=a', 'access_key=k', 'b');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((all) => all.join('')),
      ),
      (text) => {
        try {
          const destination = parseDestination(text);
          expect(parseDestination(storedText(destination)).path).toBe(destination.path);
        } catch (error) {
          expect(error).toBeInstanceOf(ObError);
        }
      },
    ),
  );
});
