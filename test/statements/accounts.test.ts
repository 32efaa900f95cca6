import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sysAccountStore } from '../../src/catalog/sys-tenant.ts';
import type { Speaker } from '../../src/statements/statement-handler.ts';
import type { Account, Grant } from '../../src/tenants/tenant-account.ts';
import { type Desk, everyPrivilege, makeTenant, openDesk, said } from './desk.ts';

let desk: Desk;
let root: Partial<Speaker>;
beforeAll(async () => {
  desk = await openDesk();
  root = { ...(await makeTenant(desk, 'shop')), database: 'crm' };
});
afterAll(() => desk.stop());

const sha1 = (bytes: Uint8Array | string) => createHash('sha1').update(bytes).digest();
const hashOf = (password: string) => sha1(sha1(password)).toString('hex');
const global = (...privileges: string[]): Grant => ({
  database: null,
  table: null,
  privileges,
  withGrantOption: false,
});

/** Accounts beside root: of the tenant, or of sys. */
async function accounts(as: Partial<Speaker> = root): Promise<Record<string, Account>> {
  const sys = as.effectiveTenantId === undefined;
  const store = sys
    ? sysAccountStore(desk.controller.catalog)
    : (await desk.controller.engines.open(as.effectiveTenantId!)).accounts;
  return Object.fromEntries((await store.list()).map((account) => [`${account.user}@${account.host}`, account]));
}

/** Somebody logged in to the tenant, by the account as it stands. */
async function as(name: string): Promise<Partial<Speaker>> {
  const { user, host, grants } = (await accounts())[name]!;
  return { ...root, user, host, grants };
}

beforeEach(async () => {
  for (const name of Object.keys(await accounts())) {
    const [user, host] = name.split('@');
    if (user !== 'root') await desk.ok(`DROP USER '${user}'@'${host}'`, root);
  }
});

