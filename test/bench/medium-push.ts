import { randomBytes } from 'node:crypto';
import { type MediumAddress, openMedium } from '../../src/media/open-medium.ts';
import { type RawPush, rawPushes } from './medium-raw.ts';

/**
 * Pushes an object of so many MB to an address, through our medium or through a plain client, and says the seconds it took and by how
 * many MB the memory of the process grew at most. Usage: medium-push.ts ours|raw MB, the address as JSON in OBVAULT_BENCH_ADDRESS.
 */
const [, , who, megabytes] = process.argv;
const address = JSON.parse(process.env['OBVAULT_BENCH_ADDRESS'] ?? '') as MediumAddress;
const sizeBytes = Number(megabytes) * 1024 * 1024;
/** What two copy threads hand over: records of about a block, in the order of the file. */
const recordBytes = 2 * 1024 * 1024;
const writers = 2;
const content = randomBytes(8 * 1024 * 1024);
const idleBytes = process.memoryUsage.rss();
let peakBytes = idleBytes;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 20);

const seconds = who === 'ours' ? await throughMedium() : await throughClient(rawPushes[address.scheme]);
clearInterval(watch);
process.stdout.write(`${JSON.stringify({ seconds, grownMb: (peakBytes - idleBytes) / 1e6 })}\n`);
process.exit(0);

async function throughMedium(): Promise<number> {
  const medium = openMedium(address);
  await medium.head('warm');
  const begunMs = performance.now();
  const sink = await medium.createObject(`pushed-${process.pid}`);
  let next = 0;
  const write = async () => {
    for (let offset = next; offset < sizeBytes; offset = next) {
      next += recordBytes;
      const at = offset % content.length;
      await sink.writeAt(offset, content.subarray(at, at + recordBytes));
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  await sink.publish(sizeBytes);
  const tookMs = performance.now() - begunMs;
  await medium.close();
  return tookMs / 1000;
}

async function throughClient(push: RawPush | undefined): Promise<number> {
  if (push === undefined) throw new Error(`no plain client for ${address.scheme}`);
  return push(address, { key: `raw-${process.pid}`, sizeBytes, part: content });
}
