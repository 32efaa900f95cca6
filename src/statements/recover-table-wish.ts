import { fault } from '../base/errors.ts';
import { repeated, type TableName, type TableWish, targetOf } from '../policy/table-mapping.ts';
import type { RecoverTable, Remap, TablePattern } from '../sql/statement-restore.ts';

/**
 * Reads the list and the remaps of RECOVER TABLE; 1235 for partitions, duplicates, two tables that would get one name, and remaps of
 * what is not in the list.
 */
export function tableWish({ tables, remaps }: Pick<RecoverTable, 'tables' | 'remaps'>): TableWish {
  const list = listOf(tables);
  for (const kind of ['table', 'tablegroup', 'tablespace'] as const) {
    if (remaps.filter((each) => each.kind === kind).length > 1)
      throw fault('OB_OP_NOT_ALLOW', `duplicate REMAP ${kind.toUpperCase()} is`);
  }
  for (const { kind, name } of groupNames(remaps))
    if (name.length > maxGroupNameChars) throw fault('OB_ERR_WRONG_VALUE', `REMAP ${kind.toUpperCase()}`, name);
  const items = remaps.filter((each): each is Extract<Remap, { kind: 'table' }> => each.kind === 'table');
  if (items.some(({ items: each }) => each.some(({ from }) => from.partition !== null)))
    throw fault('OB_NOT_SUPPORTED', 'remap partition');
  const all = tables === 'all';
  const wish: TableWish = Object.freeze({ all, ...list, ...remapsOf(items, all ? null : list) });
  requireOwnNames(wish);
  return wish;
}

/** What is named must not get the name of another; tables of whole databases are known later. */
function requireOwnNames(wish: TableWish): void {
  const remapped = wish.remapTables.map(({ from }) => from);
  const others = wish.tables.filter((table) => !remapped.some((each) => same(each, table)));
  const [twice] = repeated([...others, ...remapped].map((each) => targetOf(wish, each)));
  if (twice) throw fault('OB_NOT_SUPPORTED', `remap duplicate table \`${twice.database}\`.\`${twice.table}\``);
}

const maxGroupNameChars = 128;

function groupNames(remaps: readonly Remap[]) {
  return remaps.flatMap((remap) =>
    remap.kind === 'table'
      ? []
      : remap.items.flatMap(({ from, to }) => [from, to].map((name) => ({ kind: remap.kind, name }))),
  );
}

/** What a remap leads to must be there, and no tenant has table groups or table spaces: -5151 or -4354 for any. */
export function requireGroups({ remaps }: Pick<RecoverTable, 'remaps'>): void {
  for (const remap of remaps) {
    const to = remap.kind === 'table' ? undefined : remap.items[0]?.to;
    if (to === undefined) continue;
    throw remap.kind === 'tablegroup' ? fault('OB_TABLEGROUP_NOT_EXIST') : fault('OB_TABLESPACE_NOT_EXIST', to);
  }
}

function listOf(tables: RecoverTable['tables']): Pick<TableWish, 'databases' | 'tables'> {
  const databases: string[] = [];
  const names: TableName[] = [];
  for (const item of tables === 'all' ? [] : tables) {
    if (item.partition !== null) throw fault('OB_NOT_SUPPORTED', 'recover partition');
    const database = item.database.toLowerCase();
    if (item.table === null) {
      if (databases.includes(database)) throw fault('OB_NOT_SUPPORTED', `recover duplicate database \`${database}\``);
      databases.push(database);
      continue;
    }
    const name = nameOf(item);
    if (names.some((each) => same(each, name)))
      throw fault('OB_NOT_SUPPORTED', `recover duplicate table \`${name.database}\`.\`${name.table}\``);
    names.push(name);
  }
  return { databases, tables: names };
}

/** With `*.*`, a null list, anything may be remapped: what is not there has no effect. */
function remapsOf(
  clauses: readonly Extract<Remap, { kind: 'table' }>[],
  list: Pick<TableWish, 'databases' | 'tables'> | null,
): Pick<TableWish, 'remapDatabases' | 'remapTables'> {
  const remapDatabases: { from: string; to: string }[] = [];
  const remapTables: { from: TableName; to: TableName }[] = [];
  for (const { from, to } of clauses.flatMap(({ items }) => items)) {
    const database = from.database.toLowerCase();
    if (from.table === null) {
      if (list !== null && !list.databases.includes(database))
        throw fault('OB_NOT_SUPPORTED', 'remap not exist recover database');
      if (remapDatabases.some((each) => each.from === database))
        throw fault('OB_NOT_SUPPORTED', `remap duplicate database \`${database}\``);
      remapDatabases.push({ from: database, to: (to.database ?? database).toLowerCase() });
      continue;
    }
    const name = nameOf(from);
    if (list !== null && !list.databases.includes(database) && !list.tables.some((each) => same(each, name)))
      throw fault('OB_NOT_SUPPORTED', 'remap not exist recover table');
    if (remapTables.some((each) => same(each.from, name)))
      throw fault('OB_NOT_SUPPORTED', `remap duplicate table \`${name.database}\`.\`${name.table}\``);
    const target = { database: (to.database ?? database).toLowerCase(), table: (to.table ?? name.table).toLowerCase() };
    remapTables.push({ from: name, to: target });
  }
  return { remapDatabases, remapTables };
}

function nameOf({ database, table }: TablePattern): TableName {
  return { database: database.toLowerCase(), table: (table ?? '').toLowerCase() };
}

function same(a: TableName, b: TableName): boolean {
  return a.database === b.database && a.table === b.table;
}
