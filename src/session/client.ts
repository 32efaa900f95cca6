import type { ObError } from '../base/errors.ts';
import type { Charset } from '../value/charset.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import type { RowBatch, RowFormat } from '../value/row-batch.ts';

/** Answering at once is cheaper than through a promise. */
export type MaybePromise<T> = T | Promise<T>;

/** A connection as its session sees it. The wire's own type fits; sessions know nothing of packets. */
export interface Client {
  readonly threadId: number;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  readonly foundRows: boolean;
  readonly multiStatements: boolean;
  setCharset(client: Charset, results: Charset): void;
  setStatus(autocommit: boolean, inTransaction: boolean): void;
  setMaxAllowedPacket(sizeBytes: number): void;
  setWriteTimeout(timeoutMs: number): void;
  disconnect(error?: ObError): void;
}

/** The credentials of a client. */
export interface LoginAttempt {
  readonly user: string;
  readonly database: string | null;
  readonly host: string;
  readonly usingPassword: boolean;
  verify(passwordHashHex: string): boolean;
  readonly charset: Charset;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What an OK tells beside that. */
export interface OkFields {
  readonly affectedRows?: number | bigint;
  readonly insertId?: number | bigint;
  readonly warnings?: number;
  readonly info?: string;
  readonly more?: boolean;
}

/** Where the answer of one command goes: `ok`, or `rows`, `batch`…, `end`. */
export interface Answer {
  ok(fields?: OkFields): void;
  rows(columns: readonly ResultColumn[]): void;
  batch(batch: RowBatch): Promise<void> | undefined;
  end(fields?: { readonly warnings?: number; readonly more?: boolean }): void;
  sent(): Promise<void> | undefined;
  error(error: ObError): void;
  readonly format: RowFormat;
  readonly charset: Charset;
}

/** One statement on its way: its parameters and where its answer goes. */
export interface Call {
  readonly parameters: readonly Cell[];
  readonly answer: Answer;
  /** Another result of the same command follows. */
  readonly more: boolean;
}
