import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { groupsIn, notesIn, writeFolding } from '../../src/tenants/embedded/change-file.ts';
import { type ChangeGroup, encodeChangeRecord } from '../../src/tenants/embedded/change-records.ts';
import { joinedGroups } from '../../src/tenants/embedded/change-scan.ts';
import { createDataFile } from '../../src/tenants/embedded/connection.ts';
import { PageScns } from '../../src/tenants/embedded/page-scns.ts';
import { tenantPaths } from '../../src/tenants/embedded/tenant-files.ts';
import { TenantStore } from '../../src/tenants/embedded/tenant-store.ts';
import type { ChangePoint } from '../../src/tenants/tenant-engine.ts';

let root: string;
let store: TenantStore;
const paths = () => tenantPaths(root, 1);
const limits = {
  synchronous: 'FULL' as const,
  cacheKb: 400,
  idleReaders: 1,
  keepLogBytes: 1 << 30,
  snapshotLogBytes: 1 << 30,
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'changes-'));
  mkdirSync(paths().directory);
  createDataFile(paths().data, BigInt(Date.now()) * 1_000_000n, []);
  store = new TenantStore(1, paths(), limits, () => {});
  write('CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)');
  write(
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT i, zeroblob(1500) FROM n',
  );
});
afterEach(() => {
  store.close();
  rmSync(root, { recursive: true, force: true });
});

function write(sql: string): void {
  store.begin();
  store.writer.exec(sql);
  store.commit();
}

function reopen(): void {
  store.close();
  store = new TenantStore(1, paths(), limits, () => {});
}

/** Pins, lets go at once, and says what the snapshot would hold. */
function pin(since: ChangePoint | null = null) {
  const { point, incremental, data } = store.pin(since);
  store.unpin();
  if (point === null) throw new Error('no point');
  const bitmap = data.changed === null ? null : new Uint8Array(data.changed);
  const pages = bitmap?.reduce((count, byte) => count + byte.toString(2).replaceAll('0', '').length, 0) ?? null;
  return { point, incremental, pages };
}

