import type { Cast, ConvertUsing, FunctionCall } from '../ast/call.ts';
import type { Expression, MatchAgainst } from '../ast/expression.ts';
import { aggregate, aggregateNames, windowCall, windowNames } from './aggregate.ts';
import { castType } from './cast-type.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { arithmetic, expression, expressionList } from './expression.ts';
import { interval, unit } from './interval.ts';
import { afterDot, anyName, charsetName, name } from './names.ts';
import { columnRef } from './primary.ts';

type Form = (c: Cursor) => Expression;

/** A call with plain arguments, possibly `schema.name(…)`; aggregates and window functions branch off. */
export function call(c: Cursor): Expression {
  const { start } = c.peek();
  let called = anyName(c).toLowerCase();
  let schema: string | null = null;
  if (c.acceptSign('.')) {
    schema = called;
    called = afterDot(c).toLowerCase();
  } else {
    const fold = aggregateNames.get(called);
    if (fold !== undefined) return aggregate(c, fold);
    if (windowNames.has(called)) return windowCall(c, called);
  }
  c.expectSign('(');
  const list = c.isSign(')') ? [] : expressionList(c);
  c.expectSign(')');
  return { kind: 'function', name: called, schema, arguments: list, start, end: c.lastEnd };
}

function made(c: Cursor, start: number, called: string, list: readonly Expression[], keyword?: string): FunctionCall {
  c.expectSign(')');
  const node = { kind: 'function', name: called, schema: null, arguments: list, start, end: c.lastEnd } as const;
  return keyword === undefined ? node : { ...node, keyword };
}

/** Takes the name and the parenthesis; gives the name in lower case and where it began. */
function open(c: Cursor): { readonly start: number; readonly called: string } {
  const { start, text } = c.next();
  c.expectSign('(');
  return { start, called: text.toLowerCase() };
}

function extract(c: Cursor): Expression {
  const { start, called } = open(c);
  const part = unit(c);
  c.expect('FROM');
  return made(c, start, called, [expression(c)], part);
}

function trim(c: Cursor): Expression {
  const { start, called } = open(c);
  const side = c.acceptAny('LEADING', 'TRAILING', 'BOTH');
  if (side !== null && c.accept('FROM')) return made(c, start, called, [expression(c)], side);
  const first = expression(c);
  if (side === null && c.isSign(')')) return made(c, start, called, [first]);
  c.expect('FROM');
  return made(c, start, called, [expression(c), first], side ?? 'BOTH');
}

function substring(c: Cursor): Expression {
  const { start, called } = open(c);
  const list = [expression(c)];
  if (c.accept('FROM')) {
    list.push(expression(c));
    if (c.accept('FOR')) list.push(expression(c));
  } else while (c.acceptSign(',')) list.push(expression(c));
  return made(c, start, called, list);
}

/** POSITION(a IN b) is LOCATE(a, b). */
function position(c: Cursor): Expression {
  const { start } = open(c);
  const part = arithmetic(c, 0, null);
  c.expect('IN');
  return made(c, start, 'locate', [part, expression(c)]);
}

function withUnit(c: Cursor): Expression {
  const { start, called } = open(c);
  const part = unit(c);
  c.expectSign(',');
  return made(c, start, called, expressionList(c), part);
}

/** DATE_ADD(x, INTERVAL n unit) and its kin; ADDDATE and SUBDATE also take days. */
function dateArithmetic(c: Cursor): Expression {
  const { start, called } = open(c);
  const date = expression(c);
  c.expectSign(',');
  return made(c, start, called, [date, c.is('INTERVAL') ? interval(c) : expression(c)]);
}

function cast(c: Cursor): Cast {
  open(c);
  const operand = expression(c);
  c.expect('AS');
  const type = castType(c);
  c.expectSign(')');
  return { kind: 'cast', operand, type };
}

function convert(c: Cursor): Cast | ConvertUsing {
  open(c);
  const operand = expression(c);
  if (c.accept('USING')) {
    const charset = charsetName(c);
    c.expectSign(')');
    return { kind: 'convertUsing', operand, charset };
  }
  c.expectSign(',');
  const type = castType(c);
  c.expectSign(')');
  return { kind: 'cast', operand, type };
}

function char(c: Cursor): Expression {
  const { start, called } = open(c);
  const list = expressionList(c);
  return made(c, start, called, list, c.accept('USING') ? charsetName(c).toUpperCase() : undefined);
}

function match(c: Cursor): MatchAgainst {
  c.next();
  const bracket = c.acceptSign('(');
  const columns = [columnRef(c)];
  while (c.acceptSign(',')) columns.push(columnRef(c));
  if (bracket) c.expectSign(')');
  c.expect('AGAINST');
  c.expectSign('(');
  const against = arithmetic(c, 0, null);
  if (c.acceptAll('IN', 'BOOLEAN', 'MODE')) throw new Refusal('match against in boolean mode is');
  const natural = c.acceptAll('IN', 'NATURAL', 'LANGUAGE', 'MODE');
  if (c.is('WITH')) throw new Refusal('match against with query expansion is');
  if (!natural && !c.isSign(')')) c.fail();
  c.expectSign(')');
  return { kind: 'match', columns, against };
}

function lastPart(c: Cursor): string {
  let part = name(c);
  while (c.acceptSign('.')) part = afterDot(c);
  return part;
}

function ofColumn(kind: 'valuesOf' | 'default'): Form {
  return (c) => {
    open(c);
    const column = lastPart(c);
    c.expectSign(')');
    return { kind, column };
  };
}

function refused(feature: string): Form {
  return () => {
    throw new Refusal(feature);
  };
}

/** Functions whose arguments have a grammar of their own. */
export const specialForms: Readonly<Record<string, Form>> = {
  ADDDATE: dateArithmetic,
  CAST: cast,
  CHAR: char,
  CONVERT: convert,
  DATE_ADD: dateArithmetic,
  DATE_SUB: dateArithmetic,
  DEFAULT: ofColumn('default'),
  EXTRACT: extract,
  GET_FORMAT: refused('get_format is'),
  MATCH: match,
  MID: substring,
  POSITION: position,
  SUBDATE: dateArithmetic,
  SUBSTR: substring,
  SUBSTRING: substring,
  TIMESTAMPADD: withUnit,
  TIMESTAMPDIFF: withUnit,
  TRIM: trim,
  VALUES: ofColumn('valuesOf'),
  WEIGHT_STRING: refused('weight_string is'),
};
