import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCosMedium } from '../../src/media/cos-medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { heldBytesAboveIdle } from './server-faults.ts';
import { cosAddress } from './servers/cos.ts';
import { type CosChild, startCosChild } from './servers/cos-child.ts';
import { CosDouble } from './servers/cos-double.ts';

const mib = 1024 * 1024;

let child: CosChild;
let double: CosDouble;
beforeAll(async () => {
  child = await startCosChild();
  double = await CosDouble.start();
});
afterAll(async () => {
  await child.kill();
  await double.stop();
});

function atChild(directory: string): MediumAddress {
  return { ...cosAddress(double, directory), host: child.host };
}

test('5,000 keys come in pages of 7, each once, and are tagged and removed', async () => {
  for (let i = 0; i < 5000; i++) double.store.put(`many/set/object.${i}`, Buffer.from('x'));
  double.pageLimit = 7;
  const medium = openCosMedium(cosAddress(double, 'many'));
  const entries = await medium.list('set');
  expect(entries).toHaveLength(5000);
  expect(new Set(entries.map(({ name }) => name)).size).toBe(5000);
  expect(double.count('ListObjects')).toBe(Math.ceil(5000 / 7));
  const keys = entries.map(({ name }) => `set/${name}`);
  await medium.tag(keys.slice(0, 100), { delete_mode: 'tagging' });
  expect(double.store.get('many/set/object.10').tags).toEqual({ delete_mode: 'tagging' });
  await medium.remove(keys);
  expect(double.count('DeleteMultiple')).toBe(5);
  expect(await medium.list('set')).toEqual([]);
  await medium.close();
});

test('an object of 256 MiB passes through little memory', async () => {
  expect(await heldBytesAboveIdle('cos-medium.ts', 'openCosMedium', atChild('large'))).toBeLessThan(150e6);
});

test('nothing is printed, nothing kept in the home directory, and no SDK loaded before the first call', async () => {
  const home = mkdtempSync(join(tmpdir(), 'obvault-home-'));
  const script = `
    const { openCosMedium } = await import(${JSON.stringify(new URL('../../src/media/cos-medium.ts', import.meta.url).href)});
    const loaded = () => Object.keys((require ?? (() => null)).cache ?? {}).some((name) => name.includes('cos-nodejs-sdk'));
    const { createRequire } = await import('node:module');
    const require = createRequire('/');
    const medium = openCosMedium(${JSON.stringify(atChild('quiet'))});
    if (loaded()) throw new Error('loaded too soon');
    const sink = await medium.createObject('data');
    await sink.writeAt(0, Buffer.alloc(9 << 20));
    await sink.publish(9 << 20);
    if (!loaded()) throw new Error('the check finds nothing');
    await medium.head('none');
    await medium.read('none').catch(() => undefined);
    const wrong = openCosMedium({ ...${JSON.stringify(atChild('quiet'))}, authorization: { accessId: 'a b', accessKey: 'x' } });
    await wrong.list('').catch(() => undefined);
    await medium.close();`;
  const elsewhere = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NODE_DEBUG: '' };
  const { stdout, stderr } = await run(script, { HOME: home, XDG_CONFIG_HOME: home, ...elsewhere });
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  expect(readdirSync(home)).toEqual([]);
  rmSync(home, { recursive: true });
});

test('a server killed in the middle of an upload and of a download is an error, and its successor is used at once', async () => {
  const medium = openCosMedium(atChild('killed'));
  await medium.putSmall('small', Buffer.alloc(mib, 1), 'create');
  const sink = await medium.createObject('data');
  await child.fault({ kind: 'stall', times: 1, on: ['UploadPart'] });
  await sink.writeAt(0, Buffer.alloc(9 * mib, 1));
  await child.fault({ kind: 'stallDownload', times: 1, on: ['GetObject'], afterBytes: 1000 });
  const ends = [expectKind(medium.read('small'), 'network'), expectKind(sink.publish(9 * mib), 'network')];
  while ((await child.count('GetObject')) === 0) await new Promise((resolve) => setImmediate(resolve));
  await child.kill();
  await Promise.all(ends);
  await expectKind(sink.abort(), 'network');
  await expectKind(medium.head('small'), 'network');
  child = await startCosChild(child.port);
  expect(await medium.list('')).toEqual([]);
  await medium.putSmall('small', Buffer.from('again'), 'create');
  expect(digest(await medium.read('small'))).toBe(digest(Buffer.from('again')));
  await medium.close();
});

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function run(script: string, env: Readonly<Record<string, string>> = {}) {
  const options = { env: { PATH: process.env.PATH ?? '', ...env }, encoding: 'utf8' as const };
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], options);
}
