import type { ColumnDefinition, CreateTable, TableConstraint } from '../ast/definition.ts';
import type { ObjectName } from '../ast/name.ts';
import { OPERATOR } from '../scan/scanner.ts';
import { columnDefinition } from './column-definition.ts';
import { atConstraint, constraint } from './constraint.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { objectName } from './names.ts';
import { query, startsQuery } from './query.ts';
import { tableOptions } from './table-options.ts';

/** CREATE TABLE from TABLE on. */
export function createTable(c: Cursor, temporary: boolean): CreateTable {
  c.expect('TABLE');
  const ifNotExists = c.acceptAll('IF', 'NOT', 'EXISTS');
  const table = objectName(c);
  const head = { kind: 'createTable', table, temporary, ifNotExists } as const;
  const like = likeOther(c);
  if (like !== null)
    return { ...head, columns: [], constraints: [], options: {}, like, query: null, partitioning: null };
  const { columns, constraints } = elements(c);
  const options = tableOptions(c);
  const partitioning = partitionClause(c);
  if (c.is('WITH') && c.is('COLUMN', 1)) throw new Refusal('column group is');
  if (c.is('IGNORE') || c.is('REPLACE')) throw new Refusal('create table ignore or replace as select is');
  const as = c.accept('AS');
  const source = as || startsQuery(c) || c.isSign('(') ? query(c) : null;
  if (source === null && columns.length === 0) c.fail();
  return { ...head, columns, constraints, options, like: null, query: source, partitioning };
}

function likeOther(c: Cursor): ObjectName | null {
  if (c.accept('LIKE')) return objectName(c);
  if (!c.isSign('(') || !c.is('LIKE', 1)) return null;
  c.next();
  c.next();
  const other = objectName(c);
  c.expectSign(')');
  return other;
}

interface Elements {
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
}

function elements(c: Cursor): Elements {
  const columns: ColumnDefinition[] = [];
  const constraints: TableConstraint[] = [];
  if (!c.isSign('(') || c.is('SELECT', 1) || c.is('WITH', 1) || c.isSign('(', 1)) return { columns, constraints };
  c.next();
  do {
    if (atConstraint(c)) constraints.push(constraint(c));
    else columns.push(columnDefinition(c, constraints));
  } while (c.acceptSign(','));
  c.expectSign(')');
  return { columns, constraints };
}

/** PARTITION BY as text, up to the end or to the query behind it. */
function partitionClause(c: Cursor): string | null {
  if (!c.is('PARTITION') || !c.is('BY', 1)) return null;
  const { start } = c.peek();
  let depth = 0;
  while (!c.atEnd() && !(depth === 0 && (startsQuery(c) || c.is('AS') || c.isSign(';')))) {
    const token = c.isLiteral() ? c.takeFixed() : c.next();
    if (token.kind !== OPERATOR) continue;
    if (token.text === '(') depth++;
    else if (token.text === ')' && --depth < 0) c.fail(token);
  }
  if (depth !== 0) c.fail();
  return c.source(start, c.lastEnd);
}
