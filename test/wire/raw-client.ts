import { connect, type Socket } from 'node:net';
import { nativeResponse } from '../../src/wire/auth.ts';
import { capability } from '../../src/wire/protocol.ts';

export const clientFlags =
  (capability.PROTOCOL_41 | capability.SECURE_CONNECTION | capability.PLUGIN_AUTH | capability.FOUND_ROWS) >>> 0;

/** A packet as it came. */
export interface Packet {
  readonly sequence: number;
  readonly payload: Buffer;
}

/** A client that sends what a test tells it, well-formed or not. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  /** Chunks as the socket gave them out. */
  readonly chunks: Buffer[] = [];
  #bytes = Buffer.alloc(0);
  #waiting: (() => void) | null = null;
  closed = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#waiting?.();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      this.#waiting?.();
    });
  }

  /** The next packet; null when the server has closed. */
  async packet(): Promise<Packet | null> {
    for (;;) {
      if (this.#bytes.length >= 4) {
        const size = this.#bytes.readUIntLE(0, 3);
        if (this.#bytes.length >= 4 + size) {
          const found = { sequence: this.#bytes[3]!, payload: this.#bytes.subarray(4, 4 + size) };
          this.#bytes = this.#bytes.subarray(4 + size);
          return found;
        }
      }
      if (this.closed) return null;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  /** Takes the socket's bytes away from this client, those not read included. */
  handOver(receive: (chunk: Buffer) => void): void {
    this.socket.removeAllListeners('data');
    this.socket.on('data', receive);
  }

  async packets(count: number): Promise<Packet[]> {
    const found: Packet[] = [];
    while (found.length < count) found.push((await this.packet())!);
    return found;
  }

  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => (this.#waiting = resolve));
  }

  send(payload: Uint8Array | string, sequence = 0): void {
    this.socket.write(frame(payload, sequence));
  }

  /** Greeting and login; returns the server's last packet. */
  async login(user = 'root', password = 'secret', options: LoginOptions = {}): Promise<Packet> {
    const greeting = (await this.packet())!.payload;
    const at = greeting.indexOf(0) + 5;
    const salt = Buffer.concat([greeting.subarray(at, at + 8), greeting.subarray(at + 27, at + 39)]);
    this.send(loginPayload(user, nativeResponse(password, salt), options), 1);
    return (await this.packet())!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.end();
  }
}

export interface LoginOptions {
  readonly flags?: number;
  readonly collation?: number;
  readonly plugin?: string;
}

export function loginPayload(user: string, response: Buffer, options: LoginOptions = {}): Buffer {
  const fixed = Buffer.alloc(32);
  fixed.writeUInt32LE((options.flags ?? clientFlags) >>> 0);
  fixed[8] = options.collation ?? 45;
  const tail = Buffer.from(`${options.plugin ?? 'mysql_native_password'}\0`);
  return Buffer.concat([fixed, Buffer.from(`${user}\0`), Buffer.of(response.length), response, tail]);
}

export function frame(payload: Uint8Array | string, sequence = 0): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, body]);
}
