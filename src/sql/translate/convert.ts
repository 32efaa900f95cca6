import type { ColumnType } from '../../value/column-type.ts';
import { isUnsigned64 } from '../../value/unsigned.ts';
import { memberSeparator } from '../functions/internal-functions.ts';
import { bind, call, type Fragment, quoteText, raw, sql } from './fragment.ts';
import {
  bigint,
  category,
  datetime,
  double,
  isNumeric,
  isTemporal,
  isWhole64,
  kindOf,
  type Typed,
  typed,
  unsignedBigint,
  varchar,
} from './typed.ts';

/**
 * Changes of form. All of them take an expression in working form and give SQLite text of the form named; NULL stays
 * NULL. Functions called `my_…` are those of `functions/`.
 */

/** Looks at integer arithmetic that may have left 64 bits. */
export function settle(value: Typed): Typed {
  if (value.unchecked === undefined) return value;
  const { unchecked, ...rest } = value;
  const name = value.type.unsigned ? 'my_check_unsigned' : 'my_check_integer';
  return { ...rest, sql: call(name, value.sql, raw(quoteText(unchecked))) };
}

/** Stored UTC text to the session's zone: SQLite's own arithmetic for offsets, ours for zone names and zero dates. */
export function localText(value: Typed): Fragment {
  const zone = bind({ from: 'context', name: 'timeZone' });
  const fraction = value.type.scale ? sql` || substr(${value.sql}, 20)` : raw('');
  const head = value.type.scale ? sql`substr(${value.sql}, 1, 19)` : value.sql;
  return sql`coalesce(datetime(${head}, ${zone})${fraction}, my_local(${value.sql}))`;
}

/** Timestamps become datetimes of the session; everything else stays. */
export function local(value: Typed): Typed {
  return kindOf(value) === 'timestamp' ? typed(localText(value), datetime(value.type.scale ?? 0)) : value;
}

export function asText(value: Typed): Fragment {
  if (value.bind) return value.bind({ to: 'text' });
  const { type } = value;
  switch (category(type)) {
    case 'integer':
      if (isUnsigned64(type)) return sql`CAST(${numberForm(value, 'my_unsigned_text')} AS TEXT)`;
      return type.name === 'year'
        ? sql`iif(${value.sql} IS NULL, NULL, printf('%04d', ${value.sql}))`
        : sql`CAST(${value.sql} AS TEXT)`;
    case 'decimal':
      return sql`my_decimal_text(${value.exact ?? value.sql}, ${type.scale ?? 0})`;
    case 'double':
      if (type.scale !== undefined) return sql`my_decimal_text(${value.sql}, ${type.scale})`;
      return call(type.name === 'float' ? 'my_float_text' : 'my_double_text', value.sql);
    case 'timestamp':
      return localText(value);
    case 'time':
      return sql`my_time_text(${value.sql}, ${type.scale ?? 0})`;
    default:
      return value.sql;
  }
}

/** Text of characters: byte strings are read as UTF-8. */
export function asCharacters(value: Typed): Fragment {
  return kindOf(value) === 'binary' ? sql`CAST(${asText(value)} AS TEXT)` : asText(value);
}

export function asBytes(value: Typed): Fragment {
  if (value.bind) return value.bind({ to: 'bytes' });
  return kindOf(value) === 'binary' ? value.sql : sql`CAST(${asText(value)} AS BLOB)`;
}

/** 64 unsigned bits as a number to SQLite: our function is asked for what it keeps as bytes, if that is cheap to tell. */
function numberForm(value: Typed, name: string): Fragment {
  const { sql: own } = value;
  return isPlainName(own) ? raw(`iif(typeof(${own.text})='blob',${name}(${own.text}),${own.text})`) : call(name, own);
}

/** A column: to name it several times costs nothing. */
export function isPlainName({ text, binds }: Fragment): boolean {
  return binds.length === 0 && /^\w+\.("(?:[^"]|"")*"|\w+)$/.test(text);
}

