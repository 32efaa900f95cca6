import { spawn } from 'node:child_process';
import { pathOf } from './peers.ts';
import type { Scratch } from './scratch.ts';

/** What `mariadb-slap` sends: the same text to whichever server listens on the port. */
export interface Load {
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Sent in turn by every connection. */
  readonly queries: readonly string[];
  readonly connections: number;
}

/** Sends `count` queries over all connections together and returns queries per second. Throws when one fails. */
export async function slap(scratch: Scratch, load: Load, count: number): Promise<number> {
  const output = await run(scratch, [
    '--no-defaults',
    '-h127.0.0.1',
    `-P${load.port}`,
    `-u${load.user}`,
    '--protocol=tcp',
    '--skip-ssl',
    '--no-drop',
    `--create-schema=${load.database}`,
    `--query=${load.queries.join(';')}`,
    '--delimiter=;',
    `--concurrency=${load.connections}`,
    `--number-of-queries=${count}`,
  ]);
  const seconds = Number(/Average number of seconds to run all queries: ([\d.]+)/.exec(output)?.[1]);
  if (Number.isNaN(seconds)) throw new Error(`mariadb-slap did not say how long it took: ${output}`);
  return count / Math.max(seconds, 0.001);
}

/** How many queries keep a server busy for about `seconds`: measured, and a warm-up at the same time. */
export async function countFor(scratch: Scratch, load: Load, seconds: number): Promise<number> {
  let count = 200 * load.connections;
  for (;;) {
    const rate = await slap(scratch, load, count);
    if (count >= rate * 0.5) return Math.ceil((rate * seconds) / load.connections) * load.connections;
    count = Math.ceil(rate / load.connections) * load.connections;
  }
}

function run(scratch: Scratch, args: readonly string[]): Promise<string> {
  const child = scratch.adopt(spawn(pathOf('mariadb-slap') ?? 'mariadb-slap', args));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((settle, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) settle(output);
      else reject(new Error(`mariadb-slap ended with code ${code}: ${output.slice(0, 1000)}`));
    });
  });
}
