import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { MediumError } from '../../src/media/medium.ts';
import { eachOperation } from '../../src/media/wrap/each-operation.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';

/** Pauses of a standby, which nothing else sleeps for here, and which end when the test says so. */
const pausesMs = [1_000, 2_000, 4_000, 5_500];
let pauses: number[];
let endPause: () => void;
let opened: number[];
/** Log files behind this one cannot be opened. */
let lastGood: number;
let harness: Harness;

beforeEach(async () => {
  pauses = [];
  opened = [];
  lastGood = Number.POSITIVE_INFINITY;
  const clock: Clock = {
    ...systemClock,
    sleep(delayMs, signal) {
      if (!pausesMs.includes(delayMs)) return systemClock.sleep(delayMs, signal);
      pauses.push(delayMs);
      return new Promise((resolve, reject) => {
        endPause = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };
  harness = await startHarness({
    clock,
    maxLogFileBytes: 3_000,
    settings: { rollRetryMs: 5_500, rollBatchBytes: 6_000 },
    wrapMedium: (medium, path) =>
      !path.endsWith('a/archive')
        ? medium
        : eachOperation(medium, true, ({ name, key, work }) => {
            const file = Number(/(\d+)\.obarc$/.exec(key)?.[1] ?? 0);
            if (name !== 'openObject' || file === 0) return work();
            opened.push(file);
            if (file > lastGood) return Promise.reject(new MediumError('denied', key, 'not for you'));
            return work();
          }),
  });
  await archivedTenant(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT');
  await insert(1);
  await backedUp(harness);
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 's', count)).toBe('1');
});
afterEach(() => harness.stop());

const count = 'SELECT COUNT(*) FROM d.t';
/** At most two of them are in one log file. */
const insert = async (rows: number) => {
  for (let i = 0; i < rows; i++) {
    await harness.sql('a', `INSERT INTO d.t (v) VALUES ('${randomBytes(2000).toString('hex')}')`);
    await shipped(harness, 'a');
  }
};
const reaches = (scn: bigint) =>
  harness.until(async () => harness.controller.catalog.read((tx) => (tx.tenants.byName('s')?.syncScn ?? 0n) >= scn));
const follow = () => harness.say('ALTER SYSTEM RECOVER STANDBY TENANT = s UNTIL UNLIMITED');
/** Log files that were opened until the next pause. */
const attempt = async () => {
  opened = [];
  const before = pauses.length;
  await harness.until(async () => pauses.length > before);
  return opened.length;
};

test('a standby whose log does not come is tried again in longer and longer pauses, where it stood, until it is told anew', async () => {
  await follow();
  await insert(12);
  await reaches(await shipped(harness, 'a'));
  lastGood = Math.max(...opened);
  expect(lastGood).toBeGreaterThan(10);

  await insert(3);
  await harness.until(async () => pauses.length > 0);
  for (let turn = 0; turn < 4; turn++) {
    endPause();
    expect(await attempt()).toBeLessThan(5);
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 5_500, 5_500]);

  // What it is told anew may be another source: all of the piece is read again, once.
  await follow();
  expect(await attempt()).toBeGreaterThan(10);
  endPause();
  expect(await attempt()).toBeLessThan(5);
  expect(pauses.slice(5)).toEqual([1_000, 2_000]);

  lastGood = Number.POSITIVE_INFINITY;
  await follow();
  await reaches(await shipped(harness, 'a'));
  expect(await harness.value('s', count)).toBe(await harness.value('a', count));
});