describe('users', () => {
  test.each(['sys', 'tenant'])('are made, changed, renamed and dropped in %s', async (where) => {
    const who = where === 'sys' ? {} : root;
    const first = await desk.ok("CREATE USER 'app'@'10.%' IDENTIFIED BY 'one', plain ACCOUNT UNLOCK", who);
    expect(first.accountsOf).toBe(where === 'sys' ? 1 : root.effectiveTenantId);
    const app = { user: 'app', host: '10.%', passwordHash: hashOf('one'), locked: false, grants: [] };
    expect(await accounts(who)).toMatchObject({ 'app@10.%': app, 'plain@%': { passwordHash: '', grants: [] } });
    await desk.ok("ALTER USER 'app'@'10.%' IDENTIFIED BY 'two'", who);
    await desk.ok("ALTER USER 'app'@'10.%' ACCOUNT LOCK", who);
    expect((await accounts(who))['app@10.%']).toEqual({ ...app, passwordHash: hashOf('two'), locked: true });
    await desk.ok("GRANT SELECT ON *.* TO 'app'@'10.%'", who);
    await desk.ok("RENAME USER 'app'@'10.%' TO app2, plain TO 'bare'@'%'", who);
    const renamed = await accounts(who);
    expect(Object.keys(renamed).sort()).toEqual(['app2@%', 'bare@%', 'root@%']);
    expect(renamed['app2@%']).toMatchObject({ passwordHash: hashOf('two'), locked: true, grants: [global('SELECT')] });
    await desk.ok('DROP USER app2, bare', who);
    expect(Object.keys(await accounts(who))).toEqual(['root@%']);
  });

  test('passwords come as text or as hash', async () => {
    const stored = `*${hashOf('known').toUpperCase()}`;
    await desk.ok(`CREATE USER a IDENTIFIED BY PASSWORD '${stored}'`, root);
    await desk.ok(`CREATE USER b IDENTIFIED WITH mysql_native_password AS '${stored}'`, root);
    await desk.ok("CREATE USER c IDENTIFIED WITH mysql_native_password BY 'known'", root);
    await desk.ok("CREATE USER d IDENTIFIED BY ''", root);
    await desk.ok("SET PASSWORD FOR d = PASSWORD('known')", root);
    const { 'a@%': a, 'b@%': b, 'c@%': c, 'd@%': d } = await accounts();
    for (const one of [a, b, c, d]) expect(one?.passwordHash).toBe(hashOf('known'));
    await desk.ok("SET PASSWORD FOR d = ''", root);
    expect((await accounts())['d@%']?.passwordHash).toBe('');
  });

  test('everybody changes the own password and nothing else', async () => {
    await desk.ok("CREATE USER me IDENTIFIED BY 'x', other", root);
    const me = await as('me@%');
    await desk.ok("SET PASSWORD = PASSWORD('y')", me);
    await desk.ok("ALTER USER CURRENT_USER() IDENTIFIED BY 'z'", me);
    expect((await accounts())['me@%']?.passwordHash).toBe(hashOf('z'));
    const denied =
      '1227 (42501): Access denied; you need (at least one of) the CREATE USER privilege(s) for this operation';
    for (const sql of [
      "SET PASSWORD FOR other = PASSWORD('y')",
      "ALTER USER other IDENTIFIED BY 'z'",
      'ALTER USER me ACCOUNT UNLOCK',
      'CREATE USER third',
      'DROP USER other',
      'RENAME USER other TO third',
      'REVOKE ALL PRIVILEGES, GRANT OPTION FROM other',
    ])
      expect(`${sql} → ${said(await desk.say(sql, me))}`).toBe(`${sql} → ${denied}`);
  });

  test('notes instead of errors', async () => {
    await desk.ok('CREATE USER a', root);
    const made = await desk.say('CREATE USER IF NOT EXISTS a, b', root);
    expect(made.warnings).toEqual([
      { level: 'Note', errno: 3163, message: "Authorization ID 'a'@'%' already exists." },
    ]);
    expect(Object.keys(await accounts())).toContain('b@%');
    const dropped = await desk.say('DROP USER IF EXISTS a, gone', root);
    expect(dropped.warnings).toEqual([
      { level: 'Note', errno: 3162, message: "Authorization ID 'gone'@'%' does not exist." },
    ]);
    expect(Object.keys(await accounts())).not.toContain('a@%');
    const altered = await desk.say("ALTER USER IF EXISTS gone IDENTIFIED BY 'x'", root);
    expect(altered.warnings).toHaveLength(1);
  });

  const long = 'u'.repeat(65);
  const cases: readonly (readonly [string, string])[] = [
    ['CREATE USER root', "1396 (HY000): Operation CREATE USER failed for 'root'@'%'"],
    ['CREATE USER x, root', "1396 (HY000): Operation CREATE USER failed for 'root'@'%'"],
    ['CREATE USER x, x', "1396 (HY000): Operation CREATE USER failed for 'x'@'%'"],
    ["CREATE USER ''@'%'", "1396 (HY000): Operation CREATE USER failed for ''@'%'"],
    [`CREATE USER ${long}`, `1470 (HY000): String '${long}' is too long for user name (should be no longer than 64)`],
    [
      "CREATE USER x IDENTIFIED BY PASSWORD 'abc'",
      '1372 (HY000): Password hash should be a 41-digit hexadecimal number',
    ],
    [
      "CREATE USER x IDENTIFIED WITH caching_sha2_password BY 'p'",
      "1524 (HY000): Plugin 'caching_sha2_password' is not loaded",
    ],
    ['CREATE USER x REQUIRE SSL', '1235 (0A000): REQUIRE SSL is not supported'],
    ['CREATE USER x WITH MAX_USER_CONNECTIONS 5', '1235 (0A000): MAX_USER_CONNECTIONS is not supported'],
    ["ALTER USER gone IDENTIFIED BY 'x'", "1396 (HY000): Operation ALTER USER failed for 'gone'@'%'"],
    ['ALTER USER root', '1235 (0A000): ALTER USER without a password or an option is not supported'],
    ['ALTER USER root ACCOUNT LOCK', '1227 (42501): Access denied'],
    ['DROP USER gone, away', "1396 (HY000): Operation DROP USER failed for 'gone'@'%','away'@'%'"],
    ['DROP USER root', '1227 (42501): Access denied'],
    ['RENAME USER gone TO away', "1396 (HY000): Operation RENAME USER failed for 'gone'@'%'"],
    ['RENAME USER root TO boss', '1227 (42501): Access denied'],
    ["SET PASSWORD FOR gone = PASSWORD('x')", "1133 (42000): Can't find any matching row in the user table"],
    ['GRANT SELECT ON *.* TO gone', "1133 (42000): Can't find any matching row in the user table"],
    ['GRANT SUPER ON crm.* TO root', '3619 (HY000): Illegal privilege level specified for SUPER'],
    ['GRANT EVENT ON crm.t TO root', '3619 (HY000): Illegal privilege level specified for EVENT'],
    ['GRANT SELECT (a) ON crm.t TO root', '1235 (0A000): privileges on columns are not supported'],
    ['GRANT EXECUTE ON PROCEDURE crm.p TO root', '1235 (0A000): privileges on a procedure are not supported'],
    ['GRANT SELECT ON `crm%`.* TO root', '1235 (0A000): a pattern of databases is not supported'],
    ['GRANT clerk TO root', '1235 (0A000): grant role is not supported'],
    ['REVOKE clerk FROM root', '1235 (0A000): revoke role is not supported'],
    ['REVOKE SELECT ON *.* FROM gone', "1141 (42000): There is no such grant defined for user 'gone' on host '%'"],
    ['REVOKE SELECT ON *.* FROM root', '1227 (42501): Access denied'],
    [
      'REVOKE ALL, GRANT OPTION FROM gone',
      "1269 (HY000): Can't revoke all privileges for one or more of the requested users",
    ],
    ['REVOKE ALL, GRANT OPTION FROM root', '1227 (42501): Access denied'],
  ];
  test.each(cases)('%s', async (sql, answer) => {
    const before = await accounts();
    expect(said(await desk.say(sql, root))).toBe(answer);
    expect(await accounts()).toEqual(before);
  });
});

