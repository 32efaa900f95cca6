import { fault, type ObError } from '../base/errors.ts';
import { maxFramePayload } from './protocol.ts';

const headerBytes = 4;
const firstBodyBytes = 262_144;

/**
 * Cuts a byte stream into packets. It is asked for one packet at a time, so that the bytes of pipelined commands wait in
 * it, and what follows an SSLRequest can be taken out as it came. A packet longer than the limit or out of sequence
 * makes `next` throw once and for all: 1153 or 1156.
 */
export class PacketReader {
  #maxPacketBytes: number;
  /** Chunks not looked at; `#at` is the place in the first one. */
  #chunks: Buffer[] = [];
  #at = 0;
  #waitingBytes = 0;
  /** Body under construction, null between packets. */
  #body: Buffer | null = null;
  #bodyBytes = 0;
  /** What the present frame still lacks; -1 while its header is incomplete. */
  #frameRest = -1;
  #frameIsFull = false;
  #broken: ObError | null = null;
  /** Number the next frame must carry; a command begins with 0. */
  sequence = 0;

  constructor(maxPacketBytes: number) {
    this.#maxPacketBytes = maxPacketBytes;
  }

  /** The largest packet from now on. */
  limit(maxPacketBytes: number): void {
    this.#maxPacketBytes = maxPacketBytes;
  }

  /** Bytes that wait behind the packet under construction. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
  }

  /** The next complete packet's payload, null when more bytes are needed. It is valid until the socket reads again. */
  next(): Buffer | null {
    if (this.#broken) throw this.#broken;
    return this.#body === null ? this.#quick() : this.#assemble();
  }

  /** Takes out every byte not yet handed out as a packet. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#chunks).subarray(this.#at);
    this.#chunks = [];
    this.#at = 0;
    this.#waitingBytes = 0;
    return rest;
  }

  /** Nearly every packet is one frame inside one chunk: no copy. */
  #quick(): Buffer | null {
    const chunk = this.#chunks[0];
    if (!chunk) return null;
    const at = this.#at;
    if (chunk.length - at < headerBytes) return this.#waitingBytes < headerBytes ? null : this.#assemble();
    const size = chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16);
    const end = at + headerBytes + size;
    if (size === maxFramePayload || end > chunk.length) return this.#assemble();
    this.#check(size, chunk[at + 3]!);
    this.#skip(end - at);
    return chunk.subarray(at + headerBytes, end);
  }

  #assemble(): Buffer | null {
    for (;;) {
      if (this.#frameRest < 0 && !this.#header()) return null;
      this.#copy();
      if (this.#frameRest > 0) return null;
      this.#frameRest = -1;
      if (!this.#frameIsFull) {
        const packet = this.#body!.subarray(0, this.#bodyBytes);
        this.#body = null;
        this.#bodyBytes = 0;
        return packet;
      }
    }
  }

  #header(): boolean {
    if (this.#waitingBytes < headerBytes) return false;
    let size = 0;
    for (let i = 0; i < 3; i++) size |= this.#byte() << (8 * i);
    this.#check(this.#bodyBytes + size, this.#byte());
    this.#frameIsFull = size === maxFramePayload;
    this.#frameRest = size;
    this.#body ??= Buffer.allocUnsafeSlow(Math.min(size, firstBodyBytes));
    return true;
  }

  /** Moves what there is of the frame into the body, which grows with the bytes that came, not with those announced. */
  #copy(): void {
    while (this.#frameRest > 0) {
      const chunk = this.#chunks[0];
      if (!chunk) return;
      const count = Math.min(this.#frameRest, chunk.length - this.#at);
      const need = this.#bodyBytes + count;
      if (need > this.#body!.length) this.#grow(need);
      chunk.copy(this.#body!, this.#bodyBytes, this.#at, this.#at + count);
      this.#bodyBytes = need;
      this.#frameRest -= count;
      this.#skip(count);
    }
  }

  #grow(need: number): void {
    const whole = this.#bodyBytes + this.#frameRest;
    const doubled = Math.max(need, this.#body!.length * 2);
    const larger = Buffer.allocUnsafeSlow(this.#frameIsFull ? doubled : Math.min(doubled, whole));
    this.#body!.copy(larger, 0, 0, this.#bodyBytes);
    this.#body = larger;
  }

  #check(size: number, sequence: number): void {
    const expected = this.sequence;
    // The error about this frame is numbered behind it.
    this.sequence = (sequence + 1) & 0xff;
    if (sequence !== expected) throw this.#break(fault('ER_NET_PACKETS_OUT_OF_ORDER'));
    if (size > this.#maxPacketBytes) throw this.#break(fault('ER_NET_PACKET_TOO_LARGE'));
  }

  #break(error: ObError): ObError {
    this.#broken = error;
    this.takeRest();
    return error;
  }

  #byte(): number {
    const byte = this.#chunks[0]![this.#at]!;
    this.#skip(1);
    return byte;
  }

  #skip(count: number): void {
    this.#waitingBytes -= count;
    this.#at += count;
    if (this.#at < this.#chunks[0]!.length) return;
    this.#chunks.shift();
    this.#at = 0;
  }
}
