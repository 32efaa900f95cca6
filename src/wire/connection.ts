import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { fault, faultText, ObError } from '../base/errors.ts';
import type { WireLimits } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import { type Charset, utf8mb4 } from '../value/charset.ts';
import { AnswerWriter } from './answer-writer.ts';
import { createSalt } from './auth.ts';
import { type ClientConnection, type CommandHandler, ConnectionClosed, type MaybePromise } from './command-handler.ts';
import { runCommand } from './commands.ts';
import type { Conversation } from './conversation.ts';
import { isSslRequest, readCapabilities, readHandshakeResponse, writeGreeting } from './handshake.ts';
import { logIn } from './login.ts';
import { PacketStream } from './packet-stream.ts';
import type { PacketWriter } from './packet-writer.ts';
import { capability, serverCapabilities, serverStatus } from './protocol.ts';
import type { SocketOutput } from './socket-output.ts';
import { StatementTable } from './statement-table.ts';

/** What a connection is made of. */
export interface ConnectionParts {
  readonly socket: Socket;
  readonly threadId: number;
  /** Null when the server has no certificate: TLS is not offered. */
  readonly secureContext: SecureContext | null;
  readonly limits: WireLimits;
  readonly clock: Clock;
  readonly log: Log;
  createHandler(connection: ClientConnection): CommandHandler;
}

/**
 * One client from the greeting to the close. Bytes wait in the reader; one packet at a time is taken out and carried out,
 * and the next one only when its answer is on its way. That is also how pipelined commands queue.
 */
export class Connection implements ClientConnection, Conversation {
  readonly handler: CommandHandler;
  readonly answer: AnswerWriter;
  readonly statements: StatementTable;
  readonly threadId: number;
  readonly flushBytes: number;
  salt = createSalt();
  capabilities: number;
  status: number = serverStatus.AUTOCOMMIT;
  clientCharset: Charset = utf8mb4;
  resultsCharset: Charset = utf8mb4;
  loginCharset: Charset = utf8mb4;
  maxAllowedPacketBytes: number;

  readonly #parts: ConnectionParts;
  readonly #stream: PacketStream;
  readonly #abort = new AbortController();
  /** Null once the login is over. */
  #loginTimer: AbortController | null = new AbortController();
  /** Takes the next packet in place of the commands. */
  #step: ((payload: Buffer) => MaybePromise<void>) | null;
  #busy = false;

