import type { ColumnType } from '../../value/column-type.ts';
import type { WindowCall, WindowSpec } from '../ast/call.ts';
import type { OrderItem } from '../ast/expression.ts';
import { sortedBy } from './compare.ts';
import { asExact, asInteger, asNumber, settle } from './convert.ts';
import { translate } from './expression.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { sortKey } from './order.ts';
import type { Place } from './scope.ts';
import { unsupported } from './statement.ts';
import { bigint, double, isNumeric, kindOf, type Typed, typed, unsignedBigint } from './typed.ts';
import { wideValue } from './wide.ts';

/** ` ORDER BY …` inside of an aggregate or a window. */
export function orderText(items: readonly OrderItem[], place: Place): Fragment {
  if (items.length === 0) return raw('');
  const list = items.map(({ expression, descending }) => {
    return sql`${sortKey(translate(expression, place))}${descending ? ' DESC' : ''}`;
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
  const [first] = args;
  const form = first?.wide ? asExact : (value: Typed) => value.sql;
  const list = args.map((value, index) => (index === 1 ? asInteger(value) : form(value)));
  if (first?.wide)
    return { ...wideValue(sql`${expression.name}(${join(list, ', ')}) OVER ${over}`, first.type), aggregate: true };
  const made = typed(sql`${expression.name}(${join(list, ', ')}) OVER ${over}`, first?.type ?? bigint, {
    aggregate: true,
  });
  return first?.collating ? { ...made, collating: { ...first.collating, strength: 3, declared: false } } : made;
}

/** ` OVER (…)`, or nothing for a plain aggregate. */
export interface Over extends Fragment {
  /** Rows leave the frame again. */
  readonly framed: boolean;
}

export function overText(spec: WindowSpec | null, place: Place): Over {
  if (spec === null) return { ...raw(''), framed: false };
  const frame = spec.frame ?? namedWindow(spec, place)?.frame ?? null;
  return {
    ...sql` OVER ${windowText(spec, place)}`,
    framed: frame !== null && frame.from.bound !== 'UNBOUNDED PRECEDING',
  };
}

function namedWindow({ name }: WindowSpec, { windows }: Place): WindowSpec | null {
  const named = name === null ? null : windows?.get(name.toLowerCase());
  if (named === undefined) throw unsupported(`window '${name}' that is not defined is`);
  return named;
}

/** The parenthesised specification; named windows are written out. */
function windowText(spec: WindowSpec, place: Place): Fragment {
  const named = namedWindow(spec, place);
  const partitionBy = spec.partitionBy.length > 0 ? spec.partitionBy : (named?.partitionBy ?? []);
  const orderBy = spec.orderBy.length > 0 ? spec.orderBy : (named?.orderBy ?? []);
  const frame = spec.frame ?? named?.frame ?? null;
  const parts: Fragment[] = [];
  if (partitionBy.length > 0) {
    const list = partitionBy.map((item) => {
      return sortedBy(translate(item, place));
    });
    parts.push(sql`PARTITION BY ${join(list, ', ')}`);
  }
  if (orderBy.length > 0) parts.push(sql`${orderText(orderBy, place)}`);
  if (frame) {
    checkFrame(frame, orderBy, place);
    const offset = frame.unit === 'RANGE' ? asNumber : asInteger;
    const edge = (bound: NonNullable<typeof frame>['from']) =>
      bound.offset === null ? raw(bound.bound) : sql`${offset(translate(bound.offset, place))} ${bound.bound}`;
    const range = frame.to === null ? edge(frame.from) : sql`BETWEEN ${edge(frame.from)} AND ${edge(frame.to)}`;
    parts.push(sql`${frame.unit} ${range}`);
  }
  return sql`(${join(parts, ' ')})`;
}

type Frame = NonNullable<WindowSpec['frame']>;

const bounds: readonly Frame['from']['bound'][] = [
  'UNBOUNDED PRECEDING',
  'PRECEDING',
  'CURRENT ROW',
  'FOLLOWING',
  'UNBOUNDED FOLLOWING',
];

/** Refuses frames SQLite refuses in words of its own, or would take in another sense. */
function checkFrame({ unit, from, to }: Frame, orderBy: readonly OrderItem[], place: Place): void {
  const [begin, end] = [from.bound, to?.bound ?? 'CURRENT ROW'];
  if (bounds.indexOf(begin) > bounds.indexOf(end) || begin === 'UNBOUNDED FOLLOWING' || end === 'UNBOUNDED PRECEDING')
    throw unsupported('window frame that ends before it begins is');
  if (unit === 'ROWS' || (from.offset === null && (to === null || to.offset === null))) return;
  const [only, ...more] = orderBy;
  if (!only || more.length > 0 || !isNumeric(kindOf(translate(only.expression, place))))
    throw unsupported('window frame of a range over anything but one number is');
}
