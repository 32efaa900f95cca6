import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grantRefusals, userRefusals } from './account-cases.ts';
import { testRefusals } from './refusal-tests.ts';
import { answerOf, openScene, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ tenants: ['t'], oracleTenants: ['o'], nobodies: ['bob@t', 'bob@sys'] });
  await scene.ok('root@t', 'CREATE USER keeper', 'GRANT CREATE USER ON *.* TO keeper', 'CREATE TABLE test.a (id INT)');
});
afterAll(() => scene?.stop());

testRefusals('users', userRefusals, () => scene);
testRefusals('grants', grantRefusals, () => scene);

describe('what is carried out', () => {
  test('the refused statements left no account and no grant behind', async () => {
    expect((await scene.say('root@t', 'DROP USER eve')).errno).toBe(1396);
    expect(await scene.rows('root@t', 'SHOW GRANTS FOR bob')).toEqual([
      { 'Grants for bob@%': "GRANT USAGE ON *.* TO 'bob'" },
    ]);
  });

  test('a right that was granted counts at once, one that was revoked no more', async () => {
    const set = "ALTER SYSTEM SET archive_lag_target = '60s'";
    expect((await scene.say('bob@t', set)).errno).toBe(1227);
    await scene.ok('root@t', 'GRANT ALTER SYSTEM ON *.* TO bob');
    await scene.ok('bob@t', set);
    await scene.ok('root@t', 'REVOKE ALTER SYSTEM ON *.* FROM bob');
    expect((await scene.say('bob@t', set)).errno).toBe(1227);
  });

  test('everybody changes the own password; a wrong one and a locked account do not get in', async () => {
    await scene.ok('root@t', "CREATE USER eve IDENTIFIED BY 'one'");
    const login = (password: string) =>
      answerOf(async () => (await scene.server.connect('eve@t', { password })).destroy());
    const denied = (using: string) => `Access denied for user 'eve'@'127.0.0.1' (using password: ${using})`;
    expect(await login('two')).toEqual({ errno: 1045, sqlstate: '42000', text: denied('YES') });
    expect(await login('')).toEqual({ errno: 1045, sqlstate: '42000', text: denied('NO') });
    const eve = await scene.server.connect('eve@t', { password: 'one' });
    await eve.query("SET PASSWORD = PASSWORD('two')");
    eve.destroy();
    expect((await login('one')).errno).toBe(1045);
    expect((await login('two')).errno).toBe(0);
    await scene.ok('root@t', 'ALTER USER eve ACCOUNT LOCK');
    expect(await login('two')).toEqual({ errno: 3118, sqlstate: 'HY000', text: 'User locked' });
    await scene.ok('root@t', 'ALTER USER eve ACCOUNT UNLOCK', 'DROP USER eve');
    expect((await login('two')).errno).toBe(1045);
  });
});
