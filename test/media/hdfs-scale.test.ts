import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hdfsAddress } from './servers/hdfs.ts';
import { HdfsDouble } from './servers/hdfs-double.ts';

let double: HdfsDouble;
beforeAll(async () => {
  double = await HdfsDouble.start();
  double.active = 1;
});
afterAll(() => double.stop());

test('256 MiB go up and come down in bounded memory, in a process that prints nothing', async () => {
  const script = `
    const { openHdfsMedium } = await import(${JSON.stringify(new URL('../../src/media/hdfs-medium.ts', import.meta.url).href)});
    const { createHash } = await import('node:crypto');
    const medium = openHdfsMedium(${JSON.stringify(hdfsAddress(double, 'large'))});
    await medium.putSmall('warm', Buffer.alloc(1 << 20), 'create');
    const idle = process.memoryUsage().rss;
    let peak = 0;
    const timer = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss - idle); }, 10);
    const block = Buffer.alloc(1 << 20, 'some bytes of a block ');
    const sink = await medium.createObject('data');
    const sent = createHash('sha256');
    for (let i = 0; i < 256; i++) {
      block.writeUInt32LE(i, 0);
      sent.update(block);
      await sink.writeAt(i << 20, block);
    }
    await sink.publish(256 << 20);
    const source = await medium.openObject('data');
    const came = createHash('sha256');
    for (let i = 0; i < 128; i++) came.update(await source.read(i << 21, 1 << 21));
    clearInterval(timer);
    await medium.close();
    console.log(JSON.stringify({ peakMib: peak >> 20, size: source.sizeBytes, same: sent.digest('hex') === came.digest('hex') }));`;
  const options = { env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8' as const };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script],
    options,
  );
  expect(stderr).toBe('');
  const { peakMib, size, same } = JSON.parse(stdout);
  expect({ size, same }).toEqual({ size: 256 * 1024 * 1024, same: true });
  expect(peakMib).toBeLessThan(150);
  expect([...double.tree.nodes.keys()].filter((path) => path.includes('.tmp.'))).toEqual([]);
});
