import type { ObError } from '../base/errors.ts';
import type { Charset } from '../value/charset.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import type { RowBatch } from '../value/row-batch.ts';
import type { OkFields } from './answers.ts';

export type { OkFields } from './answers.ts';

/** Answering at once is cheaper than through a promise; a handler that can, should. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * What a connection calls: the session implements it, one handler per connection. Calls come one after the other: the
 * next command starts when the last one's answer is complete. An `ObError` thrown by any of them is what the client
 * reads; anything else is logged and answered as internal error 4016 with a trace id. Afterwards the connection goes on,
 * but for `login`, where it ends.
 */
export interface CommandHandler {
  /** First call. Throws `accessDenied(…)` of `auth.ts` for an unknown user or a wrong password. */
  login(request: LoginRequest): MaybePromise<void>;
  /** COM_CHANGE_USER: everything of the session starts anew when it succeeds, and stays as it was when it throws. */
  changeUser(request: LoginRequest): MaybePromise<void>;
  /** COM_QUERY; answers through `out`, several times when the text holds several statements. */
  query(text: string, out: ResultWriter): MaybePromise<void>;
  /** COM_STMT_PREPARE; the wire chose the id. */
  prepare(statementId: number, text: string): MaybePromise<PreparedStatement>;
  /** COM_STMT_EXECUTE with exactly as many parameters as the statement has; rows are in the binary format. */
  execute(statementId: number, parameters: readonly Cell[], out: ResultWriter): MaybePromise<void>;
  /** The client is done with a statement; it gets no answer. */
  closeStatement(statementId: number): MaybePromise<void>;
  /** COM_FIELD_LIST: the columns of a table whose names match `wildcard` (empty for all). */
  fieldList(table: string, wildcard: string): MaybePromise<readonly ResultColumn[]>;
  /** COM_INIT_DB, as `USE`. */
  initDb(database: string): MaybePromise<void>;
  ping(): MaybePromise<void>;
  /** COM_RESET_CONNECTION: rolls back and starts the session anew; the wire has dropped the statements. */
  resetConnection(): MaybePromise<void>;
  /** COM_PROCESS_KILL, as `KILL`. */
  kill(threadId: number): MaybePromise<void>;
  /** Last call, once, also when no login came through: the client has left or was turned out. May come while another
   * call is still running; what that call answers is dropped. */
  closed(): void;
}

export interface LoginRequest {
  /** As the client wrote it: `user@tenant#cluster`. */
  readonly user: string;
  readonly database: string | null;
  /** Where the client connects from, as in `'user'@'host'`. */
  readonly host: string;
  /** True when the client sent a password. */
  readonly usingPassword: boolean;
  /** Compares with SHA1(SHA1(password)) in hex, `''` for an empty password. */
  verify(passwordHashHex: string): boolean;
  /** The character set the client announced: its statements and results are in it until `setCharset`. */
  readonly charset: Charset;
  /** Connection attributes such as `_client_name`, `program_name`. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface PreparedStatement {
  readonly parameterCount: number;
  /** Empty for a statement without a result. */
  readonly columns: readonly ResultColumn[];
}

/**
 * Writes the answer of one command: `ok`, or `rows` – `batch`… – `end`, or `error`. Only the last of several results
 * leaves `more` out. Calls out of order throw (a bug); calls after the client has left throw `ConnectionClosed`.
 */
export interface ResultWriter {
  ok(fields?: OkFields & MoreResults): void;
  /** Begins a result. The same array again costs no encoding of the definitions. */
  rows(columns: readonly ResultColumn[]): void;
  /**
   * Adds rows encoded in `format`. The bytes belong to the writer, which numbers the packets in place, until this
   * returns undefined or the promise resolves; a promise means that the client is slower than the server.
   */
  batch(batch: RowBatch): Promise<void> | undefined;
  end(fields?: EndFields): void;
  /** Until the client has taken the results so far: a promise when it is slower than the server. */
  sent(): Promise<void> | undefined;
  /** Ends the result at hand, or stands for a whole one; nothing may follow. Throwing does the same. */
  error(error: ObError): void;
  /** The form rows must have: text for COM_QUERY, binary for COM_STMT_EXECUTE. */
  readonly format: 'text' | 'binary';
  /** The character set to encode strings in. */
  readonly charset: Charset;
}

export interface MoreResults {
  /** True when another result of the same command follows. */
  readonly more?: boolean;
}

export interface EndFields extends MoreResults {
  readonly warnings?: number;
}

/** A connection as its handler sees it. */
export interface ClientConnection {
  /** Beyond 2^31, below 2^32. */
  readonly threadId: number;
  /** Address of the client without the IPv6 mapping of IPv4. */
  readonly host: string;
  readonly port: number;
  /** True when the connection is encrypted. */
  readonly tls: boolean;
  /** Aborted when the client has left or was turned out, before `closed` is called. */
  readonly signal: AbortSignal;
  /** CLIENT_FOUND_ROWS: affected rows of UPDATE are the rows found. Known from `login` on. */
  readonly foundRows: boolean;
  /** Whether a query text may hold several statements; COM_SET_OPTION changes it. */
  readonly multiStatements: boolean;
  /**
   * Changes the character sets: of statement texts and names the client sends, and of results and errors it reads.
   * `SET NAMES x` sets both, `SET character_set_results = NULL` means utf8mb4 results.
   */
  setCharset(client: Charset, results: Charset): void;
  /** What OK and EOF packets say from now on. */
  setStatus(autocommit: boolean, inTransaction: boolean): void;
  /** `max_allowed_packet` of the session, bytes; counts from the next command on. */
  setMaxAllowedPacket(sizeBytes: number): void;
  /** `net_write_timeout` of the session: a client that takes nothing for so long is turned out. */
  setWriteTimeout(timeoutMs: number): void;
  /** Turns the client out: at once without an error, after telling it with one. */
  disconnect(error?: ObError): void;
}

/** Thrown by writers when the client is gone; not an error of anybody, and not logged. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';
  constructor() {
    super('the client has left');
  }
}
