import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCifsMedium } from '../../src/media/cifs-medium.ts';
import { NotedPace } from './noted-pace.ts';
import { eachOnRealServer } from './real-server.ts';
import { noise } from './server-faults.ts';
import { refusal, startSmbd } from './servers/cifs.ts';

const reason = refusal();
if (reason !== null) console.warn(`the pace of cifs is not tested: ${reason}`);
const piece = noise(8 << 20);

describe.skipIf(reason !== null)('what the medium of a share moves by itself', () => {
  const scene = eachOnRealServer({
    start: () => startSmbd(),
    addressOf: (server, name) => server.address(name),
    open: (address) => openCifsMedium(address),
  });

  test('is taken from the pace: what a chunk brought along, and merges', async () => {
    const pace = new NotedPace();
    const medium = scene.open({ ...scene.address, pace });
    for (let i = 0; i < 5; i++) appendFileSync(join(scene.directory, 'large'), piece);
    const source = await medium.openObject('large');
    expect(Buffer.from(await source.read(33 << 20, 10))).toEqual(piece.subarray(1 << 20, (1 << 20) + 10));
    expect(pace.taken).toEqual([]);
    await source.close();
    expect(pace.taken.splice(0)).toEqual([[0, piece.length - 10]]);
    const all = await medium.openObject('large');
    for (let i = 0; i < 5; i++) await all.read(i * piece.length, piece.length);
    await all.close();
    expect(pace.taken).toEqual([]);
    const sink = await medium.openAppend('log', 0);
    for (let i = 0; i < 32; i++) await sink.append(Buffer.from('12345'));
    await sink.close();
    expect(pace.taken).toEqual([[33, 2 * 32 * 5]]);
  });

  test('merges that would take too long of a pace are left out', async () => {
    const pace = new NotedPace();
    pace.set({ maxIops: 3n, maxBandwidth: 0n });
    const medium = scene.open({ ...scene.address, pace });
    const sink = await medium.openAppend('log', 0);
    for (let i = 0; i < 32; i++) await sink.append(Buffer.from('12345'));
    await sink.close();
    expect(readdirSync(join(scene.directory, 'log#append'))).toHaveLength(32);
    expect(pace.taken).toEqual([]);
  });
});
