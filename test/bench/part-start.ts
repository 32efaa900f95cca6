import { join } from 'node:path';
import { RawClient } from '../wire/raw-client.ts';
import { type Line, limit } from './measurement.ts';
import { builtMain, isBuilt, sourceMain, startObvault } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';

const aimMs = 200;
const aimMb = 80;

/** (d) From the start of the process on an empty data directory to the first accepted login. */
export const start: BenchPart = async (context) => {
  const lines: Line[] = [];
  const forms = [{ name: 'sources', main: sourceMain }, ...(isBuilt() ? [{ name: 'build', main: builtMain }] : [])];
  if (!isBuilt()) context.report('  no dist: run `npm run build` to measure the compiled server too');
  for (const { name, main } of forms) {
    let best = { ms: Number.POSITIVE_INFINITY, mb: Number.POSITIVE_INFINITY };
    for (let round = 0; round < Math.max(5, context.rounds); round++) {
      const { ms, mb } = await startOnce(context, main, join(context.scratch.path, `start-${name}-${round}`));
      context.report(`  ${name} round ${round + 1}: ${ms.toFixed(0)} ms, ${mb.toFixed(0)} MB`);
      best = { ms: Math.min(best.ms, ms), mb: Math.min(best.mb, mb) };
    }
    lines.push(limit(`d: start to first login, fresh directory (${name})`, 'ms', best.ms, aimMs));
    lines.push(limit(`d: resident after that login (${name})`, 'MB', best.mb, aimMb));
  }
  return lines;
};

async function startOnce({ scratch }: BenchContext, main: string, dataDir: string) {
  const startMs = performance.now();
  const server = await startObvault(scratch, { dataDir, main });
  await using client = new RawClient(server.port);
  const answer = await client.login('root', '');
  const ms = performance.now() - startMs;
  if (answer.payload[0] !== 0) throw new Error(`the login was refused: ${answer.payload.toString('latin1')}`);
  const mb = server.memory().residentMb;
  await server.stop();
  return { ms, mb };
}
