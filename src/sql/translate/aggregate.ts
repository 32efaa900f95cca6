import { fault } from '../../base/errors.ts';
import type { ColumnType } from '../../value/column-type.ts';
import type { Aggregate } from '../ast/call.ts';
import type { Expression } from '../ast/expression.ts';
import { framed } from '../functions/aggregates.ts';
import { sortedBy } from './compare.ts';
import { asBits, asCharacters, asExact, asNumber, asText, besideNumbers, numberType, settle } from './convert.ts';
import { translate } from './expression.ts';
import { call, type Fragment, join, quoteText, raw, sql } from './fragment.ts';
import { jsonOperand } from './json-call.ts';
import type { Place } from './scope.ts';
import { fixSlot, unsupported } from './statement.ts';
import { keyed, needsKey, plainText, textKey, unkeyed } from './text-key.ts';
import {
  category,
  decimal,
  double,
  doubleOf,
  integerDigits,
  isWhole64,
  json,
  longtext,
  ofBits,
  shownDigits,
  type Typed,
  typed,
} from './typed.ts';
import { wideKey, wideValue } from './wide.ts';
import { type Over, orderText, overText } from './window.ts';

/** COUNT is bigint(21), by which readers tell that it never passes 2^53. */
export const countType: ColumnType = { name: 'bigint', length: 21 };

/** An aggregate, or with OVER a window over it. */
export function translateAggregate(expression: Aggregate, place: Place): Typed {
  if (!place.aggregates && expression.over === null) throw fault('ER_INVALID_GROUP_FUNC_USE');
  const { rolled: _, assigns: __, named: ___, ...own } = place;
  // A window sees the rows GROUP BY made.
  const inner: Place = { ...own, aggregates: expression.over !== null && place.aggregates };
  const args = expression.arguments.map((argument) => translate(argument, inner));
  const over = overText(expression.over, place);
  if (expression.over !== null && expression.distinct) throw unsupported('DISTINCT in a window function is');
  const value = fold(expression, args, over, inner);
  return { ...value, aggregate: true };
}

function fold(expression: Aggregate, args: readonly Typed[], over: Over, place: Place): Typed {
  const [first] = args;
  const distinct = expression.distinct ? 'DISTINCT ' : '';
  switch (expression.name) {
    case 'count':
      return typed(sql`${count(expression, args)}${over}`, countType, { nullable: false });
    case 'sum':
      return sum(first!, distinct, over);
    case 'avg':
      return average(first!, distinct, over);
    case 'min':
    case 'max':
      return extremeOf(expression.name, first!, over);
    case 'group_concat':
      return groupConcat(expression, args, over, place);
    case 'bit_and':
    case 'bit_or':
    case 'bit_xor':
      return ofBits(sql`${ours(expression.name, over)}(${asBits(first!)})${over}`, { nullable: false });
    case 'json_arrayagg':
      return typed(sql`${ours('json_arrayagg', over)}(${jsonOperand(first!)})${over}`, json);
    case 'json_objectagg':
      return typed(
        sql`${ours('json_objectagg', over)}(${asCharacters(first!)}, ${jsonOperand(args[1]!)})${over}`,
        json,
      );
    default:
      return deviation(expression.name, first!, over);
  }
}

/** COUNT(*), COUNT(x), COUNT(DISTINCT a, b): several columns count as one document of their folded texts. */
function count(expression: Aggregate, args: readonly Typed[]): Fragment {
  if (args.length === 0) return raw('count(*)');
  if (args.length === 1) {
    const [value] = args;
    return expression.distinct ? sql`count(DISTINCT ${sortedBy(value!)})` : sql`count(${value!.sql})`;
  }
  const keys = args.map((value) =>
    category(value.type) === 'text' && value.collating
      ? textKey(value, value.collating.order === 'nocase' ? 'folded' : value.collating.order)
      : category(value.type) === 'binary'
        ? call('hex', value.sql)
        : value.wide
          ? wideKey(value)
          : isWhole64(value)
            ? asText(value)
            : value.sql,
  );
  const present = join(
    args.map((value) => sql`${value.sql} IS NOT NULL`),
    ' AND ',
  );
  return sql`count(DISTINCT CASE WHEN ${present} THEN json_array(${join(keys, ', ')}) END)`;
}

