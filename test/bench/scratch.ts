import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One directory for everything a run writes and a list of every process it starts. Whatever way the run ends (done,
 * failed, interrupted), the processes are killed and the directory is removed.
 */
export interface Scratch {
  readonly path: string;
  /** Kills the process when the run ends, if it is still there. */
  adopt(child: ChildProcess): ChildProcess;
  /** Kills what still runs and removes what lies in the directory: between two parts, after a failure too. */
  clear(): Promise<void>;
}

/** Makes the directory and arranges its end at the exit of this process. */
export function openScratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'obvault-bench-'));
  const children = new Set<ChildProcess>();
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  return Object.freeze({
    path,
    adopt(child: ChildProcess) {
      children.add(child);
      child.on('exit', () => children.delete(child));
      return child;
    },
    async clear() {
      const left = [...children];
      for (const child of left) child.kill('SIGKILL');
      await Promise.all(left.map(ended));
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
    },
  });
}

/** Resolves with the exit code, or null after a signal; at once when the process is gone already. */
export function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((settle) => child.once('exit', (code) => settle(code)));
}