describe('the password policy', () => {
  const refused = '1819 (HY000): Your password does not satisfy the current policy requirements';
  const setPolicy = (values: string) => desk.ok(`ALTER TENANT shop SET VARIABLES ${values}`, root);
  afterAll(() =>
    setPolicy(
      'validate_password_length = DEFAULT, validate_password_policy = DEFAULT, validate_password_check_user_name = DEFAULT',
    ),
  );

  test('bounds what is said in the clear, not hashes', async () => {
    await desk.ok('CREATE USER app', root);
    await setPolicy(
      "validate_password_length = 6, validate_password_check_user_name = 'on', validate_password_number_count = 2",
    );
    expect(said(await desk.say("SET PASSWORD FOR app = PASSWORD('short')", root))).toBe(refused);
    expect(said(await desk.say("CREATE USER longish IDENTIFIED BY 'longish'", root))).toBe(refused);
    expect(said(await desk.say('CREATE USER bare', root))).toBe(refused);
    expect(said(await desk.say("GRANT SELECT ON *.* TO app IDENTIFIED BY ''", root))).toBe(refused);
    await desk.ok("ALTER USER app IDENTIFIED BY 'long enough'", root);
    await desk.ok(`CREATE USER hashed IDENTIFIED BY PASSWORD '*${hashOf('x')}'`, root);
    await setPolicy(
      "validate_password_policy = 'medium', validate_password_mixed_case_count = 1, validate_password_special_char_count = 1",
    );
    for (const password of ['long enough', 'Longenough12', 'Long enough1', 'long enough 12'])
      expect(`${password}: ${said(await desk.say(`ALTER USER app IDENTIFIED BY '${password}'`, root))}`).toBe(
        `${password}: ${refused}`,
      );
    await desk.ok("ALTER USER app IDENTIFIED BY 'Long enough 12'", root);
    expect(said(await desk.say("CREATE USER free IDENTIFIED BY 'x'"))).toBe('OK');
    await desk.ok('DROP USER free');
  });
});

