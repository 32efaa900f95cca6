import type { ColumnType } from '../../value/column-type.ts';
import type { FunctionCall } from '../ast/call.ts';
import type { Expression } from '../ast/expression.ts';
import { mysqlFunctions } from '../functions/catalog.ts';
import { arithmetic, negate } from './arithmetic.ts';
import { choose, coalesce, extreme, nullIf } from './case.ts';
import { asBits, asBoolean, asBytes, asCharacters, asInteger, asNumber, asText, numberType } from './convert.ts';
import { translate } from './expression.ts';
import { call, raw, sql } from './fragment.ts';
import { applyFunction, checkCount } from './function-call.ts';
import { regexp } from './like.ts';
import type { Place } from './scope.ts';
import { fixSlot } from './statement.ts';
import {
  bigint,
  boolean,
  category,
  doubleAmong,
  doubleOf,
  isNumeric,
  isWhole64,
  kindOf,
  type Typed,
  typed,
  unsignedBigint,
  varbinary,
  varchar,
} from './typed.ts';

/** Functions whose result type comes from their arguments; null for all others. */
export function flowCall(expression: FunctionCall, place: Place): Typed | null {
  const args = () => expression.arguments.map((argument) => translate(argument, place));
  const arity = (least: number, most = least) => checkCount(expression, least, most);
  switch (expression.name) {
    case 'if': {
      arity(3);
      const [condition, yes, no] = args();
      return choose([asBoolean(condition!)], [yes!], no!);
    }
    case 'ifnull':
    case 'nvl':
      arity(2);
      return coalesce(args());
    case 'coalesce':
      arity(1, Number.POSITIVE_INFINITY);
      return coalesce(args());
    case 'nullif':
      arity(2);
      return nullIf(expression.arguments[0]!, expression.arguments[1]!, place);
    case 'isnull':
      arity(1);
      return typed(sql`(${args()[0]!.sql} IS NULL)`, boolean, { nullable: false });
    case 'greatest':
    case 'least':
      arity(2, Number.POSITIVE_INFINITY);
      return extreme(expression.name === 'greatest' ? 'max' : 'min', args());
    case 'mod': {
      arity(2);
      const [left, right] = args();
      return arithmetic('%', left!, right!, 'mod', place);
    }
    case 'hex': {
      arity(1);
      const [value] = args();
      const numeric = !value!.unknown && isNumeric(category(value!.type));
      return numeric ? typed(call('my_hex_number', asBits(value!)), varchar(16)) : null;
    }
    case 'abs':
    case 'ceil':
    case 'ceiling':
    case 'floor': {
      arity(1);
      const [value] = args();
      if (isWhole64(value!)) return value!;
      if (!value!.wide) return null;
      if (expression.name !== 'abs') return value!;
      return choose([sql`${value!.sql} < 0`], [negate(value!, 'abs')], value!);
    }
    case 'round': {
      arity(1, 2);
      const [value, digits] = args();
      if (category(numberType(value!)) !== 'double') return roundExactly(expression, value!, digits, place);
      const shown = fixedDigits(value!, expression.arguments[1], place);
      return typed(call('my_round_double', asNumber(value!), digits ? asInteger(digits) : raw('0')), shown);
    }
    case 'truncate': {
      arity(2);
      const [value, digits] = args();
      if (category(numberType(value!)) !== 'double') return roundExactly(expression, value!, digits, place);
      return typed(
        call('my_truncate', asNumber(value!), asInteger(digits!)),
        fixedDigits(value!, expression.arguments[1], place),
      );
    }
    case 'field': {
      arity(2, Number.POSITIVE_INFINITY);
      const values = args();
      const numbers = values.some((value) => isNumeric(kindOf(value)));
      return typed(call('my_field', ...values.map(numbers ? asNumber : asText)), bigint);
    }
    case 'format': {
      arity(2, 3);
      const [value, digits, locale] = args();
      if (category(numberType(value!)) !== 'double') return null;
      // Doubles round halves to even.
      const places = sql`max(0, ${asInteger(digits!)})`;
      const rest = locale ? [asCharacters(locale)] : [];
      return typed(call('my_format', call('my_round_double', asNumber(value!), places), places, ...rest), varchar(100));
    }
    case 'any_value':
      arity(1);
      return args()[0]!;
    case 'regexp':
    case 'regexp_like': {
      arity(2);
      const [value, pattern] = args();
      return regexp(value!, pattern!, false);
    }
    case 'char':
      return char(expression, args());
    case 'lengthb':
      arity(1);
      return typed(sql`octet_length(${asBytes(args()[0]!)})`, { name: 'bigint', length: 10 });
    default:
      return null;
  }
}

/** ROUND and TRUNCATE of a decimal that is known exactly; null leaves the call to the table of functions. */
function roundExactly(expression: FunctionCall, value: Typed, digits: Typed | undefined, place: Place): Typed | null {
  if (isWhole64(value)) {
    const cut = raw(expression.name === 'round' ? '0' : '1');
    const text = call('my_round_text', value.sql, digits ? asInteger(digits) : raw('0'), cut);
    return typed(call('my_beside', text), unsignedBigint);
  }
  if (!value.exact || value.literal) return null;
  const made = applyFunction(mysqlFunctions.get(expression.name)!, expression.arguments, place);
  const places = digits ? asInteger(digits) : raw('0');
  return { ...made, exact: call('my_round_text', value.exact, places, raw(expression.name === 'round' ? '0' : '1')) };
}

/** A double that prints with the digits a literal asks for, and as before where that is none. */
function fixedDigits(value: Typed, digits: Expression | undefined, place: Place): ColumnType {
  if (digits === undefined) return doubleOf(0);
  const negative = digits.kind === 'unary' && digits.operator === '-';
  const literal = negative ? digits.operand : digits;
  if (literal.kind !== 'literal' || literal.type !== 'integer') return doubleAmong([numberType(value)]);
  fixSlot(place.translation, literal);
  return doubleOf(negative ? 0 : Number(literal.value));
}

/** CHAR(n, …): bytes, or characters with USING. */
function char(expression: FunctionCall, args: readonly Typed[]): Typed {
  checkCount(expression, 1, Number.POSITIVE_INFINITY);
  const bytes = call('my_char_bytes', ...args.map(asInteger));
  const length = args.length * 4;
  if (expression.keyword === undefined || expression.keyword === 'BINARY') return typed(bytes, varbinary(length));
  return typed(asCharacters(typed(bytes, varbinary(length))), varchar(length));
}
