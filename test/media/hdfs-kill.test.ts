import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { callDeadlineMs } from '../../src/media/limits.ts';
import type { Medium } from '../../src/media/medium.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import { double, eachOnHdfs, mib, open, temps, x } from './hdfs-scene.ts';
import { expectKind } from './medium-conformance.ts';
import { endsSoon, noise } from './server-faults.ts';
import { hdfsAddress } from './servers/hdfs.ts';
import { type RelayChild, startRelayChild } from './servers/relay-child.ts';

eachOnHdfs();

const piece = noise(4 * mib);
const dataNode = 2;

/** Both NameNodes and the DataNode, in a process that can be killed. */
let servers: RelayChild;
const started: RelayChild[] = [];
const serve = async (ports?: readonly number[]) => {
  servers = await startRelayChild(
    [0, 1, dataNode].map((node) => double.portOf(node)),
    ports,
  );
  started.push(servers);
};
const restart = () => serve(servers.ports);
const options = () => ({
  namenode: servers.ports
    .slice(0, 2)
    .map((port) => `127.0.0.1:${port}`)
    .join(),
});

let medium: Medium;
beforeEach(async () => {
  await serve();
  double.dataNode = `http://127.0.0.1:${servers.ports[dataNode]}`;
  medium = open({ options: options() });
});
afterEach(async () => {
  for (const one of started.splice(0)) await one.kill();
});

test('killed in the middle of an upload shows nothing, and publishing again succeeds', async () => {
  await medium.putSmall('set/whole', piece, 'create');
  const sink = await medium.createObject('set/data.0');
  const abandoned = await medium.createObject('set/data.1');
  const held = servers.hold({ target: dataNode, way: 'up', afterBytes: mib });
  await abandoned.writeAt(0, piece);
  for (let i = 0; i < 10; i++) await sink.writeAt(i * piece.length, piece);
  const publishing = sink.publish(10 * piece.length).catch((error: unknown) => error);
  await held;
  await servers.kill();
  expect(await endsSoon(publishing)).toMatchObject({ name: 'MediumError', kind: 'network' });
  await expectKind(medium.head('set/data.0'), 'network');
  await restart();
  expect(await medium.head('set/data.0')).toBeNull();
  expect((await medium.list('set')).map(({ name }) => name)).toEqual(['whole']);
  expect(piece.equals(await medium.read('set/whole'))).toBe(true);
  await sink.publish(10 * piece.length);
  const source = await medium.openObject('set/data.0');
  expect(source.sizeBytes).toBe(10 * piece.length);
  for (let i = 0; i < 10; i++) expect(piece.equals(await source.read(i * piece.length, piece.length))).toBe(true);
  expect(temps().every((name) => name.includes('data.1'))).toBe(true);
});

test('killed in the middle of a small object leaves a temporary name, which is swept later', async () => {
  const held = servers.hold({ target: dataNode, way: 'up', afterBytes: mib });
  const putting = medium.putSmall('a', piece, 'create').catch((error: unknown) => error);
  await held;
  await servers.kill();
  expect(await endsSoon(putting)).toMatchObject({ kind: 'network' });
  await restart();
  expect(await medium.list('')).toEqual([]);
  expect(temps()).toHaveLength(1);
  double.skewMs = 10_000;
  expect(await medium.sweep(5_000, [])).toBe(1);
  expect(temps()).toEqual([]);
  await medium.putSmall('a', piece, 'create');
});

test('killed in the middle of an append has lost nothing that was confirmed, and it goes on', async () => {
  const log = await medium.openAppend('log', 0);
  await log.append(x);
  const held = servers.hold({ target: dataNode, way: 'up', afterBytes: mib });
  const appending = log.append(piece).catch((error: unknown) => error);
  await held;
  await servers.kill();
  expect(await endsSoon(appending)).toMatchObject({ kind: 'network' });
  await log.close();
  await restart();
  const again = await medium.openAppend('log', 1);
  await again.append(Buffer.from('yz'));
  await again.close();
  expect(Buffer.from(await medium.read('log')).toString()).toBe('xyz');
});

test('killed in the middle of a download is an error, and the next read finds it again', async () => {
  await medium.putSmall('data', piece, 'create');
  const source = await medium.openObject('data');
  const held = servers.hold({ target: dataNode, way: 'down', afterBytes: mib });
  const reading = source.read(0, piece.length).catch((error: unknown) => error);
  await held;
  await servers.kill();
  expect(await endsSoon(reading)).toMatchObject({ name: 'MediumError', kind: 'network' });
  await restart();
  expect(piece.equals(await source.read(0, piece.length))).toBe(true);
  await source.close();
});

test('gone for a moment they are waited for by a medium as it is opened', async () => {
  let dead = false;
  let restarted: Promise<void> | null = null;
  // They come back in the pause after the first attempt; deadlines sleep longer.
  const clock: Clock = {
    ...systemClock,
    async sleep(delayMs, signal) {
      if (dead && delayMs < callDeadlineMs / 2) {
        restarted ??= restart();
        await restarted;
      }
      return systemClock.sleep(delayMs, signal);
    },
  };
  const steady = openMedium({ ...hdfsAddress(double, 'backup/a'), options: options() }, clock);
  try {
    await steady.putSmall('a', x, 'create');
    await servers.kill();
    dead = true;
    await steady.putSmall('b', x, 'create');
    expect(restarted).not.toBeNull();
    expect((await steady.list('')).map(({ name }) => name)).toEqual(['a', 'b']);
  } finally {
    await steady.close();
  }
});
