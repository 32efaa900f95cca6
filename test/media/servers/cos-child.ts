import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CosDouble, type CosFault } from './cos-double.ts';
import type { Operation } from './cos-operations.ts';

/** A double in a process of its own: it can be killed, and its memory is not ours. */
export interface CosChild {
  readonly host: string;
  readonly port: number;
  fault(fault: CosFault): Promise<void>;
  count(operation: Operation): Promise<number>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
}

type Asked = { readonly fault: CosFault } | { readonly count: Operation };

export async function startCosChild(port = 0): Promise<CosChild> {
  const child = fork(fileURLToPath(import.meta.url), [String(port)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const host = String(await answer(child));
  const ask = (asked: Asked) => {
    const replied = answer(child);
    child.send(asked);
    return replied;
  };
  return {
    host,
    port: Number(host.split(':')[1]),
    fault: async (fault) => void (await ask({ fault })),
    count: async (operation) => Number(await ask({ count: operation })),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
  });
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  const double = await CosDouble.start({ port: Number(process.argv[2]) });
  process.on('message', (asked: Asked) => {
    if ('fault' in asked) double.faults.push(asked.fault);
    process.send?.('fault' in asked ? 'done' : double.count(asked.count));
  });
  process.send(double.host);
}
