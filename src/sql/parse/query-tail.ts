import type { Expression, OrderItem } from '../ast/expression.ts';
import type { Limit, Select } from '../ast/query.ts';
import { INTEGER, PARAMETER, USER_VARIABLE } from '../scan/scanner.ts';
import { orderBy } from './aggregate.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { literal, primary } from './primary.ts';

/** What may follow the last operand of a query. */
export interface QueryTail {
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
  readonly lock: Select['lock'];
  readonly into: readonly string[] | null;
}

const tailWords: ReadonlySet<string> = new Set(['ORDER', 'LIMIT', 'INTO', 'FOR', 'LOCK', 'PROCEDURE']);

export function hasTail(c: Cursor): boolean {
  return c.isAny(tailWords);
}

/** Null when there is none. */
export function queryTail(c: Cursor): QueryTail | null {
  if (!hasTail(c)) return null;
  const order = orderBy(c);
  const limit = limitClause(c);
  if (c.is('PROCEDURE')) throw new Refusal('select procedure is');
  let into = intoClause(c);
  const lock = lockClause(c);
  into ??= intoClause(c);
  return { orderBy: order, limit, lock, into };
}

/** LIMIT n, LIMIT offset, n and LIMIT n OFFSET offset. */
export function limitClause(c: Cursor): Limit | null {
  if (!c.accept('LIMIT')) return null;
  const first = limitValue(c);
  if (c.acceptSign(',')) return { count: limitValue(c), offset: first };
  return { count: first, offset: c.accept('OFFSET') ? limitValue(c) : null };
}

function limitValue(c: Cursor): Expression {
  const { kind } = c.peek();
  if (kind === INTEGER) return literal(c);
  return kind === PARAMETER ? primary(c) : c.fail();
}

/** INTO @a, @b; the file forms are refused. */
export function intoClause(c: Cursor): string[] | null {
  if (!c.accept('INTO')) return null;
  if (c.is('OUTFILE') || c.is('DUMPFILE')) throw new Refusal(`select into ${c.next().text.toLowerCase()} is`);
  const names: string[] = [];
  do {
    if (c.peek().kind !== USER_VARIABLE) c.fail();
    names.push(c.next().text.toLowerCase());
  } while (c.acceptSign(','));
  return names;
}

function lockClause(c: Cursor): Select['lock'] {
  if (c.accept('LOCK')) {
    c.expect('IN', 'SHARE', 'MODE');
    return 'SHARE';
  }
  if (!c.accept('FOR')) return null;
  const lock = c.accept('SHARE') ? 'SHARE' : 'UPDATE';
  if (lock === 'UPDATE') c.expect('UPDATE');
  const refined = c.acceptAny('NOWAIT', 'WAIT', 'SKIP', 'OF');
  if (refined !== null) throw new Refusal(`select for update ${refined.toLowerCase()} is`);
  return lock;
}
