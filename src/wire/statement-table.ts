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
  /** Of the long parameters of all statements. */
  #longBytes = 0;

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
    const statement = this.#open.get(id);
    if (statement) this.dropLongData(statement);
    return this.#open.delete(id);
  }

  clear(): void {
    this.#open.clear();
    this.#longBytes = 0;
  }

  /** Adds a piece of a long parameter; what goes wrong is kept for the execution. `maxBytes` holds for each statement. */
  addLongData(statement: OpenStatement, index: number, bytes: Uint8Array, maxBytes: number): void {
    const pieces = statement.longData.get(index);
    const more = bytes.length + pieceBytes;
    if (index >= statement.shape.parameterCount) {
      statement.failure ??= fault('ER_WRONG_ARGUMENTS', 'mysqld_stmt_send_long_data');
    } else if (
      statement.longBytes + more > maxBytes + pieceBytes ||
      this.#longBytes + more > maxBytes * fullStatements
    ) {
      this.dropLongData(statement);
      statement.failure = fault('ER_NET_PACKET_TOO_LARGE');
    } else {
      const copy = new Uint8Array(bytes);
      if (pieces) pieces.push(copy);
      else statement.longData.set(index, [copy]);
      statement.longBytes += more;
      this.#longBytes += more;
    }
  }

  /** Forgets the long parameters: after an execution and for COM_STMT_RESET. */
  dropLongData(statement: OpenStatement): void {
    this.#longBytes -= statement.longBytes;
    statement.longBytes = 0;
    statement.longData.clear();
    statement.failure = null;
  }
}

/** What a piece costs beside its bytes: many empty ones are memory, too. */
const pieceBytes = 128;
/** Statements that can have all the bytes of their long parameters at a time. */
const fullStatements = 4;
