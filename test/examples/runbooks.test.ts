import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRunbook } from '../../examples/sql-runbook.ts';

const examples = resolve(import.meta.dirname, '../../examples');
const textOf = (name: string) => readFileSync(join(examples, `${name}.sql`), 'utf8');

async function perform(name: string): Promise<{ readonly code: unknown; readonly output: string }> {
  const child = spawn(process.execPath, [join(examples, `${name}.ts`)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((settle) => child.on('exit', settle));
  return { code, output };
}

describe('a runbook', () => {
  test.concurrent.each(['daily', 'dropped-table', 'drill'])(
    '%s holds, section by section',
    { timeout: 600_000 },
    async (name) => {
      const { code, output } = await perform(name);
      expect(code, output.slice(-4000)).toBe(0);
      expect(output).toContain('Every comparison held');
      for (const section of parseRunbook(textOf(name)).keys()) expect(output).toContain(`\n== ${section}\n`);
      expect(output).not.toContain('k3y-pass');
    },
  );

  test('has a script for each .sql file', () => {
    const names = readdirSync(examples).filter((file) => file.endsWith('.sql'));
    expect(names.sort()).toEqual(['daily.sql', 'drill.sql', 'dropped-table.sql']);
  });

  test('is read with speakers, waits and refusals', () => {
    const text = `-- about
-- == One
-- As root@sys:
SELECT 1;
-- Repeat until STATUS is DOING:
SELECT STATUS
  FROM t;
-- Refused with 4369, without the key:
ALTER SYSTEM X;
ALTER SYSTEM Y;
-- == Two
-- As root@a:
SELECT 2;
`;
    const plain = { as: 'root@sys', until: null, errno: null };
    expect([...parseRunbook(text)]).toEqual([
      [
        'One',
        [
          { ...plain, sql: 'SELECT 1' },
          { ...plain, sql: 'SELECT STATUS\n  FROM t', until: { column: 'STATUS', value: 'DOING' } },
          { ...plain, sql: 'ALTER SYSTEM X', errno: 4369 },
          { ...plain, sql: 'ALTER SYSTEM Y' },
        ],
      ],
      ['Two', [{ ...plain, as: 'root@a', sql: 'SELECT 2' }]],
    ]);
  });
});
