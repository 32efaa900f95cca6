import { describe, expect, test } from 'vitest';
import { type Sayer, sayByMariadb, sayByPymysql } from './clients.ts';
import { type Answer, type Login, type Refusal, wanted } from './refusal.ts';
import type { Scene } from './scene.ts';

/** Every case through mysql2, then all of them through the other clients, which must be told the same. */
export function testRefusals(name: string, refusals: readonly Refusal[], scene: () => Scene): void {
  describe(name, () => {
    test.each(refusals.map((refusal) => [short(refusal), refusal] as const))('%s', async (_, refusal) => {
      const [as, sql] = refusal;
      expectRefusal(await scene().say(as, sql), refusal, scene());
    });
    test(`${refusals.length} cases through the command line client`, () => sayAll(sayByMariadb, refusals, scene()));
    test('the same through pymysql', () => sayAll(sayByPymysql, refusals, scene()));
  });
}

function short([as, sql, errno]: Refusal): string {
  return `${errno} ${as}: ${sql.length > 110 ? `${sql.slice(0, 110)}…` : sql}`;
}

function expectRefusal(answer: Answer, refusal: Refusal, scene: Scene): void {
  const text = refusal[3];
  const { errno, sqlstate } = wanted(refusal);
  const state = answer.sqlstate === '' && answer.errno !== 0 ? '' : sqlstate;
  const told = typeof text === 'string' ? scene.fill(text) : expect.stringMatching(text);
  expect({ ...answer, sql: refusal[1] }).toEqual({ errno, sqlstate: state, text: told, sql: refusal[1] });
}

async function sayAll(say: Sayer, refusals: readonly Refusal[], scene: Scene): Promise<void> {
  const logins: readonly Login[] = [...new Set(refusals.map(([as]) => as))];
  for (const login of logins) {
    const own = refusals.filter(([as]) => as === login);
    const answers = await say(
      scene.server.port,
      login,
      own.map(([, sql]) => scene.fill(sql)),
    );
    for (const [i, refusal] of own.entries()) expectRefusal(answers[i]!, refusal, scene);
  }
}
