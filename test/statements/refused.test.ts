import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statementEntries } from '../../grammar/reference.ts';
import { knownReleases, parseRelease } from '../../src/base/release.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import { refusedStatements } from '../../src/statements/refused.ts';
import { flushCache, merge, runUpgradeJob } from '../../src/statements/upkeep.ts';
import { type Desk, makeTenant, openDesk, said } from './desk.ts';

const refusedKinds = new Set<string>([
  ...Object.keys(refusedStatements),
  ...Object.keys({ flushCache, merge, runUpgradeJob }),
  'refusedForm',
]);
/** The latest release knows every statement. */
const latest = knownReleases.at(-1)!;

describe('the reference page says what the server does', () => {
  const examples = statementEntries().flatMap(({ statement, status, examples }) =>
    examples.map((sql) => [statement, status, sql] as const),
  );
  // Statements of releases later than any known one parse under none.
  const parsed = examples.flatMap(([statement, status, sql]) => {
    try {
      return [
        [statement, status, parseObStatement(sql, { release: parseRelease(latest), oracle: false }).kind] as const,
      ];
    } catch {
      return [];
    }
  });
  test.each(parsed)('%s: %s (%s)', (_, status, kind) => {
    expect(refusedKinds.has(kind)).toBe(status === 'refused');
  });
  test('and few examples are left out', () => {
    expect(parsed.length).toBeGreaterThan(examples.length * 0.8);
  });
});

describe('a refused statement', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ release: latest });
    await makeTenant(desk, 'shop');
  });
  afterAll(() => desk.stop());

  const sys: readonly (readonly [string, string])[] = [
    ['ALTER SYSTEM MINOR FREEZE TENANT = sys', '1235 (0A000): ALTER SYSTEM FREEZE of the sys tenant is not supported'],
    [
      'ALTER SYSTEM MINOR FREEZE TENANT = ALL_META',
      '1235 (0A000): ALTER SYSTEM FREEZE of meta tenants is not supported',
    ],
    [
      'ALTER SYSTEM MINOR FREEZE TENANT = all_user, shop',
      '1235 (0A000): all/all_user/all_meta in combination with other names is not supported',
    ],
    ["ALTER SYSTEM MINOR FREEZE SERVER = '10.0.0.1:2882'", '1210 (HY000): Incorrect arguments to server'],
    ['ALTER SYSTEM MINOR FREEZE ZONE = elsewhere', '1210 (HY000): Incorrect arguments to zone'],
    ['ALTER SYSTEM MAJOR FREEZE TENANT = nobody', '5160 (HY000): invalid tenant name specified in connection string'],
    ['ALTER SYSTEM SUSPEND MERGE', '1235 (0A000): ALTER SYSTEM MERGE is not supported'],
    ['ALTER SYSTEM FLUSH PLAN CACHE GLOBAL', '1235 (0A000): ALTER SYSTEM FLUSH is not supported'],
    [
      'ALTER SYSTEM RUN UPGRADE JOB "UPGRADE_ALL" TENANT = all_user',
      "1235 (0A000): use all_user/all_meta in 'ALTER SYSTEM RUN UPGRADE JOB' syntax is not supported",
    ],
    [
      'ALTER SYSTEM RUN UPGRADE JOB "UPGRADE_ALL" TENANT = all, shop',
      '1235 (0A000): all/all_user/all_meta in combination with other names is not supported',
    ],
    ['ALTER SYSTEM STOP UPGRADE JOB', '1235 (0A000): stop upgrade job is not supported'],
    [
      'ALTER SYSTEM RECOVER STANDBY UNTIL UNLIMITED',
      '1210 (HY000): Incorrect arguments to tenant name, should specify tenant name',
    ],
    ['ALTER SYSTEM SWITCHOVER TO PRIMARY TENANT = shop', '1235 (0A000): switchover is not supported'],
    [
      'CREATE TENANT c FROM shop WITH RESOURCE_POOL = pool_shop, UNIT = u_test',
      '1235 (0A000): clone tenant is not supported',
    ],
  ];
  test.each(sys)('%s', async (sql, answer) => {
    expect(said(await desk.say(sql))).toBe(answer);
  });

  const user: readonly (readonly [string, string])[] = [
    ['ALTER SYSTEM MINOR FREEZE TENANT = shop', '1227 (42501): Access denied'],
    ['ALTER SYSTEM MINOR FREEZE TENANT = all_meta', '1227 (42501): Access denied'],
    ['ALTER SYSTEM RUN UPGRADE JOB "UPGRADE_ALL"', '1227 (42501): Access denied'],
    ['ALTER SYSTEM CLEAR RESTORE SOURCE', '1235 (0A000): non-sys tenant set add restore source is not supported'],
    [
      'ALTER SYSTEM RECOVER STANDBY TENANT = shop CANCEL',
      "1210 (HY000): Incorrect arguments to tenant name, please don't specify tenant name",
    ],
  ];
  test.each(user)('from a user tenant: %s', async (sql, answer) => {
    expect(said(await desk.say(sql, await desk.rootOf('shop')))).toBe(answer);
  });

  test('needs its privilege first', async () => {
    expect(said(await desk.say('ALTER SYSTEM SWITCHOVER TO PRIMARY TENANT = shop', { grants: [] }))).toBe(
      '1227 (42501): Access denied; you need (at least one of) the SUPER privilege(s) for this operation',
    );
  });
});

