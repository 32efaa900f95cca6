import { fault } from '../../base/errors.ts';
import type { ColumnType } from '../../value/column-type.ts';
import type { Aggregate, OrderItem, WindowCall, WindowSpec } from '../ast.ts';
import { ownCollation } from './compare.ts';
import { asBits, asCharacters, asInteger, asNumber, asText, numberType, settle } from './convert.ts';
import { translate } from './expression.ts';
import { call, type Fragment, join, quoteText, raw, sql } from './fragment.ts';
import { jsonOperand } from './json-call.ts';
import type { Place } from './scope.ts';
import { unsupported } from './statement.ts';
import {
  bigint,
  category,
  decimal,
  double,
  integerDigits,
  json,
  longtext,
  type Typed,
  typed,
  unsignedBigint,
} from './typed.ts';

/** COUNT is bigint(21), by which readers tell that it never passes 2^53. */
export const countType: ColumnType = { name: 'bigint', length: 21 };

/** An aggregate, or with OVER a window over it. */
export function translateAggregate(expression: Aggregate, place: Place): Typed {
  if (!place.aggregates && expression.over === null) throw fault('ER_INVALID_GROUP_FUNC_USE');
  const inner: Place = { ...place, aggregates: false };
  const args = expression.arguments.map((argument) => translate(argument, inner));
  const over = expression.over === null ? raw('') : sql` OVER ${windowText(expression.over, place)}`;
  if (expression.over !== null && expression.distinct) throw unsupported('DISTINCT in a window function is');
  const value = fold(expression, args, over, inner);
  return { ...value, aggregate: true };
}

function fold(expression: Aggregate, args: readonly Typed[], over: Fragment, place: Place): Typed {
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
      return typed(sql`my_${expression.name}(${asBits(first!)})${over}`, unsignedBigint, {
        bits: true,
        nullable: false,
      });
    case 'json_arrayagg':
      return typed(sql`my_json_arrayagg(${jsonOperand(first!)})${over}`, json);
    case 'json_objectagg':
      return typed(sql`my_json_objectagg(${asCharacters(first!)}, ${jsonOperand(args[1]!)})${over}`, json);
    default:
      return deviation(expression.name, first!, over);
  }
}

/** COUNT(*), COUNT(x), COUNT(DISTINCT a, b): several columns count as one document of their folded texts. */
function count(expression: Aggregate, args: readonly Typed[]): Fragment {
  if (args.length === 0) return raw('count(*)');
  if (args.length === 1) {
    const [value] = args;
    return expression.distinct ? sql`count(DISTINCT ${value!.sql}${ownCollation(value!)})` : sql`count(${value!.sql})`;
  }
  const keys = args.map((value) =>
    category(value.type) === 'text' && value.collating?.order !== 'binary'
      ? call('lower', asText(value))
      : category(value.type) === 'binary'
        ? call('hex', value.sql)
        : value.sql,
  );
  const present = join(
    args.map((value) => sql`${value.sql} IS NOT NULL`),
    ' AND ',
  );
  return sql`count(DISTINCT CASE WHEN ${present} THEN json_array(${join(keys, ', ')}) END)`;
}

function sum(value: Typed, distinct: string, over: Fragment): Typed {
  const type = numberType(value);
  const plain = sql`sum(${distinct}${asNumber(value)})${over}`;
  if (category(type) === 'double') return typed(plain, double);
  const scale = type.scale ?? 0;
  const result = decimal(Math.min(65, integerDigits(type) + 22 + scale), scale);
  return typed(scale === 0 ? plain : sql`round(${plain}, ${scale})`, result);
}

function average(value: Typed, distinct: string, over: Fragment): Typed {
  const type = numberType(value);
  const plain = sql`avg(${distinct}${asNumber(value)})${over}`;
  if (category(type) === 'double') return typed(plain, double);
  const scale = Math.min(30, (type.scale ?? 0) + 4);
  const number = asNumber(value);
  const exact =
    distinct === '' && over.text === '' ? sql`my_decimal('/', sum(${number}), count(${number}), ${scale})` : undefined;
  const result = sql`round(${plain} * 1.0000000000000004, ${scale})`;
  return typed(result, decimal(integerDigits(type) + scale, scale), exact ? { exact } : {});
}

