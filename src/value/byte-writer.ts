import { type Charset, encodeText } from './charset.ts';

const firstCapacity = 16_384;
const keptCapacity = 1_048_576;

/** Strings up to this many characters have a one-byte length prefix in UTF-8, whatever the characters are. */
const shortText = 83;
/** Below this a loop over the characters beats the call into the runtime's encoder. */
const loopText = 64;

/** Every character set a client may choose writes these characters as ASCII does. */
const ascii = /^\p{ASCII}*$/u;

/** A buffer that grows: MySQL's little-endian integers and length-encoded strings, one after the other. */
export class ByteWriter {
  /** Valid from 0 to `length`; replaced by a larger one when it grows. */
  bytes: Buffer;
  length = 0;

  constructor(capacity = firstCapacity) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Starts over; a buffer that had grown large is given back. */
  reset(): void {
    this.length = 0;
    if (this.bytes.length > keptCapacity) this.bytes = Buffer.allocUnsafeSlow(firstCapacity);
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    const need = this.length + count;
    if (need > this.bytes.length) this.#grow(need);
  }

  u8(value: number): void {
    this.ensure(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.ensure(2);
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    this.length = length + 2;
  }

  u24(value: number): void {
    this.ensure(3);
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    bytes[length + 2] = value >>> 16;
    this.length = length + 3;
  }

  u32(value: number): void {
    this.ensure(4);
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    bytes[length + 2] = value >>> 16;
    bytes[length + 3] = value >>> 24;
    this.length = length + 4;
  }

  /** Eight bytes, two's complement, from two halves: a number must be a safe integer. */
  i64(value: number | bigint): void {
    if (typeof value === 'number') {
      const high = Math.floor(value / 0x1_0000_0000);
      this.u32(value - high * 0x1_0000_0000);
      this.u32(high);
    } else {
      this.u32(Number(value & 0xffff_ffffn));
      this.u32(Number((value >> 32n) & 0xffff_ffffn));
    }
  }

  f32(value: number): void {
    this.ensure(4);
    this.length = this.bytes.writeFloatLE(value, this.length);
  }

  f64(value: number): void {
    this.ensure(8);
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  raw(source: Uint8Array): void {
    this.ensure(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  zeros(count: number): void {
    this.ensure(count);
    this.bytes.fill(0, this.length, this.length + count);
    this.length += count;
  }

  /** Latin-1 text as it stands. */
  ascii(text: string): void {
    this.ensure(text.length);
    const { bytes, length } = this;
    for (let i = 0; i < text.length; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + text.length;
  }

  lenencInt(value: number | bigint): void {
    if (value < 0xfb) {
      this.u8(Number(value));
    } else if (value <= 0xffff) {
      this.u8(0xfc);
      this.u16(Number(value));
    } else if (value <= 0xff_ffff) {
      this.u8(0xfd);
      this.u24(Number(value));
    } else {
      this.u8(0xfe);
      this.i64(value);
    }
  }

  lenencBytes(source: Uint8Array): void {
    this.lenencInt(source.length);
    this.raw(source);
  }

  /** An integer in digits, length-encoded. Must be a safe integer. */
  lenencDigits(value: number): void {
    if (value >= 0 && value < 10) {
      this.ensure(2);
      this.bytes[this.length++] = 1;
      this.bytes[this.length++] = 48 + value;
    } else if (value > 0 && value < 0x4000_0000) {
      this.#digits(value);
    } else {
      this.lenencAscii(String(value));
    }
  }

  /** Text known to be ASCII and shorter than 251 characters. */
  lenencAscii(text: string): void {
    this.u8(text.length);
    this.ascii(text);
  }

  /** A length-encoded string; UTF-8 unless the character set has a converter. */
  lenencText(text: string, charset: Charset): void {
    if (text.length <= loopText && this.#shortAscii(text)) return;
    if (charset.converter !== null && !ascii.test(text)) {
      this.lenencBytes(encodeText(text, charset));
    } else if (charset.converter !== null) {
      this.lenencInt(text.length);
      this.ensure(text.length);
      this.length += this.bytes.write(text, this.length, 'latin1');
    } else if (text.length <= shortText) {
      this.ensure(1 + 3 * text.length);
      const at = this.length + 1;
      const written = this.bytes.write(text, at, 'utf8');
      this.bytes[at - 1] = written;
      this.length = at + written;
    } else {
      const size = Buffer.byteLength(text, 'utf8');
      this.lenencInt(size);
      this.ensure(size);
      this.length += this.bytes.write(text, this.length, 'utf8');
    }
  }

  /** False, leaving nothing, when there is another character than ASCII. */
  #shortAscii(text: string): boolean {
    const count = text.length;
    this.ensure(1 + count);
    const { bytes } = this;
    const at = this.length + 1;
    for (let i = 0; i < count; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      bytes[at + i] = unit;
    }
    bytes[at - 1] = count;
    this.length = at + count;
    return true;
  }

  #digits(value: number): void {
    this.ensure(11);
    const { bytes } = this;
    let count = 1;
    for (let bound = 10; count < 10 && value >= bound; bound *= 10) count++;
    let at = this.length;
    bytes[at] = count;
    at += count;
    this.length = at + 1;
    for (let rest = value | 0; count > 0; count--) {
      const tenth = (rest / 10) | 0;
      bytes[at--] = 48 + rest - tenth * 10;
      rest = tenth;
    }
  }

  #grow(need: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(need, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length), 0);
    this.bytes = larger;
  }
}
