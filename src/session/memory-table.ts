import type { Expression } from '../sql/ast/expression.ts';
import type { Select } from '../sql/ast/query.ts';
import { bareSelect } from '../sql/bare-select.ts';
import { normalise } from '../sql/scan.ts';
import { type SchemaProvider, type TableSource, viewColumn } from '../sql/schema.ts';
import type { Cell, ColumnType, ResultColumn } from '../value/column-type.ts';
import { likeToPattern } from './host-pattern.ts';
import { catalogQueries } from './queries.ts';
import type { SessionContext } from './session-context.ts';

/** A result made here and not by a query: SHOW and its relatives. */
export interface MemoryRows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A text column of a SHOW. */
export function textColumn(label: string, length = 255): ResultColumn {
  return column(label, { name: 'varchar', length });
}

export function numberColumn(label: string): ResultColumn {
  return column(label, { name: 'bigint', length: 21 });
}

function column(label: string, type: ColumnType): ResultColumn {
  return Object.freeze({ label, type, schema: '', table: '', orgTable: '', orgName: '' });
}

/** LIKE against the first column or the one named. */
export function filterLike(rows: MemoryRows['rows'], like: string | null, at = 0): MemoryRows['rows'] {
  if (like === null) return rows;
  const pattern = likeToPattern(like);
  return rows.filter((row) => pattern.test(String(row[at] ?? '')));
}

/** WHERE over rows made here: they become a table the translator knows, so that every expression works. */
export function filterWhere(
  result: MemoryRows,
  where: Expression | null,
  text: string,
  session: SessionContext,
): MemoryRows['rows'] {
  if (where === null) return result.rows;
  const queries = catalogQueries(session.host);
  const { state, live } = session;
  const query = queries.make(selectAll(where), state, providerOf(result));
  if (query.where === 'engine') throw new Error('a table of memory is on the catalog');
  const { literals } = normalise(text, state.scan);
  return queries.run(query, literals, [], live, { rows: jsonOf(result.rows) }).rows;
}

const tableName = 'result';

/** Rows as the source of a memory table reads them. */
export function jsonOf(rows: MemoryRows['rows']): string {
  return JSON.stringify(rows, (_, cell: unknown) => (typeof cell === 'bigint' ? Number(cell) : cell));
}

function providerOf({ columns }: MemoryRows): SchemaProvider {
  const source = memorySource(tableName, tableName, columns, 'rows');
  return {
    hasDatabase: (name) => name === tableName,
    table: (schema, name) => (schema === tableName && name === tableName ? source : null),
  };
}

/** A table of rows that are given as JSON in a named parameter. */
export function memorySource(
  schema: string,
  name: string,
  columns: readonly ResultColumn[],
  bind: string,
): TableSource {
  const items = columns.map(({ label, type }, at) => {
    const value = `json_extract(value, '$[${at}]')`;
    const text = type.name === 'varchar' ? `(${value}) COLLATE NOCASE` : value;
    return `${text} AS "${label.replaceAll('"', '""')}"`;
  });
  return {
    schema,
    name,
    kind: 'view',
    sql: `SELECT ${items.join(', ')} FROM json_each(@${bind})`,
    columns: columns.map(({ label, type }) => viewColumn(label, type)),
    primaryKey: [],
    uniqueKeys: [],
  };
}

function selectAll(where: Expression): Select {
  return bareSelect({
    items: [{ kind: 'star', schema: null, table: null }],
    from: [{ kind: 'table', table: { schema: tableName, name: tableName }, alias: null, start: 0 }],
    where,
  });
}
