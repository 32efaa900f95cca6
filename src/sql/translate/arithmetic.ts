import type { ColumnType } from '../../value/column-type.ts';
import { isUnsigned64 } from '../../value/unsigned.ts';
import { asBits, asExact, asInteger, asNumber, besideNumbers, memberNumber, numberType, settle } from './convert.ts';
import { call, type Fragment, raw, sql } from './fragment.ts';
import type { Place } from './scope.ts';
import {
  bigint,
  category,
  decimal,
  doubleAmong,
  integerDigits,
  isWhole64,
  ofBits,
  type Typed,
  typed,
  unsignedBigint,
} from './typed.ts';
import { wideValue } from './wide.ts';

type Operator = '+' | '-' | '*' | '/' | 'DIV' | '%';

/** `left operator right` on numbers with MySQL's result types and limits. `text` is the expression for error 1690. */
export function arithmetic(operator: Operator, given: Typed, by: Typed, text: string, place: Place): Typed {
  const [left, right] = [besideNumbers(given), besideNumbers(by)];
  const a = numberType(left);
  const b = numberType(right);
  const approximate = category(a) === 'double' || category(b) === 'double';
  switch (operator) {
    case '/':
      return divide(left, right, a, b, approximate, place);
    case 'DIV':
      return integerDivide(left, right, a, b, place);
    case '%':
      return modulo(left, right, a, b, approximate, place);
    default:
      return approximate
        ? typed(
            call('my_check_double', sql`${real(left)} ${operator} ${unrounded(right)}`, quoted(text)),
            doubleAmong([a, b]),
          )
        : exactly(operator, left, right, a, b, text, place);
  }
}

function quoted(text: string): Fragment {
  return raw(`'${text.replaceAll("'", "''")}'`);
}

/** A number that makes the operation one of REALs. */
function real(value: Typed): Fragment {
  return sql`(${unrounded(value)} * 1.0)`;
}

/** A checked number with all of its digits. */
function unrounded(value: Typed): Fragment {
  return value.open ?? asNumber(value);
}

/** The value as an operand: unchecked, unrounded. */
function number(value: Typed): Fragment {
  if (value.open) return value.open;
  if (value.unchecked !== undefined) return value.type.unsigned ? settle(value).sql : value.sql;
  if (value.type.name === 'enum' || value.type.name === 'set') return memberNumber(value);
  return asNumber(value);
}

function exactly(
  operator: '+' | '-' | '*',
  left: Typed,
  right: Typed,
  a: ColumnType,
  b: ColumnType,
  text: string,
  { translation }: Place,
): Typed {
  const [scaleA, scaleB] = [a.scale ?? 0, b.scale ?? 0];
  const nullable = left.nullable || right.nullable;
  const plain = sql`(${number(left)} ${operator} ${number(right)})`;
  if (category(a) === 'integer' && category(b) === 'integer') {
    const signed = operator === '-' && /NO_UNSIGNED_SUBTRACTION/i.test(translation.env.sqlMode);
    const unsigned = !signed && (isUnsigned(a) || isUnsigned(b));
    const digits =
      operator === '*' ? integerDigits(a) + integerDigits(b) : Math.max(integerDigits(a), integerDigits(b)) + 1;
    if (isUnsigned64(a) || isUnsigned64(b) || (unsigned && digits > 18))
      return integerMath(operator, left, right, unsigned, text);
    const safe = !unsigned && digits <= 18 && left.unchecked === undefined && right.unchecked === undefined;
    const type = unsigned ? unsignedBigint : { ...bigint, length: Math.min(20, digits + 1) };
    return typed(plain, type, safe ? { nullable } : { nullable, unchecked: text });
  }
  const scale = operator === '*' ? Math.min(30, scaleA + scaleB) : Math.max(scaleA, scaleB);
  const digits =
    operator === '*' ? integerDigits(a) + integerDigits(b) : Math.max(integerDigits(a), integerDigits(b)) + 1;
  const divided = left.divided === true || right.divided === true;
  const exact = exactCall(operator, left, right, divided ? scale + guardDigits : scale);
  if (scale === 0 && (left.wide || right.wide)) return wideValue(exact, decimal(digits, 0), { nullable });
  return typed(sql`round(${plain}, ${scale})`, decimal(digits + scale, scale), {
    nullable,
    exact,
    open: plain,
    divided,
  });
}

/** Integers without a sign, which an operation with any other keeps; bits are such. */
function isUnsigned(type: ColumnType): boolean {
  return type.unsigned === true || type.name === 'bit';
}

/** Arithmetic whose operands or result may pass 2^63 upwards. */
function integerMath(operator: Operator, left: Typed, right: Typed, unsigned: boolean, text: string): Typed {
  const kind = raw(unsigned ? '1' : '0');
  const made = call('my_integer_math', quoted(operator), asWhole(left), asWhole(right), kind, quoted(text));
  return typed(made, unsigned ? unsignedBigint : bigint);
}

/** An operand as an integer, stored unsigned ones as they are. */
function asWhole(value: Typed): Fragment {
  return isWhole64(value) ? settle(value).sql : asNumber(value);
}

/** The same operation on exact decimal texts, for answers of more digits than a REAL keeps. */
function exactCall(operator: Operator, left: Typed, right: Typed, scale: number): Fragment {
  return call('my_decimal', quoted(operator), asExact(left), asExact(right), raw(String(scale)));
}