  constructor(parts: ConnectionParts) {
    const { limits } = parts;
    this.#parts = parts;
    this.threadId = parts.threadId;
    this.flushBytes = limits.flushBytes;
    this.maxAllowedPacketBytes = limits.maxAllowedPacketBytes;
    this.capabilities = serverCapabilities(parts.secureContext !== null);
    this.#stream = new PacketStream({
      ...parts,
      arrived: () => (this.#busy ? this.#stream.holdBack() : this.#work()),
      closed: () => this.#closed(),
    });
    this.answer = new AnswerWriter(this);
    this.statements = new StatementTable(limits.maxStatements);
    this.#step = (payload) => this.#handshake(payload);
    this.handler = parts.createHandler(this);
    this.#greet();
  }

  get output(): SocketOutput {
    return this.#stream.output;
  }

  get packets(): PacketWriter {
    return this.#stream.output.packets;
  }

  get host(): string {
    return this.#stream.host;
  }

  get port(): number {
    return this.#stream.port;
  }

  get tls(): boolean {
    return this.#stream.tls;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get foundRows(): boolean {
    return (this.capabilities & capability.FOUND_ROWS) !== 0;
  }

  get multiStatements(): boolean {
    return (this.capabilities & capability.MULTI_STATEMENTS) !== 0;
  }

  setCharset(client: Charset, results: Charset): void {
    this.clientCharset = client;
    this.resultsCharset = results;
  }

  setStatus(autocommit: boolean, inTransaction: boolean): void {
    this.status = (autocommit ? serverStatus.AUTOCOMMIT : 0) | (inTransaction ? serverStatus.IN_TRANS : 0);
  }

  setMaxAllowedPacket(sizeBytes: number): void {
    this.maxAllowedPacketBytes = sizeBytes;
    if (this.#loginTimer === null) this.#stream.reader.limit(sizeBytes);
  }

  setWriteTimeout(timeoutMs: number): void {
    this.output.writeTimeoutMs = timeoutMs;
  }

  disconnect(error?: ObError): void {
    if (!error) {
      this.#stream.destroy();
    } else if (!this.#stream.ending) {
      if (!this.answer.complete) this.answer.error(error);
      this.#stream.end();
    }
  }

  expect(step: (payload: Buffer) => MaybePromise<void>): void {
    this.#step = step;
  }

  quit(): void {
    this.#stream.end();
  }

  #greet(): void {
    const { clock, limits, secureContext } = this.#parts;
    this.packets.sequence = 0;
    writeGreeting(this.packets, this.threadId, this.salt, serverCapabilities(secureContext !== null));
    this.#stream.reader.sequence = 1;
    this.output.flush();
    clock.sleep(limits.loginTimeoutMs, this.#loginTimer!.signal).then(
      () => this.#stream.destroy(),
      () => undefined,
    );
  }

  #handshake(payload: Buffer): MaybePromise<void> {
    const { secureContext } = this.#parts;
    this.answer.start('text');
    const flags = readCapabilities(payload);
    const tlsOffered = secureContext !== null && !this.tls;
    if (tlsOffered && isSslRequest(payload, flags)) {
      this.#stream.startTls(secureContext);
      this.expect((next) => this.#handshake(next));
      return;
    }
    // Multi-statements are not announced, and yet clients that ask for them count on them.
    this.capabilities = flags & (serverCapabilities(tlsOffered) | capability.MULTI_STATEMENTS);
    return logIn(this, this.#readCredentials(payload));
  }

  #readCredentials(payload: Buffer) {
    try {
      return readHandshakeResponse(payload, this.capabilities);
    } catch {
      throw fault('ER_HANDSHAKE');
    }
  }

  /** Commands may be longer than a login. */
  #loggedIn(): void {
    this.#loginTimer?.abort();
    this.#loginTimer = null;
    this.#stream.reader.limit(this.maxAllowedPacketBytes);
  }

  /** Carries out what waits in the reader, until an answer is not ready at once. */
  #work(): void {
    let turn = this.#parts.limits.maxCommandsPerTurn;
    while (!this.#busy && !this.#stream.ending) {
      const payload = this.#next();
      if (payload === null) break;
      this.#carryOut(payload);
      if (--turn === 0 && !this.#busy) this.#letOthers();
    }
    if (!this.#busy) this.#stream.goOn();
  }

  #letOthers(): void {
    this.#busy = true;
    setImmediate(() => this.#ready());
  }

  /** The next packet; a stream that cannot be cut into packets any more is told so and ended. */
  #next(): Buffer | null {
    try {
      return this.#stream.reader.next();
    } catch (error) {
      this.packets.sequence = this.#stream.reader.sequence;
      this.answer.start('text');
      this.answer.error(this.#told(error));
      this.#stream.end();
      return null;
    }
  }

  #carryOut(payload: Buffer): void {
    const step = this.#step;
    this.#step = null;
    this.packets.sequence = this.#stream.reader.sequence;
    try {
      const pending = step ? step(payload) : runCommand(this, payload);
      if (pending) {
        this.#busy = true;
        pending.then(this.#onDone, this.#onFailed);
      } else {
        this.#done();
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #onDone = (): void => this.#done();
  readonly #onFailed = (error: unknown): void => this.#failed(error);

  #done(): void {
    if (this.#step === null) {
      if (!this.answer.complete) this.answer.error(this.#told(new Error('a command ended without an answer')));
      if (this.#loginTimer !== null) this.#loggedIn();
    }
    this.#stream.reader.sequence = this.#step === null ? 0 : this.packets.sequence;
    const drained = this.output.flush();
    if (drained) {
      this.#busy = true;
      // When it rejects the client is gone, and nothing is left to be done.
      drained.then(
        () => this.#ready(),
        () => undefined,
      );
    } else if (this.#busy) {
      this.#ready();
    }
  }

  #ready(): void {
    this.#busy = false;
    this.#work();
  }

  #failed(error: unknown): void {
    this.#step = null;
    if (!this.answer.complete) {
      this.packets.abandon();
      this.answer.error(this.#told(error));
    } else if (!this.#stream.ending && !(error instanceof ConnectionClosed)) {
      this.#parts.log.error('failure after the answer', { thread: this.threadId, error });
    }
    if (this.#loginTimer === null) this.#done();
    else this.#stream.end();
  }

  /** What the client reads of an error: our own mistakes go to the log under a number. */
  #told(error: unknown): ObError {
    if (error instanceof ObError) return error;
    const trace = randomBytes(8).toString('hex');
    if (!(error instanceof ConnectionClosed))
      this.#parts.log.error('internal error', { thread: this.threadId, trace, error });
    return faultText('OB_ERR_UNEXPECTED', `Internal error, trace id: ${trace}`);
  }

  #closed(): void {
    this.#loginTimer?.abort();
    this.#abort.abort();
    this.statements.clear();
    try {
      this.handler.closed();
    } catch (error) {
      this.#parts.log.error('closing a session', { thread: this.threadId, error });
    }
  }
}
