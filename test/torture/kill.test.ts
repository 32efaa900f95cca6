import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tortureRun } from './kill-run.ts';
import { filePlaces, servedPlaces } from './places.ts';

test('eight SIGKILLs at random instants lose nothing and leave no job stuck', { timeout: 300_000 }, async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'obvault-kill-'));
  const result = await tortureRun({
    scratch,
    places: filePlaces(scratch),
    runs: 8,
    seed: 20261121,
    compareEvery: 4,
    report: () => undefined,
  });
  expect(result.kills).toBe(8);
  expect(result).toMatchObject({ momentsCompared: 2, setsCompared: 2, validated: 2, standbysCompared: 8 });
  expect(result.increments).toBeGreaterThan(0);
  expect(result.commits).toBeGreaterThanOrEqual(result.kills);
  rmSync(scratch, { recursive: true, force: true });
});

test('three SIGKILLs lose nothing that lies on an object store', { timeout: 300_000 }, async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'obvault-kill-'));
  const { places, end } = await servedPlaces('s3');
  try {
    const result = await tortureRun({ scratch, places, runs: 3, seed: 4, compareEvery: 3, report: () => undefined });
    expect(result).toMatchObject({ kills: 3, momentsCompared: 1, setsCompared: 1, validated: 1, standbysCompared: 3 });
  } finally {
    await end();
  }
  rmSync(scratch, { recursive: true, force: true });
});
