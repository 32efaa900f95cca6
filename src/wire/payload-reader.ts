import { fault } from '../base/errors.ts';

/** Reads the fields of one packet in order. Running over the end throws 1835, whatever the client sent. */
export class PayloadReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get rest(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }

  i64(): bigint {
    return this.bytes.readBigInt64LE(this.#take(8));
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.#take(8));
  }

  f32(): number {
    return this.bytes.readFloatLE(this.#take(4));
  }

  f64(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }

  /** A length: null for the NULL mark 0xFB. Lengths no packet can hold count as malformed. */
  lenencInt(): number | null {
    const first = this.u8();
    if (first < 0xfb) return first;
    if (first === 0xfb) return null;
    if (first === 0xfc) return this.u16();
    if (first === 0xfd) return this.bytes.readUIntLE(this.#take(3), 3);
    const long = first === 0xfe ? this.u64() : -1n;
    if (long < 0n || long > 0xffff_ffffn) throw fault('ER_MALFORMED_PACKET');
    return Number(long);
  }

  /** A view, not a copy. */
  slice(count: number): Buffer {
    const start = this.#take(count);
    return this.bytes.subarray(start, start + count);
  }

  lenencBytes(): Buffer {
    const count = this.lenencInt();
    if (count === null) throw fault('ER_MALFORMED_PACKET');
    return this.slice(count);
  }

  /** Bytes up to a NUL, which is consumed; without one, all the rest. */
  nulBytes(): Buffer {
    const end = this.bytes.indexOf(0, this.at);
    const found = this.bytes.subarray(this.at, end < 0 ? this.bytes.length : end);
    this.at = end < 0 ? this.bytes.length : end + 1;
    return found;
  }

  #take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) throw fault('ER_MALFORMED_PACKET');
    this.at = start + count;
    return start;
  }
}