/** An aggregate of ours, in the form for frames that lose rows where the window has such. */
function ours(name: string, { framed: moves }: Over): string {
  return `my_${name}${moves ? framed : ''}`;
}

/** Digits behind the point a sum, an average or a deviation prints `more` of than its argument. */
function doubleLike(type: ColumnType, more: number): ColumnType {
  const digits = shownDigits(type);
  return digits === null ? double : doubleOf(digits + more);
}

function sum(given: Typed, distinct: string, over: Over): Typed {
  const value = besideNumbers(given);
  const type = numberType(value);
  // Texts may read as integers, whose sum SQLite would not let pass 2^63.
  if (category(type) === 'double')
    return typed(sql`${ours('sum_doubles', over)}(${distinct}${asNumber(value)} * 1.0)${over}`, doubleLike(type, 0));
  const plain = sql`sum(${distinct}${addend(value)})${over}`;
  const scale = type.scale ?? 0;
  const result = decimal(Math.min(65, integerDigits(type) + 22 + scale), scale);
  if (scale === 0) return !isNarrow(type) ? wideValue(wideSum(value, distinct, over), result) : typed(plain, result);
  return typed(sql`round(${plain}, ${scale})`, result, { exact: exactSum(value, scale, distinct, over) });
}

/** Integers of so few bits that no table has enough rows for their sum to pass 2^63. */
function isNarrow(type: ColumnType): boolean {
  return category(type) === 'integer' && type.name !== 'bigint' && type.name !== 'bit';
}

/**
 * A sum of whole numbers that may pass 2^63, where SQLite's own gives up: upper and lower halves are summed each for
 * itself. The result stays a number as long as it fits.
 */
function wideSum(value: Typed, distinct: string, over: Over): Fragment {
  const fits = category(value.type) === 'integer' || integerDigits(numberType(value)) <= 18;
  if (distinct !== '' || !fits) {
    const operand = asExact(value);
    return sql`my_sum_decimals(${distinct}${operand})${over}`;
  }
  if (isWhole64(value)) return unsignedSum(value, over);
  return halvedSum(asNumber(value), raw(''), over);
}

/** Numbers that are kept as bytes are summed by us, if there are any. */
function unsignedSum({ sql: operand }: Typed, over: Over): Fragment {
  const kind = sql`typeof(${operand})`;
  const smaller = halvedSum(operand, sql` FILTER (WHERE ${kind} = 'integer')`, over);
  const larger = sql`my_sum_decimals(${operand}) FILTER (WHERE ${kind} = 'blob')${over}`;
  const both = call('my_total', smaller, larger, raw('0'));
  if (over.text !== '' || operand.binds.length > 0) return both;
  return sql`CASE WHEN max(${operand}) <= 9223372036854775807 THEN ${smaller} ELSE ${both} END`;
}

function halvedSum(operand: Fragment, filter: Fragment, over: Over): Fragment {
  const upper = sql`sum(${operand} >> 32)${filter}${over}`;
  const lower = sql`sum(${operand} & 4294967295)${filter}${over}`;
  const joined = call('my_halves', upper, lower);
  // SQLite computes an aggregate once that stands there several times, but neither a window nor one with parameters.
  if (over.text !== '' || operand.binds.length > 0) return joined;
  return sql`CASE WHEN ${upper} BETWEEN -${mostUpper} AND ${mostUpper} THEN (${upper} << 32) + ${lower} ELSE ${joined} END`;
}

/** Upper halves up to which both halves together surely fit 64 bits. */
const mostUpper = 2 ** 30 - 1;

/** Values of more units in their last place are summed one by one as decimals: nine million smaller ones fit 2^63. */
const mostUnitsDigits = 12;

/** Digits of a quotient beyond its scale that its sums keep. */
const keptDigits = 5;