/**
 * A divisor; zero gives NULL, or error 1365 where a write divides anything but NULL by it. What assigns a user variable
 * must not stand there twice and counts as a number.
 */
function divisor(value: Fragment, { sql: divided, nullable }: Typed, { translation }: Place): Fragment {
  if (!translation.strictDivision) return value;
  const looked = nullable && !/\bmy_assign\(/.test(divided.text);
  return looked ? call('my_divisor', value, divided) : call('my_divisor', value);
}

/** An operand that divides integers. */
function strictly(value: Typed, divided: Typed, place: Place): Typed {
  return { ...value, sql: divisor(asWhole(value), divided, place) };
}

/** Digits a quotient keeps beyond its scale for the arithmetic around it. */
const guardDigits = 9;

function divide(left: Typed, right: Typed, a: ColumnType, b: ColumnType, approximate: boolean, place: Place): Typed {
  const by = divisor(number(right), left, place);
  if (approximate) return typed(sql`(${real(left)} / ${by})`, doubleAmong([a, b], 4));
  const scale = Math.min(30, (a.scale ?? 0) + 4);
  const type = decimal(integerDigits(a) + (b.scale ?? 0) + scale, scale);
  // A quotient that ends in 5 is a hair below it as a REAL: two units in the last place lift it over.
  const open = sql`(${number(left)} * 1.0 / ${by})`;
  const quotient = sql`round(${number(left)} * 1.0000000000000004 / ${by}, ${scale})`;
  const exact = call(
    'my_decimal',
    quoted('/'),
    asExact(left),
    divisor(asExact(right), left, place),
    raw(String(scale + guardDigits)),
  );
  return typed(quotient, type, { open, exact, divided: true });
}

function integerDivide(left: Typed, right: Typed, a: ColumnType, b: ColumnType, place: Place): Typed {
  const by = divisor(asNumber(right), left, place);
  const type = isUnsigned(a) || isUnsigned(b) ? unsignedBigint : bigint;
  if (category(a) === 'integer' && category(b) === 'integer')
    return isUnsigned64(a) || isUnsigned64(b)
      ? integerMath('DIV', left, strictly(right, left, place), true, 'DIV')
      : typed(sql`(${asNumber(left)} / ${by})`, type, type.unsigned ? { unchecked: 'DIV' } : {});
  if (left.wide || right.wide)
    return typed(call('my_int_div', asExact(left), divisor(asExact(right), left, place)), type);
  return typed(call('my_int_div', asNumber(left), by), type);
}

function modulo(left: Typed, right: Typed, a: ColumnType, b: ColumnType, approximate: boolean, place: Place): Typed {
  const by = divisor(asNumber(right), left, place);
  if (category(a) === 'integer' && category(b) === 'integer')
    if (isUnsigned64(a) || isUnsigned64(b))
      return integerMath('%', left, strictly(right, left, place), isUnsigned(a), '%');
  if (category(a) === 'integer' && category(b) === 'integer')
    return typed(sql`(${asNumber(left)} % ${by})`, isUnsigned(a) ? unsignedBigint : bigint);
  if (approximate) return typed(call('my_mod', asNumber(left), by, raw('-1')), doubleAmong([a, b]));
  const scale = Math.max(a.scale ?? 0, b.scale ?? 0);
  const type = decimal(integerDigits(a) + scale, scale);
  const made = (a: Fragment, b: Fragment) => call('my_mod', a, b, raw(String(scale)));
  if (!left.wide && !right.wide) return typed(made(asNumber(left), by), type);
  const exact = made(asExact(left), divisor(asExact(right), left, place));
  return scale === 0 ? wideValue(exact, type) : typed(exact, type);
}

/** `-x`. */
export function negate(given: Typed, text: string): Typed {
  const value = besideNumbers(given);
  const type = numberType(value);
  if (category(type) === 'double') return typed(sql`(- ${asNumber(value)})`, doubleAmong([type]));
  const { nullable } = value;
  if (category(type) === 'decimal') {
    const exact = exactCall('-', zero, value, type.scale ?? 0);
    if (value.wide) return wideValue(exact, type, { nullable });
    return typed(sql`(- ${asNumber(value)})`, type, { nullable, exact });
  }
  if (isUnsigned64(type)) return integerMath('-', zero, value, false, text);
  return typed(sql`(- ${asNumber(value)})`, { ...bigint, length: 20 }, { nullable, unchecked: text });
}

const zero: Typed = typed(raw('0'), bigint, { nullable: false });

/** `& | ^ << >>`: 64 unsigned bits. */
export function bitwise(operator: '&' | '|' | '^' | '<<' | '>>', left: Typed, right: Typed): Typed {
  const more = { nullable: left.nullable || right.nullable };
  if (operator === '<<' || operator === '>>')
    return ofBits(call(operator === '<<' ? 'my_shift_left' : 'my_shift_right', asBits(left), asInteger(right)), more);
  const a = asBits(left);
  const b = asBits(right);
  if (operator === '^') return ofBits(call('my_xor_bits', a, b), more);
  return ofBits(sql`(${a} ${operator} ${b})`, more);
}

/** `~x`. */
export function invert(value: Typed): Typed {
  return ofBits(sql`(~ ${asBits(value)})`, { nullable: value.nullable });
}
