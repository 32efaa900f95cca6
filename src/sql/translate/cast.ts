import type { Cast, ConvertUsing } from '../ast/call.ts';
import { asBits, asBytes, asCharacters, asDateTime, asExact, asInteger, asNumber, asText, asTime } from './convert.ts';
import { translate } from './expression.ts';
import { call, type Fragment, raw, sql } from './fragment.ts';
import type { Place } from './scope.ts';
import { unsupported } from './statement.ts';
import {
  bigint,
  category,
  date,
  datetime,
  decimal,
  displayLength,
  double,
  isWhole64,
  json,
  kindOf,
  ofBits,
  type Typed,
  time,
  typed,
  unsignedBigint,
  varbinary,
  varchar,
} from './typed.ts';

/** CAST(x AS type) and CONVERT(x, type). */
export function translateCast(expression: Cast, place: Place): Typed {
  const value = translate(expression.operand, place);
  const { name, length, scale, charset } = expression.type;
  const { nullable } = value;
  switch (name) {
    case 'signed':
      return typed(integerOf(value), bigint, { nullable });
    case 'unsigned':
      if (isWhole64(value)) return { ...value, type: unsignedBigint };
      if (kindOf(value) === 'decimal')
        return typed(call('my_unsigned_near', asExact(value)), unsignedBigint, { nullable });
      return ofBits(unsignedOf(value), { nullable });
    case 'char': {
      if (charset === 'binary') return binary(value, length, false);
      const text = asCharacters(value);
      const type = varchar(length ?? Math.max(1, displayLength(value.type)));
      return typed(length === null ? text : call('my_fixed', text, raw(String(length))), type, { nullable });
    }
    case 'binary':
      return binary(value, length, true);
    case 'decimal':
      return toDecimal(value, length ?? 10, scale ?? 0);
    case 'double':
    case 'float':
      return typed(sql`(${asNumber(value)} * 1.0)`, name === 'double' ? double : { name: 'float' }, { nullable });
    case 'date':
      return typed(call('my_cast_date', asDateTime(value)), date);
    case 'datetime':
      return typed(call('my_cast_datetime', asDateTime(value), raw(String(length ?? 0))), datetime(length ?? 0));
    case 'time':
      return typed(call('my_cast_time', asTime(value), raw(String(length ?? 0))), time(length ?? 0));
    case 'year':
      return typed(call('my_cast_year', asNumber(value)), { name: 'year' });
    case 'json':
      return toJson(value);
  }
}

/** Texts that count by what they say; enums and sets count by their number. */
function isText(value: Typed): boolean {
  const kind = category(value.type);
  if (value.type.name === 'enum' || value.type.name === 'set') return false;
  return kind === 'text' || (kind === 'binary' && value.literal === undefined);
}

/** Texts are cut at the point, numbers rounded. */
function integerOf(value: Typed) {
  if (value.unknown) return call('my_cast_integer', value.sql);
  if (isWhole64(value)) return asBits(value);
  return isText(value) ? call('my_cast_integer', asText(value)) : asInteger(value);
}

function unsignedOf(value: Typed): Fragment {
  if (value.unknown) return call('my_cast_unsigned', value.sql);
  return isText(value) ? call('my_cast_unsigned', asText(value)) : asBits(value);
}

function binary(value: Typed, length: number | null, filled: boolean): Typed {
  const bytes = asBytes(value);
  const type = varbinary(length ?? Math.max(1, displayLength(value.type)));
  if (length === null) return typed(bytes, type, { nullable: value.nullable });
  return typed(call('my_fixed_bytes', bytes, raw(String(length)), raw(filled ? '1' : '0')), type);
}

function toDecimal(value: Typed, precision: number, scale: number): Typed {
  if (scale > precision || precision > 65 || scale > 30) throw unsupported(`decimal(${precision},${scale}) is`);
  const limits = [raw(String(precision)), raw(String(scale))] as const;
  const given = isText(value) ? asCharacters(value) : asExact(value);
  const exact = call('my_cast_decimal_text', given, ...limits);
  return typed(call('my_cast_decimal', given, ...limits), decimal(precision, scale), {
    nullable: value.nullable,
    exact,
  });
}

function toJson(value: Typed): Typed {
  const kind = category(value.type);
  if (kind === 'json') return value;
  if (kind === 'text' || kind === 'binary') return typed(call('my_cast_json', asCharacters(value)), json);
  if (value.literal?.type === 'boolean') return typed(raw(value.literal.value === true ? "'true'" : "'false'"), json);
  if (kind === 'integer' || kind === 'double') return typed(asText(value), json);
  if (kind === 'decimal') return typed(call('my_double_text', sql`(${asNumber(value)} * 1.0)`), json);
  return typed(call('my_json_string', asText(value)), json);
}

/** CONVERT(x USING charset). */
export function translateConvertUsing(expression: ConvertUsing, place: Place): Typed {
  const value = translate(expression.operand, place);
  const length = Math.max(1, displayLength(value.type));
  if (expression.charset.toLowerCase() === 'binary') return typed(asBytes(value), varbinary(length));
  return typed(asCharacters(value), varchar(length), { nullable: value.nullable });
}