describe('grants', () => {
  const grantsOf = async (name: string) => (await accounts())[name]?.grants;

  test('make users, add up and cover places', async () => {
    await desk.ok("GRANT SELECT, INSERT ON CRM.* TO app IDENTIFIED BY 'pw'", root);
    await desk.ok('GRANT UPDATE ON crm.* TO app WITH GRANT OPTION', root);
    await desk.ok('GRANT SELECT ON orders TO app', root);
    await desk.ok('GRANT ALL ON shop.* TO app', root);
    await desk.ok('GRANT DELETE ON * TO app', root);
    await desk.ok('GRANT USAGE ON *.* TO app', root);
    expect((await accounts())['app@%']?.passwordHash).toBe(hashOf('pw'));
    expect(await grantsOf('app@%')).toEqual([
      { database: 'crm', table: 'orders', privileges: ['SELECT'], withGrantOption: false },
      { database: 'shop', table: null, privileges: ['ALL PRIVILEGES'], withGrantOption: false },
      { database: 'crm', table: null, privileges: ['DELETE', 'INSERT', 'SELECT', 'UPDATE'], withGrantOption: true },
    ]);
  });

  test('shrink by what is revoked', async () => {
    await desk.ok("GRANT ALL PRIVILEGES ON *.* TO app IDENTIFIED BY 'pw' WITH GRANT OPTION", root);
    await desk.ok('REVOKE SUPER, ALTER SYSTEM ON *.* FROM app', root);
    const [left] = (await grantsOf('app@%'))!;
    expect(left).toMatchObject({ database: null, withGrantOption: true });
    expect(left!.privileges).toContain('SELECT');
    expect(left!.privileges).not.toContain('SUPER');
    await desk.ok('GRANT SUPER, ALTER SYSTEM ON *.* TO app', root);
    expect(await grantsOf('app@%')).toEqual([{ ...global('ALL PRIVILEGES'), withGrantOption: true }]);
    await desk.ok('REVOKE GRANT OPTION ON *.* FROM app', root);
    expect(await grantsOf('app@%')).toEqual([global('ALL PRIVILEGES')]);
    expect(said(await desk.say('REVOKE SELECT ON crm.* FROM app', root))).toBe(
      "1141 (42000): There is no such grant defined for user 'app' on host '%'",
    );
    await desk.ok('REVOKE ALL ON *.* FROM app', root);
    expect(await grantsOf('app@%')).toEqual([]);
    await desk.ok('GRANT SELECT ON crm.* TO app', root);
    await desk.ok('GRANT SELECT ON *.* TO app', root);
    await desk.ok('REVOKE ALL PRIVILEGES, GRANT OPTION FROM app', root);
    expect(await grantsOf('app@%')).toEqual([]);
  });

  test('are passed on only by whoever holds them with the option', async () => {
    await desk.ok("GRANT SELECT, INSERT ON crm.* TO lender IDENTIFIED BY 'x' WITH GRANT OPTION", root);
    await desk.ok('CREATE USER taker', root);
    const lender = await as('lender@%');
    await desk.ok('GRANT SELECT ON crm.* TO taker', lender);
    await desk.ok('GRANT INSERT ON crm.orders TO taker', lender);
    await desk.ok('REVOKE SELECT ON crm.* FROM taker', lender);
    const cases = [
      ['GRANT DELETE ON crm.* TO taker', "1044 (42000): Access denied for user 'lender'@'%' to database 'crm'"],
      ['GRANT ALL ON crm.* TO taker', "1044 (42000): Access denied for user 'lender'@'%' to database 'crm'"],
      ['GRANT DELETE ON crm.t TO taker', "1142 (42000): DELETE command denied to user 'lender'@'%' for table 't'"],
      [
        'GRANT SELECT ON *.* TO taker',
        '1227 (42501): Access denied; you need (at least one of) the GRANT OPTION privilege(s) for this operation',
      ],
      [
        "GRANT SELECT ON crm.* TO fresh IDENTIFIED BY 'x'",
        '1227 (42501): Access denied; you need (at least one of) the CREATE USER privilege(s) for this operation',
      ],
    ];
    for (const [sql, answer] of cases) expect(said(await desk.say(sql!, lender))).toBe(answer);
    const taker = await as('taker@%');
    expect(said(await desk.say('GRANT INSERT ON crm.orders TO lender', taker))).toBe(
      "1142 (42000): GRANT OPTION command denied to user 'taker'@'%' for table 'orders'",
    );
  });

  test('need a database where the statement leaves it out', async () => {
    await desk.ok('CREATE USER app', root);
    expect(said(await desk.say('GRANT SELECT ON * TO app', { ...root, database: null }))).toBe(
      '1046 (3D000): No database selected',
    );
  });
});

describe('tenants', () => {
  test('statements said at the same time all count', async () => {
    await desk.ok('CREATE USER app', root);
    const names = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'INDEX', 'ALTER'];
    await Promise.all(names.map((name) => desk.ok(`GRANT ${name} ON crm.* TO app`, root)));
    expect((await accounts())['app@%']?.grants[0]?.privileges).toEqual(names.toSorted());
  });

  test('sys works on the tenant it has changed to, with its own privileges', async () => {
    const changed = { effectiveTenantId: root.effectiveTenantId!, grants: everyPrivilege };
    expect((await desk.ok('CREATE USER from_sys', changed)).accountsOf).toBe(root.effectiveTenantId);
    expect(Object.keys(await accounts())).toContain('from_sys@%');
    expect(said(await desk.say("SET PASSWORD = PASSWORD('x')", changed))).toBe(
      '1235 (0A000): the own account while the session speaks for another tenant is not supported',
    );
  });

  test('a standby refuses', async () => {
    const tenantId = root.effectiveTenantId!;
    await desk.controller.catalog.transaction((tx) => tx.tenants.change(tenantId, { role: 'STANDBY' }));
    const answers = await Promise.all(
      ['CREATE USER x', 'DROP USER root', 'GRANT SELECT ON *.* TO root'].map((sql) => desk.say(sql, root)),
    );
    await desk.controller.catalog.transaction((tx) => tx.tenants.change(tenantId, { role: 'PRIMARY' }));
    for (const answer of answers) expect(said(answer)).toBe('4688 (HY000): standby tenant is read only');
  });

  test('accounts survive a restart', async () => {
    await desk.ok("CREATE USER stays IDENTIFIED BY 'x'", root);
    await desk.ok("CREATE USER stays_in_sys IDENTIFIED BY 'x'");
    desk = await desk.restart();
    expect((await accounts())['stays@%']?.passwordHash).toBe(hashOf('x'));
    expect((await accounts({}))['stays_in_sys@%']?.passwordHash).toBe(hashOf('x'));
  });
});
