import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { parseAccessInfo } from '../../src/destination/access-info.ts';
import { type Destination, storedText } from '../../src/destination/destination.ts';
import { parseDestination, parseStoredDestination } from '../../src/destination/parse.ts';

const s3 = parseDestination('s3://b/d?host=h&access_id=AK&access_key=SK');
const role = parseDestination('s3://b/d?host=h&role_arn=R&external_id=E', parseRelease('4.3.5'));
const sftp = parseDestination(`sftp://u@h/d?password=p&host_key=SHA256:${'a'.repeat(43)}`);
const cifs = parseDestination('cifs://h/s?user=u&password=p');
const mounted = parseDestination('cifs://h/s?mount=/m');
const hdfs = parseDestination('hdfs://n/d?namenode=a:1&user=u');

describe('ACCESS_INFO', () => {
  test.each([
    [s3, 'access_id=A2&access_key=S2', { accessId: 'A2', accessKey: 'S2' }],
    [s3, 'access_key=S/2+=&access_id=A2', { accessId: 'A2', accessKey: 'S/2+=' }],
    [role, 'role_arn=R2&external_id=E2', { accessId: 'R2', accessKey: 'E2', byRole: true }],
    [role, 'role_arn=R2', { accessId: 'R2', accessKey: '', byRole: true }],
    [sftp, 'password=a%26b', { accessId: 'u', accessKey: 'a&b' }],
    [cifs, 'password=new', { accessId: 'u', accessKey: 'new' }],
    [cifs, 'user=v&password=new', { accessId: 'v', accessKey: 'new' }],
    [hdfs, 'delegation_token=tok', { accessId: 'u', accessKey: 'tok' }],
  ])('%# is read', (destination, text, expected) => {
    expect(parseAccessInfo(text, destination)).toEqual(expected);
  });

  test.each([
    [s3, '', -4002],
    [s3, 'access_key=S2', -4002],
    [s3, 'access_id=A2', -4002],
    [s3, 'access_id=A2&access_key=', -4002],
    [s3, 'access_id=A2&access_key=S2&access_key=S3', -4002],
    [s3, 'access_id=A2&access_key=S2&host=h', -4002],
    [s3, 'ACCESS_ID=A2&access_key=S2', -4002],
    [s3, `access_id=A2&access_key=${'S'.repeat(245)}`, -4002],
    [s3, 'access_id=A2&encrypt_key=00', -9026],
    [s3, 'role_arn=R2&external_id=E2', -4002],
    [role, 'access_id=A2&access_key=S2', -4002],
    [role, 'external_id=E2', -4002],
    [role, 'role_arn=R2&external_id=', -4002],
    [sftp, 'user=x&password=y', -4002],
    [cifs, 'user=v', -4002],
    [cifs, 'password=%zz', -4002],
    [hdfs, 'user=v', -4002],
    [cifs, 'user=jane doe&password=x', -4002],
    [cifs, `password=${'p'.repeat(256)}`, -4002],
    [hdfs, `delegation_token=${'t'.repeat(1024)}`, -4002],
    [mounted, 'password=x', -9026],
  ])('%# is refused', (destination, text, code) => {
    let thrown: unknown = null;
    try {
      parseAccessInfo(text, destination);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ObError);
    expect((thrown as ObError).code).toBe(code);
  });

  test('what is accepted is read again from what is stored of it', () => {
    const seal = (key: string) => Buffer.from(key).toString('hex');
    const open = (hex: string) => Buffer.from(hex, 'hex').toString();
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('jane doe', 'AK?id', 'p%26q', 'a,b', '%zz', 'x'.repeat(300), 'ö'),
    );
    const names = ['access_id', 'access_key', 'role_arn', 'external_id', 'user', 'password', 'delegation_token'];
    const pair = fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => `${name}=${text}`);
    const whole: readonly (readonly [Destination, readonly string[]])[] = [
      [s3, ['access_id', 'access_key']],
      [role, ['role_arn', 'external_id']],
      [sftp, ['password']],
      [cifs, ['user', 'password']],
      [mounted, ['user', 'password']],
      [hdfs, ['user', 'delegation_token']],
    ];
    const asked = fc.constantFrom(...whole).chain(([destination, own]) => {
      const right = fc.tuple(...own.map((name) => value.map((text) => `${name}=${text}`)));
      return fc.tuple(fc.constant(destination), fc.oneof(right, fc.array(pair, { maxLength: 3 })));
    });
    let accepted = 0;
    fc.assert(
      fc.property(asked, ([destination, pairs]) => {
        let authorization: Destination['authorization'];
        try {
          authorization = parseAccessInfo(pairs.join('&'), destination);
        } catch (error) {
          expect(error).toBeInstanceOf(ObError);
          return;
        }
        accepted += 1;
        const stored = storedText({ ...destination, authorization }, seal);
        expect(parseStoredDestination(stored, open).authorization).toEqual(authorization);
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
