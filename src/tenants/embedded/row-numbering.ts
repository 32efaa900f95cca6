import { fault } from '../../base/errors.ts';
import { integerRange, isIntegerType } from '../../value/column-storage.ts';
import type { Cell } from '../../value/column-type.ts';
import { maxUnsigned, unsignedCell } from '../../value/unsigned.ts';
import { autoIncrementColumn, isRowIdSequence, lastGiven, nextValue, setNextValue, whole } from './auto-increment.ts';
import type { Connection } from './connection.ts';
import type { TableSchema } from './table-schema.ts';

/** Gives numbers to rows that ask for one, and notes the first that was given to a row that was added. */
export interface Numbering {
  readonly first: bigint | null;
  number(row: readonly Cell[], at: number): readonly Cell[];
  added(cell: Cell | undefined, rowId: number | bigint): void;
  finish(): void;
}

/** `overflow` is what a row fails with that asks for a number when SQLite has given its last one. */
export function numberingOf(writer: Connection, table: TableSchema, overflow: () => Error): Numbering {
  return isRowIdSequence(table) ? rowIdNumbering(writer, table, overflow) : new KeptNumbering(writer, table);
}

/** SQLite numbers the rows. It is not let run into its last number, for which it takes back the whole transaction. */
function rowIdNumbering(writer: Connection, table: TableSchema, overflow: () => Error): Numbering {
  let first: bigint | null = null;
  let looked = false;
  return {
    get first() {
      return first;
    },
    number(row, at) {
      if (looked || row[at] !== null) return row;
      looked = true;
      if (lastRowIdGiven(writer, table)) throw overflow();
      return row;
    },
    added(cell, rowId) {
      if (cell !== null) return;
      if (rowId > 127) checkNumber(table, BigInt(rowId));
      first ??= exactRowId(writer, rowId);
    },
    finish() {},
  };
}

/** The number of the row just added: SQLite's answer to a write may be rounded. */
function exactRowId(writer: Connection, rowId: number | bigint): bigint {
  if (typeof rowId === 'bigint' || Number.isSafeInteger(rowId)) return BigInt(rowId);
  return writer.prepare('SELECT last_insert_rowid()').pluck().safeIntegers().get() as bigint;
}

/** 1467 when a number is too large for the column; the largest of 64 bits is never given. */
export function checkNumber(table: TableSchema, value: bigint): void {
  const { type } = autoIncrementColumn(table)!;
  if (isIntegerType(type) && (value > integerRange(type).high || value >= maxUnsigned))
    throw fault('ER_AUTOINC_READ_FAILED');
}

const maxRowId = 9223372036854775807n;

/** True when SQLite has no number left for the next row it is asked to number. */
export function lastRowIdGiven(writer: Connection, table: TableSchema): boolean {
  return lastGiven(writer, table) >= maxRowId;
}

/** True when the next number would not fit SQLite's row number. */
export function lastNumberTaken(writer: Connection, table: TableSchema): boolean {
  return autoIncrementColumn(table) !== null && nextValue(writer, table)! > maxRowId;
}

/** For columns that are not SQLite's row number. */
class KeptNumbering implements Numbering {
  first: bigint | null = null;
  #next: bigint;
  #given: bigint | null = null;
  #moved = false;
  readonly #writer: Connection;
  readonly #table: TableSchema;

  constructor(writer: Connection, table: TableSchema) {
    this.#writer = writer;
    this.#table = table;
    this.#next = nextValue(writer, table)!;
  }

  number(row: readonly Cell[], at: number): readonly Cell[] {
    const cell = row[at];
    this.#given = null;
    if (cell === null || cell === undefined) {
      checkNumber(this.#table, this.#next);
      this.#given = this.#next;
      this.#next += 1n;
      this.#moved = true;
      return row.with(at, unsignedCell(this.#given));
    }
    const explicit = typeof cell === 'number' ? BigInt(cell) : whole(cell);
    if (explicit < this.#next) return row;
    this.#next = explicit + 1n;
    this.#moved = true;
    return row;
  }

  added(): void {
    this.first ??= this.#given;
  }

  finish(): void {
    if (this.#moved) setNextValue(this.#writer, this.#table, this.#next);
  }
}
