import type { Expression } from '../ast/expression.ts';
import type { Query } from '../ast/query.ts';
import type { Cursor } from './cursor.ts';
import { expression } from './expression.ts';
import { continueQuery, continuesQuery, query, startsQuery } from './query.ts';

/** What stood in parentheses: one query, or one or more expressions. */
export type Parenthesised =
  | { readonly query: Query; readonly items: null }
  | { readonly query: null; readonly items: readonly Expression[] };

/**
 * Reads `( … )` where a subquery, a value and a row are all possible, at any depth, without reading anything twice:
 * `((SELECT 1) UNION (SELECT 2))` only shows behind the inner parenthesis what it is.
 */
export function parenthesised(c: Cursor): Parenthesised {
  c.expectSign('(');
  c.enter();
  const content = inside(c);
  c.expectSign(')');
  c.leave();
  return content;
}

function inside(c: Cursor): Parenthesised {
  if (startsQuery(c)) return { query: query(c), items: null };
  let first: Expression;
  if (c.isSign('(')) {
    const inner = parenthesised(c);
    if (inner.query !== null && continuesQuery(c)) return { query: continueQuery(c, inner.query, null), items: null };
    if (inner.query !== null && c.isSign(')')) return inner;
    first = expression(c, asExpression(inner));
  } else first = expression(c);
  const items = [first];
  while (c.acceptSign(',')) items.push(expression(c));
  return { query: null, items };
}

/** The value parentheses stand for. */
export function asExpression(content: Parenthesised): Expression {
  if (content.query !== null) return { kind: 'scalar', query: content.query };
  return content.items.length === 1 ? content.items[0]! : { kind: 'row', items: content.items };
}

/** Parentheses that must hold a query. */
export function subquery(c: Cursor): Query {
  const start = c.peek(1);
  return parenthesised(c).query ?? c.fail(start);
}
