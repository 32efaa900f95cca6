import { fault } from '../../base/errors.ts';
import type { Literal } from '../ast/expression.ts';
import { bindCell, noContext } from './bind.ts';
import {
  asBytes,
  asCharacters,
  asDateTime,
  asExact,
  asNumber,
  asText,
  asTime,
  besideNumbers,
  local,
  padded,
  settle,
} from './convert.ts';
import { cellText } from './default.ts';
import { call, type Fragment, join, raw, sameFragment, sql } from './fragment.ts';
import type { BindConversion } from './plan.ts';
import { fixSlot, type Translation } from './statement.ts';
import { needsKey, textKey } from './text-key.ts';
import {
  boolean,
  type Collating,
  double,
  integerDigits,
  isNumeric,
  isTemporal,
  isWhole64,
  kindOf,
  type Typed,
  typed,
} from './typed.ts';
import { besideIntegers, wideKey } from './wide.ts';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=' | '<=>';

/** Two operands brought to forms SQLite compares as MySQL would. `collate` is written behind the left one. */
export interface Comparands {
  readonly left: Fragment;
  readonly right: Fragment;
  readonly collate: '' | ' COLLATE NOCASE' | ' COLLATE BINARY';
}

/** Brings two operands together: numbers with numbers, moments with moments, texts under one collation. */
export function comparands(leftGiven: Typed, rightGiven: Typed): Comparands {
  const left = settle(isNumeric(kindOf(rightGiven)) ? besideNumbers(leftGiven) : leftGiven);
  const right = settle(isNumeric(kindOf(leftGiven)) ? besideNumbers(rightGiven) : rightGiven);
  const a = kindOf(left);
  const b = kindOf(right);
  if (a === 'null' || b === 'null') return plain(left.sql, right.sql);
  if (left.unknown || right.unknown) return withUnknown(left, right);
  if (a === 'json' || b === 'json') return withJson(left, right);
  if (isTemporal(a) && isTemporal(b)) return moments(left, right);
  if (isTemporal(a)) return withMoment(left, right);
  if (isTemporal(b)) return flip(withMoment(right, left));
  if (isWhole64(left) || isWhole64(right)) return unsignedNumbers(left, right);
  if ((left.wide || right.wide) && isNumeric(a) && isNumeric(b)) return wideNumbers(left, right);
  if (a === 'double' || b === 'double') return plain(asDouble(left), asDouble(right));
  if (isNumeric(a) || isNumeric(b)) return plain(asNumber(left), asNumber(right));
  if (a === 'binary' || b === 'binary') return plain(asBytes(left), asBytes(right));
  return texts(left, right, chosenOrder(left, right));
}

function plain(left: Fragment, right: Fragment): Comparands {
  return { left, right, collate: '' };
}

/** A number beside a double: SQLite tells integers from doubles by all of their digits, MySQL as doubles. */
function asDouble(value: Typed): Fragment {
  const kind = kindOf(value);
  if (value.bind && isNumeric(kind)) return value.bind({ to: 'double' });
  const long = (kind === 'integer' || kind === 'decimal') && integerDigits(value.type) > 15;
  return long ? sql`CAST(${asNumber(value)} AS REAL)` : asNumber(value);
}

/** Numbers of 64 unsigned bits: stored ones and integers keep their form, and with it their indexes. */
function unsignedNumbers(left: Typed, right: Typed): Comparands {
  const form = (value: Typed) => (kindOf(value) === 'integer' ? value.sql : besideIntegers(value));
  return plain(form(left), form(right));
}

/** Sums that may pass 2^63: plain integers keep their form, and with it their indexes. */
function wideNumbers(left: Typed, right: Typed): Comparands {
  const [a, b] = [kindOf(left), kindOf(right)];
  if (a === 'double' || b === 'double') return plain(asNumber(left), asNumber(right));
  if (a === 'integer') return plain(asNumber(left), besideIntegers(right));
  if (b === 'integer') return plain(besideIntegers(left), asNumber(right));
  return plain(call('my_decimal_key', asExact(left)), call('my_decimal_key', asExact(right)));
}

/** Texts meet as keys; `COLLATE BINARY` keeps the collation of a column inside of a key out of it. */
function texts(left: Typed, right: Typed, order: Collating['order']): Comparands {
  const collate = order === 'nocase' ? ' COLLATE NOCASE' : order === 'binary' ? ' COLLATE BINARY' : '';
  return { left: textKey(left, order), right: textKey(right, order), collate };
}

