import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskSecrets, quoteMasked } from '../../src/sql/mask-secrets.ts';

const cases: readonly (readonly [string, string])[] = [
  ["SET ENCRYPTION ON IDENTIFIED BY 'Tr0ub' ONLY", "SET ENCRYPTION ON IDENTIFIED BY '******' ONLY"],
  [
    "SET DECRYPTION /* x */ IDENTIFIED\nBY 'Tr0ub' , \"in'c\"; select 'x'",
    "SET DECRYPTION /* x */ IDENTIFIED\nBY '******' , \"******\"; select 'x'",
  ],
  [
    "CREATE USER 'a'@'%' IDENTIFIED BY 'x', 'b' IDENTIFIED BY PASSWORD '*AB', 'c'",
    "CREATE USER 'a'@'%' IDENTIFIED BY '******', 'b' IDENTIFIED BY PASSWORD '******', 'c'",
  ],
  ["/*!50706 ALTER USER a IDENTIFIED /*!BY*/ 'zz' */", "/*!50706 ALTER USER a IDENTIFIED /*!BY*/ '******' */"],
  [
    "CREATE USER a /*!99999 it's */ IDENTIFIED BY /*!50000 */ 'z'",
    "CREATE USER a /*!99999 it's */ IDENTIFIED BY /*!50000 */ '******'",
  ],
  ["ALTER USER a IDENTIFIED WITH p AS 'zz'", "ALTER USER a IDENTIFIED WITH p AS '******'"],
  ["ALTER USER a IDENTIFIED WITH 'p' BY 'zz'", "ALTER USER a IDENTIFIED WITH 'p' BY '******'"],
  ['CREATE USER x IDENTIFIED BY Abc1', 'CREATE USER x IDENTIFIED BY ******'],
  [
    "GRANT ALL ON *.* TO a IDENTIFIED BY 'p' WITH GRANT OPTION",
    "GRANT ALL ON *.* TO a IDENTIFIED BY '******' WITH GRANT OPTION",
  ],
  ["set password for 'r'@'%' = password('sec''ret')", "set password for 'r'@'%' = password('******')"],
  ["SET PASSWORD = 'x'", "SET PASSWORD = '******'"],
  ["SELECT PASSWORD('x'), 'y'", "SELECT PASSWORD('******'), 'y'"],
  [
    "ALTER SYSTEM RESTORE t FROM 'd' WITH 'pool_list=p' ENCRYPTED BY 'e' WITH KEY FROM 'k' ENCRYPTED BY 'f'",
    "ALTER SYSTEM RESTORE t FROM 'd' WITH 'pool_list=p' ENCRYPTED BY '******' WITH KEY FROM 'k' ENCRYPTED BY '******'",
  ],
  ["ALTER SYSTEM BACKUP KEY TO 'k' ENCRYPTED BY 'unclosed", "ALTER SYSTEM BACKUP KEY TO 'k' ENCRYPTED BY '******'"],
  [
    "ALTER SYSTEM SET data_backup_dest='oss://b?host=h&access_id=i&access_key=KEY&delete_mode=delete' TENANT = t",
    "ALTER SYSTEM SET data_backup_dest='oss://b?host=h&access_id=i&access_key=******&delete_mode=delete' TENANT = t",
  ],
  [
    "ALTER SYSTEM TEST DESTINATION 'hdfs://n/d?namenode=a:1,b:2&delegation_token=TOK&user=u'",
    "ALTER SYSTEM TEST DESTINATION 'hdfs://n/d?namenode=a:1,b:2&delegation_token=******&user=u'",
  ],
  [
    "ALTER SYSTEM TEST DESTINATION 'sftp://u:TOP@h:22/d?host_key=SHA256:x'",
    "ALTER SYSTEM TEST DESTINATION 'sftp://u:******@h:22/d?host_key=SHA256:x'",
  ],
  [
    "ALTER SYSTEM SET data_backup_dest='cifs://h/s?user=u&password=a%26b&domain=d'",
    "ALTER SYSTEM SET data_backup_dest='cifs://h/s?user=u&password=******'",
  ],
  [
    "ALTER SYSTEM RESTORE t FROM 'oss://a?access_key=K1,oss://b?access_key=K2' WITH ''",
    "ALTER SYSTEM RESTORE t FROM 'oss://a?access_key=******,oss://b?access_key=******' WITH ''",
  ],
  [
    "ALTER SYSTEM SET log_restore_source = 'SERVICE=1:2 USER=r@t PASSWORD=s,3&c'",
    "ALTER SYSTEM SET log_restore_source = 'SERVICE=1:2 USER=r@t PASSWORD=******'",
  ],
  ['ALTER SYSTEM SET external_kms_info = \'{"k":1}\'', "ALTER SYSTEM SET external_kms_info = '******'"],
  ["SET @kms_encrypt_info = 'x', @b = 'y'", "SET @kms_encrypt_info = '******', @b = 'y'"],
  [
    "ALTER SYSTEM SET data_backup_dest='s3://b?host=h&role_arn=arn:r&external_id=EXT' TENANT = t",
    "ALTER SYSTEM SET data_backup_dest='s3://b?host=h&role_arn=arn:r&external_id=******' TENANT = t",
  ],
  ['bad uri s3://b?external_id=EXT&host=h', 'bad uri s3://b?external_id=******&host=h'],
  ['bad uri oss://b?access_key=SK9&host=h', 'bad uri oss://b?access_key=******&host=h'],
  ["SET DECRYPTION IDENTIFIED BY 'a'，'b'", "SET DECRYPTION IDENTIFIED BY '******'，'******'"],
  ["SELECT 'nothing to hide' -- password", "SELECT 'nothing to hide' -- password"],
];

