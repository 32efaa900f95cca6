import type { Socket } from 'node:net';
import { ConnectionClosed } from './command-handler.ts';
import { PacketWriter } from './packet-writer.ts';

/**
 * The sending side of a socket. Packets are collected and leave in one write; a slow client is waited for. What is sent
 * to a client that has left is dropped.
 */
export class SocketOutput {
  readonly packets = new PacketWriter();
  /** The one the network knows, also below an encrypted one. */
  readonly #raw: Socket & WithHandle;
  #socket: Socket;
  #waiter: PromiseWithResolvers<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Who waits for a client may hold a transaction, a thread and the tenant's log: it is turned out when it takes nothing for so long. */
  writeTimeoutMs = 60_000;

  constructor(socket: Socket) {
    this.#raw = socket;
    this.#socket = socket;
  }

  /** Goes on with another socket: the encrypted one on top of the first. */
  attach(socket: Socket): void {
    this.#socket = socket;
  }

  get gone(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }

  /** Sends what was collected. A promise when the client is slow; it rejects with `ConnectionClosed`. */
  flush(): Promise<void> | undefined {
    const { packets } = this;
    if (packets.length === 0) return undefined;
    const written = packets.take();
    if (this.gone) {
      packets.release(true);
      return undefined;
    }
    this.#socket.write(written);
    packets.release(this.#socket.writableLength === 0);
    return this.#wait();
  }

  /**
   * Sends what was collected and then `bytes` without a copy. They must be at least the socket's high-water mark, so
   * that a promise is returned for as long as the socket needs them.
   */
  send(bytes: Uint8Array): Promise<void> | undefined {
    const { packets } = this;
    if (this.gone) throw new ConnectionClosed();
    const written = packets.take();
    this.#socket.cork();
    if (written.length > 0) this.#socket.write(written);
    this.#socket.write(bytes);
    this.#socket.uncork();
    packets.release(this.#socket.writableLength === 0);
    return this.#wait();
  }

  /** The smallest piece `send` takes. */
  get sendBytes(): number {
    return this.#socket.writableHighWaterMark;
  }

  drained(): void {
    this.#waiter?.resolve();
    this.#forgetWaiter();
  }

  closed(): void {
    this.packets.take();
    this.packets.release(true);
    this.#waiter?.reject(new ConnectionClosed());
    this.#forgetWaiter();
  }

  #forgetWaiter(): void {
    this.#waiter = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #wait(): Promise<void> | undefined {
    if (this.#socket.writableLength === 0 || !this.#socket.writableNeedDrain) return undefined;
    this.#waiter ??= Promise.withResolvers();
    if (this.#timer === null) this.#watch();
    return this.#waiter.promise;
  }

  /** The socket drains when all has left, and that may be 16 MiB: until then it counts whether any of it leaves. */
  #watch(): void {
    const sentBytes = this.#sentBytes();
    const look = () => {
      if (this.#timer !== timer) return;
      if (this.#sentBytes() === sentBytes) this.#socket.destroy();
      else this.#watch();
    };
    // A turn later: after a pause of this thread the timers come before the socket could send on.
    const timer = setTimeout(() => setImmediate(look), Math.min(this.writeTimeoutMs, longestTimerMs)).unref();
    this.#timer = timer;
  }

  /** What the kernel took. Node's sockets count what waits as written; their handle knows how much of it waits. */
  #sentBytes(): number {
    const handle = this.#raw._handle;
    return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
  }
}

interface WithHandle {
  readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
}

/** Beyond this a timer of Node fires at once. */
const longestTimerMs = 2 ** 31 - 1;
