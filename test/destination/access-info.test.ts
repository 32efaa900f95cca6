import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { parseAccessInfo } from '../../src/destination/access-info.ts';
import { parseDestination } from '../../src/destination/parse.ts';

const s3 = parseDestination('s3://b/d?host=h&access_id=AK&access_key=SK');
const role = parseDestination('s3://b/d?host=h&role_arn=R&external_id=E', parseRelease('4.3.5'));
const sftp = parseDestination(`sftp://u@h/d?password=p&host_key=SHA256:${'a'.repeat(43)}`);
const cifs = parseDestination('cifs://h/s?user=u&password=p');
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
});
