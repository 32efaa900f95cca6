import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Desk, makeTenant, openDesk, said } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await makeTenant(desk, 'shop');
  await makeTenant(desk, 'bank');
});
afterAll(() => desk.stop());

const add = (rest: string) => `ALTER SYSTEM ADD DELETE BACKUP POLICY ${rest}`;
const drop = (rest: string) => `ALTER SYSTEM DROP DELETE BACKUP POLICY ${rest}`;
const noName = "1235 (0A000): The policy name is not 'default', it is not supported";
const only = 'only one tenant name can be specified not supported';

describe('a policy from sys', () => {
  const cases: readonly (readonly [string, string])[] = [
    [add("'Default' RECOVERY_WINDOW '7d'"), noName],
    [add("'log_only' RECOVERY_WINDOW '7d' TENANT = shop"), noName],
    [drop("'DEFAULT'"), noName],
    [add("'default' RECOVERY_WINDOW '7d'"), `1235 (0A000): Too little tenant names specified, ${only}`],
    [drop("'default'"), `1235 (0A000): Too little tenant names specified, ${only}`],
    [
      add("'default' RECOVERY_WINDOW '7d' TENANT = nobody"),
      '5160 (HY000): invalid tenant name specified in connection string',
    ],
    [
      add("'default' RECOVERY_WINDOW '7d' TENANT = nobody, shop"),
      '5160 (HY000): invalid tenant name specified in connection string',
    ],
    [
      add("'default' RECOVERY_WINDOW '7d' TENANT = all"),
      '5160 (HY000): invalid tenant name specified in connection string',
    ],
    [
      add("'default' RECOVERY_WINDOW '7d' TENANT = shop, bank"),
      `1235 (0A000): Too many tenant names specified, ${only}`,
    ],
    [add("'default' TENANT = shop"), '1235 (0A000): Neither recovery_window nor redundancy is set not supported'],
    [
      add("'default' RECOVERY_WINDOW 'a week' TENANT = shop"),
      '1235 (0A000): recovery window is not be time string not supported',
    ],
    [
      add("'default' RECOVERY_WINDOW '-7d' TENANT = shop"),
      '1235 (0A000): recovery window is not be time string not supported',
    ],
    [add("'default' REDUNDANCY 2 TENANT = shop"), '1235 (0A000): Redundancy not equal to 1 is not supported'],
    ['ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = shop', '1235 (0A000): function is not supported'],
    [
      'ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = shop DRY RUN',
      '1235 (0A000): delete obsolete backup without a delete policy is not supported',
    ],
    [
      "ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = shop RECOVERY_WINDOW 'soon' DRY RUN",
      '1235 (0A000): recovery window is not be time string not supported',
    ],
  ];
  test.each(cases)('%s', async (sql, answer) => {
    expect(said(await desk.say(sql))).toBe(answer);
    expect(await desk.controller.catalog.read((tx) => tx.deletions.policies.list())).toEqual([]);
  });

  test('is written as typed, once; dropping it may be repeated', async () => {
    const { tenantId } = (await desk.tenant('shop'))!;
    const { warnings } = await desk.say(
      add("= 'default' RECOVERY_WINDOW = '14D' REDUNDANCY = 5 BACKUP_COPIES = 2 TENANT shop, shop"),
    );
    expect(warnings.map(({ message }) => message.split(' ')[0])).toEqual(['REDUNDANCY', 'BACKUP_COPIES']);
    const policies = () => desk.controller.catalog.read((tx) => tx.deletions.policies.list({ tenantId }));
    expect(await policies()).toMatchObject([
      { policyName: 'default', recoveryWindow: '14D', redundancy: 5, backupCopies: 2, firedUs: null },
    ]);
    expect(said(await desk.say(add("'default' RECOVERY_WINDOW '1d' TENANT = shop")))).toBe(
      '1062 (23000): Duplicated primary key',
    );
    expect(await policies()).toMatchObject([{ recoveryWindow: '14D' }]);
    await desk.ok(drop("'default' TENANT = shop"));
    await desk.ok(drop("'default' TENANT = shop"));
    expect(await policies()).toEqual([]);
  });

  test.each(['7d', '12h', '30', '90m', '0', '', '10S'])('takes the window %j', async (window) => {
    await desk.ok(add(`'default' RECOVERY_WINDOW '${window}' TENANT = bank`));
    await desk.ok(drop("'default' TENANT = bank"));
  });
});

