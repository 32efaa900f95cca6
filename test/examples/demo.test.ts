import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const demo = resolve(import.meta.dirname, '../../examples/demo.ts');

test('the demo runbook holds from the first statement to the last comparison', { timeout: 240_000 }, async () => {
  const child = spawn(process.execPath, [demo], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((settle) => child.on('exit', settle));
  expect(code, output.slice(-4000)).toBe(0);
  expect(output).toContain('Every comparison held');
  expect(output).toMatch(/ERROR 9080 \(HY000\): the format file does not exist under the destination/);
  expect(output).toMatch(/ERROR 9081 \(HY000\): the content of the format file at the destination does not match/);
});
