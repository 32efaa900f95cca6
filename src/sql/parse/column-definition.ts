import type { ColumnType } from '../../value/column-type.ts';
import type { ColumnDefinition, TableConstraint } from '../ast/definition.ts';
import type { Expression } from '../ast/expression.ts';
import { lengths } from './cast-type.ts';
import { columnType } from './column-type.ts';
import { checkClause, references } from './constraint.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { charsetName, isName, name } from './names.ts';
import { primary } from './primary.ts';

type Draft = { -readonly [Key in keyof ColumnDefinition]: ColumnDefinition[Key] };

/** A column with its attributes in any order. Named checks are constraints of the table and go to `extra`. */
export function columnDefinition(c: Cursor, extra: TableConstraint[]): ColumnDefinition {
  const called = name(c);
  const serial = c.is('SERIAL');
  const draft: Draft = {
    name: called,
    type: columnType(c),
    nullable: !serial,
    default: null,
    onUpdateNow: false,
    autoIncrement: serial,
    primaryKey: false,
    unique: serial,
    comment: null,
    generated: null,
    check: null,
    references: null,
  };
  while (attribute(c, draft, extra));
  return draft;
}

function attribute(c: Cursor, draft: Draft, extra: TableConstraint[]): boolean {
  if (c.acceptAll('NOT', 'NULL')) draft.nullable = false;
  else if (c.accept('NULL')) draft.nullable = true;
  else if (c.accept('DEFAULT')) draft.default = defaultValue(c);
  else if (c.acceptAll('ON', 'UPDATE')) draft.onUpdateNow = now(c);
  else if (c.accept('AUTO_INCREMENT')) draft.autoIncrement = true;
  else if (c.acceptAll('SERIAL', 'DEFAULT', 'VALUE')) serialDefault(draft);
  else if (c.is('PRIMARY') || c.is('KEY')) primaryKey(c, draft);
  else if (c.accept('UNIQUE')) draft.unique = c.accept('KEY') || true;
  else if (c.accept('COMMENT')) draft.comment = c.takeString();
  else if (c.is('GENERATED') || c.is('AS')) draft.generated = generated(c);
  else if (c.is('CONSTRAINT') || c.is('CHECK')) check(c, draft, extra);
  else if (c.is('REFERENCES')) draft.references = references(c);
  else return typeAttribute(c, draft);
  return true;
}

/** Charset and collation behind other attributes, and what changes nothing here. */
function typeAttribute(c: Cursor, draft: Draft): boolean {
  if (c.accept('COLLATE')) draft.type = { ...draft.type, collation: charsetName(c) } satisfies ColumnType;
  else if (c.accept('CHARSET') || c.acceptAll('CHARACTER', 'SET'))
    draft.type = { ...draft.type, charset: charsetName(c) };
  else if (c.accept('COLUMN_FORMAT') || c.accept('STORAGE')) c.next();
  else if (c.is('INVISIBLE')) throw new Refusal('invisible column is');
  else if (c.is('SRID')) throw new Refusal('spatial column type is');
  else return c.accept('VISIBLE');
  return true;
}

/** A literal, a signed number, CURRENT_TIMESTAMP or an expression in parentheses; COLLATE behind it is the column's. */
export function defaultValue(c: Cursor): Expression {
  if (c.acceptSign('-')) return { kind: 'unary', operator: '-', operand: primary(c) };
  c.acceptSign('+');
  return primary(c);
}

/** CURRENT_TIMESTAMP of ON UPDATE; its digits are those of the column. */
function now(c: Cursor): true {
  const word = c.acceptAny('CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP') ?? c.fail();
  if (c.isSign('(') && c.isSign(')', 1)) {
    c.next();
    c.next();
  } else if (lengths(c).length === 0 && word === 'NOW') c.fail();
  return true;
}

function serialDefault(draft: Draft): void {
  draft.nullable = false;
  draft.autoIncrement = true;
  draft.unique = true;
}

function primaryKey(c: Cursor, draft: Draft): void {
  c.accept('PRIMARY');
  c.expect('KEY');
  draft.primaryKey = true;
  draft.nullable = false;
}

function generated(c: Cursor): NonNullable<ColumnDefinition['generated']> {
  if (c.accept('GENERATED')) c.expect('ALWAYS');
  c.expect('AS');
  c.expectSign('(');
  const computed = expression(c);
  c.expectSign(')');
  const word = c.acceptAny('VIRTUAL', 'STORED', 'PERSISTENT');
  return { expression: computed, stored: word === 'STORED' || word === 'PERSISTENT' };
}

function check(c: Cursor, draft: Draft, extra: TableConstraint[]): void {
  const called = c.accept('CONSTRAINT') && isName(c) ? name(c) : null;
  const constraint = checkClause(c, called);
  if (called === null && draft.check === null) draft.check = constraint.expression;
  else extra.push(constraint);
}