function reading<T>(path: string, work: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

/** Every record of a file with the pages of its foldings. */
function recordsOf(path: string) {
  return reading(path, (fd) =>
    [...notesIn(fd)].map((placed) =>
      placed.note.kind === 'folding' ? { ...placed.note, groups: [...groupsIn(fd, placed)] } : placed.note,
    ),
  );
}

const touch = (id: number) => write(`UPDATE t SET v = zeroblob(1400) WHERE id = ${id}`);

describe('what changed since a point', () => {
  test('is nothing at once, and a few pages after a few rows, over folds and restarts', () => {
    const { point } = pin();
    expect(pin(point)).toMatchObject({ incremental: true, pages: 0 });
    touch(3);
    expect(pin(point)).toMatchObject({ incremental: true, pages: 2 });
    store.foldLog();
    expect(pin(point).pages).toBe(2);
    touch(490);
    reopen();
    expect(pin(point).pages).toBe(3);
    store.foldLog();
    reopen();
    touch(3);
    store.foldLog();
    touch(250);
    expect(pin(point).pages).toBe(4);
    expect(store.remembers(point)).toBe(true);
  });

  test('is counted from each of several points', () => {
    const points = [3, 100, 200, 300].map((id) => {
      const { point } = pin();
      touch(id);
      if (id === 100) store.foldLog();
      return point;
    });
    expect(points.map((point) => pin(point).pages)).toEqual([5, 4, 3, 2]);
  });

  test('stays right when the file is rewritten, and the file stays small', () => {
    const { point } = pin();
    for (let i = 0; i < 150; i++) {
      write(`UPDATE t SET v = zeroblob(${1300 + i}) WHERE id % 3 = ${i % 3}`);
      store.foldLog();
    }
    const later = pin().point;
    touch(7);
    expect(pin(later).pages).toBe(2);
    const all = pin(point);
    expect(all.incremental).toBe(true);
    expect(all.pages).toBeGreaterThan(150);
    expect(readFileSync(paths().changes).length).toBeLessThan(300_000);
    reopen();
    expect(pin(point).pages).toBe(all.pages);
  });

  test('is not asked of a tenant nobody backs up', () => {
    touch(1);
    store.foldLog();
    expect(existsSync(paths().changes)).toBe(false);
  });
});

describe('a point is no longer known', () => {
  /** Ends the epoch behind the back of the store, and shows that the next one counts again. */
  function expectForgotten(point: ChangePoint): void {
    expect(store.remembers(point)).toBe(false);
    const next = pin(point);
    expect(next).toMatchObject({ incremental: false, pages: null });
    expect(next.point.epoch).not.toBe(point.epoch);
    touch(9);
    expect(pin(next.point)).toMatchObject({ incremental: true, pages: 2 });
  }

  test('when another process wrote and folded the log', () => {
    const { point } = pin();
    store.foldLog();
    const foreign = new Database(paths().data);
    foreign.exec('UPDATE t SET v = zeroblob(10) WHERE id = 400');
    foreign.pragma('wal_checkpoint(TRUNCATE)');
    expectForgotten(point);
    foreign.close();
  });

  test('when another process wrote without folding', () => {
    const { point } = pin();
    const foreign = new Database(paths().data);
    foreign.pragma('wal_autocheckpoint = 0');
    foreign.exec('UPDATE t SET v = zeroblob(10) WHERE id = 400');
    expect(pin(point).incremental).toBe(false);
    touch(5);
    expect(store.remembers(point)).toBe(false);
    foreign.close();
  });

  test('when the log has lost commits the point stood behind', () => {
    touch(1);
    const early = pin().point;
    touch(2);
    const { point } = pin();
    store.close();
    // As after a power loss: the last commit is gone, others follow it.
    truncateSync(paths().log, readFileSync(paths().log).length - 4120);
    store = new TenantStore(1, paths(), limits, () => {});
    touch(3);
    touch(4);
    expect(store.remembers(early)).toBe(false);
    expectForgotten(point);
  });

  test('when the data file is another one, or its time says so', () => {
    const { point } = pin();
    store.foldLog();
    touch(5);
    store.close();
    utimesSync(paths().data, new Date(), new Date());
    store = new TenantStore(1, paths(), limits, () => {});
    expectForgotten(point);
  });

  test('when its file is damaged or gone', () => {
    const { point } = pin();
    store.foldLog();
    touch(5);
    store.foldLog();
    touch(6);
    store.close();
    const bytes = readFileSync(paths().changes);
    bytes[70]! ^= 1;
    writeFileSync(paths().changes, bytes);
    store = new TenantStore(1, paths(), limits, () => {});
    expect(store.remembers(point)).toBe(false);
    rmSync(paths().changes);
    reopen();
    expectForgotten(point);
  });

  test('when its file cannot be written: the snapshot is handed out all the same, without a point', () => {
    mkdirSync(paths().changes);
    const { point, incremental, data } = store.pin();
    store.unpin();
    expect({ point, incremental, changed: data.changed }).toEqual({ point: null, incremental: false, changed: null });
    expect(store.foldLog()).toBe(true);
    rmSync(paths().changes, { recursive: true });
    expectForgotten({ epoch: 'none', scn: '0' });
  });

  test('for a point of another tenant, and for one of the future', () => {
    const { point } = pin();
    expect(store.remembers({ ...point, epoch: '0123456789abcdef' })).toBe(false);
    expect(store.remembers({ ...point, scn: String(BigInt(point.scn) + 1n) })).toBe(false);
    expect(store.remembers({ ...point, scn: String(BigInt(point.scn) - 1n) })).toBe(false);
  });
});

test('a history that is damaged while the tenant is open tells nothing rather than less', () => {
  const { point } = pin();
  touch(5);
  store.foldLog();
  touch(300);
  store.foldLog();
  expect(pin(point).pages).toBe(3);
  const bytes = readFileSync(paths().changes);
  bytes[bytes.length - 60]! ^= 1;
  writeFileSync(paths().changes, bytes);
  const { incremental, data } = store.pin(point);
  store.unpin();
  expect({ incremental, changed: data.changed }).toEqual({ incremental: false, changed: null });
});

describe('a fold that was killed', () => {
  /** The file as it was when only the first `records` of those that follow the first had been written. */
  function cutBack(records: number): void {
    const ends = reading(paths().changes, (fd) => [...notesIn(fd)].map(({ end }) => end));
    truncateSync(paths().changes, ends[records]!);
  }

  test('before it was noted, nothing is lost', () => {
    const { point } = pin();
    touch(5);
    reopen();
    expect(pin(point).pages).toBe(2);
  });

  test('between its two notes the pages count while the log is still there', () => {
    const { point } = pin();
    touch(5);
    store.foldLog();
    store.close();
    cutBack(1);
    store = new TenantStore(1, paths(), limits, () => {});
    expect(pin(point)).toMatchObject({ incremental: true, pages: 2 });
    touch(300);
    store.foldLog();
    expect(pin(point).pages).toBe(3);
  });

  test('between its two notes with the log gone, nobody can tell', () => {
    const { point } = pin();
    touch(5);
    store.foldLog();
    // The log begins anew.
    touch(6);
    store.close();
    cutBack(1);
    store = new TenantStore(1, paths(), limits, () => {});
    expect(store.remembers(point)).toBe(false);
  });

  test('right after the log was cut off, nothing is lost', () => {
    const { point } = pin();
    touch(5);
    store.close();
    store = new TenantStore(1, paths(), { ...limits, keepLogBytes: 0 }, () => {});
    let atKill: Buffer | null = null;
    const pragma = store.writer.pragma.bind(store.writer);
    vi.spyOn(store.writer, 'pragma').mockImplementation((...of) => {
      const rows = pragma(...of);
      if (of[0] === 'wal_checkpoint(TRUNCATE)') atKill = readFileSync(paths().changes);
      return rows;
    });
    expect(store.foldLog()).toBe(true);
    store.close();
    writeFileSync(paths().changes, atKill!);
    store = new TenantStore(1, paths(), limits, () => {});
    expect(pin(point)).toMatchObject({ incremental: true, pages: 2 });
    touch(300);
    expect(pin(point).pages).toBe(3);
  });

  test('in the middle of a note, the rest is ignored and written over', () => {
    const { point } = pin();
    touch(5);
    store.foldLog();
    store.close();
    truncateSync(paths().changes, readFileSync(paths().changes).length - 3);
    store = new TenantStore(1, paths(), limits, () => {});
    touch(6);
    store.foldLog();
    reopen();
    expect(pin(point).pages).toBeGreaterThanOrEqual(2);
  });
});

test('records read back as they were written, up to the first that is not whole', () => {
  const u32 = fc.nat(0xffffffff);
  const u64 = fc.bigInt(0n, 2n ** 63n);
  const place = fc.record({ salt1: u32, salt2: u32, frame: u32 });
  const stamp = fc.record({ modifiedNs: u64, sizeBytes: u64 });
  const group = fc.record({ scn: u64, pages: fc.uint32Array({ maxLength: 20 }) });
  const record = fc.oneof(
    fc.record({
      kind: fc.constant('epoch' as const),
      epoch: fc.constantFrom('00112233445566ff', 'ffffffffffffffff'),
      floorScn: u64,
      pinnedScn: u64,
      place,
      folded: fc.boolean(),
      stamp,
    }),
    fc.record({ kind: fc.constant('folding' as const), afterScn: u64, scn: u64, place, groups: fc.array(group) }),
    fc.record({ kind: fc.constant('folded' as const), stamp }),
    fc.record({ kind: fc.constant('pin' as const), scn: u64 }),
  );
  fc.assert(
    fc.property(fc.array(record), fc.nat(200), (records, cut) => {
      const path = join(root, 'records');
      const whole = Buffer.concat(records.map(encodeChangeRecord));
      writeFileSync(path, whole);
      // A group without pages says nothing and is not told.
      const told = records.map((each) =>
        each.kind === 'folding' ? { ...each, groups: each.groups.filter(({ pages }) => pages.length > 0) } : each,
      );
      expect(recordsOf(path)).toEqual(told);
      writeFileSync(path, whole.subarray(0, Math.max(0, whole.length - cut)));
      const torn = recordsOf(path);
      expect(torn).toEqual(told.slice(0, torn.length));
    }),
  );
});

test('folds joined into one tell the last commit of every page', () => {
  const fold = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 })), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(fold, { maxLength: 6 }), (folds) => {
      const last = new Map<number, bigint>();
      const given = folds.map((changes, i) => {
        const own = new PageScns();
        for (const [page, scn] of changes.toSorted(([, a], [, b]) => a - b)) {
          own.touch(page);
          own.commit(BigInt(1000 * i + scn));
          last.set(page, BigInt(1000 * i + scn));
        }
        return [...own.groups()];
      });
      const joined = [...joinedGroups(given.toReversed())];
      const told = joined.flatMap(({ scn, pages }) => [...pages].map((page) => [page, scn] as const));
      expect(told.length).toBe(last.size);
      expect(new Map(told)).toEqual(last);
      const scns = joined.map(({ scn }) => scn);
      expect(scns).toEqual([...scns].sort((a, b) => (a > b ? -1 : 1)));
    }),
  );
});

