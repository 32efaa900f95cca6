import { join } from 'node:path';
import { mariadb, run } from '../server/server-fixture.ts';
import type { Answer, Login } from './refusal.ts';

/** What one login says, and what it was told, in order. */
export type Sayer = (port: number, as: Login, statements: readonly string[]) => Promise<readonly Answer[]>;

const ok: Answer = { errno: 0, sqlstate: '', text: 'OK' };

/** All statements through one run of the command line client of MariaDB. */
export const sayByMariadb: Sayer = async (port, as, statements) => {
  const lines = statements.map((sql) => `${sql.replaceAll('\n', ' ')};`);
  const options = ['--force', '--batch', '--default-character-set=utf8mb4'];
  const { err } = await mariadb(port, as, options, `${lines.join('\n')}\n`);
  const answers = statements.map(() => ok);
  for (const [, errno, sqlstate, line, text] of err.matchAll(/^ERROR (\d+) \((\w+)\) at line (\d+): (.*)$/gm)) {
    answers[Number(line) - 1] = { errno: Number(errno), sqlstate: sqlstate!, text: text! };
  }
  return answers;
};

/** All statements through pymysql, which knows no SQLSTATE. */
export const sayByPymysql: Sayer = async (port, as, statements) => {
  const script = join(import.meta.dirname, 'say.py');
  const { out, err } = await run('/usr/bin/python3', [script, String(port), as], JSON.stringify(statements));
  if (err !== '') throw new Error(err);
  return JSON.parse(out) as Answer[];
};