function flip({ left, right, collate }: Comparands): Comparands {
  return { left: right, right: left, collate };
}

/** A placeholder or variable takes the form of what it meets; two of them compare as they come. */
function withUnknown(left: Typed, right: Typed): Comparands {
  if (left.unknown && right.unknown) return { left: left.sql, right: right.sql, collate: ' COLLATE NOCASE' };
  if (left.unknown) return flip(withUnknown(right, left));
  const kind = kindOf(left);
  if (isWhole64(left)) return unsignedNumbers(left, right);
  if (isNumeric(kind)) return plain(asNumber(left), asNumber(right));
  if (isTemporal(kind)) return withMoment(left, right);
  if (kind === 'binary') return plain(asBytes(left), asBytes(right));
  if (kind === 'json') return withJson(left, right);
  return texts(left, right, left.collating?.order ?? 'folded');
}

function withJson(left: Typed, right: Typed): Comparands {
  const scalar = (value: Typed) =>
    kindOf(value) === 'json'
      ? call('my_json_scalar', value.sql)
      : isNumeric(kindOf(value))
        ? asNumber(value)
        : value.bind
          ? value.bind()
          : asText(value);
  if (kindOf(left) === 'json' && kindOf(right) === 'json') return plain(left.sql, right.sql);
  return plain(scalar(left), scalar(right));
}

function moments(left: Typed, right: Typed): Comparands {
  const a = kindOf(left);
  const b = kindOf(right);
  if (a === 'time' || b === 'time')
    return a === b ? plain(asTime(left), asTime(right)) : plain(asDateTime(local(left)), asDateTime(local(right)));
  if (a === 'date' && b === 'date') return plain(asDateTime(left), asDateTime(right));
  const scale = Math.max(left.type.scale ?? 0, right.type.scale ?? 0);
  if (a === 'timestamp' || b === 'timestamp') return plain(utc(left, scale), utc(right, scale));
  return plain(padded(left, scale), padded(right, scale));
}

/** A moment as UTC text: timestamps are that already, so their column stays bare and its index useful. */
function utc(value: Typed, scale: number): Fragment {
  if (kindOf(value) === 'timestamp') return padded(value, scale);
  if (value.bind) return value.bind({ to: 'timestamp', scale });
  return call('my_utc', padded(value, scale));
}

/** A moment against a text or a number: the other side is read as a moment of the same type. */
function withMoment(moment: Typed, other: Typed): Comparands {
  const kind = kindOf(moment) as 'date' | 'datetime' | 'timestamp' | 'time';
  const scale = moment.type.scale ?? 0;
  const convert: BindConversion = { to: kind, scale };
  if (other.bind) return plain(moment.bind ? moment.bind(convert) : moment.sql, other.bind(convert));
  if (isNumeric(kindOf(other))) return plain(asNumber(moment), asNumber(other));
  if (kind === 'time') return plain(asTime(moment), asTime(other));
  const read = call('my_to_moment', asCharacters(other), raw(kind === 'date' ? '-1' : String(scale)));
  return plain(asDateTime(local(moment)), read);
}

/** How two texts compare: the one whose collation is stronger decides. */
export function chosenOrder(left: Typed, right: Typed): Collating['order'] {
  const a = left.collating;
  const b = right.collating;
  const chosen = !a ? b : !b ? a : a.strength < b.strength ? a : b.strength < a.strength ? b : binaryFirst(a, b);
  return chosen?.order ?? 'folded';
}

function binaryFirst(a: Collating, b: Collating): Collating {
  return b.order === 'binary' && a.order !== 'binary' ? b : a;
}

/** What tells rows apart and puts them in order. */
export function sortedBy(value: Typed): Fragment {
  if (value.wide) return wideKey(value);
  if (needsKey(value)) return textKey(value, value.collating!.order);
  return kindOf(value) === 'text' && value.collating ? sql`${value.sql} COLLATE NOCASE` : value.sql;
}

