import { fault } from '../../base/errors.ts';
import type { Query, TableExpression } from '../ast/query.ts';
import { QUOTED, WORD } from '../scan/scanner.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { binary, expression } from './expression.ts';
import { name, nameList, objectName, reservedWords } from './names.ts';
import { subquery } from './parentheses.ts';
import { atSetOperator, continueQuery, continuesQuery, query, startsQuery } from './query.ts';
import { atWindowClause } from './select.ts';

type Join = Extract<TableExpression, { kind: 'join' }>;

/** The tables of FROM, comma by comma; DUAL alone is no table. */
export function tableList(c: Cursor): TableExpression[] {
  if (c.accept('DUAL')) return [];
  const tables = [joined(c, null)];
  while (c.acceptSign(',')) tables.push(joined(c, null));
  return tables;
}

/** A table and the joins behind it. */
export function joined(c: Cursor, first: TableExpression | null): TableExpression {
  c.enter();
  let left = first ?? factor(c);
  for (let links = 1; ; c.link(links++)) {
    const kind = joinKind(c);
    if (kind === null) break;
    left = join(c, left, kind);
  }
  c.leave();
  return left;
}

interface JoinKind {
  readonly join: Join['join'];
  readonly natural: boolean;
}

function joinKind(c: Cursor): JoinKind | null {
  if (c.accept('STRAIGHT_JOIN')) return { join: 'INNER', natural: false };
  const natural = c.accept('NATURAL');
  const side = c.acceptAny('LEFT', 'RIGHT');
  if (side !== null) {
    c.accept('OUTER');
    c.expect('JOIN');
    return { join: side === 'LEFT' ? 'LEFT' : 'RIGHT', natural };
  }
  const word = natural ? c.acceptAny('INNER') : c.acceptAny('INNER', 'CROSS');
  if (c.accept('JOIN')) return { join: word === 'CROSS' ? 'CROSS' : 'INNER', natural };
  if (natural || word !== null) c.fail();
  return null;
}

function join(c: Cursor, left: TableExpression, kind: JoinKind): Join {
  const outer = kind.join === 'LEFT' || kind.join === 'RIGHT';
  let right = factor(c);
  if (outer && !kind.natural)
    // a LEFT JOIN b JOIN c ON … ON …: an outer join waits for its own condition
    while (!c.is('ON') && !c.is('USING')) {
      const inner = joinKind(c) ?? c.fail();
      c.enter();
      right = join(c, right, inner);
      c.leave();
    }
  const node = { kind: 'join', join: kind.join, natural: kind.natural, left, right } as const;
  if (kind.natural) return { ...node, on: null, using: null };
  if (c.accept('USING')) return { ...node, on: null, using: nameList(c) };
  return moreConditions(c, { ...node, on: c.accept('ON') ? expression(c) : null, using: null });
}

/** `a JOIN b JOIN c ON x ON y`: the second condition belongs to an inner join that went without one. */
function moreConditions(c: Cursor, node: Join): Join {
  if (node.join !== 'INNER' || !lacksCondition(node.left)) return node;
  let on = node.on;
  for (let open: TableExpression = node.left; lacksCondition(open) && c.accept('ON'); open = open.left) {
    const condition = expression(c);
    on = on === null ? condition : binary('AND', on, condition);
  }
  return { ...node, on };
}

function lacksCondition(node: TableExpression): node is Join {
  return node.kind === 'join' && node.join === 'INNER' && !node.natural && node.on === null && node.using === null;
}

function factor(c: Cursor): TableExpression {
  if (c.isSign('(')) {
    const content = inParentheses(c);
    return 'query' in content ? derived(c, content.query, false) : content.table;
  }
  if (c.isSign('{') && c.is('OJ', 1)) {
    c.next();
    c.next();
    const table = joined(c, null);
    c.expectSign('}');
    return table;
  }
  if (c.is('LATERAL') && c.isSign('(', 1)) {
    c.next();
    return derived(c, subquery(c), true);
  }
  if ((c.is('JSON_TABLE') || c.is('TABLE')) && c.isSign('(', 1)) throw new Refusal(`${c.next().text.toLowerCase()} is`);
  return plainTable(c);
}

function plainTable(c: Cursor): TableExpression {
  const { start } = c.peek();
  const table = objectName(c);
  if (c.is('PARTITION') && c.isSign('(', 1)) throw new Refusal('partition selection is');
  if (c.is('AS') && c.is('OF', 1)) throw new Refusal('flashback query is');
  const alias = tableAlias(c);
  if (c.is('TABLESAMPLE') || (c.is('SAMPLE') && c.isSign('(', 1))) throw new Refusal('sampling is');
  indexHints(c);
  return { kind: 'table', table, alias, start };
}

type Content = { readonly query: Query } | { readonly table: TableExpression };

/** Parentheses in FROM hold a query or tables; which of both only shows inside. */
function inParentheses(c: Cursor): Content {
  c.expectSign('(');
  c.enter();
  const content = insideParentheses(c);
  c.expectSign(')');
  c.leave();
  return content;
}

function insideParentheses(c: Cursor): Content {
  if (startsQuery(c)) return { query: query(c) };
  if (!c.isSign('(')) return { table: commaJoined(c, joined(c, null)) };
  const inner = inParentheses(c);
  if ('table' in inner) return { table: commaJoined(c, joined(c, inner.table)) };
  if (continuesQuery(c)) return { query: continueQuery(c, inner.query, null) };
  if (c.isSign(')')) return inner;
  return { table: commaJoined(c, joined(c, derived(c, inner.query, false))) };
}

/** `(a, b)` as a join operand is a cross join. */
function commaJoined(c: Cursor, first: TableExpression): TableExpression {
  let left = first;
  for (let links = 1; c.acceptSign(','); c.link(links++)) {
    const right = joined(c, null);
    left = { kind: 'join', join: 'CROSS', natural: false, left, right, on: null, using: null };
  }
  return left;
}

function derived(c: Cursor, inner: Query, lateral: boolean): TableExpression {
  const alias = tableAlias(c);
  if (alias === null) throw fault('ER_DERIVED_MUST_HAVE_ALIAS');
  const columns = c.isSign('(') ? nameList(c) : null;
  return { kind: 'derived', query: inner, alias, columns, lateral };
}

function tableAlias(c: Cursor): string | null {
  if (c.accept('AS')) return name(c);
  const token = c.peek();
  if (token.kind === QUOTED) return name(c);
  if (token.kind !== WORD || reservedWords.has(token.text) || atSetOperator(c) || atWindowClause(c)) return null;
  if (token.text === 'FULL' && (c.is('JOIN', 1) || c.is('OUTER', 1))) throw new Refusal('full outer join is');
  return name(c);
}

/** USE, FORCE and IGNORE INDEX are read and forgotten: they never change an answer. */
function indexHints(c: Cursor): void {
  while (['USE', 'FORCE', 'IGNORE'].some((word) => c.is(word)) && (c.is('INDEX', 1) || c.is('KEY', 1))) {
    c.next();
    c.next();
    if (c.accept('FOR') && !c.accept('JOIN')) {
      if (c.acceptAny('ORDER', 'GROUP') === null) c.fail();
      c.expect('BY');
    }
    c.expectSign('(');
    while (!c.acceptSign(')')) {
      if (!c.accept('PRIMARY')) name(c);
      if (!c.isSign(')')) c.expectSign(',');
    }
  }
}
