import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ended, type Scratch } from './scratch.ts';

const root = resolve(import.meta.dirname, '../..');

/** The two forms the server can be started in: its sources, and what `npm run build` makes of them. */
export const sourceMain = resolve(root, 'src/bin/obvault.js');
export const builtMain = resolve(root, 'dist/src/bin/obvault.js');

/** Our server in a process whose memory can be read. */
export interface ObvaultProcess {
  readonly port: number;
  readonly dataDir: string;
  /** Time from the start of the process to its ready line. */
  readonly readyMs: number;
  memory(): ProcessMemory;
  /** Forgets the peak so far: the next `memory()` tells that of what follows. */
  resetPeak(): void;
  stop(): Promise<void>;
}

export interface ProcessMemory {
  readonly residentMb: number;
  readonly peakMb: number;
}

export interface ObvaultOptions {
  readonly dataDir: string;
  readonly main: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * Starts a server on a free port; `NODE_BENCH_FLAGS` in the environment goes to Node (such as `--cpu-prof`). Rejects
 * with what the server wrote when it ends before it is ready.
 */
export function startObvault(scratch: Scratch, options: ObvaultOptions): Promise<ObvaultProcess> {
  const { dataDir, main, settings = {} } = options;
  mkdirSync(dataDir, { recursive: true });
  const configFile = `${dataDir}.config.json`;
  writeFileSync(configFile, JSON.stringify({ port: 0, quiet: true, ...settings, dataDir }));
  const flags = process.env['NODE_BENCH_FLAGS']?.split(' ') ?? [];
  const startMs = performance.now();
  const child = scratch.adopt(
    spawn(process.execPath, [...flags, main, '--config', configFile], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-100_000);
  });
  return new Promise((settle, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the server ended with code ${code}: ${errors}`)));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = / ready on .*:(\d+)$/.exec(line);
      if (!ready) return;
      const pid = child.pid ?? 0;
      settle({
        port: Number(ready[1]),
        dataDir,
        readyMs: performance.now() - startMs,
        memory: () => memoryOf(pid),
        resetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
        async stop() {
          child.kill('SIGTERM');
          const code = await ended(child);
          if (code !== 0 && child.signalCode !== 'SIGTERM')
            throw new Error(`the server ended with code ${code}: ${errors}`);
        },
      });
    });
  });
}

/** True when `npm run build` has been run. */
export function isBuilt(): boolean {
  return existsSync(builtMain);
}

function memoryOf(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { residentMb: mb('VmRSS'), peakMb: mb('VmHWM') };
}
