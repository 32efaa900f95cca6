import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blockHeaderBytes,
  blockPages,
  firstPageOf,
  maxBlockBytes,
  readBlockHeader,
  writeBlockHeader,
} from '../../src/tenants/embedded/block-format.ts';
import { ClockCell } from '../../src/tenants/embedded/clock-cell.ts';
import { commitBytes, readCommit, writeCommitHeader } from '../../src/tenants/embedded/log-chunk.ts';
import { decodePosition, encodePosition } from '../../src/tenants/embedded/log-position.ts';
import { decodeScnPage } from '../../src/tenants/embedded/scn-page.ts';
import { lockPageNo, pageBytes, parseWalHeader } from '../../src/tenants/embedded/wal-format.ts';
import { WriterLock } from '../../src/tenants/embedded/writer-lock.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });

describe('codecs', () => {
  test('positions survive JSON', () => {
    const position = fc.record({
      salt1: u32,
      salt2: u32,
      frame: fc.nat(),
      checksum1: u32,
      checksum2: u32,
      scn: fc.option(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n })),
      part: fc.option(fc.record({ scn: fc.bigInt({ min: 0n }), previous: fc.bigInt({ min: 0n }) })),
      sealed: fc.boolean(),
    });
    fc.assert(
      fc.property(position, (given) => {
        const stored = JSON.parse(JSON.stringify(encodePosition(given))) as ReturnType<typeof encodePosition>;
        expect(decodePosition(stored)).toEqual(given);
      }),
    );
    expect(() => decodePosition({ frame: 1 })).toThrow(RangeError);
  });

  test('commit headers come back, cut ones are refused', () => {
    const scn = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(
        scn,
        scn,
        u32,
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        fc.nat(40),
        (at, previous, databasePages, pageCount, goesOn, cut) => {
          const bytes = new Uint8Array(commitBytes(pageCount));
          writeCommitHeader(new DataView(bytes.buffer), 0, { scn: at, previous, databasePages, pageCount, goesOn });
          expect(readCommit(bytes, 0)).toMatchObject({
            scn: at,
            previous,
            databasePages,
            pageCount,
            goesOn,
            end: bytes.length,
          });
          expect(() => readCommit(bytes.subarray(0, bytes.length - 1 - Math.min(cut, bytes.length - 1)), 0)).toThrow(
            RangeError,
          );
        },
      ),
    );
  });

  test('block headers name every page but the lock page', () => {
    const block = fc.oneof(fc.nat(2000), fc.constant(Math.floor((lockPageNo - 1) / blockPages)));
    fc.assert(
      fc.property(block, fc.nat(1_500_000), (blockNo, databasePages) => {
        const first = firstPageOf(blockNo);
        const into = new Uint8Array(maxBlockBytes);
        const count = writeBlockHeader(into, first, databasePages);
        const bytes = into.subarray(0, blockHeaderBytes + count * pageBytes);
        const { pageNos } = readBlockHeader(bytes);
        const wanted = Array.from({ length: blockPages }, (_, i) => first + i).filter(
          (pageNo) => pageNo <= databasePages && pageNo !== lockPageNo,
        );
        expect(pageNos).toEqual(wanted);
        expect(() => readBlockHeader(into.subarray(0, bytes.length - 1))).toThrow(RangeError);
      }),
      { numRuns: 50 },
    );
  });

  test('strange bytes are no log header and no SCN page', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(parseWalHeader(bytes)).toBeNull();
      }),
    );
    expect(decodeScnPage(new Uint8Array(pageBytes))).toBeNull();
  });
});

describe('the clock cell', () => {
  const clock = { nowNs: () => 1_000n, nowUs: () => 1, sleep: () => Promise.resolve() };
  const position = { salt1: 1, salt2: 2, frame: 3, checksum1: 4, checksum2: 5, part: null, sealed: false };

  test('a barrier raises what comes later above itself', () => {
    const cell = new ClockCell();
    const { scn } = cell.barrier(clock);
    expect(cell.startCommit(clock, 500n)).toBe(scn + 1n);
  });

  test('a barrier stays below a commit in flight that began before it', () => {
    const cell = new ClockCell();
    const inFlight = cell.startCommit(clock, 2_000n);
    expect(inFlight).toBe(2_001n);
    const later = { ...clock, nowNs: () => 9_000n };
    expect(cell.barrier(later).scn).toBe(inFlight - 1n);
    cell.endCommit({ ...position, scn: inFlight });
    expect(cell.barrier(later)).toEqual({ scn: 9_000n, position: { ...position, scn: inFlight } });
  });

  test('commits never step back with the clock', () => {
    const cell = new ClockCell();
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 5_000n })), (times) => {
        let last = 0n;
        for (const now of times) {
          const scn = cell.startCommit({ ...clock, nowNs: () => now }, last);
          expect(scn).toBeGreaterThan(last);
          cell.endCommit({ ...position, scn });
          last = scn;
        }
      }),
    );
  });
});

test('the writer lock serves in order and forgets who gave up', async () => {
  const lock = new WriterLock();
  await lock.take(10, 'a', () => undefined);
  const served: string[] = [];
  const wait = (key: string, timeoutMs: number) =>
    lock.take(timeoutMs, key, () => undefined).then(() => served.push(key));
  const quitter = wait('b', 5);
  const patient = [wait('c', 5_000), wait('d', 5_000)];
  await expect(quitter).rejects.toMatchObject({ errno: 1205 });
  lock.release();
  await patient[0];
  lock.release();
  await patient[1];
  lock.release();
  expect(served).toEqual(['c', 'd']);
  expect(lock.held).toBe(false);
});
