import type { ObError } from '../base/errors.ts';
import type { Charset } from '../value/charset.ts';
import type { ResultColumn } from '../value/column-type.ts';
import type { RowBatch, RowFormat } from '../value/row-batch.ts';
import { writeEof, writeError, writeOk } from './answers.ts';
import {
  ConnectionClosed,
  type EndFields,
  type MoreResults,
  type OkFields,
  type ResultWriter,
} from './command-handler.ts';
import { writeMetadata } from './metadata-block.ts';
import { framesOf, numberFrames } from './packet-writer.ts';
import { serverStatus } from './protocol.ts';
import type { SocketOutput } from './socket-output.ts';

/** What an answer needs to know of its connection. */
export interface AnswerContext {
  readonly output: SocketOutput;
  readonly status: number;
  readonly resultsCharset: Charset;
  readonly flushBytes: number;
}

/** One per connection, used for one command after the other. Sending the last bytes is the connection's business. */
export class AnswerWriter implements ResultWriter {
  readonly #context: AnswerContext;
  #state: 'due' | 'rows' | 'complete' = 'complete';
  #leaving: Promise<void> | undefined;
  format: RowFormat = 'text';

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  get charset(): Charset {
    return this.#context.resultsCharset;
  }

  /** True when nothing is owed to the client any more. */
  get complete(): boolean {
    return this.#state === 'complete';
  }

  /** A slow client is waited for before the next of several results. */
  sent(): Promise<void> | undefined {
    return this.#leaving;
  }

  /** A command has begun whose answer is due. */
  start(format: RowFormat): void {
    this.#state = 'due';
    this.#leaving = undefined;
    this.format = format;
  }

  /** Nothing is owed: the command has no answer, or one of a form of its own that is already written. */
  skip(): void {
    this.#state = 'complete';
  }

  ok(fields: OkFields & MoreResults = {}): void {
    const { output, resultsCharset } = this.#context;
    this.#expect('due');
    writeOk(output.packets, this.#status(fields), resultsCharset, fields);
    this.#finish(fields);
  }

  rows(columns: readonly ResultColumn[]): void {
    const { output, resultsCharset, status } = this.#context;
    this.#expect('due');
    if (columns.length === 0) throw new Error('a result without columns is an OK');
    writeMetadata(output.packets, columns, resultsCharset);
    writeEof(output.packets, status);
    this.#state = 'rows';
  }

  batch(batch: RowBatch): Promise<void> | undefined {
    const { output, flushBytes } = this.#context;
    this.#expect('rows');
    if (output.gone) throw new ConnectionClosed();
    if (!batch.framed) return this.#longRow(batch.bytes);
    const { packets } = output;
    if (batch.bytes.length >= Math.max(flushBytes, output.sendBytes)) {
      packets.sequence = numberFrames(batch.bytes, 0, batch.bytes.length, packets.sequence);
      return output.send(batch.bytes);
    }
    packets.packets(batch.bytes);
    return packets.length >= flushBytes ? output.flush() : undefined;
  }

  end(fields: EndFields = {}): void {
    this.#expect('rows');
    writeEof(this.#context.output.packets, this.#status(fields), fields.warnings);
    this.#finish(fields);
  }

  error(error: ObError): void {
    if (this.#state === 'complete') throw new Error('an error after the end of an answer', { cause: error });
    writeError(this.#context.output.packets, error, this.#context.resultsCharset);
    this.#state = 'complete';
  }

  async #longRow(payload: Uint8Array): Promise<void> {
    const { output } = this.#context;
    for (const frame of framesOf(payload, output.packets.sequence)) {
      output.packets.raw(frame.header);
      output.packets.sequence = (frame.header[3]! + 1) & 0xff;
      if (frame.body.length >= output.sendBytes) await output.send(frame.body);
      else output.packets.raw(frame.body);
    }
  }

  #status(fields: MoreResults): number {
    return this.#context.status | (fields.more ? serverStatus.MORE_RESULTS_EXISTS : 0);
  }

  /** Each of several results leaves at once: the next statement may take its time. */
  #finish(fields: MoreResults): void {
    this.#state = fields.more ? 'due' : 'complete';
    if (fields.more) {
      this.#leaving = this.#context.output.flush();
      this.#leaving?.catch(() => undefined);
    }
  }

  #expect(state: 'due' | 'rows'): void {
    if (this.#state === state) return;
    if (this.#context.output.gone) throw new ConnectionClosed();
    throw new Error(`the answer is ${this.#state}, not ${state}`);
  }
}
