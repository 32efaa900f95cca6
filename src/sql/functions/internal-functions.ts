import { fault } from '../../base/errors.ts';
import { formatJson, isArray, parseJson } from '../../value/json.ts';
import { unsignedOfBytes } from '../../value/unsigned.ts';
import { toNumber } from '../translate/bind-convert.ts';
import type { FunctionContext } from './context.ts';
import { type FunctionDefinition, type Given, integer, internal, many, num, type SqlValue, str } from './definition.ts';
import { documentOf, jsonMark } from './json-functions.ts';
import { isObject } from './json-path.ts';
import { likeMatch, regexpMatch } from './pattern.ts';
import { storeForPlan } from './store-function.ts';

/** Stands between the members of an enum or set in a plan's text. */
export const memberSeparator = '\u001f';

/** A JSON document as the SQL value it is when it is no array or object. */
function jsonScalar(text: string): SqlValue {
  const value = parseJson(text);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (isArray(value) || isObject(value)) return text;
  return value as string | number | bigint;
}

function charBytes(args: readonly SqlValue[]): Uint8Array {
  const bytes = args.flatMap((arg) => {
    const code = BigInt.asUintN(32, BigInt(arg as bigint));
    const digits = code.toString(16);
    return [...Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex')];
  });
  return Uint8Array.from(bytes);
}

/** CAST(… AS CHAR(n)) and BINARY(n). */
function cut(value: Given, length: number): SqlValue {
  if (!(value instanceof Uint8Array)) return [...str(value)].slice(0, length).join('');
  const bytes = new Uint8Array(length);
  bytes.set(value.subarray(0, length));
  return bytes;
}

/** `my_assign(number, name, value, form)`: the value, which the variable has from now on. */
function assign([, name, value, form]: readonly SqlValue[], { variables }: FunctionContext): SqlValue {
  const given = value ?? null;
  const cell = form === 'unsigned' && given instanceof Uint8Array ? unsignedOfBytes(given) : given;
  variables?.set(str(name), cell);
  return given;
}

/** `my_variable(name, form)`: what the variable holds now; its form was planned with. */
function variable([name, form]: readonly Given[], { variables }: FunctionContext): SqlValue {
  const value = variables?.get(str(name)) ?? null;
  if (value === null || form === 'any') return value;
  if (form === 'double') return Number(num(typeof value === 'string' ? toNumber(value) : value));
  if (form === 'text') return str(value);
  const whole = typeof value === 'bigint' || (form === 'unsigned' && value instanceof Uint8Array);
  const fits =
    form === 'bytes' ? value instanceof Uint8Array : whole || (form === 'decimal' && !(value instanceof Uint8Array));
  if (!fits)
    throw fault('OB_NOT_SUPPORTED', `user variable '@${str(name)}' that becomes of another type within a statement is`);
  return value;
}

/** Texts, documents, rows met by writes. */
export const internalFunctions: readonly FunctionDefinition[] = [
  internal(
    'enum_number',
    [2, 2],
    ([value, members]) => str(members).split(memberSeparator).indexOf(str(value)) + 1,
    integer,
  ),
  internal('set_number', [2, 2], ([value, members]) => {
    const list = str(members).split(memberSeparator);
    return str(value)
      .split(',')
      .reduce((bits, member) => (member === '' ? bits : bits | (1n << BigInt(list.indexOf(member)))), 0n);
  }),
  internal('json_scalar', [1, 1], ([value]) => jsonScalar(str(value))),
  internal('json_mark', [1, 1], ([value]) => `${jsonMark}${str(value)}`, {
    runNulls: ([value]) => (value === null ? `${jsonMark}null` : `${jsonMark}${str(value)}`),
  }),
  internal('json_boolean', [1, 1], ([value]) => `${jsonMark}${num(value) !== 0}`),
  internal('like', [3, 3], ([value, pattern, sign]) => likeMatch(value!, pattern!, str(sign))),
  internal('regexp', [3, 3], ([value, pattern, sensitive]) =>
    regexpMatch(str(value), str(pattern), num(sensitive) !== 0),
  ),
  internal(
    'more_than_one',
    [0, 0],
    () => {
      throw fault('ER_SUBQUERY_NO_1_ROW');
    },
    { volatile: true },
  ),
  internal('assign', [4, 4], () => null, { runNulls: assign, volatile: true }),
  internal('variable', [2, 2], variable, { volatile: true }),
  internal('touch', [2, 2], ([, value]) => value!, {
    runNulls: ([changed, value], context) => {
      context.touch?.(changed !== null && num(changed) !== 0);
      return value ?? null;
    },
    volatile: true,
  }),
  internal('store', [3, many], ([value]) => value!, { runNulls: storeForPlan }),
  internal('fixed', [2, 2], ([value, length]) => cut(value!, num(length))),
  internal('zerofill', [2, 2], ([value, width]) => str(value).padStart(num(width), '0')),
  internal('fixed_bytes', [3, 3], ([value, length, fill]) => {
    const bytes = new Uint8Array(num(fill) ? num(length) : Math.min(num(length), (value as Uint8Array).length));
    bytes.set((value as Uint8Array).subarray(0, num(length)));
    return bytes;
  }),
  internal('char_bytes', [1, many], charBytes, { runNulls: (args) => charBytes(args.filter((arg) => arg !== null)) }),
  internal('join', [2, 2], ([list, separator]) => {
    const items = JSON.parse(str(list)) as readonly string[];
    return items.length === 0 ? null : items.join(str(separator));
  }),
  internal('cast_json', [1, 1], ([value]) => formatJson(documentOf(value!, 1, 'cast_as_json'))),
  internal('json_string', [1, 1], ([value]) => JSON.stringify(str(value))),
];
