import { writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { applyLog } from '../../src/copy/apply-log.ts';
import { createLogShipper, type LogShipper } from '../../src/copy/log-shipper.ts';
import { handClock, turn, until } from '../media/hand-clock.ts';
import { encodeFrame, frameBytes, pageBytes, type ToyData } from './toy-engine.ts';
import { appendSink, fdSource, Scratch, sampleBytes, scnAt, testWorkers, toy } from './toy-setup.ts';

const pages = 10;
const batch = { maxBytes: 2 * frameBytes };
let scratch: Scratch;
let shipper: LogShipper;
beforeEach(() => {
  scratch = new Scratch();
  // Whoever meets another tenant on its thread goes to a free one.
  shipper = createLogShipper({ log: silentLog, crowdedMs: 0 });
});
afterEach(async () => {
  await shipper.closeAll();
  scratch.close();
});

/** The log of one tenant, its shipment, and what the tenant looks like. */
async function openTenant(no: number, more: Partial<ToyData> = {}) {
  const fd = scratch.open(`log${no}`);
  const image = Buffer.alloc(pages * pageBytes);
  let count = 0;
  const name = `file${no}`;
  const handle = await shipper.open({
    tenantId: no,
    reader: toy({ fd, blockBytes: 1, sizeBytes: 0, ...more }),
    from: null,
    afterScn: scnAt(0),
    file: { sink: appendSink(scratch.open(name)), name, roundId: 1, pieceId: 1, fileNo: 1, key: null },
  });
  const commit = (commits: number) => {
    for (let i = 0; i < commits; i++) {
      const page = (count * 7 + no) % pages;
      const content = sampleBytes(pageBytes, count * 100 + no);
      content.copy(image, page * pageBytes);
      writeSync(fd, encodeFrame(scnAt(++count), page, content), 0, frameBytes, (count - 1) * frameBytes);
    }
  };
  return { no, name, handle, commit, image, newest: () => scnAt(count) };
}

type Shipping = Awaited<ReturnType<typeof openTenant>>;

async function shipAll(tenants: readonly Shipping[], threads: number): Promise<void> {
  for (const tenant of tenants) tenant.commit(21);
  const shipped = await Promise.all(tenants.map(({ handle }) => shipper.ship(handle, { ...batch, threads })));
  for (const [i, tenant] of tenants.entries()) expect(shipped[i]?.lastScn).toBe(tenant.newest());
}

/** Who meets whom is up to the machine: ships, with three threads allowed, until somebody has moved. */
async function shipUntilSpread(tenants: readonly Shipping[]): Promise<void> {
  for (let round = 0; shipper.load.length < 2; round++) {
    if (round === 50) throw new Error('nobody moves');
    await shipAll(tenants, 3);
  }
}

test('tenants spread over the threads they may use, gather again, and lose nothing on the way', async () => {
  const tenants = await Promise.all([1, 2, 3, 4, 5].map((no) => openTenant(no)));
  expect(shipper.load).toEqual([5]);
  await shipAll(tenants, 1);
  expect(shipper.load).toEqual([5]);
  await shipUntilSpread(tenants);
  expect([2, 3]).toContain(shipper.load.length);
  expect(shipper.load.reduce((a, b) => a + b)).toBe(5);
  await shipAll(tenants, 2);
  expect([1, 2]).toContain(shipper.load.length);
  await shipAll(tenants.slice(0, 2), 1);
  await shipAll(tenants, 1);
  expect(shipper.load).toEqual([5]);
  const workers = testWorkers();
  try {
    for (const { no, name, image, newest } of tenants) {
      const fd = scratch.open(`target${no}`);
      writeSync(fd, Buffer.alloc(image.length));
      await applyLog({
        files: [{ name, source: fdSource(scratch.open(name, 'r')) }],
        target: toy({ fd, blockBytes: 1, sizeBytes: 0 }),
        afterScn: scnAt(0),
        untilScn: newest(),
        keyFor: async () => null,
        workers,
      });
      expect(scratch.bytes(`target${no}`).equals(image)).toBe(true);
    }
  } finally {
    await workers.close();
  }
});

test('a single tenant needs one thread, and a thread without tenants ends', async () => {
  const alone = await openTenant(1);
  await shipAll([alone], 8);
  expect(shipper.load).toEqual([1]);
  const more = await Promise.all([2, 3].map((no) => openTenant(no)));
  await shipUntilSpread([alone, ...more]);
  for (const { handle } of [alone, ...more]) await shipper.close(handle);
  expect(shipper.load).toEqual([0]);
});

test('a thread that reads on may take as long as it likes, whoever waits for it; one that stands still ends', async () => {
  const { clock, pass, sleeping } = handClock();
  await shipper.closeAll();
  shipper = createLogShipper({ log: silentLog, clock, crowdedMs: 1e9 });
  const signs = new SharedArrayBuffer(12);
  const cells = new Int32Array(signs);
  const allow = (count: number) => {
    Atomics.store(cells, 1, count);
    Atomics.notify(cells, 1);
  };
  const slow = await openTenant(1, { signs });
  const other = await openTenant(2);
  expect(shipper.load).toEqual([2]);
  for (const { commit } of [slow, other]) commit(3);
  Atomics.store(cells, 0, 10);
  const shipped = Promise.all([slow, other].map(({ handle }) => shipper.ship(handle)));
  await until(() => sleeping() === 2);
  shipped.catch(() => undefined);
  for (let count = 1; count < 10; count++) {
    allow(count);
    await until(() => Atomics.load(cells, 2) === count && sleeping() === 2);
    pass();
    await turn();
  }
  allow(10);
  for (const { lastScn } of await shipped) expect(lastScn).toBe(slow.newest());

  Atomics.store(cells, 0, 11);
  slow.commit(1);
  const stuck = shipper.ship(slow.handle).catch((error: unknown) => error);
  await until(() => sleeping() === 1);
  pass();
  expect(await stuck).toMatchObject({ symbol: 'OB_IO_TIMEOUT' });
});
