import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { fault } from '../../src/base/errors.ts';
import { Diagnostics } from '../../src/session/diagnostics.ts';
import { accountOf } from '../../src/session/login.ts';
import { parseLoginName } from '../../src/session/login-name.ts';
import { oracleError } from '../../src/session/oracle-errors.ts';
import { PlanCache } from '../../src/session/plan-cache.ts';
import { type Process, SessionRegistry } from '../../src/session/session-registry.ts';
import type { ScannedLiteral } from '../../src/sql/scan.ts';
import { normalise } from '../../src/sql/scan.ts';

describe('login names', () => {
  test.each([
    ['root', { user: 'root', tenant: 'sys', cluster: null }],
    ['root@t', { user: 'root', tenant: 't', cluster: null }],
    ['root@t#c', { user: 'root', tenant: 't', cluster: 'c' }],
    ['c:t:root', { user: 'root', tenant: 't', cluster: 'c' }],
    ['a@b@t', { user: 'a@b', tenant: 't', cluster: null }],
    ['a:b', { user: 'a:b', tenant: 'sys', cluster: null }],
    ['', { user: '', tenant: 'sys', cluster: null }],
  ])('%s', (text, name) => {
    expect(parseLoginName(text)).toEqual(name);
  });
});

describe('accounts', () => {
  const account = (user: string, host: string) => ({ user, host, passwordHash: '', locked: false, grants: [] });
  const accounts = [account('a', '%'), account('a', '10.%'), account('A', '10.1.1.1'), account('b', 'localhost')];

  test('case counts in MySQL mode and does not in Oracle mode', () => {
    expect(accountOf(accounts, 'a', '10.1.1.1', false)?.host).toBe('10.%');
    expect(accountOf(accounts, 'a', '10.1.1.1', true)?.host).toBe('10.1.1.1');
    expect(accountOf(accounts, 'b', '10.1.1.1', false)).toBe(null);
    expect(accountOf(accounts, 'b', '127.0.0.1', false)?.user).toBe('b');
  });
});

describe('cached plans', () => {
  const literals = (text: string): readonly ScannedLiteral[] => normalise(text).literals;

  test('a plan serves texts whose shaping literals are the same', () => {
    const cache = new PlanCache<string>();
    cache.add('k', 'one', [{ slot: 1, text: '7' }]);
    expect(cache.find('k', literals('SELECT 1, 7'))).toBe('one');
    expect(cache.find('k', literals('SELECT 9, 7'))).toBe('one');
    expect(cache.find('k', literals('SELECT 1, 8'))).toBe(null);
    expect(cache.find('k', literals('SELECT 1'))).toBe(null);
    expect(cache.find('other', literals('SELECT 1, 7'))).toBe(null);
    cache.add('k', 'two', [{ slot: 1, text: '8' }]);
    expect([cache.find('k', literals('SELECT 1, 7')), cache.find('k', literals('SELECT 1, 8'))]).toEqual([
      'one',
      'two',
    ]);
  });

  test('a thousand texts are kept, the one unused longest goes', () => {
    const cache = new PlanCache<number>();
    for (let i = 0; i < 1000; i++) cache.add(`k${i}`, i, []);
    expect(cache.find('k0', [])).toBe(0);
    cache.add('k1000', 1000, []);
    expect([cache.size, cache.find('k0', []), cache.find('k1', [])]).toEqual([1000, 0, null]);
  });
});

describe('messages of the last statement', () => {
  test('they are shown from its end to the end of the next, and at most 64 of them', () => {
    const diagnostics = new Diagnostics();
    diagnostics.begin();
    for (let i = 0; i < 70; i++) diagnostics.add('Warning', i, `w${i}`);
    expect([diagnostics.count, diagnostics.shown.length]).toEqual([70, 0]);
    diagnostics.publish();
    expect(diagnostics.shown.length).toBe(64);
    diagnostics.begin();
    expect(diagnostics.shown.length).toBe(64);
    diagnostics.publish();
    expect(diagnostics.shown).toEqual([]);
  });
});

describe('errors of Oracle tenants', () => {
  test('600 with the code, or a number of their own', () => {
    expect(oracleError(fault('OB_NOT_SUPPORTED', 'this is')).message).toBe(
      'ORA-00600: internal error code, arguments: -4007, this is not supported',
    );
    expect(oracleError(fault('OB_TABLE_NOT_EXIST', 'a', 'b')).message).toBe("ORA-00942: Table 'a.b' doesn't exist");
    const told = oracleError(fault('OB_NOT_SUPPORTED'));
    expect(oracleError(told)).toBe(told);
    expect([told.errno, told.sqlstate]).toEqual([1235, '0A000']);
  });
});

describe('idle sessions', () => {
  test('are turned out when their time is over, busy ones are not', async () => {
    let nowUs = 0;
    const ticks: (() => void)[] = [];
    const clock: Clock = {
      nowNs: () => BigInt(nowUs) * 1000n,
      nowUs: () => nowUs,
      sleep: (_, signal) =>
        new Promise((settle, fail) => {
          ticks.push(settle);
          signal?.addEventListener('abort', () => fail(signal.reason));
        }),
    };
    let steadyMs = 0;
    const tick = async (seconds: number) => {
      nowUs += seconds * 1e6;
      steadyMs += seconds * 1000;
      ticks.shift()!();
      await new Promise((settle) => setImmediate(settle));
    };
    const registry = new SessionRegistry(clock, () => steadyMs);
    const expired: number[] = [];
    const process = (threadId: number, command: Process['command'], idleLimitMs: number) =>
      registry.add({
        threadId,
        command,
        idleLimitMs,
        sinceUs: 0,
        expire: () => expired.push(threadId),
      } as unknown as Process);
    process(1, 'Sleep', 5_000);
    process(2, 'Query', 5_000);
    process(3, 'Sleep', 60_000);
    await tick(4);
    expect(expired).toEqual([]);
    // Somebody sets the wall clock.
    nowUs += 3600e6;
    await tick(0);
    expect(expired).toEqual([]);
    await tick(2);
    expect(expired).toEqual([1]);
    registry.remove(1);
    await tick(100);
    expect(expired).toEqual([1, 3]);
    registry.stop();
  });
});
