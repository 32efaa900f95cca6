import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tortureRun } from './kill-run.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
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
