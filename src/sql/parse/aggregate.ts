import type { Aggregate, FrameBound, WindowCall, WindowSpec } from '../ast/call.ts';
import type { Expression, OrderItem } from '../ast/expression.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression, expressionList } from './expression.ts';
import { isName, name } from './names.ts';

const folds: readonly Aggregate['name'][] = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'group_concat',
  'bit_and',
  'bit_or',
  'bit_xor',
  'std',
  'stddev',
  'stddev_pop',
  'stddev_samp',
  'variance',
  'var_pop',
  'var_samp',
  'json_arrayagg',
  'json_objectagg',
];
export const aggregateNames: ReadonlyMap<string, Aggregate['name']> = new Map(folds.map((fold) => [fold, fold]));

/** Functions that exist only with OVER. */
export const windowNames: ReadonlySet<string> = new Set(
  'row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value'.split(' '),
);

/** An aggregate from its parenthesis on, with OVER behind it. */
export function aggregate(c: Cursor, called: Aggregate['name']): Aggregate {
  c.expectSign('(');
  const distinct = c.accept('DISTINCT');
  if (!distinct) c.accept('ALL');
  const star = called === 'count' && !distinct && c.acceptSign('*');
  const list = star ? [] : expressionList(c);
  let order: OrderItem[] = [];
  let separator: string | null = null;
  if (called === 'group_concat') {
    order = orderBy(c);
    if (c.accept('SEPARATOR')) separator = c.takeString();
  } else checkCount(c, called, list, distinct);
  c.expectSign(')');
  return { kind: 'aggregate', name: called, arguments: list, distinct, orderBy: order, separator, over: over(c) };
}

function checkCount(c: Cursor, called: string, list: readonly Expression[], distinct: boolean): void {
  const most = called === 'json_objectagg' ? 2 : called === 'count' && distinct ? Number.POSITIVE_INFINITY : 1;
  const least = called === 'json_objectagg' ? 2 : 1;
  if (list.length > most || (list.length < least && called !== 'count')) c.fail();
}

/** A pure window function from its parenthesis on; without OVER its name is an ordinary function's, and a mistake. */
export function windowCall(c: Cursor, called: string): WindowCall {
  c.expectSign('(');
  const list = c.isSign(')') ? [] : expressionList(c);
  c.expectSign(')');
  if (c.acceptAll('FROM', 'LAST') || c.is('IGNORE'))
    throw new Refusal('window function with ignore nulls or from last is');
  if (c.acceptAll('FROM', 'FIRST') || c.acceptAll('RESPECT', 'NULLS')) return { ...bare(called, list), over: must(c) };
  return { ...bare(called, list), over: must(c) };
}

function bare(called: string, list: readonly Expression[]): Omit<WindowCall, 'over'> {
  return { kind: 'window', name: called, arguments: list };
}

function must(c: Cursor): WindowSpec {
  return over(c) ?? c.fail();
}

function over(c: Cursor): WindowSpec | null {
  if (!c.is('OVER') || !(c.isSign('(', 1) || isName(c, 1))) return null;
  c.next();
  if (!c.isSign('(')) return { name: name(c), partitionBy: [], orderBy: [], frame: null };
  return windowSpec(c);
}

/** `( [name] [PARTITION BY …] [ORDER BY …] [frame] )`. */
export function windowSpec(c: Cursor): WindowSpec {
  c.expectSign('(');
  const frameWord = c.is('ROWS') || c.is('GROUPS');
  const base = isName(c) && !frameWord ? name(c) : null;
  const partitionBy = c.acceptAll('PARTITION', 'BY') ? expressionList(c) : [];
  const order = orderBy(c);
  const bounds = frame(c);
  c.expectSign(')');
  return { name: base, partitionBy, orderBy: order, frame: bounds };
}

function frame(c: Cursor): WindowSpec['frame'] {
  if (c.is('GROUPS')) throw new Refusal('window frame groups is');
  const unit = c.acceptAny('ROWS', 'RANGE');
  if (unit === null) return null;
  const between = c.accept('BETWEEN');
  const from = bound(c);
  if (between) c.expect('AND');
  const to = between ? bound(c) : null;
  if (c.is('EXCLUDE')) throw new Refusal('window frame exclusion is');
  return { unit: unit === 'ROWS' ? 'ROWS' : 'RANGE', from, to };
}

function bound(c: Cursor): FrameBound {
  if (c.acceptAll('CURRENT', 'ROW')) return { bound: 'CURRENT ROW', offset: null };
  const unbounded = c.accept('UNBOUNDED');
  if (!unbounded && c.is('INTERVAL')) throw new Refusal('window frame with interval is');
  const offset = unbounded ? null : expression(c);
  const side = c.acceptAny('PRECEDING', 'FOLLOWING');
  if (side === null) c.fail();
  const way = side === 'PRECEDING' ? 'PRECEDING' : 'FOLLOWING';
  return { bound: unbounded ? `UNBOUNDED ${way}` : way, offset };
}

/** ORDER BY with its items; empty when it is not there. */
export function orderBy(c: Cursor): OrderItem[] {
  if (!c.accept('ORDER')) return [];
  c.expect('BY');
  return orderItems(c);
}

export function orderItems(c: Cursor): OrderItem[] {
  const items: OrderItem[] = [];
  do {
    const sorted = expression(c);
    const descending = c.accept('DESC');
    if (!descending) c.accept('ASC');
    items.push({ expression: sorted, descending });
  } while (c.acceptSign(','));
  return items;
}