test('of many commits it is known which changed a page last', () => {
  const page = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5000 }));
  const commits = fc.array(fc.tuple(fc.array(page, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 9 })), {
    maxLength: 100,
  });
  fc.assert(
    fc.property(commits, fc.integer({ min: 0, max: 500 }), (list, since) => {
      const pages = new PageScns();
      const last = new Map<number, bigint>();
      let scn = 0n;
      for (const [changed, step] of list) {
        scn += BigInt(step);
        for (const one of changed) {
          pages.touch(one);
          last.set(one, scn);
        }
        expect(pages.open).toBe(true);
        pages.commit(scn);
      }
      expect(pages.open).toBe(false);
      const told = [...pages.groups()];
      expect(new Map(told.flatMap((group) => [...group.pages].map((one) => [one, group.scn] as const)))).toEqual(last);
      expect(told.reduce((sum, group) => sum + group.pages.length, 0)).toBe(last.size);
      expect(told.every((group, i) => i === 0 || group.scn < told[i - 1]!.scn)).toBe(true);
      const after = [...last].filter(([, one]) => one > BigInt(since)).map(([one]) => one);
      expect([...pages.pagesAfter(BigInt(since))]).toEqual(after.sort((a, b) => a - b));
    }),
  );
});

test('a commit of every page is told in parts of one array', () => {
  const pages = new PageScns();
  for (let page = 1; page <= 100_000; page++) pages.touch(page);
  pages.commit(7n);
  const groups = [...pages.groups()];
  expect(groups.map((group) => group.pages.length)).toEqual([...Array(6).fill(16 * 1024), 100_000 - 6 * 16 * 1024]);
  expect(new Set(groups.map((group) => group.pages.buffer)).size).toBe(1);
});

