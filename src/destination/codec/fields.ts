import { type ByteReader, ByteWriter } from './bytes.ts';
import { damaged } from './common-header.ts';

/** How one kind of value lies in a payload. Reading checks, writing trusts its types. */
export interface Field<T> {
  write(out: ByteWriter, value: T): void;
  read(from: ByteReader): T;
  /** Value of a member an older writer did not have. */
  readonly missing?: T;
}

/** Signed 64-bit as a number; values outside the safe range are -4016. */
export const int: Field<number> = {
  write: (out, value) => out.varint(BigInt(value)),
  read(from) {
    const value = Number(BigInt.asIntN(64, from.varint()));
    if (!Number.isSafeInteger(value)) throw damaged('holds a number that is too large');
    return value;
  },
};

/** Signed 64-bit as a bigint: byte counts, versions. */
export const bigInt: Field<bigint> = {
  write: (out, value) => out.varint(value),
  read: (from) => BigInt.asIntN(64, from.varint()),
};

/** An SCN, unsigned nanoseconds. */
export const scn: Field<bigint> = {
  write: (out, value) => out.varint(value),
  read: (from) => from.varint(),
};

/** Signed 32-bit: varint of the 32-bit value, so a negative one takes five bytes. */
export const int32: Field<number> = {
  write: (out, value) => out.varint(BigInt(value >>> 0)),
  read(from) {
    const value = from.varint();
    if (value >= 1n << 32n) throw damaged('holds a number that is too large');
    return Number(BigInt.asIntN(32, value));
  },
};

export const bool: Field<boolean> = {
  write: (out, value) => out.byte(value ? 1 : 0),
  read(from) {
    const value = from.byte();
    if (value > 1) throw damaged('holds a truth value that is none');
    return value === 1;
  },
};

/** One of `words`, stored as its place. */
export function word<const W extends readonly string[]>(words: W, first = 0): Field<W[number]> {
  return {
    write(out, value) {
      const place = words.indexOf(value);
      if (place < 0) throw new RangeError(`'${value}' is none of ${words.join(', ')}`);
      out.varint(BigInt(place + first));
    },
    read(from) {
      const place = from.varint() - BigInt(first);
      const value = place >= 0n && place < BigInt(words.length) ? words[Number(place)] : undefined;
      if (value === undefined) throw damaged('holds an unknown word number');
      return value;
    },
  };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Fixed-length string of at most `maxBytes`: an object with length + 1, the bytes and a zero. */
export function text(maxBytes: number): Field<string> {
  return {
    write(out, value) {
      const bytes = Buffer.from(value, 'utf8');
      if (bytes.length > maxBytes || bytes.includes(0))
        throw new RangeError(`text of ${bytes.length} bytes does not fit into ${maxBytes}`);
      out.object((body) => {
        body.varint(BigInt(bytes.length + 1));
        body.bytes(bytes);
        body.byte(0);
      });
    },
    read: (from) => from.object(() => readText(from, maxBytes)),
  };
}

function readText(from: ByteReader, maxBytes: number): string {
  const length = from.varint() - 1n;
  if (length < 0n || length > BigInt(maxBytes)) throw damaged('holds a text that is too long');
  const bytes = from.bytes(Number(length));
  if (from.byte() !== 0 || bytes.includes(0)) throw damaged('holds a text without its end');
  try {
    return strictUtf8.decode(bytes);
  } catch (error) {
    throw Object.assign(damaged('holds a text that is not UTF-8'), { cause: error });
  }
}

/** Count, then the elements. */
export function list<T>(element: Field<T>): Field<readonly T[]> {
  return {
    write(out, values) {
      out.varint(BigInt(values.length));
      for (const value of values) element.write(out, value);
    },
    read(from) {
      const count = from.varint();
      // Every element takes a byte at least; a larger count must not make us reserve memory.
      if (count > BigInt(from.remaining)) throw damaged('holds a list that is cut off');
      return Array.from({ length: Number(count) }, () => element.read(from));
    },
  };
}

type Members = Readonly<Record<string, Field<never>>>;
type ValueOf<M> = { readonly [K in keyof M]: M[K] extends Field<infer T> ? T : never };

/** Members one after another inside an object. A body that ends early leaves `since` members at their defaults. */
export function object<const M extends { readonly [K in keyof M]: M[K] }>(members: M): Field<ValueOf<M>> {
  const fields = Object.entries(members as Members) as [string, Field<unknown>][];
  return {
    write(out, value) {
      const record = value as Readonly<Record<string, unknown>>;
      out.object((body) => {
        for (const [name, field] of fields) field.write(body, record[name]);
      });
    },
    read: (from) =>
      from.object(() => {
        const record: Record<string, unknown> = {};
        for (const [name, field] of fields)
          record[name] = from.remaining === 0 && 'missing' in field ? field.missing : field.read(from);
        return record as ValueOf<M>;
      }),
  };
}

/** A member that writers of earlier releases did not have. */
export function since<T>(field: Field<T>, missing: T): Field<T> {
  return { write: field.write, read: field.read, missing };
}

/** An object of a single member, shown as that member: backup type, piece status, log stream id. */
export function wrapped<T>(member: Field<T>): Field<T> {
  return {
    write: (out, value) => out.object((body) => member.write(body, value)),
    read: (from) => from.object(() => member.read(from)),
  };
}

/** The bytes of one value alone. */
export function encodeField<T>(field: Field<T>, value: T): Uint8Array {
  const out = new ByteWriter();
  field.write(out, value);
  return out.done();
}
