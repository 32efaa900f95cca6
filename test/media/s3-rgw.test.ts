import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import type { S3Seams } from '../../src/media/s3/connection.ts';
import { coveredPartMs, mergedPartsMin } from '../../src/media/s3/limits.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { mediumConformance } from './medium-conformance.ts';
import { expectS3Kind } from './s3-root.ts';
import { type CephRgw, refusal, rgwAddress, start } from './servers/ceph-rgw.ts';

// The S3 medium against a server nobody here wrote: the S3 gateway of Debian's Ceph.

const refused = refusal();
if (refused !== null) console.warn(`the tests of S3 against Ceph RGW are skipped: ${refused}`);

describe.skipIf(refused !== null)('Ceph RGW', () => {
  let server: Awaited<ReturnType<typeof start>>;
  let rgw: CephRgw;
  beforeAll(async () => {
    server = await start();
    rgw = server.rgw;
  });
  afterAll(() => server?.end());
  const addressOf = (root: string) => rgwAddress(rgw, root);

  mediumConformance('s3 on Ceph RGW, bare,', () => server.openRoot());

  test('keys, buckets and names are told apart by its codes too', async () => {
    const { authorization, ...address } = addressOf('codes');
    const wrong = { ...authorization, accessKey: 'wrong' };
    for (const [change, kind] of [
      [{ authorization: wrong }, 'denied'],
      [{ authorization: { ...authorization, accessId: 'NOBODY' } }, 'denied'],
      [{ authorization, path: 's3://nowhere/dest' }, 'noContainer'],
    ] as const) {
      const medium = openS3Medium({ ...address, ...change });
      for (const work of [
        () => medium.list(''),
        () => medium.head('a'),
        () => medium.putSmall('a', randomBytes(10), 'create'),
        () => medium.remove(['a']),
        () => medium.sweep(0, []),
      ])
        await expectS3Kind(work(), kind, 'wrong');
      await medium.close();
    }
  });

  test('it takes a signature for any region: there is none to mismatch', async () => {
    const medium = openS3Medium({ ...addressOf('region'), options: { s3_region: 'mars-north-1' } });
    await medium.putSmall('a', Buffer.from('x'), 'create');
    expect((await medium.head('a'))?.sizeBytes).toBe(1);
    await medium.close();
  });

  test('the bucket may stand in the host name', async () => {
    const lookup: S3Seams['lookup'] = (name, options, found) => {
      expect(name).toBe('bucket.s3.rgw.test');
      if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }]);
      else found(null, '127.0.0.1', 4);
    };
    const address = { ...addressOf('virtual'), host: `s3.rgw.test:${rgw.port}` };
    const medium = openS3Medium(address, undefined, { lookup });
    await medium.putSmall('a/b=c+d@e', Buffer.from('x'), 'create');
    await expectS3Kind(medium.putSmall('a/b=c+d@e', Buffer.from('y'), 'create'), 'alreadyExists');
    expect(await medium.list('a')).toEqual([{ name: 'b=c+d@e', kind: 'object', sizeBytes: 1 }]);
    await medium.close();
  });

  test('parts of a log are merged, and read through it by who knew the old ones', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };
    const medium = openS3Medium(addressOf('merge'), clock);
    const sink = await medium.openAppend('log', 0);
    let written = '';
    const append = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await sink.append(Buffer.from(`<${written.length}>`));
        written += `<${written.length}>`;
      }
    };
    await append(mergedPartsMin - 1);
    const old = await medium.openObject('log');
    const known = written;
    await append(1);
    await expect.poll(() => medium.head(`log/@APD_PART@0-${written.length}`)).not.toBeNull();
    // The minute of the covered parts begins when the sink knows that its merge has ended.
    const appendLater = async () => {
      nowMs += coveredPartMs;
      await append(1);
      return await medium.head('log/@APD_PART@0-3');
    };
    await expect.poll(appendLater).toBeNull();
    expect(Buffer.from(await old.read(0, known.length)).toString()).toBe(known);
    expect(Buffer.from(await medium.read('log')).toString()).toBe(written);
    expect((await medium.list('')).map(({ sizeBytes }) => sizeBytes)).toEqual([written.length]);
    await old.close();
    await sink.close();
    await medium.close();
  });

  test('a gateway killed in the middle of an upload shows nothing; that and a read go on when it is back', async () => {
    const medium = openMedium(addressOf('kill'));
    const content = randomBytes(64 << 20);
    const sink = await medium.createObject('a');
    const write = (from: number, to: number) =>
      (async () => {
        for (let at = from; at < to; at += 1 << 20) await sink.writeAt(at, content.subarray(at, at + (1 << 20)));
      })();
    await write(0, 20 << 20);
    const rest = write(20 << 20, 64 << 20);
    rgw.kill();
    await rgw.restart();
    expect(await medium.head('a')).toBeNull();
    await rest;
    await sink.publish(content.length);
    const source = await medium.openObject('a');
    // Killed once more, in the middle of a read.
    const read = source.read(0, 48 << 20);
    rgw.kill();
    await rgw.restart();
    expect(Buffer.from(await read).equals(content.subarray(0, 48 << 20))).toBe(true);
    for (let at = 0; at < content.length; at += 8 << 20)
      expect(Buffer.from(await source.read(at, 8 << 20)).equals(content.subarray(at, at + (8 << 20)))).toBe(true);
    await source.close();
    await medium.close();
  });
});
