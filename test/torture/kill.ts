import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tortureRun } from './kill-run.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' }, faults: { type: 'boolean' } },
});
if (values.faults === true) process.exit(runFaultLoops());
const scratch = mkdtempSync(join(tmpdir(), 'obvault-torture-'));
const seed = Number(values.seed ?? Date.now() % 1_000_000);
process.stdout.write(`seed ${seed}, scratch ${scratch}\n`);
const result = await tortureRun({
  scratch,
  runs: Number(values.runs ?? 200),
  seed,
  compareEvery: 4,
  report: (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`all held: ${JSON.stringify(result)}\n`);
rmSync(scratch, { recursive: true, force: true });
process.exit(0);

/** Every operation of every kind of job fails in every way; the exit code of the tests that see to it. */
function runFaultLoops(): number {
  const runner = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const which = ['test/jobs/faults-', 'test/jobs/clean-faults'];
  const args = [runner, 'run', '--config', 'test/vitest.config.ts', '--no-file-parallelism', ...which];
  const env = { ...process.env, OBVAULT_FAULTS: 'all' };
  const cwd = join(import.meta.dirname, '../..');
  return spawnSync(process.execPath, args, { cwd, env, stdio: 'inherit' }).status ?? 1;
}
