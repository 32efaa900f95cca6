import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ossAddress } from './servers/oss.ts';
import { OssDouble } from './servers/oss-double.ts';
import { slice } from './servers/oss-store.ts';

const run = promisify(execFile);
const source = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url).href);

let double: OssDouble;
beforeEach(async () => {
  double = new OssDouble();
  await double.listen();
  double.bucket('backups');
});
afterEach(() => double.kill());

/** Runs a script in a process of its own with `medium` open on the double; resolves with what it printed as JSON. */
async function inProcess(script: string): Promise<Record<string, number>> {
  const address = JSON.stringify(ossAddress(double, 'oss://backups/dest', 'address'));
  const head = `
    import { createRequire } from 'node:module';
    const loaded = () => Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache).filter((name) => name.includes('/ali-oss/')).length;
    const { openOssMedium } = await import(${source('media/oss-medium.ts')});
    const medium = openOssMedium(${address});`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', `${head}${script}`]);
  return JSON.parse(stdout) as Record<string, number>;
}

test('256 MiB go through a bounded memory, up and down', async () => {
  const found = await inProcess(`
    await medium.putSmall('warm', Buffer.alloc(1 << 20), 'create');
    const idle = process.memoryUsage.rss();
    let most = 0;
    const look = setInterval(() => { most = Math.max(most, process.memoryUsage.rss()); }, 5);
    const sink = await medium.createObject('set/data.0');
    const block = 1 << 21;
    const blocks = 128;
    let next = 0;
    const thread = async () => {
      for (let i = next++; i < blocks; i = next++) await sink.writeAt(i * block, Buffer.alloc(block, i));
    };
    await Promise.all([thread(), thread()]);
    await sink.publish(blocks * block);
    const written = most;
    const source = await medium.openObject('set/data.0');
    let wrong = 0;
    for (let i = 0; i < blocks; i++) {
      const bytes = await source.read(i * block, block);
      if (bytes[0] !== i || bytes[block - 1] !== i) wrong += 1;
    }
    clearInterval(look);
    await medium.close();
    console.log(JSON.stringify({ wrong, up: written - idle, down: most - idle }));`);
  expect(found.wrong).toBe(0);
  expect(found.up).toBeLessThan(150 << 20);
  expect(found.down).toBeLessThan(150 << 20);
  const object = double.bucket('backups').object('dest/set/data.0');
  expect(object.sizeBytes).toBe(256 << 20);
  const sums = Array.from({ length: 128 }, (_, i) =>
    createHash('md5')
      .update(Buffer.alloc(1 << 21, i))
      .digest('hex'),
  );
  const there = sums.map((_, i) =>
    createHash('md5')
      .update(slice(object, i << 21, (i + 1) << 21))
      .digest('hex'),
  );
  expect(there).toEqual(sums);
});

test('the SDK is loaded by the first call, not by opening', async () => {
  const found = await inProcess(`
    const opened = loaded();
    await medium.head('a');
    await medium.close();
    console.log(JSON.stringify({ opened, called: loaded() }));`);
  expect(found.opened).toBe(0);
  expect(found.called).toBeGreaterThan(0);
});
