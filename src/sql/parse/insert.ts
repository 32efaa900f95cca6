import type { Assignment, Insert, ValueRows } from '../ast/change.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { afterDot, name, objectName } from './names.ts';
import { query, startsQuery } from './query.ts';
import { oneRow, valueRows } from './value-rows.ts';

/** INSERT and REPLACE from their verb on. */
export function insert(c: Cursor): Insert {
  const replace = c.next().text === 'REPLACE';
  c.acceptAny('LOW_PRIORITY', 'DELAYED', ...(replace ? [] : ['HIGH_PRIORITY']));
  const ignore = !replace && c.accept('IGNORE');
  c.accept('INTO');
  const table = objectName(c);
  if (c.is('PARTITION')) throw new Refusal('partition selection is');
  const head = { kind: 'insert', replace, ignore, table } as const;
  const body = source(c);
  const onDuplicate = !replace && c.accept('ON') ? duplicate(c) : null;
  return { ...head, ...body, onDuplicate };
}

type Source = Pick<Insert, 'columns' | 'rows' | 'query'>;

function source(c: Cursor): Source {
  if (c.accept('SET')) return setSource(c);
  const columns = c.isSign('(') && !startsQueryInside(c) ? columnList(c) : null;
  if (c.is('VALUES') || c.is('VALUE')) {
    if (c.is('ROW', 1)) throw new Refusal('values row is');
    c.next();
    return { columns, rows: rows(c), query: null };
  }
  if (!startsQuery(c) && !c.isSign('(')) c.fail();
  return { columns, rows: null, query: query(c) };
}

function rows(c: Cursor): ValueRows {
  const found = valueRows(c);
  if (c.is('AS')) throw new Refusal('insert row alias is');
  return found;
}

function setSource(c: Cursor): Source {
  const assigned = assignments(c);
  return {
    columns: assigned.map((item) => item.column),
    rows: oneRow(assigned.map((item) => item.value)),
    query: null,
  };
}

/** `(SELECT …` and `((SELECT …` against `(column, …`. */
function startsQueryInside(c: Cursor): boolean {
  let depth = 1;
  while (c.isSign('(', depth)) {
    c.link(depth);
    depth++;
  }
  return c.is('SELECT', depth) || c.is('WITH', depth);
}

function columnList(c: Cursor): string[] {
  c.expectSign('(');
  const columns: string[] = [];
  if (c.acceptSign(')')) return columns;
  do columns.push(columnName(c).column);
  while (c.acceptSign(','));
  c.expectSign(')');
  return columns;
}

function columnName(c: Cursor): { readonly table: string | null; readonly column: string } {
  let table: string | null = null;
  let column = name(c);
  for (let parts = 1; parts < 3 && c.acceptSign('.'); parts++) {
    table = column;
    column = afterDot(c);
  }
  return { table, column };
}

function duplicate(c: Cursor): Assignment[] {
  c.expect('DUPLICATE', 'KEY', 'UPDATE');
  return assignments(c);
}

/** `a = 1, t.b = DEFAULT` of INSERT … SET, ON DUPLICATE KEY UPDATE and UPDATE. */
export function assignments(c: Cursor): Assignment[] {
  const found: Assignment[] = [];
  do {
    const target = columnName(c);
    if (!c.acceptSign(':=')) c.expectSign('=');
    found.push({ ...target, value: expression(c) });
  } while (c.acceptSign(','));
  return found;
}
