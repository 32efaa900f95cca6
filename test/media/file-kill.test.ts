import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(() => scratch.remove());

/** Writes objects of one repeated byte for ever and prints a line for each that was confirmed. */
const writer = (root: string) => `
  const { openFileMedium } = await import(${JSON.stringify(new URL('../../src/media/file-medium.ts', import.meta.url).href)});
  const medium = openFileMedium(${JSON.stringify(root)});
  const log = await medium.openAppend('log', 0);
  for (let i = 1; ; i++) {
    const bytes = Buffer.alloc(300_000, i % 256);
    await medium.putSmall('current', bytes, 'replace');
    await medium.putSmall('set/small.' + i, bytes, 'create');
    const sink = await medium.createObject('set/large.' + i);
    for (let part = 0; part < 3; part++) await sink.writeAt(part * bytes.length, bytes);
    await sink.publish(3 * bytes.length);
    await log.append(Buffer.alloc(1000, i % 256));
    console.log(i);
  }`;

test.each([1, 3, 8])(
  'a writer killed after %i rounds leaves whole objects and everything it confirmed',
  async (rounds) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer(scratch.path)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let confirmed = 0;
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      for (const line of String(chunk).split('\n')) if (line !== '') confirmed = Number(line);
      if (confirmed >= rounds) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');

    const medium = openFileMedium(scratch.path);
    const sizes = new Map((await medium.list('set')).map((entry) => [entry.name, entry.sizeBytes]));
    for (let i = 1; i <= confirmed; i++) {
      expect(sizes.get(`small.${i}`)).toBe(300_000);
      expect(sizes.get(`large.${i}`)).toBe(900_000);
    }
    for (const name of sizes.keys()) await expectWhole(`set/${name}`, Number(name.split('.')[1]) % 256);
    const current = await medium.read('current');
    await expectWhole('current', current[0] ?? -1);
    const log = await medium.openAppend('log', confirmed * 1000);
    expect(log.sizeBytes).toBe(confirmed * 1000);
    await log.close();
    for (let i = 1; i <= confirmed; i++)
      expect((await medium.read('log', (i - 1) * 1000, 1000)).every((byte) => byte === i % 256)).toBe(true);

    async function expectWhole(key: string, byte: number) {
      const bytes = await medium.read(key);
      expect(bytes.length).toBe(key.includes('large') ? 900_000 : 300_000);
      expect(bytes.every((value) => value === byte)).toBe(true);
    }
  },
);
