import { charsetByName } from '../../value/charset.ts';
import type { Cell, ResultColumn } from '../../value/column-type.ts';
import { RowEncoder } from '../../value/encode-row.ts';
import type { RowBatch, RowFormat } from '../../value/row-batch.ts';
import type { RowsEnd } from '../engine-session.ts';
import type { RowsReply } from './engine-calls.ts';

/** One encoder serves the whole thread: a batch is always taken out before another answer goes on. */
const encoder = new RowEncoder();

const rowsPerCheck = 256;

/** An answer being read: makes one bounded batch at a time, so that others get their turn between two. */
export class RowCursor {
  readonly columns: readonly ResultColumn[];
  readonly #rows: Iterator<readonly Cell[]>;
  readonly #format: RowFormat;
  readonly #charset: string;
  readonly #check: () => void;
  readonly #finish: (rowCount: number) => RowsEnd;
  readonly #ready: RowBatch[] = [];
  #rowCount = 0;
  #exhausted = false;

  /** `check` throws when the statement must stop; `finish` is called once, after the last row. */
  constructor(
    columns: readonly ResultColumn[],
    rows: Iterator<readonly Cell[]>,
    form: { readonly format: RowFormat; readonly charset: string },
    check: () => void,
    finish: (rowCount: number) => RowsEnd,
  ) {
    this.columns = columns;
    this.#rows = rows;
    this.#format = form.format;
    this.#charset = form.charset;
    this.#check = check;
    this.#finish = finish;
  }

  /** The next batch; `end` is set with the last one. */
  next(): RowsReply {
    if (this.#ready.length === 0 && !this.#exhausted) this.#fill();
    const batch = this.#ready.shift() ?? null;
    const over = this.#exhausted && this.#ready.length === 0;
    return { batch, end: over ? this.#finish(this.#rowCount) : null };
  }

  /** Makes batches ahead, of about `mostBytes`; true when the answer is complete. */
  readAhead(mostBytes: number): boolean {
    let bytes = 0;
    while (!this.#exhausted && bytes < mostBytes) {
      const known = this.#ready.length;
      this.#fill();
      for (const batch of this.#ready.slice(known)) bytes += batch.bytes.length;
    }
    return this.#exhausted;
  }

  /** Ends the statement early. */
  close(): void {
    this.#exhausted = true;
    this.#rows.return?.();
  }

  #fill(): void {
    this.#check();
    encoder.begin(this.columns, this.#format, charsetByName(this.#charset));
    let untilCheck = rowsPerCheck;
    while (!encoder.full) {
      const next = this.#rows.next();
      if (next.done) {
        this.#exhausted = true;
        break;
      }
      encoder.add(next.value);
      this.#rowCount++;
      if (--untilCheck > 0) continue;
      untilCheck = rowsPerCheck;
      this.#check();
    }
    for (let batch = encoder.detach(); batch; batch = encoder.detach()) this.#ready.push(batch);
  }
}
