import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultLoopResult, faultJobNames } from '../jobs/fault-loops.ts';
import { faultEffects } from '../jobs/fault-media.ts';

export interface FaultWish {
  /** Only this kind of job, or this file of loops over kinds of errors; only this kind of fault. */
  readonly job?: string | undefined;
  readonly kind?: string | undefined;
  /** Loops that run at a time; most of their time is waiting. */
  readonly lanes: number;
}

interface Part {
  readonly name: string;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** It says how many operations it met. */
  readonly counts: boolean;
}

/** The loops over kinds of errors rather than faults of a whole medium: they have files of their own. */
const byErrors = ['faults-archive', 'faults-backup', 'faults-incremental', 'faults-restore', 'clean-faults'];

/**
 * Every operation of every kind of job fails in every way: a process for each kind of job and of fault, whose line tells how many
 * operations were met and after how many of them the job went well. Resolves to the exit code.
 */
export async function runFaultLoops({ job, kind, lanes }: FaultWish): Promise<number> {
  const parts = partsOf(job, kind);
  if (parts.length === 0) throw new Error(`there is no loop of ${job ?? 'any job'} with ${kind ?? 'any fault'}`);
  const scratch = mkdtempSync(join(tmpdir(), 'obvault-faults-'));
  const failed: string[] = [];
  let met = 0;
  const waiting = [...parts];
  const lane = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const report = join(scratch, part.name.replaceAll(/[^a-z]/gi, '-'));
      const startMs = performance.now();
      const { code, output } = await run(part, report);
      const result =
        code === 0 && existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as FaultLoopResult) : null;
      const seconds = Math.round((performance.now() - startMs) / 1000);
      met += result?.met ?? 0;
      const told =
        result === null ? '' : `, ${result.met} operations met it, after ${result.went} of them it went well`;
      // A loop that ended without a count has not run.
      const held = code === 0 && (result !== null || !part.counts);
      process.stdout.write(`${part.name}: ${held ? 'held' : 'FAILED'}${told}, ${seconds} s\n`);
      if (held) continue;
      failed.push(part.name);
      process.stdout.write(output);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  rmSync(scratch, { recursive: true, force: true });
  const bad = failed.length === 0 ? 'all held' : `FAILED: ${failed.join(', ')}`;
  const counted = met === 0 ? '' : `, ${met} operations met a fault`;
  process.stdout.write(`${parts.length} loops${counted}; ${bad}\n`);
  return failed.length === 0 ? 0 : 1;
}

function partsOf(job: string | undefined, kind: string | undefined): readonly Part[] {
  const loops = faultJobNames.flatMap((name) =>
    faultEffects.map((effect) => ({
      job: name as string,
      kind: effect as string,
      name: `${name}, ${effect}`,
      files: [name === 'clean-up' ? 'test/jobs/clean-effects' : 'test/jobs/faults-each-job'],
      env: { OBVAULT_FAULT_LOOP: `${name}/${effect}` },
      counts: true,
    })),
  );
  const others = byErrors.map((name) => ({
    job: name,
    kind: '',
    name,
    files: [`test/jobs/${name}`],
    env: { OBVAULT_FAULTS: 'all' },
    counts: false,
  }));
  return [...loops, ...others].filter((part) => (job ?? part.job) === part.job && (kind ?? part.kind) === part.kind);
}

function run({ files, env }: Part, report: string): Promise<{ readonly code: number; readonly output: string }> {
  const root = join(import.meta.dirname, '../..');
  const runner = join(root, 'node_modules/vitest/vitest.mjs');
  // As long as it takes: much else may run beside it.
  const patience = ['--testTimeout=7200000', '--hookTimeout=600000'];
  const args = [runner, 'run', '--config', 'test/vitest.config.ts', '--no-file-parallelism', ...patience, ...files];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env, OBVAULT_FAULT_REPORT: report },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((settle, reject) => {
    child.on('error', reject);
    child.on('close', (code) => settle({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
