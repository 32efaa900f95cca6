import { fstatSync, readSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { lockPageNo, pageBytes } from './wal-format.ts';

const interiorTable = 5;
const interiorIndex = 2;

/**
 * Proves that every page of a data file has one use: in one tree, in one chain of a long value, or in the list of free pages.
 * SQLite tells so only when it checks all tables in one go, in one thread. Only inner pages are read, a two-hundredth of the file.
 * What is left over must be chains: SQLite proves table by table that each belongs to a row and has its length; it stays unproved
 * that no two tables share one of equal length.
 */
export function accountPages(connection: Connection, fd: number): void {
  const pages = new PageAccount(fd);
  for (const root of rootPages(connection)) pages.takeTree(root);
  pages.takeFree();
  pages.takeChains();
}

function rootPages(connection: Connection): readonly number[] {
  const roots = connection.prepare('SELECT rootpage FROM sqlite_schema WHERE rootpage > 0').pluck().all();
  return [1, ...roots.map(Number)];
}

class PageAccount {
  readonly #fd: number;
  readonly #taken: Uint8Array;
  readonly #count: number;
  readonly #page = Buffer.alloc(pageBytes);
  left: number;

  constructor(fd: number) {
    this.#fd = fd;
    this.#count = fstatSync(fd).size / pageBytes;
    this.#taken = new Uint8Array(Math.ceil((this.#count + 1) / 8));
    this.left = this.#count;
    if (this.#count >= lockPageNo) this.take(lockPageNo);
  }

  take(pageNo: number): void {
    if (!(pageNo >= 1 && pageNo <= this.#count))
      throw damaged(`page ${pageNo} is named where there are ${this.#count}`);
    if (has(this.#taken, pageNo)) throw damaged(`page ${pageNo} is used twice`);
    put(this.#taken, pageNo);
    this.left--;
  }

  /**
   * All paths of a tree have the same length, which SQLite proves: one way down tells on which level the leaves are. Those are many and
   * are not kept.
   */
  takeTree(root: number): void {
    this.take(root);
    for (let level = [root]; level.length > 0; ) {
      const below: number[] = [];
      const [child] = this.#childrenOf(level[0]!);
      if (child === undefined) return;
      const inner = this.#childrenOf(child).length > 0;
      for (const pageNo of level)
        for (const one of this.#childrenOf(pageNo)) {
          this.take(one);
          if (inner) below.push(one);
        }
      level = below;
    }
  }

  takeFree(): void {
    const first = this.#read(1);
    const wanted = first.readUInt32BE(36);
    let found = 0;
    for (let trunk = first.readUInt32BE(32); trunk !== 0; ) {
      this.take(trunk);
      const page = this.#read(trunk);
      const leaves = page.readUInt32BE(4);
      if (leaves > pageBytes / 4 - 2) throw damaged(`page ${trunk} of the free list names ${leaves} pages`);
      for (let i = 0; i < leaves; i++) this.take(page.readUInt32BE(8 + 4 * i));
      found += 1 + leaves;
      trunk = page.readUInt32BE(0);
    }
    if (found !== wanted) throw damaged(`${found} free pages where the file says ${wanted}`);
  }

  /** All pages nobody has taken: each names the next of its chain, or 0, and is named by one at most. */
  takeChains(): void {
    const named = new Uint8Array(this.#taken.length);
    for (let pageNo = 1; this.left > 0; pageNo++) {
      if (has(this.#taken, pageNo)) continue;
      this.left--;
      const next = this.#read(pageNo, 4).readUInt32BE(0);
      if (next === 0) continue;
      if (next > this.#count || has(this.#taken, next)) throw damaged(`page ${pageNo} belongs to nothing`);
      if (has(named, next)) throw damaged(`page ${next} is used twice`);
      put(named, next);
    }
  }

  /** None for a leaf. */
  #childrenOf(pageNo: number): readonly number[] {
    const page = this.#read(pageNo);
    const head = pageNo === 1 ? 100 : 0;
    const type = page[head];
    if (type !== interiorTable && type !== interiorIndex) return [];
    const cells = page.readUInt16BE(head + 3);
    if (head + 12 + 2 * cells > pageBytes) throw damaged(`page ${pageNo} names ${cells} cells`);
    const children = [page.readUInt32BE(head + 8)];
    for (let i = 0; i < cells; i++) {
      const cell = page.readUInt16BE(head + 12 + 2 * i);
      if (cell + 4 > pageBytes) throw damaged(`page ${pageNo} names a cell behind its end`);
      children.push(page.readUInt32BE(cell));
    }
    return children;
  }

  #read(pageNo: number, length = pageBytes): Buffer {
    if (readSync(this.#fd, this.#page, 0, length, (pageNo - 1) * pageBytes) !== length)
      throw damaged(`page ${pageNo} is missing`);
    return this.#page;
  }
}

function has(pages: Uint8Array, pageNo: number): boolean {
  return (pages[Math.floor(pageNo / 8)]! & (1 << (pageNo & 7))) !== 0;
}

function put(pages: Uint8Array, pageNo: number): void {
  pages[Math.floor(pageNo / 8)]! |= 1 << (pageNo & 7);
}

export function damaged(how: string): Error {
  return faultText('OB_CHECKSUM_ERROR', `the restored tenant is damaged: ${how}`);
}
