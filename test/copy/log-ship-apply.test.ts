import { writeSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { applyLog } from '../../src/copy/apply-log.ts';
import type { SetKey } from '../../src/copy/keys.ts';
import { scanLogFile } from '../../src/copy/log-scan.ts';
import type { ShipFile } from '../../src/copy/log-ship-file.ts';
import type { LogHandle } from '../../src/copy/log-shipment.ts';
import { createLogShipper } from '../../src/copy/log-shipper.ts';
import { LogGapError } from '../../src/tenants/tenant-engine.ts';
import { encodeFrame, frameBytes, pageBytes } from './toy-engine.ts';
import {
  appendSink,
  bytesSource,
  fdSource,
  Scratch,
  sampleBytes,
  scnAt,
  testKey,
  testWorkers,
  toy,
} from './toy-setup.ts';

const workers = testWorkers();
const shipper = createLogShipper({ log: silentLog, maxFileBytes: 40_000 });
let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.close());
afterAll(async () => {
  await shipper.closeAll();
  await workers.close();
});

const pages = 50;

/** The toy log, and what the tenant looks like after n commits. */
class ToyLog {
  readonly fd: number;
  readonly #images: Buffer[] = [Buffer.alloc(pages * pageBytes)];

  constructor(name = 'log') {
    this.fd = scratch.open(name);
  }

  get module() {
    return toy({ fd: this.fd, blockBytes: 1, sizeBytes: 0 });
  }

