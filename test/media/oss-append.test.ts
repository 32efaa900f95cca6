import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { openOssMedium } from '../../src/media/oss-medium.ts';
import { Pace } from '../../src/media/pace.ts';
import { expectKind } from './medium-conformance.ts';
import { lookupHere, ossAddress } from './servers/oss.ts';
import { OssDouble } from './servers/oss-double.ts';
import { slice } from './servers/oss-store.ts';

const key = 'log/1.obarc';
let double: OssDouble;
let medium: Medium;
beforeEach(async () => {
  double = new OssDouble();
  await double.listen();
  double.bucket('backups');
  medium = openOssMedium(ossAddress(double, 'oss://backups/a b'), undefined, { lookup: lookupHere });
});
afterEach(async () => {
  await medium.close();
  await double.kill();
});

const content = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 31 + (i >> 7)) % 256));

/** What stands on the server now, null for nothing. */
function standing(): Buffer | null {
  const object = double.bucket('backups').objects.get(`a b/${key}`);
  return object ? slice(object, 0, object.sizeBytes) : null;
}

async function writeAll(bytes: Buffer): Promise<void> {
  const log = await medium.openAppend(key, 0);
  await log.append(bytes);
  await log.close();
}

test('what is fetched and written again for a cut, and behind it, is paid for', async () => {
  const pace = new Pace();
  const took: (readonly [number, number])[] = [];
  vi.spyOn(pace, 'take').mockImplementation(async (operations, byteCount) => void took.push([operations, byteCount]));
  const address = { ...ossAddress(double, 'oss://backups/a b'), pace };
  const paced = openOssMedium(address, undefined, { lookup: lookupHere });
  await writeAll(Buffer.from('confirmed, and more'));
  expect(took).toEqual([]);
  const log = await paced.openAppend(key, 9);
  await log.append(Buffer.from(' and on'));
  expect(took).toEqual([
    [2, 18],
    [2, 18],
  ]);
  expect(String(standing())).toBe('confirmed and on');
  await paced.close();
});

test('an archive log is an appendable object, one request for each append', async () => {
  const log = await medium.openAppend(key, 0);
  expect(standing()).toBeNull();
  double.calls.length = 0;
  for (const part of ['aaa', 'bb', 'c']) await log.append(Buffer.from(part));
  expect(double.calls.map(({ method, query }) => `${method} ${query.get('position')}`)).toEqual([
    'POST 0',
    'POST 3',
    'POST 5',
  ]);
  expect(double.bucket('backups').objects.get(`a b/${key}`)?.type).toBe('Appendable');
});

test('an object is cut and grows on whatever its size, and at no moment a confirmed byte is missing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 300_000 }),
      fc.integer({ min: 1, max: 300_000 }),
      fc.array(fc.integer({ min: 1, max: 150_000 }), { maxLength: 3 }),
      async (one, other, appends) => {
        const [confirmed, size] = [Math.min(one, other), Math.max(one, other)];
        const bytes = content(size);
        double.faults.length = 0;
        await medium.remove([key]);
        await writeAll(bytes);
        let expected = bytes.subarray(0, confirmed);
        // Looked at when every request comes in.
        double.fail({
          kind: 'stall',
          on: () => {
            expect(standing()?.subarray(0, expected.length).equals(expected)).toBe(true);
            return false;
          },
        });
        const log = await medium.openAppend(key, confirmed);
        expect(standing()?.equals(expected)).toBe(true);
        for (const length of appends) {
          const more = content(length).reverse();
          await log.append(more);
          expected = Buffer.concat([expected, more]);
          expect(log.sizeBytes).toBe(expected.length);
          expect(standing()?.equals(expected)).toBe(true);
        }
        await log.close();
        expect(double.bucket('backups').uploads.size).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});

test.each([150, 150_000])('%i confirmed bytes outlast a cut that breaks off at any request', async (confirmed) => {
  const bytes = content(confirmed + 77);
  const more = Buffer.from('and on');
  for (const kind of ['cutUp', 'loseReply', 'refuse'] as const) {
    for (let failAt = 0, broke = true; broke; failAt++) {
      await medium.remove([key]);
      await writeAll(bytes);
      double.faults.length = 0;
      let seen = 0;
      double.fail({ kind, bytes: -1, on: () => seen++ === failAt });
      broke = await medium
        .openAppend(key, confirmed)
        .then((log) => log.append(more))
        .then(
          () => false,
          () => true,
        );
      // A request without a body cannot be cut in it.
      if (kind === 'cutUp' && seen > failAt) broke = true;
      double.faults.length = 0;
      expect(standing()?.subarray(0, confirmed).equals(bytes.subarray(0, confirmed))).toBe(true);
      const log = await medium.openAppend(key, confirmed);
      await log.append(more);
      expect(standing()?.equals(Buffer.concat([bytes.subarray(0, confirmed), more]))).toBe(true);
      await log.close();
      expect(failAt).toBeLessThan(30);
    }
  }
});

test('two writers of a fresh object: the position lets one through', async () => {
  const [one, two] = [await medium.openAppend(key, 0), await medium.openAppend(key, 0)];
  await one.append(Buffer.from('one'));
  await expectKind(two.append(Buffer.from('two')), 'io');
  await expectKind(two.append(Buffer.from('two')), 'io');
  expect(String(standing())).toBe('one');
});

test('an object that was changed meanwhile is not put together with what is new', async () => {
  const bytes = content(200_000);
  await writeAll(bytes);
  const log = await medium.openAppend(key, 199_999);
  await medium.putSmall(key, Buffer.from('another one'), 'replace');
  await expectKind(log.append(Buffer.from('x')), 'io');
  expect(String(standing())).toBe('another one');
  expect(double.bucket('backups').uploads.size).toBe(0);
});

test('a check sum the service does not agree on is an error', async () => {
  const log = await medium.openAppend(key, 0);
  await log.append(Buffer.from('abc'));
  const object = double.bucket('backups').objects.get(`a b/${key}`);
  if (object) object.crcState = double.bucket('backups').put('other', Buffer.from('xyz'), {}, false).crcState;
  await expectKind(log.append(Buffer.from('def')), 'checksum');
});
