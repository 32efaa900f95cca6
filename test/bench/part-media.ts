import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { bestOfRounds, comparison, type Line, limit } from './measurement.ts';
import type { BenchPart } from './part.ts';

const pushedMb = 256;
const grownMaxMb = 150;

/**
 * (m) An object pushed through each object store's medium against the vendor's client alone pushing the same bytes to the same
 * server, as many parts in flight; server and pusher each in a process of its own.
 */
export const media: BenchPart = async ({ rounds, report }) => {
  const lines: Line[] = [];
  for (const scheme of ['s3', 'oss', 'cos']) {
    const server = spawn(process.execPath, [join(import.meta.dirname, 'medium-server.ts'), scheme], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      const { address } = (await lineOf(server)) as { readonly address: MediumAddress };
      let grownMb = 0;
      const best = await bestOfRounds(
        rounds,
        {
          [`${scheme}, ours`]: async () => {
            const pushed = await push('ours', address);
            grownMb = Math.max(grownMb, pushed.grownMb);
            return pushedMb / pushed.seconds;
          },
          [`${scheme}, client`]: async () => pushedMb / (await push('raw', address)).seconds,
        },
        report,
      );
      const [ours, raw] = Object.values(best) as [number, number];
      lines.push(comparison(`m: ${scheme}, an object against its client alone`, 'MiB/s', ours, raw, 0.9));
      lines.push(limit(`m: ${scheme}, memory above idle`, 'MB', grownMb, grownMaxMb));
    } finally {
      server.stdin?.end();
      await once(server, 'exit');
    }
  }
  return lines;
};

async function push(who: 'ours' | 'raw', address: MediumAddress) {
  const args = [join(import.meta.dirname, 'medium-push.ts'), who, String(pushedMb)];
  const env = { ...process.env, OBVAULT_BENCH_ADDRESS: JSON.stringify(address) };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return (await lineOf(child)) as { readonly seconds: number; readonly grownMb: number };
}

/** The first line a child says, as JSON. */
async function lineOf(child: ChildProcess): Promise<unknown> {
  const lines = createInterface({ input: child.stdout! });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`it ended with ${code} and said nothing`);
  });
  const said = once(lines, 'line');
  try {
    const [line] = (await Promise.race([said, ended])) as [string];
    return JSON.parse(line);
  } finally {
    ended.catch(() => undefined);
  }
}
