import { type SourceColumn, type TableSource, viewColumn } from '../../../sql/schema.ts';
import type { Cell, ColumnType } from '../../../value/column-type.ts';
import type { SqlTenant } from '../sql-tenant.ts';
import { quoteName } from '../table-schema.ts';

/** A table of information_schema: its columns and what it says about a tenant at the moment it is read. */
export interface CatalogView {
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  rows(tenant: SqlTenant): Iterable<readonly Cell[]>;
}

/** Makes a view from `NAME type` words: `s` short text, `l` long text, `n` number, `t` datetime; `?` behind for nullable. */
export function catalogView(
  name: string,
  columns: string,
  rows: (tenant: SqlTenant) => Iterable<readonly Cell[]> = () => [],
): CatalogView {
  const parsed = columns.split(/\s+/).map((word) => {
    const [label, letter] = word.split(':');
    const nullable = letter!.endsWith('?');
    return viewColumn(label!, types[letter![0]!]!, nullable);
  });
  return { name, columns: parsed, rows };
}

const text = { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' } as const;

const types: Readonly<Record<string, ColumnType>> = {
  s: { name: 'varchar', length: 512, ...text },
  l: { name: 'longtext', ...text },
  n: { name: 'bigint', length: 21, unsigned: true },
  t: { name: 'datetime' },
};

/** SQLite's name of the table a connection answers a view from. */
export function virtualName(view: CatalogView): string {
  return quoteName(`__is_${view.name.toLowerCase()}`);
}

export function viewSource(view: CatalogView): TableSource {
  const list = view.columns
    .map((column) => (column.type.name === 'datetime' ? localColumn : quoteName)(column.name))
    .join(', ');
  return {
    schema: 'information_schema',
    name: view.name,
    kind: 'view',
    sql: `SELECT ${list} FROM ${virtualName(view)}`,
    columns: view.columns,
    primaryKey: [],
    uniqueKeys: [],
  };
}

/** Moments are kept in UTC and shown in the session's zone; SQLite knows offsets, we know the names of zones. */
function localColumn(name: string): string {
  const column = quoteName(name);
  return `coalesce(datetime(${column}, @timeZone), my_local(${column})) AS ${column}`;
}

/** A moment as a stored datetime, in UTC. */
export function momentText(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 19).replace('T', ' ');
}
