import type { RenameTable } from '../ast/definition.ts';
import type { ObjectName } from '../ast/name.ts';
import type { TenantStatement } from '../ast/statement.ts';
import { algorithm, refuseThing } from './create.ts';
import type { Cursor } from './cursor.ts';
import { name, objectName } from './names.ts';

/** DROP from its verb on. */
export function drop(c: Cursor): TenantStatement {
  c.expect('DROP');
  if (c.accept('PREPARE')) return { kind: 'deallocate', name: name(c) };
  if (c.acceptAny('DATABASE', 'SCHEMA') !== null) {
    const ifExists = c.acceptAll('IF', 'EXISTS');
    return { kind: 'dropDatabase', name: name(c), ifExists };
  }
  if (c.accept('INDEX')) return dropIndex(c);
  const temporary = c.is('TEMPORARY') && c.accept('TEMPORARY');
  const view = !temporary && c.is('VIEW');
  if (c.acceptAny('TABLE', 'TABLES', ...(view ? ['VIEW'] : [])) === null) return refuseThing(c, 'drop');
  const ifExists = c.acceptAll('IF', 'EXISTS');
  const tables = objectNames(c);
  c.acceptAny('RESTRICT', 'CASCADE');
  return { kind: 'dropTable', tables, ifExists, temporary, view };
}

function dropIndex(c: Cursor): TenantStatement {
  const called = c.accept('PRIMARY') ? 'PRIMARY' : name(c);
  c.expect('ON');
  const table = objectName(c);
  algorithm(c);
  return { kind: 'dropIndex', name: called, table };
}

/** Names with commas between. */
export function objectNames(c: Cursor): ObjectName[] {
  const names = [objectName(c)];
  while (c.acceptSign(',')) names.push(objectName(c));
  return names;
}

/** RENAME TABLE a TO b, …. */
export function renameTable(c: Cursor): RenameTable {
  c.expect('RENAME');
  if (c.acceptAny('TABLE', 'TABLES') === null) c.fail();
  const renames: { readonly from: ObjectName; readonly to: ObjectName }[] = [];
  do {
    const from = objectName(c);
    c.expect('TO');
    renames.push({ from, to: objectName(c) });
  } while (c.acceptSign(','));
  return { kind: 'renameTable', renames };
}
