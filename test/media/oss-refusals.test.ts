import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openOssMedium } from '../../src/media/oss-medium.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectKind } from './medium-conformance.ts';
import { ossScene, partBytes, ossPath as path, text } from './oss-scene.ts';
import { expectDistrust, inBetween } from './server-faults.ts';
import { lookupHere, ossAddress } from './servers/oss.ts';

const scene = ossScene();

describe('a service that refuses', () => {
  test.each([
    [503, 'ServiceUnavailable', 'unavailable'],
    [500, 'InternalError', 'unavailable'],
    [503, 'QpsLimitExceeded', 'throttled'],
    [403, 'AccessDenied', 'denied'],
    [403, 'SecurityTokenExpired', 'denied'],
    [400, 'QuotaExceeded', 'outOfSpace'],
    [409, 'FileImmutable', 'denied'],
    [502, '', 'unavailable'],
  ] as const)('with %i %s is %s', async (status, code, kind) => {
    await scene.medium.putSmall('a', Buffer.from('x'), 'create');
    const calls = [
      () => scene.medium.putSmall('b', Buffer.from('x'), 'replace'),
      () => scene.medium.read('a'),
      () => scene.medium.head('a'),
      () => scene.medium.list(''),
      () => scene.medium.remove(['a']),
      () => scene.medium.remove(['a', 'b']),
      () => scene.medium.tag(['a'], { delete_mode: 'tagging' }),
      () => scene.publish('set/data.0', 1),
    ];
    for (const call of calls) {
      scene.double.fail({ kind: 'refuse', status, code });
      await expectKind(call(), kind);
    }
    expect((await scene.medium.list('')).map(({ name }) => name)).toEqual(['a']);
  });

  test('for a while is outlasted by the retries of the wrapper', async () => {
    const patient = withRetries(scene.medium, { random: () => 0 });
    scene.double.fail({ kind: 'refuse', times: 3 });
    await patient.putSmall('a', Buffer.from('x'), 'create');
    expect(text(await patient.read('a'))).toBe('x');
  });

  test.each([
    ['another secret', { accessKey: 'not-the-secret-0123456789' }, 'SignatureDoesNotMatch'],
    ['another id', { accessId: 'LTAIunknown000000001' }, 'InvalidAccessKeyId'],
  ])('%s is denied everywhere, and no text holds a key', async (_, keys, code) => {
    await scene.medium.putSmall('a', Buffer.from('x'), 'create');
    for (const by of ['region', 'address'] as const) {
      const address = ossAddress(scene.double, path, by);
      const authorization = { ...address.authorization, ...keys };
      const stranger = openOssMedium({ ...address, authorization }, undefined, { lookup: lookupHere });
      const sink = await stranger.createObject('set/data.0');
      const calls: readonly (() => Promise<unknown>)[] = [
        () => stranger.head('a'),
        () => stranger.read('a'),
        () => stranger.list(''),
        () => stranger.putSmall('b', Buffer.from('x'), 'create'),
        () => stranger.openAppend('log', 0).then((log) => log.append(Buffer.from('x'))),
        () => stranger.remove(['a', 'b']),
        () => stranger.tagsOf('a'),
        () => stranger.sweep(0, []),
        () => stranger.status(),
        () => sink.writeAt(0, Buffer.alloc(partBytes)).then(() => sink.publish(partBytes)),
      ];
      for (const call of calls) {
        const error = await expectKind(call(), 'denied');
        const seen = inspect(error, { depth: 20 });
        expect(seen).toContain(code);
        expect(seen).not.toContain(authorization.accessKey);
        expect(seen).not.toContain(authorization.accessId);
        expect(seen).not.toMatch(/Signature=|Credential=|OSS LTAI/);
        expect(error.message.length).toBeLessThan(300);
      }
      await sink.abort();
      await stranger.close();
    }
    expect([...scene.double.bucket('backups').objects.keys()]).toEqual(['dest/a']);
  });

  test('a bucket that is missing is said to be, by every call', async () => {
    scene.double.removeBucket('backups');
    const calls: readonly (() => Promise<unknown>)[] = [
      () => scene.medium.head('a'),
      () => scene.medium.read('a'),
      () => scene.medium.openObject('a'),
      () => scene.medium.list(''),
      () => scene.medium.putSmall('b', Buffer.from('x'), 'create'),
      () => scene.medium.putSmall('b', Buffer.from('x'), 'replace'),
      () => scene.medium.openAppend('log', 0).then((log) => log.append(Buffer.from('x'))),
      () => scene.medium.remove(['a']),
      () => scene.medium.remove(['a', 'b']),
      () => scene.medium.tag(['a'], { delete_mode: 'tagging' }),
      () => scene.medium.tagsOf('a'),
      () => scene.medium.sweep(0, []),
      () => scene.medium.status(),
      () => scene.publish('set/data.0', 2),
    ];
    for (const call of calls) await expectKind(call(), 'noContainer');
  });

  test('a clock that is 20 minutes off is named, and its offset is known', async () => {
    for (const offsetMs of [20 * 60_000, -20 * 60_000]) {
      scene.double.clockOffsetMs = offsetMs;
      await expectKind(scene.medium.putSmall('a', Buffer.from('x'), 'create'), 'clockSkew');
      await expectKind(scene.medium.head('a'), 'clockSkew');
      const { clockOffsetMs } = await scene.medium.status();
      expect(Math.abs((clockOffsetMs ?? 0) - offsetMs)).toBeLessThan(60_000);
    }
    scene.nothingStands();
  });

  test.each(inBetween)('an answer of something in between (no. %#) is believed by no call', (body) =>
    expectDistrust(scene.medium, scene.double, body),
  );

  test('an address that leads to no bucket is named before anything is sent', async () => {
    const address = ossAddress(scene.double, path);
    for (const [wrong, kind] of [
      [{ path: 'oss://' }, 'noContainer'],
      [{ path: 'oss://No_Bucket/a' }, 'noContainer'],
      [{ path: 'oss://backups/a/../b' }, 'invalidKey'],
      [{ host: '' }, 'noContainer'],
      [{ authorization: { accessId: '', accessKey: '' } }, 'denied'],
    ] as const)
      await expectKind(openOssMedium({ ...address, ...wrong }).head('a'), kind);
    expect(scene.double.calls).toEqual([]);
  });
});

test('a refusal longer than what was asked for is read all the same', async () => {
  await expectKind(scene.medium.read('missing', 0, 1), 'notFound');
  await scene.medium.putSmall('a', Buffer.from('abc'), 'create');
  await expectKind(scene.medium.read('a', 3, 1), 'checksum');
  scene.double.fail({ kind: 'refuse', status: 503, code: 'ServiceUnavailable' });
  await expectKind(scene.medium.read('a', 0, 1), 'unavailable');
});
