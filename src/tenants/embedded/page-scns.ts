import type { Scn } from '../../base/scn.ts';
import { type ChangeGroup, pagesPerGroup } from './change-records.ts';

/**
 * Which of many commits, in their order, changed a page last. Takes four bytes for each page of the file and eight for each commit,
 * however long the log is they are read from.
 */
export class PageScns {
  /** By page number: 1 for the first commit, 0 for none. */
  #commitOf = new Uint32Array(1024);
  #scns = new BigUint64Array(64);
  #commits = 0;
  #lastPage = 0;
  #open = false;

  /** The commit that `commit` tells next changes this page. */
  touch(page: number): void {
    if (page >= this.#commitOf.length) this.#commitOf = grown(this.#commitOf, Uint32Array, page + 1);
    this.#commitOf[page] = this.#commits + 1;
    if (page > this.#lastPage) this.#lastPage = page;
    this.#open = true;
  }

  commit(scn: Scn): void {
    if (this.#commits === this.#scns.length) this.#scns = grown(this.#scns, BigUint64Array, this.#commits + 1);
    this.#scns[this.#commits] = scn;
    this.#commits += 1;
    this.#open = false;
  }

  /** True when pages were touched that no commit followed. */
  get open(): boolean {
    return this.#open;
  }

  /** The pages changed after a commit, in the order of their numbers. */
  *pagesAfter(scn: Scn): Generator<number> {
    let before = 0;
    while (before < this.#commits && this.#scns[before]! <= scn) before += 1;
    for (let page = 1; page <= this.#lastPage; page++) if (this.#commitOf[page]! > before) yield page;
  }

  /** Newest commit first, large ones in parts. */
  *groups(): Generator<ChangeGroup> {
    const ends = new Uint32Array(this.#commits + 1);
    for (let page = 1; page <= this.#lastPage; page++) ends[this.#commitOf[page]!]! += 1;
    ends[0] = 0;
    for (let commit = 1; commit <= this.#commits; commit++) ends[commit]! += ends[commit - 1]!;
    const pages = new Uint32Array(ends[this.#commits]!);
    const next = ends.slice();
    for (let page = this.#lastPage; page > 0; page--) {
      const commit = this.#commitOf[page]!;
      if (commit > 0) pages[--next[commit]!] = page;
    }
    for (let commit = this.#commits; commit > 0; commit--) {
      for (let from = ends[commit - 1]!; from < ends[commit]!; from += pagesPerGroup)
        yield {
          scn: this.#scns[commit - 1]!,
          pages: pages.subarray(from, Math.min(from + pagesPerGroup, ends[commit]!)),
        };
    }
  }
}

function grown<A extends Uint32Array | BigUint64Array>(array: A, make: new (length: number) => A, length: number): A {
  const larger = new make(Math.max(2 * array.length, length));
  larger.set(array as never);
  return larger;
}
