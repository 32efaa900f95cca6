import { fault, type ObError } from '../base/errors.ts';
import type { PreparedStatement } from './command-handler.ts';

/** A prepared statement of one connection: what the protocol has to remember of it. */
export interface OpenStatement {
  readonly id: number;
  readonly shape: PreparedStatement;
  /** Type and unsigned flag of each parameter; they are sent once and kept. Null until they came. */
  types: Uint16Array | null;
  /** Pieces of COM_STMT_SEND_LONG_DATA by parameter. */
  readonly longData: Map<number, Uint8Array[]>;
  longBytes: number;
  /** A failure of COM_STMT_SEND_LONG_DATA, which has no answer: the next execution tells it. */
  failure: ObError | null;
}

/** The prepared statements of one connection, by the id the client knows. */
export class StatementTable {
  readonly #open = new Map<number, OpenStatement>();
  readonly #maxCount: number;
  #lastId = 0;

  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** An id for a statement about to be prepared; throws 1461 when too many are open. */
  reserve(): number {
    if (this.#open.size >= this.#maxCount) throw fault('ER_MAX_PREPARED_STMT_COUNT_REACHED', this.#maxCount);
    do this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    while (this.#open.has(this.#lastId));
    return this.#lastId;
  }

  add(id: number, shape: PreparedStatement): void {
    this.#open.set(id, { id, shape, types: null, longData: new Map(), longBytes: 0, failure: null });
  }

  find(id: number): OpenStatement | undefined {
    return this.#open.get(id);
  }

  /** Throws 1243 naming the command when the client made the id up. */
  get(id: number, caller: string): OpenStatement {
    const statement = this.#open.get(id);
    if (!statement) throw fault('ER_UNKNOWN_STMT_HANDLER', id, caller);
    return statement;
  }

  /** False when there was no such statement. */
  remove(id: number): boolean {
    return this.#open.delete(id);
  }

  clear(): void {
    this.#open.clear();
  }
}

/** Adds a piece of a long parameter; what goes wrong is kept for the execution. */
export function addLongData(statement: OpenStatement, index: number, bytes: Uint8Array, maxBytes: number): void {
  if (index >= statement.shape.parameterCount) {
    statement.failure ??= fault('ER_WRONG_ARGUMENTS', 'mysqld_stmt_send_long_data');
  } else if (statement.longBytes + bytes.length > maxBytes) {
    statement.failure ??= fault('ER_NET_PACKET_TOO_LARGE');
    statement.longData.clear();
  } else {
    const pieces = statement.longData.get(index);
    const copy = new Uint8Array(bytes);
    if (pieces) pieces.push(copy);
    else statement.longData.set(index, [copy]);
    statement.longBytes += bytes.length;
  }
}

/** Forgets the long parameters: after an execution and for COM_STMT_RESET. */
export function dropLongData(statement: OpenStatement): void {
  statement.longData.clear();
  statement.longBytes = 0;
  statement.failure = null;
}
