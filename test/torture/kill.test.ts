import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tortureRun } from './kill-run.ts';

test('eight SIGKILLs at random instants lose nothing and leave no job stuck', { timeout: 300_000 }, async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'obvault-kill-'));
  const result = await tortureRun({ scratch, runs: 8, seed: 20261121, compareEvery: 4, report: () => undefined });
  expect(result.kills).toBe(8);
  expect(result).toMatchObject({ momentsCompared: 2, setsCompared: 2, validated: 2, standbysCompared: 8 });
  expect(result.increments).toBeGreaterThan(0);
  expect(result.commits).toBeGreaterThan(50);
  rmSync(scratch, { recursive: true, force: true });
});