describe('a policy from a user tenant', () => {
  test('is its own', async () => {
    const shop = await desk.rootOf('shop');
    const named = '1235 (0A000): user tenant cannot specify tenant names not supported';
    expect(said(await desk.say(add("'default' RECOVERY_WINDOW '7d' TENANT = shop"), shop))).toBe(named);
    expect(said(await desk.say(drop("'default' TENANT = shop"), shop))).toBe(named);
    expect(said(await desk.say('ALTER SYSTEM CANCEL DELETE BACKUP TENANT = shop', shop))).toBe(named);
    await desk.ok(add("'default' REDUNDANCY 1"), shop);
    const { tenantId } = (await desk.tenant('shop'))!;
    expect(await desk.controller.catalog.read((tx) => tx.deletions.policies.list())).toMatchObject([{ tenantId }]);
    await desk.ok(drop("'default'"), shop);
  });

  test('needs the privilege, after the words were understood', async () => {
    const nobody = { ...(await desk.rootOf('shop')), grants: [] };
    expect(said(await desk.say(add("'x' RECOVERY_WINDOW '7d'"), nobody))).toBe(noName);
    expect(said(await desk.say(add("'default' RECOVERY_WINDOW '7d'"), nobody))).toBe(
      '1227 (42501): Access denied; you need (at least one of) the ALTER SYSTEM privilege(s) for this operation',
    );
    expect(said(await desk.say("ALTER SYSTEM DELETE OBSOLETE BACKUP RECOVERY_WINDOW '7d' DRY RUN", nobody))).toContain(
      '1227',
    );
  });
});

test('CANCEL without a job is fine', async () => {
  await desk.ok("ALTER SYSTEM CANCEL DELETE BACKUP DESCRIPTION = 'x'");
  await desk.ok('ALTER SYSTEM CANCEL DELETE BACKUP TENANT = shop, bank');
  await desk.ok('ALTER SYSTEM CANCEL DELETE BACKUP', await desk.rootOf('bank'));
});

test('a locked tenant is found and refused', async () => {
  await makeTenant(desk, 'shut');
  await desk.ok('ALTER TENANT shut LOCK');
  expect(said(await desk.say(add("'default' RECOVERY_WINDOW '7d' TENANT = shut")))).toContain('5260');
});

describe('release 4.4.2', () => {
  let late: Desk;
  beforeAll(async () => {
    late = await openDesk({ release: '4.4.2' });
    await makeTenant(late, 'shop');
  });
  afterAll(() => late.stop());

  test('knows the policy log_only, one policy per tenant, and deletes only where none stands', async () => {
    await late.ok(add("'log_only' RECOVERY_WINDOW '7d' TENANT = shop"));
    expect(said(await late.say(add("'default' RECOVERY_WINDOW '7d' TENANT = shop")))).toContain('1062');
    expect(said(await late.say('ALTER SYSTEM DELETE BACKUPSET 1 TENANT = shop'))).toContain('9045');
    expect(said(await late.say('ALTER SYSTEM DELETE ARCHIVELOG_PIECE 1, 2 TENANT = shop'))).toContain('9069');
    await late.ok('ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = shop');
    expect(said(await late.say('ALTER SYSTEM DELETE OBSOLETE BACKUP TENANT = shop'))).toContain('9044');
    await late.ok('ALTER SYSTEM CANCEL DELETE BACKUP');
    const { tenantId } = (await late.tenant('shop'))!;
    const jobs = await late.controller.catalog.read((tx) => tx.deletions.jobs.list({ tenantId }));
    expect(jobs.map((job) => [job.type, job.status])).toEqual([['DELETE OBSOLETE BACKUP', 'CANCELING']]);
  });
});