  /** Appends commits n+1 … n+count. */
  commit(count: number): void {
    for (let i = 0; i < count; i++) {
      const n = this.#images.length;
      const page = (n * 7) % pages;
      const content = sampleBytes(pageBytes, n);
      writeSync(this.fd, encodeFrame(scnAt(n), page, content), 0, frameBytes, (n - 1) * frameBytes);
      const image = Buffer.from(this.#images[n - 1]!);
      content.copy(image, page * pageBytes);
      this.#images.push(image);
    }
  }

  image(n: number): Buffer {
    return this.#images[n]!;
  }
}

function newFile(no: number, key: SetKey | null = null, pieceId = 1): ShipFile {
  const name = `log.${no}`;
  return { sink: appendSink(scratch.open(name)), name, roundId: 1, pieceId, fileNo: no, key };
}

function inputs(names: readonly string[]) {
  return names.map((name) => ({ name, source: fdSource(scratch.open(name, 'r')) }));
}

async function applied(names: readonly string[], untilScn: bigint, key: SetKey | null = null, afterScn = scnAt(0)) {
  const fd = scratch.open('target');
  writeSync(fd, Buffer.alloc(pages * pageBytes));
  const result = await applyLog({
    files: inputs(names),
    target: toy({ fd, blockBytes: 1, sizeBytes: 0 }),
    afterScn,
    untilScn,
    keyFor: async () => key?.bytes ?? null,
    workers,
  });
  return { ...result, image: scratch.bytes('target') };
}

async function opened(log: ToyLog, file: ShipFile): Promise<LogHandle> {
  return shipper.open({ tenantId: 1002, reader: log.module, from: null, afterScn: scnAt(0), file });
}

describe('shipping and applying log', () => {
  for (const encrypted of [false, true])
    test(`every cut point of a shipped log is exact, ${encrypted ? 'encrypted' : 'clear'}`, async () => {
      const key = encrypted ? testKey('1.1', 'piece') : null;
      const log = new ToyLog();
      const handle = await opened(log, newFile(1, key));
      let seen = 0;
      for (const count of [1, 40, 0, 7]) {
        log.commit(count);
        const shipped = await shipper.ship(handle, { maxBytes: 10 * frameBytes });
        seen += count;
        expect(shipped.commits).toBe(count);
        expect(shipped.lastScn).toBe(scnAt(seen));
        expect(shipped.records).toBe(Math.ceil(count / 10));
        expect(shipped.fileSizeBytes).toBe(scratch.bytes('log.1').length);
      }
      await shipper.close(handle);
      for (const n of [0, 1, 17, 41, 48]) {
        for (const untilScn of n < 48 ? [scnAt(n), scnAt(n) + 3n] : [scnAt(n)]) {
          const result = await applied(['log.1'], untilScn, key);
          expect(result.appliedCommits).toBe(n);
          expect(result.image.equals(log.image(n))).toBe(true);
        }
      }
      expect((await applied(['log.1'], scnAt(99), key)).lastScn).toBe(scnAt(48));
    });

  test('a full file asks for the next one, and both apply as one', async () => {
    const log = new ToyLog();
    log.commit(2000);
    const handle = await opened(log, newFile(1));
    const names = ['log.1'];
    for (let no = 2; ; no++) {
      const shipped = await shipper.ship(handle, { maxBytes: 100 * frameBytes });
      expect(shipped.fileSizeBytes).toBeLessThanOrEqual(40_000);
      if (shipped.switchDue === null) break;
      expect(shipped.switchDue).toBe('size');
      await shipper.switchFile(handle, newFile(no));
      names.push(`log.${no}`);
    }
    await shipper.close(handle);
    expect(names.length).toBeGreaterThan(2);
    expect((await applied(names, scnAt(1999))).image.equals(log.image(1999))).toBe(true);
    await expect(applied(names.toSpliced(1, 1), scnAt(1999))).rejects.toMatchObject({
      symbol: 'OB_ENTRY_NOT_EXIST',
      message: expect.stringContaining('No enough log for restore'),
    });
  });

  test('a batch across the end of a piece is whole in both pieces', async () => {
    const log = new ToyLog();
    log.commit(30);
    const handle = await opened(log, newFile(1));
    const first = await shipper.ship(handle, { untilScn: scnAt(12) });
    expect(first).toMatchObject({ switchDue: 'scn', commits: 12, lastScn: scnAt(12) });
    expect(await shipper.ship(handle, { untilScn: scnAt(12) })).toMatchObject({ switchDue: 'scn', records: 0 });
    await shipper.switchFile(handle, newFile(2, null, 2));
    expect(await shipper.ship(handle)).toMatchObject({ switchDue: null, commits: 18, firstScn: scnAt(13) });
    await shipper.close(handle);
    expect((await applied(['log.1', 'log.2'], scnAt(30))).appliedCommits).toBe(30);
    expect((await applied(['log.1'], scnAt(12))).image.equals(log.image(12))).toBe(true);
    const second = await applied(['log.2'], scnAt(30), null, scnAt(12));
    expect(second.appliedCommits).toBe(18);
    await expect(applied(['log.2'], scnAt(30))).rejects.toMatchObject({ symbol: 'OB_ENTRY_NOT_EXIST' });
  });

  test('after a crash a torn tail is cut off and shipping goes on where the records end', async () => {
    const key = testKey('1.1', 'piece');
    const log = new ToyLog();
    log.commit(25);
    let handle = await opened(log, newFile(1, key));
    await shipper.ship(handle, { maxBytes: 10 * frameBytes });
    await shipper.close(handle);
    const whole = scratch.bytes('log.1');
    const { records } = await scanLogFile(bytesSource(whole));
    for (const cut of [records[2]!.offset + 1, records[2]!.offset + 60, whole.length - 1, records[1]!.offset]) {
      const scan = await scanLogFile(bytesSource(whole.subarray(0, cut)));
      const kept = records.filter((record) => record.offset < cut - 60 && record.offset !== records[2]!.offset).length;
      expect(scan.records.length).toBe(kept);
      expect(scan.validBytes).toBeLessThanOrEqual(cut);
      const fd = scratch.open('log.2');
      writeSync(fd, whole.subarray(0, cut));
      const sink = appendSink(fd, scan.validBytes);
      const file: ShipFile = { sink, name: 'log.2', roundId: 1, pieceId: 1, fileNo: 1, key, scan };
      handle = await shipper.open({
        tenantId: 1002,
        reader: log.module,
        from: scan.lastPosition,
        afterScn: scan.lastScn ?? scnAt(0),
        file,
      });
      await shipper.ship(handle);
      await shipper.close(handle);
      const result = await applied(['log.2'], scnAt(25), key);
      expect(result.appliedCommits).toBe(25);
      expect(result.image.equals(log.image(25))).toBe(true);
    }
  });

  test('a restart inside a batch that was split between pieces loses and repeats nothing', async () => {
    const log = new ToyLog();
    log.commit(30);
    let handle = await opened(log, newFile(1));
    await shipper.ship(handle, { untilScn: scnAt(12) });
    await shipper.close(handle);
    const scan = await scanLogFile(bytesSource(scratch.bytes('log.1')));
    log.commit(5);
    handle = await shipper.open({
      tenantId: 1002,
      reader: log.module,
      from: scan.lastPosition,
      afterScn: scan.lastScn!,
      file: newFile(2, null, 2),
    });
    expect(await shipper.ship(handle)).toMatchObject({ commits: 23, firstScn: scnAt(13), lastScn: scnAt(35) });
    await shipper.close(handle);
    expect((await applied(['log.1', 'log.2'], scnAt(35))).image.equals(log.image(35))).toBe(true);
  });

  test('a seal ends the file; a mark moves the covered SCN on', async () => {
    const log = new ToyLog();
    log.commit(3);
    const handle = await opened(log, newFile(1, testKey('1.1', 'piece')));
    const marked = await shipper.ship(handle).then(() => shipper.mark(handle, scnAt(10)));
    expect(marked.lastScn).toBe(scnAt(10));
    const sealed = await shipper.seal(handle, { generation: 'g1', offset: 3 * frameBytes });
    expect(sealed.sealed).toBe(true);
    await shipper.close(handle);
    const scan = await scanLogFile(bytesSource(scratch.bytes('log.1')));
    expect(scan).toMatchObject({ sealed: true, lastScn: scnAt(10), lastPosition: { offset: 3 * frameBytes } });
    expect(scan.records.map(({ header }) => header.kind)).toEqual(['batch', 'mark', 'seal']);
  });

  test('a seal that comes too late is not written: what is behind it stands there already', async () => {
    const log = new ToyLog();
    log.commit(3);
    const handle = await opened(log, newFile(1, null));
    await shipper.ship(handle);
    log.commit(2);
    expect(await shipper.seal(handle, { generation: 'g1', offset: 3 * frameBytes })).toMatchObject({
      sealed: false,
      switchDue: null,
      commits: 2,
    });
    expect(await shipper.seal(handle, { generation: 'g1', offset: 5 * frameBytes })).toMatchObject({ sealed: true });
    await shipper.close(handle);
    const scan = await scanLogFile(bytesSource(scratch.bytes('log.1')));
    expect(scan.records.map(({ header }) => header.kind)).toEqual(['batch', 'batch', 'seal']);
    expect(scan).toMatchObject({ sealed: true, lastPosition: { offset: 5 * frameBytes } });
  });

  test('a seal that comes too late takes nothing along that lies behind the end of its piece', async () => {
    const log = new ToyLog();
    log.commit(3);
    const handle = await opened(log, newFile(1, null));
    await shipper.ship(handle);
    log.commit(4);
    expect(
      await shipper.seal(handle, { generation: 'g1', offset: 3 * frameBytes }, { untilScn: scnAt(5) }),
    ).toMatchObject({ sealed: false, switchDue: 'scn', lastScn: scnAt(5) });
    await shipper.close(handle);
    expect(await scanLogFile(bytesSource(scratch.bytes('log.1')))).toMatchObject({
      sealed: false,
      lastScn: scnAt(5),
    });
  });

  test('a gap in the tenant log arrives as LogGapError', async () => {
    const log = new ToyLog();
    log.commit(3);
    const reader = toy({ fd: log.fd, blockBytes: 1, sizeBytes: 0, gapAt: 3 * frameBytes });
    const handle = await shipper.open({ tenantId: 1, reader, from: null, afterScn: scnAt(0), file: newFile(1) });
    await expect(shipper.ship(handle)).rejects.toBeInstanceOf(LogGapError);
    await expect(shipper.ship(handle)).rejects.toBeInstanceOf(LogGapError);
    await shipper.close(handle);
  });

  test('a failing sink breaks its handle only', async () => {
    const log = new ToyLog();
    log.commit(3);
    const good = await opened(log, newFile(1));
    const file = newFile(2);
    let calls = 0;
    const sink = {
      ...file.sink,
      append: async () => {
        if (++calls > 1) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      },
    };
    const bad = await opened(log, { ...file, sink });
    await expect(shipper.ship(bad)).rejects.toMatchObject({ name: 'MediumError', kind: 'outOfSpace', key: 'log.2' });
    await shipper.close(bad);
    expect((await shipper.ship(good)).commits).toBe(3);
    await shipper.close(good);
  });

  test('damage in the middle is told from a torn tail; confirmed bytes may not tear', async () => {
    const log = new ToyLog();
    log.commit(40);
    const handle = await opened(log, newFile(1));
    await shipper.ship(handle, { maxBytes: 10 * frameBytes });
    await shipper.close(handle);
    const whole = scratch.bytes('log.1');
    const { records } = await scanLogFile(bytesSource(whole));
    for (let at = records[1]!.offset; at < records[2]!.offset; at += 5) {
      const bad = Buffer.from(whole);
      bad[at]! ^= 1 << (at % 8);
      const error = { symbol: 'OB_CHECKSUM_ERROR', message: expect.stringContaining(`offset ${records[1]!.offset}`) };
      await expect(scanLogFile(bytesSource(bad), { name: 'log.1' })).rejects.toMatchObject(error);
    }
    const torn = Buffer.from(whole);
    torn[whole.length - 3]! ^= 4;
    expect((await scanLogFile(bytesSource(torn))).validBytes).toBe(records[3]!.offset);
    await expect(scanLogFile(bytesSource(torn), { confirmedBytes: whole.length })).rejects.toMatchObject({
      symbol: 'OB_CHECKSUM_ERROR',
    });
  });

  /** A log in one file, in records of ten commits. */
  async function shippedFile(name: string, log: ToyLog, key: SetKey | null = null) {
    const file = { ...newFile(1, key), sink: appendSink(scratch.open(name)), name };
    const handle = await opened(log, file);
    await shipper.ship(handle, { maxBytes: 10 * frameBytes });
    await shipper.close(handle);
    const bytes = scratch.bytes(name);
    return { bytes, records: (await scanLogFile(bytesSource(bytes))).records };
  }

  test('an intact record of another log does not pass for one of this', async () => {
    const [log, other] = [new ToyLog(), new ToyLog('other log')];
    log.commit(50);
    // The same moments and lengths, other contents.
    for (let n = 1; n <= 50; n++)
      writeSync(
        other.fd,
        encodeFrame(scnAt(n), 1, sampleBytes(pageBytes, n + 99)),
        0,
        frameBytes,
        (n - 1) * frameBytes,
      );
    const mine = await shippedFile('log.1', log);
    const foreign = await shippedFile('log.2', other);
    const recordOf = ({ bytes, records }: typeof mine, no: number) =>
      bytes.subarray(records[no]!.offset, records[no + 1]?.offset ?? bytes.length);
    const spliced = Buffer.concat([
      mine.bytes.subarray(0, mine.records[2]!.offset),
      recordOf(foreign, 2),
      recordOf(mine, 3),
      recordOf(mine, 4),
    ]);
    await expect(scanLogFile(bytesSource(spliced), { name: 'log.1' })).rejects.toMatchObject({
      symbol: 'OB_CHECKSUM_ERROR',
    });
  });

  test('a file that goes on at the right SCN, but elsewhere in the log, does not follow', async () => {
    const log = new ToyLog();
    log.commit(10);
    await shippedFile('log.1', log);
    log.commit(10);
    for (const [offset, follows] of [
      [10 * frameBytes, true],
      [9 * frameBytes, false],
    ] as const) {
      const handle = await shipper.open({
        tenantId: 1002,
        reader: log.module,
        from: { generation: 'g1', offset },
        afterScn: scnAt(10),
        file: newFile(2),
      });
      await shipper.ship(handle);
      await shipper.close(handle);
      const restored = applied(['log.1', 'log.2'], scnAt(20));
      if (follows) expect((await restored).appliedCommits).toBe(20);
      else await expect(restored).rejects.toMatchObject({ symbol: 'OB_ENTRY_NOT_EXIST' });
    }
  });

  test('a file that breaks off before another one goes on is damage, not a hole', async () => {
    const log = new ToyLog();
    log.commit(20);
    const { bytes } = await shippedFile('log.1', log);
    log.commit(5);
    const handle = await shipper.open({
      tenantId: 1002,
      reader: log.module,
      from: { generation: 'g1', offset: 20 * frameBytes },
      afterScn: scnAt(20),
      file: newFile(2),
    });
    await shipper.ship(handle);
    await shipper.close(handle);
    expect((await applied(['log.1', 'log.2'], scnAt(25))).appliedCommits).toBe(25);
    writeSync(scratch.open('log.1'), bytes.subarray(0, -5));
    await expect(applied(['log.1', 'log.2'], scnAt(25))).rejects.toMatchObject({
      symbol: 'OB_CHECKSUM_ERROR',
      message: expect.stringContaining('log.1'),
    });
  });

  test('no two records of an encrypted log share a nonce', async () => {
    const log = new ToyLog();
    log.commit(100);
    const { records } = await shippedFile('log.1', log, testKey('1.1', 'piece'));
    expect(records.length).toBe(10);
    expect(new Set(records.map(({ header }) => Buffer.from(header.nonce).toString('hex'))).size).toBe(10);
  });

  test('an encrypted log opens with its key only', async () => {
    const log = new ToyLog();
    log.commit(4);
    const handle = await opened(log, newFile(1, testKey('1.1', 'piece')));
    await shipper.ship(handle);
    await shipper.close(handle);
    await expect(applied(['log.1'], scnAt(4), testKey('1.1', 'piece'))).rejects.toMatchObject({
      symbol: 'OB_CHECKSUM_ERROR',
      message: expect.stringContaining('not authentic'),
    });
    await expect(applied(['log.1'], scnAt(4), null)).rejects.toMatchObject({ symbol: 'OB_CHECKSUM_ERROR' });
  });
});
