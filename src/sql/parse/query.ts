import type { Query, Select, SetOperation, ValuesQuery, WithClause } from '../ast/query.ts';
import { bareSelect } from '../bare-select.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expressionList } from './expression.ts';
import { name, nameList } from './names.ts';
import { subquery } from './parentheses.ts';
import { hasTail, type QueryTail, queryTail } from './query-tail.ts';
import { selectCore } from './select.ts';

/** True when a query begins at the cursor, parentheses aside. */
export function startsQuery(c: Cursor): boolean {
  return c.is('SELECT') || c.is('WITH') || (c.is('VALUES') && c.is('ROW', 1));
}

const operators: ReadonlySet<string> = new Set(['EXCEPT', 'MINUS', 'INTERSECT']);

/** True when a set operator stands at the cursor and not an alias that looks like one. */
export function atSetOperator(c: Cursor): boolean {
  if (c.is('UNION')) return true;
  if (!c.isAny(operators)) return false;
  return c.isSign('(', 1) || ['SELECT', 'ALL', 'DISTINCT', 'VALUES', 'WITH'].some((word) => c.is(word, 1));
}

/** True when what follows a query in parentheses belongs to a bigger query. */
export function continuesQuery(c: Cursor): boolean {
  return atSetOperator(c) || hasTail(c);
}

/** A whole query: WITH, set operations, ORDER BY, LIMIT, INTO and locks. */
export function query(c: Cursor): Query {
  c.enter();
  const common = c.is('WITH') ? withClause(c) : null;
  const whole = continueQuery(c, null, common);
  c.leave();
  return whole;
}

/** Goes on behind a first operand that was read in parentheses, or reads it. */
export function continueQuery(c: Cursor, first: Query | null, common: WithClause | null): Query {
  const bare = first === null && !c.isSign('(');
  const operand = first ?? term(c);
  const whole = setOperations(c, operand);
  const tail = queryTail(c);
  return withCommon(withTail(c, whole, tail, bare || whole !== operand), common);
}

function setOperations(c: Cursor, first: Query): Query {
  let left = intersections(c, first);
  for (let links = 1; atSetOperator(c); c.link(links++)) {
    const word = c.next().text;
    const all = c.accept('ALL');
    if (!all) c.accept('DISTINCT');
    if (all && word !== 'UNION') throw new Refusal(`${word.toLowerCase()} all is`);
    const operator = word !== 'UNION' ? 'EXCEPT' : all ? 'UNION ALL' : 'UNION';
    left = setOperation(operator, left, intersections(c, term(c)));
  }
  return left;
}

function intersections(c: Cursor, first: Query): Query {
  let left = first;
  for (let links = 1; c.is('INTERSECT') && atSetOperator(c); c.link(links++)) {
    c.next();
    if (c.accept('ALL')) throw new Refusal('intersect all is');
    c.accept('DISTINCT');
    left = setOperation('INTERSECT', left, term(c));
  }
  return left;
}

function setOperation(operator: SetOperation['operator'], left: Query, right: Query): SetOperation {
  return { kind: 'setOperation', with: null, operator, left, right, orderBy: [], limit: null };
}

/** One operand of a set operation: a SELECT without its tail, VALUES ROW, or a query in parentheses. */
function term(c: Cursor): Query {
  if (c.isSign('(')) return subquery(c);
  return c.is('VALUES') ? valuesQuery(c) : selectCore(c);
}

function valuesQuery(c: Cursor): ValuesQuery {
  c.expect('VALUES');
  const rows = [];
  do {
    c.expect('ROW');
    c.expectSign('(');
    rows.push(expressionList(c));
    c.expectSign(')');
  } while (c.acceptSign(','));
  return { kind: 'values', rows, orderBy: [], limit: null };
}

/** Puts ORDER BY, LIMIT, INTO and the lock where they belong. `open` is false for a query that came in parentheses. */
function withTail(c: Cursor, whole: Query, tail: QueryTail | null, open: boolean): Query {
  if (tail === null) return whole;
  const { orderBy, limit, lock, into } = tail;
  const sorted = orderBy.length > 0 || limit !== null;
  const taken = whole.orderBy.length > 0 || whole.limit !== null;
  if (!open && taken && sorted) return withTail(c, around(whole), tail, true);
  if (whole.kind === 'select') {
    if (into !== null && whole.into !== null) c.fail();
    return { ...whole, ...(sorted ? { orderBy, limit } : {}), lock: lock ?? whole.lock, into: into ?? whole.into };
  }
  if (into !== null) throw new Refusal('select into with union is');
  const changed = sorted ? { ...whole, orderBy, limit } : whole;
  if (lock === null) return changed;
  if (changed.kind === 'values' || changed.right.kind !== 'select') return c.fail();
  return { ...changed, right: { ...changed.right, lock } };
}

function withCommon(whole: Query, common: WithClause | null): Query {
  if (common === null) return whole;
  if (whole.kind === 'values' || whole.with !== null) return { ...around(whole), with: common };
  return { ...whole, with: common };
}

/** `SELECT * FROM (query)`: gives a query that has its own ORDER BY, LIMIT or WITH a second one. */
function around(inner: Query): Select {
  return bareSelect({
    items: [{ kind: 'star', schema: null, table: null }],
    from: [{ kind: 'derived', query: inner, alias: '_inner', columns: null, lateral: false }],
  });
}

function withClause(c: Cursor): WithClause {
  c.expect('WITH');
  const recursive = c.accept('RECURSIVE');
  const tables = [];
  do {
    const called = name(c);
    const columns = c.isSign('(') ? nameList(c) : null;
    c.expect('AS');
    tables.push({ name: called, columns, query: subquery(c) });
  } while (c.acceptSign(','));
  return { recursive, tables };
}
