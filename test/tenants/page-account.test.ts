import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { accountPages } from '../../src/tenants/embedded/page-account.ts';
import { requireWhole } from '../../src/tenants/embedded/restore-check.ts';

const pageBytes = 4096;
const root = mkdtempSync(join(tmpdir(), 'pages-'));
const open: { readonly connection: Database.Database; readonly fd: number }[] = [];
afterAll(() => {
  for (const { connection, fd } of open) {
    connection.close();
    closeSync(fd);
  }
  rmSync(root, { recursive: true });
});

/** A file of two tables of several levels, an index, long values and free pages, as wished. */
function file({ rows = 3_000, long = false, free = false }) {
  const path = join(root, `${open.length}.db`);
  const connection = new Database(path);
  connection.pragma(`page_size = ${pageBytes}`);
  connection.exec(
    'CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX c ON a (text)',
  );
  const fill = (table: string) =>
    connection.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) INSERT INTO ${table} (text) SELECT hex(randomblob(${long ? 3_000 : 100})) FROM n`,
    );
  for (const table of ['a', 'b']) fill(table);
  if (free) connection.exec('DELETE FROM b WHERE id > 100');
  const opened = { connection, fd: openSync(path, 'r+') };
  open.push(opened);
  return opened;
}

function page(fd: number, pageNo: number): Buffer {
  const bytes = Buffer.alloc(pageBytes);
  readSync(fd, bytes, 0, pageBytes, (pageNo - 1) * pageBytes);
  return bytes;
}

const put = (fd: number, pageNo: number, bytes: Buffer) => writeSync(fd, bytes, 0, pageBytes, (pageNo - 1) * pageBytes);
const rootOf = (connection: Database.Database, name: string) =>
  connection.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(name) as number;

test('whole files are accounted for: many levels, long values, free pages', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000 }), fc.boolean(), fc.boolean(), (rows, long, free) => {
      const { connection, fd } = file({ rows: long ? rows / 10 : rows, long, free });
      accountPages(connection, fd);
      requireWhole(connection, fd);
    }),
    { numRuns: 12 },
  );
});

test('a page two tables share is found, which no table shows by itself', () => {
  const { connection, fd } = file({});
  const [a, b] = [rootOf(connection, 'a'), rootOf(connection, 'b')];
  put(fd, b, page(fd, a));
  const other = new Database(connection.name);
  expect(other.pragma('quick_check("b")', { simple: true })).toBe('ok');
  other.close();
  expect(() => accountPages(connection, fd)).toThrow(/page \d+ is used twice/);
});

test('a page nobody names is found', () => {
  const { connection, fd } = file({ free: true });
  const first = page(fd, 1);
  first.writeUInt32BE(0, 32);
  first.writeUInt32BE(0, 36);
  put(fd, 1, first);
  expect(() => accountPages(connection, fd)).toThrow(/page \d+ belongs to nothing/);
});

test('a free page that is in use, and a wrong number of them, are found', () => {
  const { connection, fd } = file({ free: true });
  const trunk = page(fd, 1).readUInt32BE(32);
  const named = page(fd, trunk);
  named.writeUInt32BE(rootOf(connection, 'a'), 8);
  put(fd, trunk, named);
  expect(() => accountPages(connection, fd)).toThrow(/is used twice/);
  const counted = file({ free: true });
  const first = page(counted.fd, 1);
  first.writeUInt32BE(first.readUInt32BE(36) + 1, 36);
  put(counted.fd, 1, first);
  expect(() => accountPages(counted.connection, counted.fd)).toThrow(/free pages where the file says/);
});

test('a chain of a long value that runs into another one, or into a tree, is found', () => {
  const { connection, fd } = file({ rows: 20, long: true });
  const chains = connection
    .prepare("SELECT path, pageno FROM dbstat WHERE pagetype = 'overflow' AND path LIKE '%+000000' ORDER BY pageno")
    .all() as readonly { readonly pageno: number }[];
  const first = chains[0]?.pageno;
  const kept = page(fd, first!);
  const into = (pageNo: number) => {
    const bytes = Buffer.from(kept);
    bytes.writeUInt32BE(pageNo, 0);
    put(fd, first!, bytes);
  };
  connection.exec('INSERT INTO a (text) SELECT hex(randomblob(9000))');
  const long = connection.prepare("SELECT pageno FROM dbstat WHERE path LIKE '%+000001'").pluck().get() as number;
  into(long);
  expect(() => accountPages(connection, fd)).toThrow(/is used twice/);
  into(rootOf(connection, 'b'));
  expect(() => accountPages(connection, fd)).toThrow(/belongs to nothing/);
  put(fd, first!, kept);
  accountPages(connection, fd);
});

test('pages behind the end and cells outside of their page are coded errors', () => {
  const { connection, fd } = file({});
  const root = rootOf(connection, 'a');
  for (const [offset, value] of [
    [8, 0xffffffff],
    [12, 0xffffffff],
    [3, 0xffffffff],
  ] as const) {
    const kept = page(fd, root);
    const bad = Buffer.from(kept);
    bad.writeUInt32BE(value, offset);
    put(fd, root, bad);
    expect(() => accountPages(connection, fd)).toThrow(
      expect.objectContaining({ symbol: 'OB_CHECKSUM_ERROR' }) as unknown as Error,
    );
    put(fd, root, kept);
  }
  accountPages(connection, fd);
});
