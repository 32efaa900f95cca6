import { describe, expect, test } from 'vitest';
import { isObStatement } from '../../src/sql/parse-ob.ts';
import { refusal, typed } from './parse.ts';

const syntax =
  'You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use';

/** Statement, what stands behind "near", line. */
const broken: readonly (readonly [string, string, number])[] = [
  // printed in manuals, refused by the kernel
  ['ALTER SYSTEM BACKUP PLUS ARCHIVELOG TENANT = t', 'TENANT = t', 1],
  ["SET DECRYPTION IDENTIFIED BY ('a','b')", "('******','******')", 1],
  ["SET DECRYPTION IDENTIFIED BY 'a'，'b'", "，'******'", 1],
  [
    "ALTER SYSTEM RESTORE t FROM 'd' UNTIL SCN='1709893353500000000' WITH 'pool_list=p'",
    "'1709893353500000000' WITH 'pool_list=p'",
    1,
  ],
  ["ALTER SYSTEM RESTORE t FROM src AT 'oss://x' UNTIL '2020-01-01'", "src AT 'oss://x' UNTIL '2020-01-01'", 1],
  // signs that are mandatory or forbidden
  ["ALTER SYSTEM SET a '1'", "'1'", 1],
  ["ALTER SYSTEM SET a = 1 COMMENT = 'x'", "= 'x'", 1],
  ['ALTER SYSTEM SET a = 1 SCOPE BOTH', 'BOTH', 1],
  ['ALTER SYSTEM SET a = 1 TENANT = t SCOPE = BOTH', 'SCOPE = BOTH', 1],
  ["ALTER SYSTEM RECOVER STANDBY TENANT = t UNTIL TIME '2024-01-01'", "'2024-01-01'", 1],
  ['ALTER SYSTEM RECOVER STANDBY TENANT = t UNTIL SCN 1', '1', 1],
  ['ALTER SYSTEM SET a = ON', 'ON', 1],
  // forms that are not there
  ['SET ENCRYPTION OFF', 'OFF', 1],
  ["SET ENCRYPTION ON IDENTIFIED BY 'x'", '', 1],
  ['ALTER SYSTEM RESET archive_lag_target', 'archive_lag_target', 1],
  ['ALTER SYSTEM BACKUP DATABASE TENANT = t', 'TENANT = t', 1],
  ["ALTER SYSTEM RESTORE t FROM 'd'", '', 1],
  ["ALTER SYSTEM RESTORE a.b FOR t FROM 'd' WITH 'p'", ".b FOR t FROM 'd' WITH 'p'", 1],
  ['ALTER SYSTEM ARCHIVELOG TENANT = ?', '?', 1],
  ['ALTER SYSTEM', '', 1],
  ['', '', 1],
  ["ALTER SYSTEM SET a = 'unclosed", "'unclosed", 1],
  ['ALTER SYSTEM ARCHIVELOG /* unclosed', '/* unclosed', 1],
  ['ALTER SYSTEM ARCHIVELOG; x', 'x', 1],
  ['ALTER SYSTEM\n  ARCHIVELOG\n  TENANTS = a\n', 'TENANTS = a\n', 3],
  ['DROP TENANT select', 'select', 1],
  ['ALTER SYSTEM CHANGE TENANT TENANT_ID = 99999999999999999999', '99999999999999999999', 1],
  ['DROP USER', '', 1],
  ["GRANT FLY ON *.* TO 'a'", "ON *.* TO 'a'", 1],
];

describe('syntax errors', () => {
  for (const [sql, near, line] of broken)
    test(sql === '' ? 'empty text' : sql, () =>
      expect(refusal(sql)).toEqual({ errno: 1064, message: `${syntax} near '${near}' at line ${line}` }),
    );

  test('what follows is cut after 80 characters, never inside one', () => {
    const message = refusal(`ALTER SYSTEM BACKUPS ${'x'.repeat(73)}😀😀`).message;
    expect(message).toBe(`${syntax} near '${'x'.repeat(73)}😀😀' at line 1`);
    const cut = refusal(`ALTER SYSTEM BACKUPS ${'x'.repeat(79)}😀😀`).message;
    expect(cut).toBe(`${syntax} near '${'x'.repeat(79)}' at line 1`);
  });

  test('the code is the kernel’s parse error', () => {
    expect(() => typed('ALTER SYSTEM')).toThrowError(expect.objectContaining({ code: -5001, sqlstate: '42000' }));
  });
});

describe('old forms of manuals that only fail later, by their values', () => {
  const forms = [
    "ALTER SYSTEM SET LOG_ARCHIVE_DEST='cos://x/y' TENANT = t",
    "ALTER SYSTEM SET log_archive_dest = 'LOCATION=file:///x CHECKPOINT_INTERVAL=2m'",
    "ALTER SYSTEM SET DATA_BACKUP_DEST='LOCATION=s3://x'",
    "ALTER SYSTEM SET LOG_RESTORE_SOURCE = 'LOCATION = path'",
    "ALTER SYSTEM RESTORE t FROM 'd' WITH 'pool_name=p&method=quick'",
    "ALTER SYSTEM SET backup_dest='x'",
    "ALTER SYSTEM SET backup_recovery_window='7d'",
    'ALTER SYSTEM DELETE BACKUPSET 1 COPY 1',
    'ALTER SYSTEM ARCHIVELOG TENANT=ALL',
    "ALTER SYSTEM SET data_backup_dest = 'oss://a/b\n?host=h\n&access_id=i'",
  ];
  for (const sql of forms) test(sql, () => expect(typed(sql).kind).toBeTypeOf('string'));
});