/** What is summed: a quotient with all of its digits. */
function addend(value: Typed): Fragment {
  return value.divided && value.open ? value.open : asNumber(value);
}

/** The sum of decimals as exact text: small ones by SQLite in units of their last place, others by us. */
function exactSum(value: Typed, shown: number, distinct: string, over: Over): Fragment {
  const number = addend(value);
  const scale = value.divided && value.open ? shown + keptDigits : shown;
  const limit = `1e${mostUnitsDigits - scale}`;
  const units = sql`CAST(round(${number} * 1e${scale}) AS INTEGER)`;
  const small = sql`sum(${distinct}${units}) FILTER (WHERE abs(${number}) < ${limit})${over}`;
  const large = sql`my_sum_decimals(${distinct}${asExact(value)}) FILTER (WHERE abs(${number}) >= ${limit})${over}`;
  return call('my_total', small, large, raw(String(scale)));
}

function average(given: Typed, distinct: string, over: Over): Typed {
  const value = besideNumbers(given);
  const type = numberType(value);
  const number = addend(value);
  if (category(type) === 'double')
    return typed(sql`${ours('avg_doubles', over)}(${distinct}${number})${over}`, doubleLike(type, 4));
  const plain = sql`avg(${distinct}${number})${over}`;
  const own = type.scale ?? 0;
  const scale = Math.min(30, own + 4);
  const total = own > 0 ? exactSum(value, own, distinct, over) : wideSum(value, distinct, over);
  const exact = sql`my_decimal('/', ${total}, count(${distinct}${number})${over}, ${scale})`;
  const result = sql`round(${plain} * 1.0000000000000004, ${scale})`;
  return typed(result, decimal(integerDigits(type) + scale, scale), { exact });
}

function extremeOf(name: 'min' | 'max', value: Typed, over: Over): Typed {
  if (value.wide) return wideValue(call('my_from_key', sql`${name}(${wideKey(value)})${over}`), value.type);
  const plain = settle(value);
  const found = needsKey(plain)
    ? unkeyed(sql`${name}(${keyed(plain)})${over}`)
    : sql`${name}(${sortedBy(plain)})${over}`;
  const made = typed(found, plain.type);
  return value.collating ? { ...made, collating: { ...value.collating, strength: 3, declared: false } } : made;
}

function groupConcat(expression: Aggregate, args: readonly Typed[], over: Over, place: Place): Typed {
  const separator = quoteText(expression.separator ?? ',');
  const parts = args.map(asCharacters);
  const text = parts.length === 1 ? parts[0]! : sql`(${join(parts, ' || ')})`;
  const order = orderText(
    expression.orderBy.map((item) => ({ ...item, expression: argumentAt(item.expression, expression, place) })),
    place,
  );
  if (!expression.distinct) return typed(sql`group_concat(${text}, ${separator}${order})${over}`, longtext);
  // A DISTINCT aggregate of SQLite takes one argument only: the separator comes in afterwards.
  const deciding = args.find(({ collating }) => collating?.order === 'binary') ?? args[0]!;
  const item = args.some(needsKey) ? plainText(deciding, text) : sql`${text} COLLATE NOCASE`;
  const list = sql`json_group_array(DISTINCT ${item}${order}) FILTER (WHERE ${text} IS NOT NULL)`;
  return typed(sql`my_join(${list}, ${separator})`, longtext);
}

/** ORDER BY 1 inside of GROUP_CONCAT names its first argument. */
function argumentAt(item: Expression, { arguments: list }: Aggregate, place: Place): Expression {
  if (item.kind !== 'literal' || item.type !== 'integer') return item;
  fixSlot(place.translation, item);
  const named = list[Number(item.value) - 1];
  if (!named) throw fault('ER_BAD_FIELD', String(item.value), 'order clause');
  return named;
}

function deviation(name: string, value: Typed, over: Over): Typed {
  const own = name === 'std' || name === 'stddev' ? 'stddev_pop' : name === 'variance' ? 'var_pop' : name;
  return typed(sql`${ours(own, over)}(${asNumber(value)})${over}`, doubleLike(numberType(value), 4));
}
