import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runFaultLoops } from './faults.ts';
import { runHistories } from './histories.ts';
import { tortureRun } from './kill-run.ts';
import { filePlaces, servedPlaces } from './places.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    medium: { type: 'string', default: 'file' },
    faults: { type: 'boolean' },
    histories: { type: 'string' },
    length: { type: 'string', default: '90' },
    job: { type: 'string' },
    kind: { type: 'string' },
    lanes: { type: 'string', default: '3' },
  },
});
if (values.faults === true) process.exit(await runFaultLoops({ ...values, lanes: countOf('lanes') }));
if (values.histories !== undefined)
  process.exit(await runHistories(countOf('histories'), countOf('length'), values.seed));
const scratch = mkdtempSync(join(tmpdir(), 'obvault-torture-'));
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const served = values.medium === 'file' ? null : await servedPlaces(values.medium);
process.stdout.write(`seed ${seed}, medium ${values.medium}, scratch ${scratch}\n`);
// A run of hours makes room for a moment: the first SIGUSR2 has it rest before the next kill, the second one go on.
let resting: PromiseWithResolvers<void> | null = null;
process.on('SIGUSR2', () => {
  resting?.resolve();
  resting = resting === null ? Promise.withResolvers() : null;
  process.stdout.write(resting === null ? 'goes on\n' : 'rests before the next kill\n');
});
const result = await tortureRun({
  scratch,
  places: served?.places ?? filePlaces(scratch),
  runs: values.runs === undefined ? 200 : countOf('runs'),
  seed,
  compareEvery: 4,
  report: (line) => process.stdout.write(`${line}\n`),
  rest: async () => resting?.promise,
});
process.stdout.write(`all held: ${JSON.stringify(result)}\n`);
await served?.end();
rmSync(scratch, { recursive: true, force: true });
process.exit(0);

/** Nothing that was run would hold, too. */
function countOf(name: 'runs' | 'histories' | 'length' | 'lanes'): number {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} takes a whole number from 1 on`);
  return count;
}