describe('ALTER SYSTEM RESET', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ release: '4.3.2' });
    await makeTenant(desk, 'shop');
  });
  afterAll(() => desk.stop());
  const value = async (name: string, tenantId: number) =>
    desk.controller.catalog.read((tx) => tx.parameters.text(tenantId, name));

  test('goes back to the default where SET would have written', async () => {
    const { tenantId } = (await desk.tenant('shop'))!;
    const first = await value('log_archive_concurrency', tenantId);
    await desk.ok('ALTER SYSTEM SET log_archive_concurrency = 7 TENANT = shop, ha_low_thread_score = 3');
    expect(await value('log_archive_concurrency', tenantId)).toBe('7');
    await desk.ok('ALTER SYSTEM RESET log_archive_concurrency TENANT = shop');
    expect(await value('log_archive_concurrency', tenantId)).toBe(first);
    expect(await value('ha_low_thread_score', 1)).toBe('3');
    await desk.ok('ALTER SYSTEM SET log_archive_concurrency = 9', await desk.rootOf('shop'));
    await desk.ok('ALTER SYSTEM RESET log_archive_concurrency TENANT = all_user, ha_low_thread_score');
    expect(await value('log_archive_concurrency', tenantId)).toBe(first);
    expect(await value('ha_low_thread_score', 1)).not.toBe('3');
  });

  const cases: readonly (readonly [string, string])[] = [
    ['ALTER SYSTEM RESET no_such_thing', '5099 (42000): System config unknown'],
    [
      'ALTER SYSTEM RESET log_archive_concurrency TENANT = nobody',
      '5160 (HY000): invalid tenant name specified in connection string',
    ],
    ['ALTER SYSTEM RESET data_backup_dest', '1235 (0A000): reset data_backup_dest is not supported'],
    ['ALTER SYSTEM RESET cluster_id', '4179 (HY000): alter the parameter cluster_id not allowed'],
    ['ALTER SYSTEM RESET compatible TENANT = shop', '4147 (HY000): Invalid config'],
    [
      'ALTER SYSTEM RESET log_archive_concurrency TENANT = seed',
      '1235 (0A000): reset parameter of tenant seed is not supported',
    ],
  ];
  test.each(cases)('%s', async (sql, answer) => {
    expect(said(await desk.say(sql))).toBe(answer);
  });

  test('names no tenant in a user tenant', async () => {
    const own = await desk.rootOf('shop');
    const answer = await desk.say('ALTER SYSTEM RESET log_archive_concurrency TENANT = shop', own);
    expect(said(answer)).toBe('1227 (42501): Access denied');
  });
});
