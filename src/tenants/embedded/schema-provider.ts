import type { SchemaProvider, SourceColumn, TableSource } from '../../sql/schema.ts';
import type { Dictionary } from './dictionary.ts';
import { keyLetter } from './show/column-views.ts';
import { informationSchema } from './show/information-schema.ts';
import { viewSource } from './show/views.ts';
import { sqliteName, type TableSchema } from './table-schema.ts';

const views = new Map(informationSchema.map((view) => [view.name.toLowerCase(), viewSource(view)]));
const sources = new WeakMap<TableSchema, TableSource>();

/** The tables of a tenant as the translator sees them. */
export function schemaProvider(dictionary: Dictionary): SchemaProvider {
  return {
    hasDatabase: (schema) => dictionary.hasDatabase(schema),
    table(schema, name) {
      if (schema.toLowerCase() === 'information_schema') return views.get(name.toLowerCase()) ?? null;
      const table = dictionary.table(schema, name);
      if (!table) dictionary.refuseSystemTable(schema, name);
      return table ? tableSource(table) : null;
    },
  };
}

export function tableSource(table: TableSchema): TableSource {
  const known = sources.get(table);
  if (known) return known;
  const names = (parts: TableSchema['primaryKey']) => parts.map((part) => part.column);
  const primaryKey = names(table.primaryKey);
  const unique = table.keys.filter((key) => key.unique).map((key) => ({ name: key.name, columns: names(key.parts) }));
  const source: TableSource = {
    schema: table.schema,
    name: table.name,
    kind: 'table',
    sql: sqliteName(table.schema, table.name),
    columns: table.columns.map((column) => sourceColumn(table, column)),
    primaryKey,
    uniqueKeys: primaryKey.length > 0 ? [{ name: 'PRIMARY', columns: primaryKey }, ...unique] : unique,
  };
  sources.set(table, source);
  return source;
}

function sourceColumn(table: TableSchema, column: TableSchema['columns'][number]): SourceColumn {
  const letter = keyLetter(table, column);
  const { name, type, nullable, autoIncrement, onUpdateNow } = column;
  return {
    name,
    type,
    nullable,
    autoIncrement,
    default: column.default?.sql ?? null,
    onUpdateNow,
    primaryKey: letter === 'PRI',
    uniqueKey: letter === 'UNI',
    multipleKey: letter === 'MUL',
    ...(column.generated ? { generated: true } : {}),
  };
}
