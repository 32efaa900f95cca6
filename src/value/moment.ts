import type { ByteWriter } from './byte-writer.ts';
import { civilOfDays } from './calendar.ts';
import { fixedOffsetUs, offsetAtUs } from './time-zone.ts';

/** Columns of an answer whose cells are microseconds since 1970 UTC, and the session's zone their text is written in. */
export interface Moments {
  readonly zone: string;
  /** Their places, in ascending order. */
  readonly at: readonly number[];
}

const daySeconds = 86_400;
/** Seconds of the years 0 to 9999, as datetimes have them. */
const firstSecond = -62_167_219_200;
const lastSecond = 253_402_300_799;
/** Zones change their offset at quarters of an hour, but for a few long ago. */
const blockSeconds = 900;
const mostBlocks = 10_000;
const textBytes = 26;

const zones = new Map<string, ZoneMoments>();
const mostZones = 200;

/** The writer of a zone: an offset, a name or SYSTEM. It is shared and keeps the days and offsets it has met. */
export function momentsOf(zone: string): ZoneMoments {
  const key = zone.length === 6 && zone.toUpperCase() === 'SYSTEM' ? `${zone} ${process.env.TZ ?? ''}` : zone;
  let known = zones.get(key);
  if (!known) {
    if (zones.size >= mostZones) zones.clear();
    known = new ZoneMoments(zone);
    zones.set(key, known);
  }
  return known;
}

/** Writes microseconds since 1970 UTC as `YYYY-MM-DD HH:MM:SS.ffffff` of one zone. */
export class ZoneMoments {
  readonly #zone: string;
  /** Seconds; null for a zone with a name. */
  readonly #fixed: number | null;
  /** By block: the offset all of its seconds have, null when it changes inside. */
  readonly #offsets = new Map<number, number | null>();
  #day = Number.NaN;
  readonly #text = Buffer.from('0000-00-00 00:00:00.000000');
  #second = Number.NaN;

  constructor(zone: string) {
    this.#zone = zone;
    const fixed = fixedOffsetUs(zone);
    this.#fixed = fixed === null ? null : fixed / 1_000_000;
  }

  /** True within the years 0 to 9999. */
  has(us: number | bigint): boolean {
    return isWithin(wholeSeconds(us));
  }

  /** The text, null for a moment outside of the years 0 to 9999. */
  text(us: number | bigint): string | null {
    return this.#fill(us) ? this.#text.toString('latin1') : null;
  }

  /** The same as a length-encoded string, or the protocol's NULL. */
  write(out: ByteWriter, us: number | bigint): void {
    if (!this.#fill(us)) {
      out.u8(0xfb);
      return;
    }
    out.ensure(textBytes + 1);
    const { bytes, length } = out;
    const text = this.#text;
    bytes[length] = textBytes;
    for (let i = 0; i < textBytes; i++) bytes[length + 1 + i] = text[i]!;
    out.length = length + textBytes + 1;
  }

  #fill(us: number | bigint): boolean {
    const second = wholeSeconds(us);
    const micro = typeof us === 'bigint' ? Number(us - BigInt(second) * 1_000_000n) : us - second * 1_000_000;
    if (!isWithin(second)) return false;
    if (second !== this.#second) this.#fillSecond(second);
    const text = this.#text;
    const high = (micro / 1000) | 0;
    const low = micro - high * 1000;
    threeDigits(text, 20, high);
    threeDigits(text, 23, low);
    return true;
  }

  #fillSecond(second: number): void {
    const moved = second + (this.#fixed ?? this.#offsetAt(second));
    // A moment without a local form is shown in UTC.
    const local = isWithin(moved) ? moved : second;
    const day = Math.floor(local / daySeconds);
    if (day !== this.#day) this.#fillDay(day);
    const rest = local - day * daySeconds;
    const hour = (rest / 3600) | 0;
    const minute = ((rest - hour * 3600) / 60) | 0;
    twoDigits(this.#text, 11, hour);
    twoDigits(this.#text, 14, minute);
    twoDigits(this.#text, 17, rest - hour * 3600 - minute * 60);
    this.#second = second;
  }

  #fillDay(days: number): void {
    const { year, month, day } = civilOfDays(days);
    twoDigits(this.#text, 0, (year / 100) | 0);
    twoDigits(this.#text, 2, year % 100);
    twoDigits(this.#text, 5, month);
    twoDigits(this.#text, 8, day);
    this.#day = days;
  }

  /** Seconds a zone with a name is ahead of UTC. */
  #offsetAt(second: number): number {
    const block = Math.floor(second / blockSeconds);
    let offset = this.#offsets.get(block);
    if (offset === undefined) {
      const first = this.#ask(block * blockSeconds);
      offset = first === this.#ask((block + 1) * blockSeconds - 1) ? first : null;
      if (this.#offsets.size >= mostBlocks) this.#offsets.clear();
      this.#offsets.set(block, offset);
    }
    return offset ?? this.#ask(second);
  }

  #ask(second: number): number {
    return offsetAtUs(this.#zone, second * 1_000_000) / 1_000_000;
  }
}

function isWithin(second: number): boolean {
  return second >= firstSecond && second <= lastSecond;
}

function wholeSeconds(us: number | bigint): number {
  if (typeof us === 'number') return Math.floor(us / 1_000_000);
  const cut = us / 1_000_000n;
  return Number(us < 0n && cut * 1_000_000n !== us ? cut - 1n : cut);
}

function twoDigits(text: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  text[at] = 48 + tens;
  text[at + 1] = 48 + value - tens * 10;
}

function threeDigits(text: Uint8Array, at: number, value: number): void {
  const hundreds = (value / 100) | 0;
  text[at] = 48 + hundreds;
  twoDigits(text, at + 1, value - hundreds * 100);
}