describe('forms of other releases', () => {
  const gates: readonly (readonly [string, string, string])[] = [
    ["ALTER SYSTEM BACKUP CLUSTER PARAMETERS TO 'x'", '4.2.4', '4.2.5'],
    ["ALTER SYSTEM BACKUP KEY TO 'x'", '4.1.0', '4.2.0'],
    ['ALTER SYSTEM CANCEL RESTORE t', '4.1.0', '4.2.0'],
    ["ALTER SYSTEM RESTORE t FROM 'd' WITH 'p' WITH KEY FROM 'k'", '4.1.0', '4.2.0'],
    ["CREATE STANDBY TENANT t LOG_RESTORE_SOURCE = 'x'", '4.1.0', '4.2.0'],
    ['ALTER SYSTEM ACTIVATE STANDBY VERIFY', '4.1.0', '4.2.0'],
    ["ALTER SYSTEM RECOVER TABLE a.b TO TENANT t WITH 'w'", '4.2.0', '4.2.1'],
    ['ALTER SYSTEM CANCEL RECOVER TABLE t', '4.2.0', '4.2.1'],
    ["ALTER SYSTEM RUN UPGRADE JOB 'x'", '4.1.0', '4.2.0'],
    ['ALTER SYSTEM START SERVICE s', '4.2.4', '4.2.5'],
    ['ALTER SYSTEM DELETE ARCHIVELOG_PIECE 1, 2', '4.3.3', '4.4.2'],
    ['ALTER SYSTEM DELETE BACKUPSET 1, 2', '4.3.3', '4.4.2'],
    ["ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH 'p' SET ATTRIBUTE 'max_iops=1'", '4.3.3', '4.3.5'],
    ['CREATE TENANT a FROM b WITH RESOURCE_POOL p, UNIT u', '4.2.5', '4.3.0'],
    ["CREATE RESOURCE UNIT u DATA_DISK_SIZE '2G'", '4.2.5', '4.3.0'],
  ];
  for (const [sql, before, since] of gates)
    test(sql, () => {
      const { errno, message } = refusal(sql, before);
      expect(errno).toBe(1235);
      expect(message).toContain(`in release ${before} (it came with ${since}`);
      expect(message).toMatch(/\) is not supported$/);
      expect(typed(sql, since).kind).not.toBe('refusedForm');
    });

  test('the branch 4.3 lost BACKUP CLUSTER PARAMETERS', () => {
    expect(refusal("ALTER SYSTEM BACKUP CLUSTER PARAMETERS TO 'x'", '4.3.2')).toEqual({
      errno: 1235,
      message: 'BACKUP CLUSTER PARAMETERS in release 4.3.2 (it came with 4.2.5 and is not in 4.3.0) is not supported',
    });
  });

  test('RESET is a syntax error before 4.3.0', () => {
    const sql = 'ALTER SYSTEM RESET archive_lag_target TENANT = t, b SCOPE = MEMORY';
    expect(refusal(sql, '4.2.5').errno).toBe(1064);
    expect(typed(sql, '4.3.0')).toEqual({
      kind: 'resetParameters',
      items: [
        { name: 'archive_lag_target', scope: null, tenant: 't' },
        { name: 'b', scope: 'MEMORY', tenant: null },
      ],
    });
  });

  test('restoring a list of tables is refused in 4.1.0 and unknown later', () => {
    const sql = "ALTER SYSTEM RESTORE a.b, c.d FOR t FROM 'd' WITH 'p'";
    expect(typed(sql, '4.1.0')).toMatchObject({ kind: 'refusedForm', feature: 'table list restore is' });
    expect(refusal(sql).errno).toBe(1064);
  });
});

describe('routing by first words', () => {
  test.each([
    'ALTER SYSTEM',
    'alter instance',
    'ALTER RESOURCE',
    'ALTER TENANT',
    'ALTER USER',
    'CREATE RESOURCE',
    'CREATE STANDBY',
    'CREATE TENANT',
    'CREATE USER',
    'DROP RESOURCE',
    'DROP TENANT',
    'DROP USER',
    'RENAME USER',
    'FLASHBACK TENANT',
    'PURGE TENANT',
    'SET ENCRYPTION',
    'SET DECRYPTION',
    'SET PASSWORD',
    'GRANT',
    'REVOKE ALL',
  ])('%s', (words) => expect(isObStatement(words.split(' '))).toBe(true));
  test.each([
    'ALTER TABLE',
    'CREATE TABLE',
    'DROP TABLE',
    'RENAME TABLE',
    'SET NAMES',
    'SELECT 1',
    'SET',
    'PURGE BINARY',
    '',
    'CONSTRUCTOR x',
  ])('%s is not its business', (words) => expect(isObStatement(words.split(' '))).toBe(false));
});
