import { damaged } from './common-header.ts';

/** Collects payload bytes. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** 7 bits a byte, low group first; negative values as their 64-bit two's complement. */
  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Version 1, the body's length in exactly five bytes, the body. */
  object(body: (out: ByteWriter) => void): void {
    this.varint(1n);
    const at = this.#length;
    this.bytes(new Uint8Array(5));
    body(this);
    let length = this.#length - at - 5;
    for (let i = 0; i < 5; i++) {
      this.#bytes[at + i] = (length & 0x7f) | (i < 4 ? 0x80 : 0);
      length = Math.floor(length / 128);
    }
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(0, this.#length));
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Takes payload bytes apart; every step past the end is -4016. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Bytes left in the innermost object. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) throw damaged('ends too early');
    return this.#bytes[this.#at++] ?? 0;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const next = this.byte();
      value |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) {
        if (value >= 1n << 64n) break;
        return value;
      }
    }
    throw damaged('holds a number of more than 64 bits');
  }

  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw damaged('ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Reads one object; members a later release appended behind those `body` reads are passed over. */
  object<T>(body: () => T): T {
    if (this.varint() !== 1n) throw damaged('holds an object of another version');
    const length = this.#objectLength();
    if (length > this.remaining) throw damaged('holds an object that is cut off');
    const outerEnd = this.#end;
    this.#end = this.#at + length;
    const result = body();
    this.#at = this.#end;
    this.#end = outerEnd;
    return result;
  }

  #objectLength(): number {
    let length = 0;
    for (let i = 0; i < 5; i++) {
      const next = this.byte();
      if (next >= 0x80 !== i < 4) throw damaged('holds an object with an unreadable length');
      length += (next & 0x7f) * 128 ** i;
    }
    return length;
  }
}