function extremeOf(name: 'min' | 'max', value: Typed, over: Fragment): Typed {
  const plain = settle(value);
  const operand = value.bits ? asNumber(value) : plain.sql;
  const made = typed(sql`${name}(${operand}${ownCollation(plain)})${over}`, plain.type);
  return value.collating ? { ...made, collating: { ...value.collating, strength: 3, declared: false } } : made;
}

function groupConcat(expression: Aggregate, args: readonly Typed[], over: Fragment, place: Place): Typed {
  const separator = quoteText(expression.separator ?? ',');
  const parts = args.map(asCharacters);
  const text = parts.length === 1 ? parts[0]! : sql`(${join(parts, ' || ')})`;
  const collate = args.some(({ collating }) => collating?.order === 'binary') ? '' : ' COLLATE NOCASE';
  const order = orderText(expression.orderBy, place);
  if (!expression.distinct) return typed(sql`group_concat(${text}, ${separator}${order})${over}`, longtext);
  // A DISTINCT aggregate of SQLite takes one argument only: the separator comes in afterwards.
  const list = sql`json_group_array(DISTINCT ${text}${collate}${order}) FILTER (WHERE ${text} IS NOT NULL)`;
  return typed(sql`my_join(${list}, ${separator})`, longtext);
}

function deviation(name: string, value: Typed, over: Fragment): Typed {
  const own = name === 'std' || name === 'stddev' ? 'stddev_pop' : name === 'variance' ? 'var_pop' : name;
  return typed(sql`my_${own}(${asNumber(value)})${over}`, double);
}

/** ` ORDER BY …` inside of an aggregate or a window. */
function orderText(items: readonly OrderItem[], place: Place): Fragment {
  if (items.length === 0) return raw('');
  const list = items.map(({ expression, descending }) => {
    const value = translate(expression, place);
    return sql`${value.sql}${ownCollation(value)}${descending ? ' DESC' : ''}`;
  });
  return sql` ORDER BY ${join(list, ', ')}`;
}

const windowTypes: Readonly<Record<string, ColumnType>> = {
  row_number: unsignedBigint,
  rank: unsignedBigint,
  dense_rank: unsignedBigint,
  ntile: unsignedBigint,
  percent_rank: double,
  cume_dist: double,
};

/** ROW_NUMBER, LAG and the other functions that exist only with OVER. */
export function translateWindow(expression: WindowCall, place: Place): Typed {
  const args = expression.arguments.map((argument) => settle(translate(argument, place)));
  const over = windowText(expression.over, place);
  const own = windowTypes[expression.name];
  if (own) {
    const list = join(args.map(asInteger), ', ');
    return typed(sql`${expression.name}(${list}) OVER ${over}`, own, { nullable: false, aggregate: true });
  }
  const list = args.map((value, index) => (index === 1 ? asInteger(value) : value.sql));
  const [first] = args;
  const made = typed(sql`${expression.name}(${join(list, ', ')}) OVER ${over}`, first?.type ?? bigint, {
    aggregate: true,
  });
  return first?.collating ? { ...made, collating: { ...first.collating, strength: 3, declared: false } } : made;
}

/** The parenthesised specification; named windows are written out. */
function windowText(spec: WindowSpec, place: Place): Fragment {
  const named = spec.name === null ? null : place.windows?.get(spec.name.toLowerCase());
  if (spec.name !== null && !named) throw unsupported(`window '${spec.name}' that is not defined is`);
  const partitionBy = spec.partitionBy.length > 0 ? spec.partitionBy : (named?.partitionBy ?? []);
  const orderBy = spec.orderBy.length > 0 ? spec.orderBy : (named?.orderBy ?? []);
  const frame = spec.frame ?? named?.frame ?? null;
  const parts: Fragment[] = [];
  if (partitionBy.length > 0) {
    const list = partitionBy.map((item) => {
      const value = translate(item, place);
      return sql`${value.sql}${ownCollation(value)}`;
    });
    parts.push(sql`PARTITION BY ${join(list, ', ')}`);
  }
  if (orderBy.length > 0) parts.push(sql`${orderText(orderBy, place)}`);
  if (frame) {
    const edge = (bound: NonNullable<typeof frame>['from']) =>
      bound.offset === null ? raw(bound.bound) : sql`${asInteger(translate(bound.offset, place))} ${bound.bound}`;
    const range = frame.to === null ? edge(frame.from) : sql`BETWEEN ${edge(frame.from)} AND ${edge(frame.to)}`;
    parts.push(sql`${frame.unit} ${range}`);
  }
  return sql`(${join(parts, ' ')})`;
}