/** `left operator right` as 1, 0 or NULL. */
export function compare(operator: Comparison, left: Typed, right: Typed): Typed {
  const parts = comparands(left, right);
  const sign = operator === '<=>' ? 'IS' : operator;
  const nullable = operator !== '<=>' && (left.nullable || right.nullable);
  return typed(sql`(${parts.left}${parts.collate} ${sign} ${parts.right})`, boolean, { nullable });
}

/** `value BETWEEN low AND high`. */
export function between(value: Typed, low: Typed, high: Typed, not: boolean): Typed {
  const all = [value, low, high];
  const kinds = all.map(kindOf);
  // A number among texts makes numbers of all three.
  const mixed = kinds.some(isNumeric) && kinds.includes('text') && !kinds.some(isTemporal);
  if (!mixed || all.some(({ unknown }) => unknown)) return ranged(value, low, high, not);
  const number = (each: Typed) => (isNumeric(kindOf(each)) ? each : typed(asNumber(each), double));
  return ranged(number(value), number(low), number(high), not);
}

function ranged(value: Typed, low: Typed, high: Typed, not: boolean): Typed {
  const from = comparands(value, low);
  const to = comparands(value, high);
  const word = not ? 'NOT BETWEEN' : 'BETWEEN';
  if (sameFragment(from.left, to.left) && from.collate === to.collate)
    return typed(sql`(${from.left}${from.collate} ${word} ${from.right} AND ${to.right})`, boolean);
  const range = sql`(${compare('>=', value, low).sql} AND ${compare('<=', value, high).sql})`;
  return typed(not ? sql`(NOT ${range})` : range, boolean);
}

/** SQLite takes 32766 parameters: literals of longer lists are written out. */
const mostBoundItems = 1000;

/** A bound literal as SQLite text; timestamps stay bound, for their zone is known only when the plan runs. */
function written(fragment: Fragment, literal: Literal, translation: Translation): Fragment {
  const [source] = fragment.binds;
  if (fragment.text !== '?' || source?.from !== 'literal' || source.convert?.to === 'timestamp') return fragment;
  fixSlot(translation, literal);
  const literals = { [source.slot]: literal } as unknown as readonly Literal[];
  return raw(cellText(bindCell(source, { literals, parameters: [], context: noContext })));
}

/** `value IN (items)`: one SQLite IN when all items bring the value into the same form, otherwise a row of tests. */
export function inList(value: Typed, items: readonly Typed[], not: boolean, translation: Translation): Typed {
  const long = items.length > mostBoundItems;
  const pairs = items.map((item) => {
    const pair = comparands(value, item);
    return long && item.literal ? { ...pair, right: written(pair.right, item.literal, translation) } : pair;
  });
  const [first] = pairs;
  const known = pairs.find((_, index) => kindOf(items[index]!) !== 'null') ?? first!;
  const uniform = pairs.every(
    (pair, index) =>
      kindOf(items[index]!) === 'null' || (sameFragment(pair.left, known.left) && pair.collate === known.collate),
  );
  if (uniform) {
    const list = join(
      pairs.map((pair) => pair.right),
      ', ',
    );
    return typed(sql`(${known.left}${known.collate} ${not ? 'NOT IN' : 'IN'} (${list}))`, boolean);
  }
  const tests = join(
    items.map((item) => compare('=', value, item).sql),
    ' OR ',
  );
  return typed(not ? sql`(NOT (${tests}))` : sql`(${tests})`, boolean);
}

/** Comparison of rows, column by column. */
export function compareRows(operator: Comparison, left: readonly Typed[], right: readonly Typed[]): Typed {
  if (left.length !== right.length) throw fault('ER_OPERAND_COLUMNS', left.length);
  const equal = (sign: '=' | '<=>') =>
    join(
      left.map((value, index) => compare(sign, value, right[index]!).sql),
      ' AND ',
    );
  if (operator === '=' || operator === '<=>') return typed(sql`(${equal(operator)})`, boolean);
  if (operator === '<>') return typed(sql`(NOT (${equal('=')}))`, boolean);
  const strict = operator === '<' || operator === '<=' ? '<' : '>';
  const last = left.length - 1;
  let test = compare(operator, left[last]!, right[last]!).sql;
  for (let at = last - 1; at >= 0; at--) {
    const here = compare(strict, left[at]!, right[at]!).sql;
    const same = compare('=', left[at]!, right[at]!).sql;
    test = sql`(${here} OR (${same} AND ${test}))`;
  }
  return typed(test, boolean);
}
