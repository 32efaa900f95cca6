import { rowLimits } from '../base/limits.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Charset, utf8mb4 } from './charset.ts';
import type { Cell, ResultColumn } from './column-type.ts';
import { isNull, type Slot, slotOf, writeBinary, writeText } from './encode-cell.ts';
import { type Moments, momentsOf } from './moment.ts';
import type { RowBatch, RowFormat } from './row-batch.ts';

const maxPayload = 0xff_ffff;

/**
 * Writes rows as packets of the text or the binary protocol into one buffer that is used again and again:
 * `begin`, then `add` for each row; whenever `full` says so, and at the end, `finish` until it returns null.
 */
export class RowEncoder {
  readonly #out = new ByteWriter();
  #columns: readonly ResultColumn[] | null = null;
  #charset: Charset = utf8mb4;
  #moments: Moments | null = null;
  #slots: readonly Slot[] = [];
  #binary = false;
  #start = 0;
  #rows = 0;
  /** Where a row too long for one frame begins; -1 when there is none. */
  #long = -1;

  /** Starts an answer; rows not yet taken are dropped. Strings are converted to `charset`, bytes never are. */
  begin(
    columns: readonly ResultColumn[],
    format: RowFormat,
    charset: Charset = utf8mb4,
    moments: Moments | null = null,
  ): void {
    if (columns !== this.#columns || charset !== this.#charset || !sameMoments(moments, this.#moments)) {
      this.#columns = columns;
      this.#charset = charset;
      this.#moments = moments;
      const zone = moments === null ? null : momentsOf(moments.zone);
      this.#slots = columns.map((column, i) => slotOf(column, charset, moments?.at.includes(i) ? zone : null));
    }
    this.#binary = format === 'binary';
    this.#rows = 0;
    this.#long = -1;
    this.#start = 0;
    this.#out.reset();
  }

  /** Adds a row; its cells are in the order of the columns. A cell of a wrong kind throws a RangeError. */
  add(row: readonly Cell[]): void {
    const out = this.#out;
    if (this.#long >= 0) throw new Error('a long row is waiting to be taken');
    if (this.#rows === 0) {
      out.reset();
      this.#start = 0;
    }
    const head = out.length;
    out.u32(0);
    if (this.#binary) binaryRow(out, row, this.#slots);
    else textRow(out, row, this.#slots);
    const size = out.length - head - 4;
    if (size >= maxPayload) {
      this.#long = head;
      return;
    }
    const { bytes } = out;
    bytes[head] = size;
    bytes[head + 1] = size >>> 8;
    bytes[head + 2] = size >>> 16;
    this.#rows++;
  }

  /** True when the rows so far should be taken before another is added. */
  get full(): boolean {
    return this.#long >= 0 || this.#out.length - this.#start >= rowLimits.batchBytes;
  }

  /**
   * The rows added since the last call, null when there are none. The bytes are the encoder's own and stay valid until
   * the next `add` or `begin`; `detach` copies them.
   */
  finish(): RowBatch | null {
    const out = this.#out;
    const start = this.#start;
    if (this.#rows > 0) {
      const end = this.#long >= 0 ? this.#long : out.length;
      const batch = { rowCount: this.#rows, framed: true, bytes: out.bytes.subarray(start, end) };
      this.#rows = 0;
      this.#start = end;
      return batch;
    }
    if (this.#long < 0) return null;
    const batch = { rowCount: 1, framed: false, bytes: out.bytes.subarray(this.#long + 4, out.length) };
    this.#long = -1;
    this.#start = out.length;
    return batch;
  }

  /** As `finish`, in an ArrayBuffer of its own that may be kept or transferred to another thread. */
  detach(): RowBatch | null {
    const batch = this.finish();
    return batch === null ? null : { ...batch, bytes: new Uint8Array(batch.bytes) };
  }
}

/** All rows of a small answer as batches that may be kept. */
export function encodeRows(
  columns: readonly ResultColumn[],
  rows: Iterable<readonly Cell[]>,
  format: RowFormat,
  charset: Charset = utf8mb4,
  moments: Moments | null = null,
): RowBatch[] {
  const encoder = new RowEncoder();
  const batches: RowBatch[] = [];
  const take = () => {
    for (let batch = encoder.detach(); batch !== null; batch = encoder.detach()) batches.push(batch);
  };
  encoder.begin(columns, format, charset, moments);
  for (const row of rows) {
    encoder.add(row);
    if (encoder.full) take();
  }
  take();
  return batches;
}

function textRow(out: ByteWriter, row: readonly Cell[], slots: readonly Slot[]): void {
  for (let i = 0; i < slots.length; i++) {
    const cell = row[i];
    if (cell === null) out.u8(0xfb);
    else writeText(out, cell, slots[i]!);
  }
}

function binaryRow(out: ByteWriter, row: readonly Cell[], slots: readonly Slot[]): void {
  out.u8(0);
  const bitmap = out.length;
  out.zeros((slots.length + 9) >>> 3);
  for (let i = 0; i < slots.length; i++) {
    const cell = row[i];
    if (isNull(cell, slots[i]!)) out.bytes[bitmap + ((i + 2) >>> 3)]! |= 1 << ((i + 2) & 7);
    else writeBinary(out, cell, slots[i]!);
  }
}

function sameMoments(a: Moments | null, b: Moments | null): boolean {
  return a === b || (a !== null && b !== null && a.at === b.at && a.zone === b.zone);
}
