import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const mainFile = resolve(import.meta.dirname, '../src/bin/obvault.js');

/** A server in a process of its own, as a user would start it. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly dataDir: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** What the server wrote to standard error so far. */
  errors(): string;
}

/** Servers that run: none outlives the process that started it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The pace of jobs for somebody who watches: a server by itself looks once a second and leaves ended jobs in view for five. */
export const briskly = { tickMs: 250, jobLingerMs: 300 } as const;

/** Starts a server on `dataDir` and resolves at its ready line; rejects with what it wrote when it ends before. */
export function startServerProcess(
  dataDir: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<ServerProcess> {
  mkdirSync(dataDir, { recursive: true });
  const configFile = join(dataDir, '..', `${dataDir.split('/').at(-1)}.config.json`);
  writeFileSync(configFile, JSON.stringify({ port: 0, jobLingerMs: 1_000, ...settings, dataDir }));
  const child = spawn(process.execPath, [mainFile, '--config', configFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-100_000);
  });
  running.add(child);
  const ended = new Promise<number | null>((settle) =>
    child.on('exit', (code) => {
      running.delete(child);
      settle(code);
    }),
  );
  return new Promise((settle, reject) => {
    child.on('error', reject);
    ended.then((code) => reject(new Error(`the server ended with code ${code}: ${errors}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = / ready on .*:(\d+)$/.exec(line);
      if (ready) settle(handle(child, Number(ready[1]), dataDir, ended, () => errors));
    });
  });
}

function handle(
  child: ChildProcess,
  port: number,
  dataDir: string,
  ended: Promise<number | null>,
  errors: () => string,
): ServerProcess {
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  return {
    pid: child.pid ?? 0,
    port,
    dataDir,
    errors,
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}
