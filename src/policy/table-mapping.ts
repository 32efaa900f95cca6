/** A table and its database, in lower case. */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

/** What RECOVER TABLE asks, names in lower case. */
export interface TableWish {
  /** `*.*`: the lists are empty. */
  readonly all: boolean;
  /** Databases asked for as a whole. */
  readonly databases: readonly string[];
  readonly tables: readonly TableName[];
  /** REMAP TABLE db.*:db.* */
  readonly remapDatabases: readonly { readonly from: string; readonly to: string }[];
  readonly remapTables: readonly { readonly from: TableName; readonly to: TableName }[];
}

export interface TableMove {
  readonly from: TableName;
  readonly to: TableName;
}

export interface TableMapping {
  /** Tables that are pointed at come before those that point at them, as far as there is no circle. */
  readonly moves: readonly TableMove[];
  /** Asked for or given another name, by name, and not there, or the server's own. */
  readonly missing: readonly TableName[];
  /** Databases asked for as a whole and not there, or the server's own. */
  readonly missingDatabases: readonly string[];
  /** Names two tables would get. */
  readonly clashes: readonly TableName[];
}

/** What the tenant has. */
export interface TablesThere {
  readonly databases: readonly string[];
  readonly tables: readonly (TableName & { readonly references: readonly TableName[] })[];
}

/** Databases whose tables belong to the server. */
const ownDatabases: ReadonlySet<string> = new Set(['information_schema', 'oceanbase', 'mysql', '__recyclebin']);

/** Which of the tables that are there are taken, and under which names. With `*.*` nothing is missing. */
export function mapTables(wish: TableWish, there: TablesThere): TableMapping {
  const asked = new Set(wish.tables.map(key));
  const taken = there.tables.filter(
    (each) =>
      !ownDatabases.has(each.database) && (wish.all || wish.databases.includes(each.database) || asked.has(key(each))),
  );
  const known = new Set(taken.map(key));
  const named = wish.all ? [] : [...wish.tables, ...wish.remapTables.map(({ from }) => from)];
  const missing = named.filter((each) => !known.has(key(each)));
  const missingDatabases = wish.databases.filter((each) => ownDatabases.has(each) || !there.databases.includes(each));
  const moves = parentsFirst(taken).map(({ database, table }) => ({
    from: { database, table },
    to: targetOf(wish, { database, table }),
  }));
  return { moves, missing, missingDatabases, clashes: repeated(moves.map(({ to }) => to)) };
}

/** Names that come more than once. */
export function repeated(names: readonly TableName[]): readonly TableName[] {
  const seen = new Set<string>();
  return names.filter((each) => {
    const before = seen.size;
    return seen.add(key(each)).size === before;
  });
}

/** Where a table goes: by its own remap, else by its database's. */
export function targetOf(wish: TableWish, from: TableName): TableName {
  const own = wish.remapTables.find((each) => key(each.from) === key(from));
  if (own) return own.to;
  const database = wish.remapDatabases.find((each) => each.from === from.database);
  return database ? { database: database.to, table: from.table } : from;
}

function parentsFirst<T extends TableName & { readonly references: readonly TableName[] }>(tables: readonly T[]): T[] {
  const byKey = new Map(tables.map((table) => [key(table), table]));
  const done = new Set<string>();
  const ordered: T[] = [];
  const visit = (table: T) => {
    if (done.has(key(table))) return;
    done.add(key(table));
    for (const reference of table.references) {
      const parent = byKey.get(key(reference));
      if (parent) visit(parent);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}

function key({ database, table }: TableName): string {
  return JSON.stringify([database, table]);
}
