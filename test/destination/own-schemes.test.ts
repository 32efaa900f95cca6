import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { knownReleases, parseRelease } from '../../src/base/release.ts';
import { parseRestoreFrom } from '../../src/destination/archive-dest.ts';
import { type Destination, shownPath, storageColumns, storedText } from '../../src/destination/destination.ts';
import { parseDestination, parseStoredDestination } from '../../src/destination/parse.ts';

function told(text: string): string {
  try {
    parseDestination(text);
  } catch (error) {
    if (error instanceof ObError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

const print = `SHA256:${'a'.repeat(43)}`;
const seal = (key: string) => Buffer.from(key).toString('hex');
const open = (hex: string) => Buffer.from(hex, 'hex').toString();

describe('schemes that are ours', () => {
  test.each([
    [
      `sftp://bk@nas.example.net:2222/vol/shop//?password=p%26q%2C&host_key=${print}&max_bandwidth=10MB`,
      {
        path: 'sftp://bk@nas.example.net:2222/vol/shop',
        authorization: { accessId: 'bk', accessKey: 'p&q,' },
        options: { host_key: print },
        maxBandwidth: 10_485_760n,
      },
      `sftp://bk@nas.example.net:2222/vol/shop?encrypt_key=7026712c&host_key=${print}`,
    ],
    [
      `sftp://bk@[::1]/vol?private_key=/etc/bk/id&host_key=${print}`,
      { authorization: { accessId: 'bk', accessKey: '' }, options: { private_key: '/etc/bk/id', host_key: print } },
      `sftp://bk@[::1]/vol?private_key=/etc/bk/id&host_key=${print}`,
    ],
    [
      'cifs://nas/backup/shop?user=bk&password=pw&domain=CORP',
      {
        path: 'cifs://nas/backup/shop',
        authorization: { accessId: 'bk', accessKey: 'pw' },
        options: { domain: 'CORP' },
      },
      'cifs://nas/backup/shop?user=bk&encrypt_key=7077&domain=CORP',
    ],
    [
      'cifs://nas:1445/backup?mount=/mnt/nas',
      { authorization: { accessId: '', accessKey: '' }, options: { mount: '/mnt/nas' } },
      'cifs://nas:1445/backup?mount=/mnt/nas',
    ],
    [
      'hdfs://prod/bk?namenode=a:9870,b:9870&user=bk&max_iops=5',
      {
        authorization: { accessId: 'bk', accessKey: '' },
        options: { namenode: 'a:9870,b:9870' },
        maxIops: 5n,
      },
      'hdfs://prod/bk?user=bk&namenode=a:9870,b:9870',
    ],
    [
      'hdfs://prod/bk?namenode=a:14000&gateway=httpfs&tls=true&ca_file=/etc/ca.pem&delegation_token=tok',
      { options: { namenode: 'a:14000', gateway: 'httpfs', tls: 'true', ca_file: '/etc/ca.pem' } },
      'hdfs://prod/bk?encrypt_key=746f6b&namenode=a:14000&gateway=httpfs&tls=true&ca_file=/etc/ca.pem',
    ],
  ])('%s', (text, expected, stored) => {
    const destination = parseDestination(text);
    expect(destination).toMatchObject({ ...expected, host: '', ignored: [] });
    expect(storedText(destination, seal)).toBe(stored);
    expect(shownPath(destination)).toBe(destination.path);
    expect(storageColumns(destination, seal).endpoint).toBe('');
    const limitless: Destination = { ...destination, maxIops: 0n, maxBandwidth: 0n };
    expect(parseStoredDestination(stored, open)).toEqual(limitless);
    for (const release of knownReleases) expect(parseDestination(text, parseRelease(release))).toEqual(destination);
  });

  test.each([
    [`sftp://nas/vol?password=p&host_key=${print}`, '-9026 sftp path not of the form user@host[:port]/directory'],
    [`sftp://u@nas?password=p&host_key=${print}`, '-9026 sftp path not of the form user@host[:port]/directory'],
    [`sftp://u@nas:0/v?password=p&host_key=${print}`, '-9026 sftp path not of the form user@host[:port]/directory'],
    ['sftp://u@nas/vol?password=p', '-9026 sftp destination without host_key'],
    [`sftp://u@nas/vol?host_key=${print}`, '-9026 sftp destination without password or private_key'],
    ['cifs://nas?user=u&password=p', '-9026 cifs path not of the form server[:port]/share[/directory]'],
    [
      'cifs://nas/share/a;b?user=u&password=p',
      '-9026 cifs directory with one of " * ? < > | : ; \\ or a control character',
    ],
    ['cifs://nas/share', '-9026 cifs destination without user or mount'],
    ['cifs://nas/share?user=u', '-9026 cifs destination without password or mount'],
    ['cifs://nas/share?mount=/m&user=u', '-9026 cifs destination with both mount and user, password or domain'],
    ['hdfs://a/b', '-9026 hdfs destination without namenode'],
    ['hdfs://a?namenode=a:1&user=u', '-9026 hdfs path not of the form nameservice/directory'],
    ['hdfs://a/b?namenode=a:1', '-9026 hdfs destination without user or delegation_token'],
    ['hdfs://a/b?namenode=a:1&user=u&ca_file=/c', '-9026 hdfs destination with ca_file and without tls=true'],
  ])('%s lacks something', (text, expected) => expect(told(text)).toBe(`${expected} is not a valid uri`));

  test.each([
    [
      'cifs://nas/s?user=u&password=p&color=red',
      '-4007 an option behind password of a cifs destination is not supported',
    ],
    ['cifs://nas/s?color=red&user=u&password=p', "-4007 option 'color' of a cifs destination is not supported"],
    [
      'cifs://nas/s?user=u&password=half&other',
      '-4007 an option behind password of a cifs destination is not supported',
    ],
    ['cifs://nas/s?constructor=1', "-4007 option 'constructor' of a cifs destination is not supported"],
    ['hdfs://a/b?namenode=a:1&user=u&access_id=x', "-4007 option 'access_id' of a hdfs destination is not supported"],
    ['hdfs://a/b?namenode=a:1&user=u&delete_mode=tagging', '-9026 backup destination is not valid'],
    ['hdfs://a/b?namenode=a&user=u', '-4002 Incorrect arguments to namenode'],
    ['hdfs://a/b?namenode=a:1,&user=u', '-4002 Incorrect arguments to namenode'],
    ['hdfs://a/b?namenode=a:1&user=u&gateway=rest', '-4002 Incorrect arguments to gateway'],
    ['hdfs://a/b?namenode=a:1&user=u&tls=yes', '-4002 Incorrect arguments to tls'],
    ['hdfs://a/b?namenode=a:1&user=u&user=v', '-4002 Incorrect arguments to user'],
    ['hdfs://a/b?namenode=a:1&user=', '-4002 Incorrect arguments to user'],
    ['cifs://nas/s?user=u&password=%zz', '-4002 Incorrect arguments to password'],
    ['cifs://nas/s?user=u&password=p&max_iops=many', '-4002 Invalid argument'],
    ['cifs://nas/s?mount=../mnt', '-4002 Incorrect arguments to mount'],
    ['sftp://u@h/v?password=p&host_key=MD5:00', '-4002 Incorrect arguments to host_key'],
    [`sftp://u@h/v?host_key=${print}&private_key=id`, '-4002 Incorrect arguments to private_key'],
    ['sftp://u:geheim@h/v?x=y', '-9026 backup destination is not valid'],
    ['sftp://u@h/v/../w?x=y', '-9026 sftp://u@h/v/../w (a name in it is empty, . or ..) is not a valid uri'],
    ['sftp://', '-4002 Invalid argument'],
    ['SFTP://u@h/v', '-9026 backup destination is not valid'],
  ])('%s is refused', (text, expected) => expect(told(text)).toBe(expected));

  test('a directory that was stored before its characters were refused is still read, and any is below a mount', () => {
    const stored = 'cifs://nas/share/a;b?user=u&encrypt_key=7077';
    expect(parseStoredDestination(stored, open).path).toBe('cifs://nas/share/a;b');
    expect(parseDestination('cifs://nas/share/a;b?mount=/m').path).toBe('cifs://nas/share/a;b');
  });

  test('several NameNodes do not end a path of RESTORE FROM', () => {
    const text = 'hdfs://p/data?user=u&namenode=a:1,b:2 , hdfs://p/log?namenode=a:1,b:2&user=u,file:///x';
    expect(parseRestoreFrom(text).map((one) => [one.path, one.options['namenode']])).toEqual([
      ['hdfs://p/data', 'a:1,b:2'],
      ['hdfs://p/log', 'a:1,b:2'],
      ['file:///x', undefined],
    ]);
    expect(() => parseRestoreFrom('file:///x,b:2')).toThrow('b:2 is not a valid uri');
  });
});

const segment = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,12}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
// No path and no host has their first letter: one of them may be the same word (fast-check likes some) as the secret behind it.
const key = fc.stringMatching(/^~[A-Za-z0-9+/=~!.-]{7,243}$/);
const anything = fc.string({ unit: 'grapheme', minLength: 7, maxLength: 23 }).map((text) => `~${text}`);
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const port = fc.integer({ min: 1, max: 65_535 });
const mode = fc.constantFrom('', '&delete_mode=delete', '&delete_mode=tagging');

/** Texts that are right, each with its secret. */
const typed: fc.Arbitrary<readonly [text: string, secret: string]> = fc.oneof(
  fc.tuple(path, name, port, name, key, mode).map(([p, h, n, id, secret, m]) => {
    return [`oss://${p}?host=${h}:${n}&access_id=${id}&access_key=${secret}${m}`, secret] as const;
  }),
  fc.tuple(path, name, name, key, mode).map(([p, h, id, secret, m]) => {
    return [
      `cos://${p}/?access_id=${id}&access_key=${secret}${m}&appid=77&host=https://${h}&ca_file=/c.pem`,
      secret,
    ] as const;
  }),
  fc.tuple(path, name, name, key).map(([p, h, id, secret]) => {
    return [`s3://${p}?s3_region=eu&host=${h}&access_id=${id}&access_key=${secret}`, secret] as const;
  }),
  fc.tuple(path, name, port, anything).map(([p, h, n, secret]) => {
    return [`sftp://u@${h}:${n}/${p}?host_key=${print}&password=${encodeURIComponent(secret)}`, secret] as const;
  }),
  fc.tuple(path, name, anything).map(([p, h, secret]) => {
    return [`cifs://${h}/${p}?password=${encodeURIComponent(secret)}&user=bk`, secret] as const;
  }),
  fc.tuple(path, name, port, anything).map(([p, h, n, secret]) => {
    return [`hdfs://${h}/${p}?namenode=${h}:${n}&delegation_token=${encodeURIComponent(secret)}`, secret] as const;
  }),
);

describe('properties of all schemes', () => {
  test('what is printed reads back as the same destination, sealed or not', () => {
    fc.assert(
      fc.property(typed, ([text, secret]) => {
        const destination = parseDestination(text);
        expect(destination.authorization.accessKey).toBe(secret);
        expect(parseDestination(storedText(destination))).toEqual(destination);
        expect(parseStoredDestination(storedText(destination, seal), open)).toEqual(destination);
        expect(parseDestination(storedText(destination)).extension).toBe(destination.extension);
      }),
      { numRuns: 500 },
    );
  });

  test('nothing that is stored or shown has the secret', () => {
    fc.assert(
      fc.property(typed, ([text, secret]) => {
        const destination = parseDestination(text);
        const digest = () => 'ab12';
        const shown = [storedText(destination, digest), shownPath(destination)].concat(
          Object.values(storageColumns(destination, digest)).map(String),
        );
        for (const one of shown)
          for (const form of [secret, encodeURIComponent(secret)]) expect(one.includes(form)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('a text with one more token is the same, another, or a coded error that does not tell the secret', () => {
    const token = fc.oneof(
      fc.tuple(
        fc.constantFrom(
          'host',
          'appid',
          's3_region',
          'delete_mode',
          'checksum_type',
          'ca_file',
          'user',
          'role_arn',
          'x',
        ),
        fc.constantFrom('', '1', 'tagging', 'md5', '/c.pem', 'https://h', 'a b'),
      ),
      fc.tuple(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 })),
    );
    const release = fc.constantFrom(...knownReleases).map(parseRelease);
    fc.assert(
      fc.property(typed, token, release, ([text, secret], [k, v], at) => {
        try {
          parseDestination(`${text}&${k}=${v}`, at);
        } catch (error) {
          expect(error).toBeInstanceOf(ObError);
          expect((error as ObError).message.includes(secret)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
