import type { Delete, Truncate, Update } from '../ast/change.ts';
import type { ObjectName } from '../ast/name.ts';
import type { TableExpression } from '../ast/query.ts';
import { orderBy } from './aggregate.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { tableList } from './from.ts';
import { assignments } from './insert.ts';
import { afterDot, isName, name, objectName } from './names.ts';
import { limitClause } from './query-tail.ts';

/** UPDATE of one table or of several joined ones. */
export function update(c: Cursor): Update {
  c.expect('UPDATE');
  c.accept('LOW_PRIORITY');
  const ignore = c.accept('IGNORE');
  const from = tableList(c);
  c.expect('SET');
  const changes = assignments(c);
  return { kind: 'update', ignore, from, assignments: changes, ...rowTail(c) };
}

function rowTail(c: Cursor): Pick<Update, 'where' | 'orderBy' | 'limit'> {
  const where = c.accept('WHERE') ? expression(c) : null;
  return { where, orderBy: orderBy(c), limit: limitClause(c) };
}

/** DELETE FROM t, DELETE t, u FROM …, DELETE FROM t, u USING …. */
export function remove(c: Cursor): Delete {
  c.expect('DELETE');
  while (c.acceptAny('LOW_PRIORITY', 'QUICK') !== null);
  const ignore = c.accept('IGNORE');
  if (!c.accept('FROM')) {
    const targets = targetList(c);
    c.expect('FROM');
    return { kind: 'delete', ignore, targets, from: tableList(c), ...rowTail(c) };
  }
  const { start } = c.peek();
  const targets = targetList(c);
  if (c.accept('USING')) return { kind: 'delete', ignore, targets, from: tableList(c), ...rowTail(c) };
  if (targets.length > 1) c.fail();
  const table = targets[0]!;
  if (c.is('PARTITION')) throw new Refusal('partition selection is');
  const alias = c.accept('AS') || isName(c) ? name(c) : null;
  const from: TableExpression[] = [{ kind: 'table', table, alias, start }];
  return { kind: 'delete', ignore, targets, from, ...rowTail(c) };
}

function targetList(c: Cursor): ObjectName[] {
  const targets = [target(c)];
  while (c.acceptSign(',')) targets.push(target(c));
  return targets;
}

/** `t`, `db.t`, `t.*` and `db.t.*` mean tables here. */
function target(c: Cursor): ObjectName {
  const first = name(c);
  if (!c.acceptSign('.')) return { schema: null, name: first };
  if (c.acceptSign('*')) return { schema: null, name: first };
  const table = { schema: first, name: afterDot(c) };
  if (c.acceptSign('.')) c.expectSign('*');
  return table;
}

export function truncate(c: Cursor): Truncate {
  c.expect('TRUNCATE');
  c.accept('TABLE');
  return { kind: 'truncate', table: objectName(c) };
}