describe('secrets of statements', () => {
  for (const [text, masked] of cases) test(text, () => expect(maskSecrets(text)).toBe(masked));

  test('no form lets its secret through, however it is written or broken', () => {
    const secret = 'Zq9Secret';
    const forms = [
      `SET ENCRYPTION ON IDENTIFIED BY '${secret}' ONLY`,
      `SET DECRYPTION IDENTIFIED BY '${secret}', '${secret}'`,
      `CREATE USER a IDENTIFIED BY '${secret}', b IDENTIFIED BY PASSWORD "${secret}"`,
      `SET PASSWORD FOR a@b = PASSWORD('${secret}')`,
      `ALTER SYSTEM BACKUP KEY TO 'x' ENCRYPTED BY "${secret}"`,
      `ALTER SYSTEM SET data_backup_dest = 'oss://b?access_id=a&access_key=${secret}'`,
      `ALTER SYSTEM SET log_restore_source = 'SERVICE=a:1 USER=u@t PASSWORD=${secret}'`,
    ];
    const gap = fc.constantFrom(' ', '\n', '/**/', ' /* it */ ', '\t', ' -- x\n');
    const variant = fc.tuple(fc.constantFrom(...forms), fc.infiniteStream(gap), fc.nat(), fc.boolean());
    fc.assert(
      fc.property(variant, ([form, gaps, cut, lower]) => {
        const spaced = form
          .split(/('[^']*'|"[^"]*")/)
          .map((part, i) => (i % 2 === 1 ? part : part.replace(/ /g, () => gaps.next().value)))
          .join('');
        const cased = lower ? spaced.toLowerCase().replaceAll(secret.toLowerCase(), secret) : spaced;
        const last = cased.lastIndexOf(secret) + secret.length;
        expect(maskSecrets(cased.slice(0, last + (cut % (cased.length - last + 1))))).not.toContain(secret);
      }),
      { numRuns: 500 },
    );
  });

  test('any text comes through without fault, and unchanged without secrets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => typeof maskSecrets(`PASSWORD ${text}`) === 'string'),
    );
    const innocent = `SELECT '${"''".repeat(1_000_000)}'`;
    expect(maskSecrets(innocent)).toBe(innocent);
    expect(maskSecrets(`${innocent} IDENTIFIED BY 'x'`)).toBe(`${innocent} IDENTIFIED BY '******'`);
  });
});

describe('what an error text quotes', () => {
  const text = "CREATE USER a IDENTIFIED BY 'Tr0ub' ACCOUNT 'x'";
  test.each([
    [text.indexOf('BY'), 80, "BY '******' ACCOUNT '******'"],
    [text.indexOf("'Tr0ub"), 80, "'******' ACCOUNT '******'"],
    [text.indexOf('Tr0ub'), 80, "'******' ACCOUNT '******'"],
    [text.indexOf('ACCOUNT'), 5, 'ACCOU'],
    [text.length, 80, ''],
  ])('from %d, %d characters', (offset, characters, quoted) => {
    expect(quoteMasked(text, offset, characters)).toBe(quoted);
  });

  test('of a text of megabytes only the surroundings are looked at', () => {
    const long = `INSERT INTO password VALUES ('${'x'.repeat(5_000_000)}') oops IDENTIFIED BY 'Tr0ub'`;
    expect(quoteMasked(long, long.indexOf('oops'), 80)).toBe("oops IDENTIFIED BY '******'");
    const before = `INSERT INTO t VALUES ('${'x'.repeat(5_000_000)}'); SET ENCRYPTION ON IDENTIFIEDBY 'Tr0ub'`;
    expect(quoteMasked(before, before.indexOf("'Tr0ub"), 80)).toBe("'******'");
  });

  test.each([
    ["SET ENCRYPTION ON IDENTIFIEDBY 'Tr0ub' ONLY", 'IDENTIFIEDBY', "IDENTIFIEDBY '******' ONLY"],
    ["SETPASSWORD = 'Tr0ub'", 'SETPASSWORD', "SETPASSWORD = '******'"],
    ["SET DECRYPTION BY 'Tr0ub' -- Tr0ub", 'BY', "BY '******' ******"],
    ["ALTER USER u IDENTIFIED\u00a0WITH p BY 'Tr0ub'", 'IDENTIFIED', "IDENTIFIED\u00a0WITH p BY '******'"],
    [
      "ALTER SYSTEM BACKUP KEY FROM 'file:///k' ENCRYPTED 'a' BY 'Tr0ub'",
      'FROM',
      "FROM 'file:///k' ENCRYPTED '******' BY '******'",
    ],
    ["SET PASSWORD FOR' u = PASSWORD('Tr0ub')", 'Tr0ub', '******'],
    ["SET PASSWORD FOR /* u = PASSWORD('Tr0ub')", '/*', '******'],
    ["SELECT 'kept' FORM t", 'FORM', 'FORM t'],
    ['ALTER SYSTEM TEST DESTINATION sftp://u:Tr0ub@h/d', '//', '//u:******@h/d'],
  ])('of %s', (broken, from, quoted) => {
    expect(quoteMasked(broken, broken.indexOf(from), 80)).toBe(quoted);
  });
});
