/** Appends numbers as little-endian base-128, seven bits a byte. */
export class VarintWriter {
  #bytes = Buffer.alloc(1024);
  #length = 0;

  put(value: bigint): void {
    if (this.#length + 10 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#length)]);
    let rest = value;
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads them back; throws an Error at a number that is cut off or wider than 64 bits. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number is cut off');
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}
