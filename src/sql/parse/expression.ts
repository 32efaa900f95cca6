import type { Binary, Expression, Like } from '../ast/expression.ts';
import { OPERATOR, WORD } from '../scan/scanner.ts';
import type { Cursor } from './cursor.ts';
import { interval } from './interval.ts';
import { charsetName } from './names.ts';
import { parenthesised, subquery } from './parentheses.ts';
import { primary } from './primary.ts';

/** A full expression: OR and everything that binds tighter. `left` is a first operand that was read already. */
export function expression(c: Cursor, left: Expression | null = null): Expression {
  c.enter();
  const terms = [xor(c, left)];
  while (c.accept('OR') || (!c.pipesAsConcat && c.acceptSign('||'))) terms.push(xor(c, null));
  c.leave();
  return balanced('OR', terms);
}

export function expressionList(c: Cursor): Expression[] {
  const items = [expression(c)];
  while (c.acceptSign(',')) items.push(expression(c));
  return items;
}

/** Long AND and OR chains become bushy trees, so that nobody who walks them needs a deep stack. */
const bushyFrom = 16;

function balanced(operator: 'AND' | 'OR', terms: readonly Expression[]): Expression {
  if (terms.length <= bushyFrom)
    return terms.reduce((left, right): Binary => ({ kind: 'binary', operator, left, right }));
  const half = terms.length >> 1;
  return {
    kind: 'binary',
    operator,
    left: balanced(operator, terms.slice(0, half)),
    right: balanced(operator, terms.slice(half)),
  };
}

function xor(c: Cursor, first: Expression | null): Expression {
  let left = and(c, first);
  for (let links = 1; c.accept('XOR'); c.link(links++)) left = binary('XOR', left, and(c, null));
  return left;
}

function and(c: Cursor, left: Expression | null): Expression {
  const terms = [not(c, left)];
  while (c.accept('AND') || c.acceptSign('&&')) terms.push(not(c, null));
  return balanced('AND', terms);
}

function not(c: Cursor, left: Expression | null): Expression {
  if (left !== null || !c.accept('NOT')) return comparison(c, left);
  c.enter();
  const operand = not(c, null);
  c.leave();
  return { kind: 'unary', operator: 'NOT', operand };
}

const comparisons: Readonly<Record<string, Binary['operator']>> = {
  '=': '=',
  '<=>': '<=>',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function comparison(c: Cursor, first: Expression | null): Expression {
  let left = predicate(c, first);
  for (let links = 1; ; c.link(links++)) {
    if (c.accept('IS')) {
      left = isTest(c, left);
      continue;
    }
    const token = c.peek();
    const operator = token.kind === OPERATOR ? comparisons[token.text] : undefined;
    if (operator === undefined) return left;
    c.next();
    left = compared(c, operator, left);
  }
}

function compared(c: Cursor, operator: Binary['operator'], left: Expression): Expression {
  const quantified = c.is('ALL') || ((c.is('ANY') || c.is('SOME')) && c.isSign('(', 1));
  if (!quantified) return binary(operator, left, predicate(c, null));
  switch (operator) {
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const quantifier = c.next().text === 'ALL' ? 'ALL' : 'ANY';
      return { kind: 'quantified', operator, quantifier, operand: left, query: subquery(c) };
    }
    default:
      return c.fail();
  }
}

function isTest(c: Cursor, operand: Expression): Expression {
  const not = c.accept('NOT');
  const test = c.acceptAny('NULL', 'TRUE', 'FALSE', 'UNKNOWN');
  if (test === 'NULL' || test === 'TRUE' || test === 'FALSE' || test === 'UNKNOWN')
    return { kind: 'is', not, operand, test };
  return c.fail();
}

const negatable: ReadonlySet<string> = new Set(['IN', 'BETWEEN', 'LIKE', 'REGEXP', 'RLIKE']);

