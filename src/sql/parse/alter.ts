import type { AlterAction, AlterDatabase, AlterTable, ColumnPosition, TableConstraint } from '../ast/definition.ts';
import type { TenantStatement } from '../ast/statement.ts';
import { columnDefinition, defaultValue } from './column-definition.ts';
import { atConstraint, constraint } from './constraint.ts';
import { algorithm, databaseOptions, refuseThing } from './create.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { charsetName, isName, name, objectName } from './names.ts';
import { tableOption } from './table-options.ts';

/** ALTER TABLE and ALTER DATABASE. */
export function alter(c: Cursor): TenantStatement {
  c.expect('ALTER');
  if (c.is('IGNORE') && c.is('TABLE', 1)) throw new Refusal('alter ignore table is');
  if (c.accept('TABLE')) return alterTable(c);
  if (c.acceptAny('DATABASE', 'SCHEMA') !== null) return alterDatabase(c);
  return refuseThing(c, 'alter');
}

function alterDatabase(c: Cursor): AlterDatabase {
  const called = isName(c) && !c.is('CHARSET') && !c.is('ENCRYPTION') ? name(c) : null;
  c.accept('SET');
  return { kind: 'alterDatabase', name: called, ...databaseOptions(c) };
}

function alterTable(c: Cursor): AlterTable {
  const table = objectName(c);
  const actions: AlterAction[] = [];
  if (!c.atEnd() && !c.isSign(';'))
    do {
      algorithm(c);
      alterActions(c, actions);
    } while (c.acceptSign(','));
  return { kind: 'alterTable', table, actions };
}

const partitionVerbs: ReadonlySet<string> = new Set(
  'PARTITION REORGANIZE COALESCE REMOVE EXCHANGE REBUILD ANALYZE OPTIMIZE CHECK REPAIR TRUNCATE DISCARD IMPORT'.split(
    ' ',
  ),
);

function alterActions(c: Cursor, actions: AlterAction[]): void {
  if (c.isAny(partitionVerbs)) throw new Refusal('partition management is');
  if (c.accept('ADD')) add(c, actions);
  else if (c.accept('MODIFY')) modify(c, actions);
  else if (c.accept('CHANGE')) change(c, actions);
  else if (c.accept('DROP')) actions.push(drop(c));
  else if (c.accept('ALTER')) actions.push(alterDefault(c));
  else if (c.accept('RENAME')) actions.push(rename(c));
  else if (c.accept('CONVERT')) actions.push(convert(c));
  else if (c.is('DISABLE') || c.is('ENABLE')) actions.push(keys(c));
  else if (c.accept('FORCE')) actions.push({ kind: 'options', options: {} });
  else if (c.is('ORDER')) throw new Refusal('alter table order by is');
  else options(c, actions);
}

function options(c: Cursor, actions: AlterAction[]): void {
  const found: Record<string, string> = {};
  while (tableOption(c, found));
  if (Object.keys(found).length > 0) actions.push({ kind: 'options', options: found });
  else if (actions.length === 0 && !c.atEnd() && !c.isSign(';') && !c.isSign(',')) c.fail();
}

function add(c: Cursor, actions: AlterAction[]): void {
  if (c.is('PARTITION')) throw new Refusal('partition management is');
  if (atConstraint(c)) {
    actions.push({ kind: 'addConstraint', constraint: constraint(c) });
    return;
  }
  c.accept('COLUMN');
  if (!c.acceptSign('(')) {
    addColumn(c, actions);
    return;
  }
  do {
    if (atConstraint(c)) actions.push({ kind: 'addConstraint', constraint: constraint(c) });
    else addColumn(c, actions);
  } while (c.acceptSign(','));
  c.expectSign(')');
}

function addColumn(c: Cursor, actions: AlterAction[]): void {
  const extra: TableConstraint[] = [];
  const column = columnDefinition(c, extra);
  actions.push({ kind: 'addColumn', column, position: position(c) }, ...added(extra));
}

function added(extra: readonly TableConstraint[]): AlterAction[] {
  return extra.map((one) => ({ kind: 'addConstraint', constraint: one }));
}

function modify(c: Cursor, actions: AlterAction[]): void {
  c.accept('COLUMN');
  const extra: TableConstraint[] = [];
  const column = columnDefinition(c, extra);
  actions.push({ kind: 'changeColumn', oldName: column.name, column, position: position(c) }, ...added(extra));
}

function change(c: Cursor, actions: AlterAction[]): void {
  c.accept('COLUMN');
  const oldName = name(c);
  const extra: TableConstraint[] = [];
  const column = columnDefinition(c, extra);
  actions.push({ kind: 'changeColumn', oldName, column, position: position(c) }, ...added(extra));
}

function position(c: Cursor): ColumnPosition | null {
  if (c.accept('FIRST')) return { first: true };
  return c.accept('AFTER') ? { after: name(c) } : null;
}

function drop(c: Cursor): AlterAction {
  if (c.is('PARTITION') || c.is('SUBPARTITION')) throw new Refusal('partition management is');
  if (c.acceptAll('PRIMARY', 'KEY')) return { kind: 'dropPrimary' };
  if (c.acceptAll('FOREIGN', 'KEY')) return { kind: 'dropForeign', name: name(c) };
  if (c.acceptAny('INDEX', 'KEY') !== null) return { kind: 'dropIndex', name: name(c) };
  if (c.acceptAny('CHECK', 'CONSTRAINT') !== null) return { kind: 'dropCheck', name: name(c) };
  c.accept('COLUMN');
  const dropped = name(c);
  c.acceptAny('RESTRICT', 'CASCADE');
  return { kind: 'dropColumn', name: dropped };
}

function alterDefault(c: Cursor): AlterAction {
  if (c.is('INDEX')) throw new Refusal('alter index visibility is');
  if (c.is('CHECK') || c.is('CONSTRAINT')) throw new Refusal('alter check is');
  c.accept('COLUMN');
  const column = name(c);
  if (c.acceptAll('DROP', 'DEFAULT')) return { kind: 'alterDefault', column, default: null };
  c.expect('SET', 'DEFAULT');
  return { kind: 'alterDefault', column, default: defaultValue(c) };
}

function rename(c: Cursor): AlterAction {
  const kind = c.acceptAny('INDEX', 'KEY', 'COLUMN');
  if (kind === null) {
    if (c.acceptAny('TO', 'AS') === null) c.acceptSign('=');
    return { kind: 'renameTable', table: objectName(c) };
  }
  const oldName = name(c);
  c.expect('TO');
  return { kind: kind === 'COLUMN' ? 'renameColumn' : 'renameIndex', oldName, newName: name(c) };
}

function convert(c: Cursor): AlterAction {
  c.expect('TO');
  if (!c.accept('CHARSET')) c.expect('CHARACTER', 'SET');
  c.acceptSign('=');
  const charset = c.accept('DEFAULT') ? 'default' : charsetName(c);
  const collation = c.accept('COLLATE') ? charsetName(c) : null;
  return { kind: 'convertCharset', charset, collation };
}

function keys(c: Cursor): AlterAction {
  const enable = c.next().text === 'ENABLE';
  c.expect('KEYS');
  return { kind: 'keys', enable };
}
