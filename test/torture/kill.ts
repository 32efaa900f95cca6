import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tortureRun } from './kill-run.ts';
import { filePlaces, servedPlaces } from './places.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    medium: { type: 'string', default: 'file' },
    faults: { type: 'boolean' },
  },
});
if (values.faults === true) process.exit(runFaultLoops());
const scratch = mkdtempSync(join(tmpdir(), 'obvault-torture-'));
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const served = values.medium === 'file' ? null : await servedPlaces(values.medium);
process.stdout.write(`seed ${seed}, medium ${values.medium}, scratch ${scratch}\n`);
const result = await tortureRun({
  scratch,
  places: served?.places ?? filePlaces(scratch),
  runs: Number(values.runs ?? 200),
  seed,
  compareEvery: 4,
  report: (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`all held: ${JSON.stringify(result)}\n`);
await served?.end();
rmSync(scratch, { recursive: true, force: true });
process.exit(0);

/** Every operation of every kind of job fails in every way; the exit code of the tests that see to it. */
function runFaultLoops(): number {
  const runner = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const which = ['test/jobs/faults-', 'test/jobs/clean-faults', 'test/jobs/clean-effects'];
  const args = [runner, 'run', '--config', 'test/vitest.config.ts', '--no-file-parallelism', ...which];
  const env = { ...process.env, OBVAULT_FAULTS: 'all' };
  const cwd = join(import.meta.dirname, '../..');
  return spawnSync(process.execPath, args, { cwd, env, stdio: 'inherit' }).status ?? 1;
}