function predicate(c: Cursor, first: Expression | null): Expression {
  const operand = arithmetic(c, 0, first);
  const token = c.peek();
  if (token.kind !== WORD) return operand;
  if (token.text === 'SOUNDS' && c.acceptAll('SOUNDS', 'LIKE'))
    return binary('SOUNDS LIKE', operand, arithmetic(c, 0, null));
  const not = token.text === 'NOT' && c.isAny(negatable, 1);
  if (!not && !negatable.has(token.text)) return operand;
  if (not) c.next();
  switch (c.next().text) {
    case 'IN':
      return inTest(c, operand, not);
    case 'BETWEEN': {
      const low = arithmetic(c, 0, null);
      c.expect('AND');
      c.enter();
      const high = predicate(c, null);
      c.leave();
      return { kind: 'between', not, operand, low, high };
    }
    case 'LIKE':
      return like(c, operand, not);
    default:
      return binary(not ? 'NOT REGEXP' : 'REGEXP', operand, arithmetic(c, 0, null));
  }
}

function inTest(c: Cursor, operand: Expression, not: boolean): Expression {
  const list = parenthesised(c);
  if (list.query !== null) return { kind: 'inSubquery', not, operand, query: list.query };
  return { kind: 'inList', not, operand, items: list.items };
}

function like(c: Cursor, operand: Expression, not: boolean): Like {
  const pattern = arithmetic(c, 0, null);
  return { kind: 'like', not, operand, pattern, escape: c.accept('ESCAPE') ? arithmetic(c, 0, null) : null };
}

const powers: Readonly<Record<string, number>> = {
  '|': 1,
  '&': 2,
  '<<': 3,
  '>>': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  DIV: 5,
  MOD: 5,
  '^': 6,
};
const additive = 4;
const pipesPower = 7;

/** MySQL's bit_expr: operators from `|` to `^`, by precedence climbing; only those binding at least as tight as `least`. */
export function arithmetic(c: Cursor, least: number, first: Expression | null): Expression {
  const start = c.peek().start;
  let left = first ?? signed(c);
  for (let links = 1; ; c.link(links++)) {
    const token = c.peek();
    if (token.kind !== OPERATOR && token.kind !== WORD) return left;
    if (token.text === '||' && c.pipesAsConcat && pipesPower >= least) {
      c.next();
      const right = arithmetic(c, pipesPower + 1, null);
      left = { kind: 'function', name: 'concat', schema: null, arguments: [left, right], start, end: c.lastEnd };
      continue;
    }
    const power = powers[token.text];
    if (power === undefined || power < least) return left;
    c.next();
    const right = power === additive && c.is('INTERVAL') ? afterSign(c, interval(c)) : arithmetic(c, power + 1, null);
    left = binary(token.text === 'MOD' ? '%' : (token.text as Binary['operator']), left, right);
  }
}

/** INTERVAL(a, b) is a function and may be multiplied; an interval stands alone. */
function afterSign(c: Cursor, right: Expression): Expression {
  return right.kind === 'interval' ? right : arithmetic(c, additive + 1, right);
}

/** MySQL's simple_expr: signs in front, COLLATE behind. */
function signed(c: Cursor): Expression {
  const token = c.peek();
  if (
    token.kind === OPERATOR &&
    (token.text === '-' || token.text === '+' || token.text === '~' || token.text === '!')
  ) {
    c.next();
    return unary(c, token.text);
  }
  if (token.kind === WORD && token.text === 'BINARY') {
    c.next();
    return unary(c, 'BINARY');
  }
  let operand = primary(c);
  for (let links = 1; c.accept('COLLATE'); c.link(links++))
    operand = { kind: 'collate', operand, collation: charsetName(c) };
  return operand;
}

function unary(c: Cursor, operator: '-' | '+' | '~' | '!' | 'BINARY'): Expression {
  c.enter();
  const operand = signed(c);
  c.leave();
  return { kind: 'unary', operator, operand };
}

export function binary(operator: Binary['operator'], left: Expression, right: Expression): Binary {
  return { kind: 'binary', operator, left, right };
}