/** INTEGER or REAL. */
export function asNumber(value: Typed): Fragment {
  const checked = settle(value);
  if (checked.bind && !isTemporal(kindOf(checked))) return checked.bind({ to: 'number' });
  switch (kindOf(checked)) {
    case 'integer':
      return isWhole64(checked) ? numberForm(checked, 'my_unsigned_number') : checked.sql;
    case 'decimal':
    case 'double':
    case 'null':
      return checked.sql;
    case 'date':
    case 'datetime':
    case 'timestamp':
      return call('my_datetime_number', asText(checked));
    case 'time':
      return call('my_time_number', checked.sql);
    case 'json':
      return call('my_number', call('my_json_scalar', checked.sql));
    default:
      if (checked.type.name === 'enum' || checked.type.name === 'set') return memberNumber(checked);
      return call(checked.showsMoment ? 'my_moment_number' : 'my_number', checked.sql);
  }
}

/** Hexadecimal and bit literals among numbers are integers of 64 bits without a sign; everything else stays. */
export function besideNumbers(value: Typed): Typed {
  if (!value.bind || (value.literal?.type !== 'hex' && value.literal?.type !== 'bit')) return value;
  return typed(value.bind({ to: 'unsigned' }), unsignedBigint, { nullable: false });
}

/** Number of an enum or set value. */
export function memberNumber(value: Typed): Fragment {
  const members = quoteText((value.type.values ?? []).join(memberSeparator));
  return call(value.type.name === 'enum' ? 'my_enum_number' : 'my_set_number', value.sql, raw(members));
}

/**
 * The value without loss, for functions of ours: a number, decimal text where a REAL would lose digits (moments with a
 * fraction have twenty of them), or the bytes of 64 unsigned bits.
 */
export function asExact(value: Typed): Fragment {
  if (isWhole64(value)) return value.sql;
  const checked = value.exact ? value : settle(value);
  if (checked.exact) return checked.exact;
  const kind = kindOf(checked);
  if ((checked.type.scale ?? 0) === 0 || !isTemporal(kind)) return asNumber(checked);
  const text = asText(checked);
  return kind === 'time'
    ? sql`replace(${text}, ':', '')`
    : sql`replace(replace(replace(${text}, '-', ''), ':', ''), ' ', '')`;
}

/** The numeric type an operand has in arithmetic. */
export function numberType(value: Typed): ColumnType {
  const { type } = value;
  if (value.unknown) return double;
  const kind = category(type);
  if (isNumeric(kind)) return type;
  if (kind === 'null') return bigint;
  if (kind === 'date') return bigint;
  if (kind === 'binary' && value.literal) return bigint;
  if (kind === 'datetime' || kind === 'timestamp' || kind === 'time')
    return type.scale ? { name: 'decimal', precision: 14 + type.scale, scale: type.scale } : bigint;
  return double;
}

/** INTEGER, fractions rounded, those of texts cut off. */
export function asInteger(value: Typed): Fragment {
  const checked = settle(value);
  if (checked.bind && !isTemporal(kindOf(checked)))
    return checked.bind({ to: kindOf(checked) === 'text' ? 'leading' : 'integer' });
  if (isWhole64(checked)) return sql`min(${checked.sql}, 9223372036854775807)`;
  if (kindOf(checked) === 'integer') return checked.sql;
  if (kindOf(checked) === 'text' && !checked.type.values && !checked.showsMoment)
    return call('my_integer_text', checked.sql);
  return call(kindOf(checked) === 'double' ? 'my_integer_even' : 'my_integer', asNumber(checked));
}

/** 64 unsigned bits for bit operators. */
export function asBits(value: Typed): Fragment {
  if (value.wide) return call('my_cast_unsigned', value.exact!);
  if (value.bits) return value.bits;
  return isWhole64(value) ? numberForm(value, 'my_unsigned_bits') : call('my_bits', asNumber(value));
}

