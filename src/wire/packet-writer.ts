import { ByteWriter } from '../value/byte-writer.ts';
import { maxFramePayload } from './protocol.ts';

const maxIdle = 64;
const maxIdleBytes = 262_144;
const idle: Buffer[] = [];

/**
 * Packets of one answer in one growing buffer. Between answers it holds no memory: the buffer goes back to a pool, or to
 * the socket when the socket could not send it at once.
 */
export class PacketWriter extends ByteWriter {
  /** Number the next frame gets; every answer to a command starts at 1. */
  sequence = 1;
  #head = -1;

  constructor() {
    super(0);
  }

  override ensure(count: number): void {
    if (this.bytes.length === 0) this.bytes = idle.pop() ?? Buffer.allocUnsafeSlow(16_384);
    super.ensure(count);
  }

  /** Starts a packet; its fields are written next, then `end`. */
  begin(): void {
    this.ensure(4);
    this.#head = this.length;
    this.length += 4;
  }

  /** Closes the packet begun last and fills in length and sequence number; a long one is split into frames. */
  end(): void {
    const head = this.#head;
    this.#head = -1;
    const size = this.length - head - 4;
    if (size >= maxFramePayload) {
      const payload = Buffer.from(this.bytes.subarray(head + 4, this.length));
      this.length = head;
      this.longPacket(payload);
      return;
    }
    const { bytes } = this;
    bytes[head] = size;
    bytes[head + 1] = size >>> 8;
    bytes[head + 2] = size >>> 16;
    bytes[head + 3] = this.sequence;
    this.sequence = (this.sequence + 1) & 0xff;
  }

  /** Drops a packet that was begun and not ended. */
  abandon(): void {
    if (this.#head >= 0) this.length = this.#head;
    this.#head = -1;
  }

  /** Copies framed packets in and numbers them. */
  packets(framed: Uint8Array): void {
    const start = this.length;
    this.raw(framed);
    this.sequence = numberFrames(this.bytes, start, this.length, this.sequence);
  }

  /** A payload of 0xFFFFFF bytes or more: full frames and a last, possibly empty one. */
  longPacket(payload: Uint8Array): void {
    for (const frame of framesOf(payload, this.sequence)) {
      this.raw(frame.header);
      this.raw(frame.body);
      this.sequence = (this.sequence + 1) & 0xff;
    }
  }

  /** What has been written; the caller gives it back with `release` or keeps it. */
  take(): Buffer {
    const written = this.bytes.subarray(0, this.length);
    this.length = 0;
    this.#head = -1;
    return written;
  }

  /** After `take`: the bytes have left (`free`), or the buffer belongs to the socket now. */
  release(free: boolean): void {
    if (free && this.bytes.length <= maxIdleBytes && idle.length < maxIdle) idle.push(this.bytes);
    this.bytes = noBytes;
  }
}

const noBytes = Buffer.alloc(0);

/** Writes sequence numbers into frames that lie back to back; returns the next number. */
export function numberFrames(bytes: Uint8Array, start: number, end: number, sequence: number): number {
  let next = sequence;
  for (let at = start; at < end; ) {
    bytes[at + 3] = next;
    next = (next + 1) & 0xff;
    at += 4 + (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16));
  }
  return next;
}

/** The frames of a payload too long for one: header and a view of the body. */
export function framesOf(payload: Uint8Array, sequence: number): { header: Buffer; body: Uint8Array }[] {
  const frames: { header: Buffer; body: Uint8Array }[] = [];
  for (let at = 0; ; at += maxFramePayload) {
    const body = payload.subarray(at, at + maxFramePayload);
    const header = Buffer.alloc(4);
    header.writeUIntLE(body.length, 0, 3);
    header[3] = (sequence + frames.length) & 0xff;
    frames.push({ header, body });
    if (body.length < maxFramePayload) return frames;
  }
}
