import type { ForeignKeyTarget, IndexPart, ReferenceAction, TableConstraint } from '../ast/definition.ts';
import { takeInteger } from './cast-type.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { isName, name, nameList, objectName } from './names.ts';

type CheckConstraint = Extract<TableConstraint, { kind: 'check' }>;

const starts: ReadonlySet<string> = new Set(
  'CONSTRAINT PRIMARY UNIQUE INDEX KEY FULLTEXT SPATIAL FOREIGN CHECK'.split(' '),
);

/** True when a key or constraint begins at the cursor and no column: all of these words are reserved. */
export function atConstraint(c: Cursor): boolean {
  return c.isAny(starts);
}

/** A key or constraint of CREATE TABLE or ALTER TABLE … ADD. */
export function constraint(c: Cursor): TableConstraint {
  const called = c.accept('CONSTRAINT') && isName(c) ? name(c) : null;
  switch (c.peek().text) {
    case 'PRIMARY':
      c.next();
      c.expect('KEY');
      if (isName(c) && !c.is('USING')) name(c);
      return { kind: 'primary', parts: keyParts(c) };
    case 'UNIQUE':
      c.next();
      c.acceptAny('KEY', 'INDEX');
      return { kind: 'unique', name: indexName(c) ?? called, parts: keyParts(c) };
    case 'FOREIGN':
      return foreign(c, called);
    case 'CHECK':
      return checkClause(c, called);
    default:
      return called === null ? plainKey(c) : c.fail();
  }
}

function plainKey(c: Cursor): TableConstraint {
  const word = c.next().text;
  if (word === 'INDEX' || word === 'KEY') return { kind: 'index', name: indexName(c), parts: keyParts(c) };
  c.acceptAny('KEY', 'INDEX');
  const kind = word === 'FULLTEXT' ? 'fulltext' : 'spatial';
  return { kind, name: indexName(c), parts: keyParts(c) };
}

function foreign(c: Cursor, called: string | null): TableConstraint {
  c.next();
  c.expect('KEY');
  const index = indexName(c);
  const columns = nameList(c);
  return { kind: 'foreign', name: called ?? index, columns, target: references(c) };
}

function indexName(c: Cursor): string | null {
  return isName(c) && !c.is('USING') ? name(c) : null;
}

/** `CHECK ( … )`; the text stands without its parentheses. */
export function checkClause(c: Cursor, called: string | null): CheckConstraint {
  c.expect('CHECK');
  c.expectSign('(');
  const { start } = c.peek();
  const condition = expression(c);
  const text = c.source(start, c.lastEnd);
  c.expectSign(')');
  if (c.is('NOT') && c.is('ENFORCED', 1)) throw new Refusal('check not enforced is');
  c.accept('ENFORCED');
  return { kind: 'check', name: called, expression: condition, text };
}

/** `REFERENCES t (…) ON DELETE … ON UPDATE …`. */
export function references(c: Cursor): ForeignKeyTarget {
  c.expect('REFERENCES');
  const table = objectName(c);
  const columns = c.isSign('(') ? nameList(c) : [];
  if (c.accept('MATCH') && c.acceptAny('FULL', 'PARTIAL', 'SIMPLE') === null) c.fail();
  let onDelete: ReferenceAction | null = null;
  let onUpdate: ReferenceAction | null = null;
  while (c.accept('ON')) {
    if (c.accept('DELETE')) onDelete = action(c);
    else {
      c.expect('UPDATE');
      onUpdate = action(c);
    }
  }
  return { table, columns, onDelete, onUpdate };
}

function action(c: Cursor): ReferenceAction {
  if (c.accept('RESTRICT')) return 'RESTRICT';
  if (c.accept('CASCADE')) return 'CASCADE';
  if (c.acceptAll('SET', 'NULL')) return 'SET NULL';
  if (c.acceptAll('SET', 'DEFAULT')) throw new Refusal('set default of a foreign key is');
  c.expect('NO', 'ACTION');
  return 'NO ACTION';
}

/** The columns of a key with the options around them. */
export function keyParts(c: Cursor): IndexPart[] {
  indexOptions(c);
  c.expectSign('(');
  const parts: IndexPart[] = [];
  do parts.push(keyPart(c));
  while (c.acceptSign(','));
  c.expectSign(')');
  indexOptions(c);
  return parts;
}

function keyPart(c: Cursor): IndexPart {
  if (c.isSign('(')) throw new Refusal('functional index is');
  const column = name(c);
  let length: number | null = null;
  if (c.acceptSign('(')) {
    length = takeInteger(c);
    c.expectSign(')');
  }
  const descending = c.accept('DESC');
  if (!descending) c.accept('ASC');
  return { column, length, descending };
}

/** Storage details of an index; none of them changes an answer. */
export function indexOptions(c: Cursor): void {
  for (;;) {
    if (c.is('USING')) {
      c.next();
      if (c.acceptAny('BTREE', 'HASH', 'RTREE') === null) c.fail();
    } else if (c.accept('COMMENT')) c.takeString();
    else if (c.acceptAny('KEY_BLOCK_SIZE', 'BLOCK_SIZE', 'PARALLEL') !== null) {
      c.acceptSign('=');
      takeInteger(c);
    } else if (c.acceptAll('WITH', 'PARSER')) name(c);
    else if (c.accept('STORING')) nameList(c);
    else if (c.acceptAny('VISIBLE', 'INVISIBLE', 'LOCAL', 'GLOBAL') === null) return;
  }
}