test('a fold of a large tenant is written and read in small parts', () => {
  const path = join(root, 'large');
  const pageCount = 1_000_000;
  const given = function* (): Generator<ChangeGroup> {
    for (let first = 1; first <= pageCount; first += 10_000)
      yield { scn: BigInt(pageCount - first), pages: Uint32Array.from({ length: 10_000 }, (_, i) => first + i) };
  };
  const head = { afterScn: 1n, scn: 2n, place: { salt1: 3, salt2: 4, frame: 5 } };
  const fd = openSync(path, 'w+');
  const bytes = writeFolding(fd, 0, head, given);
  expect(readFileSync(path).length).toBe(bytes);
  const [placed] = [...notesIn(fd)];
  expect(placed).toEqual({ note: { kind: 'folding', ...head }, at: 0, end: bytes });
  let pages = 0;
  let sum = 0;
  for (const group of groupsIn(fd, placed!)) {
    expect(group.pages.length).toBeLessThanOrEqual(16 * 1024);
    pages += group.pages.length;
    sum += group.pages.reduce((a, b) => a + b, 0);
  }
  expect([pages, sum]).toEqual([pageCount, (pageCount * (pageCount + 1)) / 2]);
  // One commit that changed everything comes in parts too.
  const one = [{ scn: 9n, pages: Uint32Array.from({ length: 100_000 }, (_, i) => i + 1) }];
  const written = encodeChangeRecord({ kind: 'folding', ...head, groups: one });
  writeFileSync(path, written);
  const parts = reading(path, (from) => [...groupsIn(from, { ...placed!, end: written.length })]);
  expect(parts.length).toBe(7);
  expect(parts.flatMap((part) => [...part.pages])).toEqual([...one[0]!.pages]);
  closeSync(fd);
});
