import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { WireLimits } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import { PacketReader } from './packet-reader.ts';
import { SocketOutput } from './socket-output.ts';
import { upgradeToTls } from './tls-upgrade.ts';

export interface PacketStreamParts {
  readonly socket: Socket;
  readonly limits: WireLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes have come; packets may be complete. Not called after `end`. */
  arrived(): void;
  /** Once: the socket is closed. */
  closed(): void;
}

/** A peer that vanished without a word is found out by probes after this time. */
const keepAliveMs = 60_000;

/** How clients leave. */
const quietCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** One client's socket as a stream of packets both ways; encrypted when the client asks for it. */
export class PacketStream {
  readonly reader: PacketReader;
  readonly output: SocketOutput;
  readonly host: string;
  readonly port: number;
  readonly #parts: PacketStreamParts;
  #socket: Socket;
  #tls = false;
  #paused = false;
  #ending = false;

  constructor(parts: PacketStreamParts) {
    const { socket, limits } = parts;
    this.#parts = parts;
    this.#socket = socket;
    this.host = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    this.port = socket.remotePort ?? 0;
    this.reader = new PacketReader(limits.maxLoginPacketBytes);
    this.output = new SocketOutput(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    this.#listen(socket);
    socket.on('close', () => this.#onClose());
  }

  get tls(): boolean {
    return this.#tls;
  }

  /** No packet is read any more; what arrives is dropped. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Stops reading the socket while too much waits in the reader. */
  holdBack(): void {
    if (this.#paused || this.reader.waitingBytes <= this.#parts.limits.maxPipelinedBytes) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** The reader has been emptied. */
  goOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** The client has sent an SSLRequest; what follows it is TLS already. */
  startTls(secureContext: SecureContext): void {
    const raw = this.#socket;
    raw.removeAllListeners('data');
    raw.removeAllListeners('drain');
    const secure = upgradeToTls(raw, this.reader.takeRest(), secureContext);
    this.#tls = true;
    this.#socket = secure;
    this.output.attach(secure);
    this.#listen(secure);
    secure.on('close', () => raw.destroy());
  }

  /** Sends what is written and closes; the client is read on for a while, or a reset would eat the last answer. */
  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const { clock, limits } = this.#parts;
    this.output.flush()?.catch(() => undefined);
    this.#socket.end();
    this.#socket.resume();
    const linger = new AbortController();
    this.#socket.once('close', () => linger.abort());
    const destroy = () => this.destroy();
    clock.sleep(limits.lingerMs, linger.signal).then(destroy, destroy);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      if (this.#ending) return;
      this.reader.push(chunk);
      this.#parts.arrived();
    });
    socket.on('drain', () => this.output.drained());
    // Without a listener on both sockets, the raw one and the encrypted one, a client that leaves ends the process.
    socket.on('error', (error) => {
      if ('code' in error && quietCodes.has(String(error.code))) return;
      this.#parts.log.warn('socket error', { host: this.host, reason: error.message });
    });
  }

  #onClose(): void {
    this.#ending = true;
    this.reader.takeRest();
    this.output.closed();
    this.#parts.closed();
  }
}