/** Truth: 0 is false, texts count as numbers. */
export function asBoolean(value: Typed): Fragment {
  if (value.bind) return value.bind({ to: 'number' });
  const kind = kindOf(value);
  if (isWhole64(value)) return sql`min(${value.sql}, 1)`;
  return isNumeric(kind) || kind === 'null' ? settle(value).sql : asNumber(value);
}

/** Date or datetime text of the session; texts and numbers are read leniently, what is none becomes NULL. */
export function asDateTime(value: Typed): Fragment {
  switch (kindOf(value)) {
    case 'date':
    case 'datetime':
      return value.bind ? value.bind({ to: kindOf(value) as 'date' | 'datetime' }) : value.sql;
    case 'timestamp':
      return localText(value);
    case 'time':
      return call('my_time_datetime', value.sql);
    default:
      return call('my_to_datetime', value.bind ? value.bind() : value.sql);
  }
}

/** Signed microseconds. */
export function asTime(value: Typed): Fragment {
  if (kindOf(value) === 'time') return value.bind ? value.bind({ to: 'time' }) : value.sql;
  if (kindOf(value) === 'date') return sql`iif(${asDateTime(value)} IS NULL, NULL, 0)`;
  const local = kindOf(value) === 'timestamp' ? localText(value) : value.bind ? value.bind() : value.sql;
  return call('my_to_time', local);
}

/** The form of an answer's cell: see "Values" in the contract of the sources. */
export function asOutput(value: Typed): Fragment {
  const checked = settle(value);
  switch (kindOf(checked)) {
    case 'timestamp':
      return localText(checked);
    case 'time':
      return sql`my_time_text(${checked.sql}, ${checked.type.scale ?? 0})`;
    case 'decimal':
      if (checked.wide) return checked.exact!;
      return checked.exact ? sql`my_decimal_text(${checked.exact}, ${checked.type.scale ?? 0})` : checked.sql;
    default:
      return checked.sql;
  }
}

/** Working form of another type, for branches that meet in one result. */
export function convertTo(value: Typed, type: ColumnType): Fragment {
  const checked = settle(value);
  const from = kindOf(checked);
  const to = category(type);
  if (from === 'null') return checked.sql;
  if (checked.unknown) return to === 'text' ? asText(checked) : isNumeric(to) ? asNumber(checked) : checked.sql;
  switch (to) {
    case 'text':
      return asCharacters(checked);
    case 'binary':
      return asBytes(checked);
    case 'date':
    case 'datetime': {
      const here = local(checked);
      return from === to && (here.type.scale ?? 0) === (type.scale ?? 0) ? here.sql : padded(here, type.scale ?? 0);
    }
    case 'timestamp':
      return padded(checked, type.scale ?? 0);
    case 'json':
      return checked.sql;
    case 'decimal':
      if (checked.open) return sql`round(${checked.open}, ${type.scale ?? 0})`;
      return asNumber(checked);
    case 'integer':
      return isWhole64(checked) ? checked.sql : asNumber(checked);
    case 'double':
      return checked.open ?? asNumber(checked);
    default:
      return checked.sql;
  }
}

/** Datetime text with exactly `scale` digits (never fewer than it has); a timestamp stays in UTC when asked to. */
export function padded(value: Typed, scale: number): Fragment {
  const kind = kindOf(value);
  if (kind === 'time') return asDateTime(value);
  if (value.bind && kind !== 'date') return value.bind({ to: 'datetime', scale });
  const own = value.type.scale ?? 0;
  const zeros = scale > own ? '0'.repeat(scale - own) : '';
  if (kind === 'date') return sql`(${value.sql} || ${quoteText(` 00:00:00${scale > 0 ? `.${zeros}` : ''}`)})`;
  return zeros === '' ? value.sql : sql`(${value.sql} || ${quoteText(own === 0 ? `.${zeros}` : zeros)})`;
}

/** A text expression of a length. */
export function textual(fragment: Fragment, length: number): Typed {
  return typed(fragment, varchar(length));
}
