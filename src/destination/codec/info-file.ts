import { ByteReader } from './bytes.ts';
import { damaged, decodeInfoFile, encodeInfoFile } from './common-header.ts';
import { encodeField, type Field } from './fields.ts';

/**
 * A kind of info file. `decode` throws -4002, -4016 or -4103 in the documented order of checks; `encode` throws a
 * RangeError for values that do not fit, which is a bug of the caller.
 */
export interface InfoFile<T> {
  readonly dataType: number;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** Makes the codec of one file kind. `sane` is the last check: false means -4016. */
export function infoFile<T>(
  dataType: number,
  content: Field<T>,
  sane: (value: T) => boolean = () => true,
): InfoFile<T> {
  return {
    dataType,
    encode: (value) => encodeInfoFile(dataType, encodeField(content, value)),
    decode(bytes) {
      const from = new ByteReader(decodeInfoFile(bytes, dataType));
      const value = content.read(from);
      if (from.remaining > 0) throw damaged('has bytes behind its content');
      if (!sane(value)) throw damaged('has impossible content');
      return value;
    },
  };
}

/** The value a codec carries: `ValueIn<typeof setInfo>`. */
export type ValueIn<F> = F extends Field<infer T> ? T : F extends InfoFile<infer T> ? T : never;
