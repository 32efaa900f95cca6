import type { Cell } from '../../../value/column-type.ts';
import { virtualDatabases } from '../ddl/change.ts';
import type { SqlTenant } from '../sql-tenant.ts';
import type { TableSchema } from '../table-schema.ts';
import { informationSchema } from './information-schema.ts';
import { momentText } from './views.ts';

export function* schemaRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  const names = [...dictionary.databases().keys()].sort();
  for (const name of names) {
    const { charset, collation } = dictionary.databases().get(name)!;
    yield ['def', name, charset, collation, null];
  }
}

/** Rows of information_schema.TABLES; counts are estimates, as MySQL's are. */
export function* tableRows(tenant: SqlTenant): Iterable<readonly Cell[]> {
  for (const table of tenant.dictionary.allTables()) {
    const { rows, next } = tenant.estimate(table);
    const created = momentText(table.createdUs);
    const sizes = [rows, 0, rows * roughRowBytes, null, 0, 0] as const;
    yield [
      'def',
      table.schema,
      table.name,
      'BASE TABLE',
      'OceanBase',
      null,
      'DYNAMIC',
      ...sizes,
      next,
      created,
      created,
      null,
      table.collation,
      null,
      '',
      table.comment,
    ];
  }
  const views = [
    ...informationSchema.map((view) => ['information_schema', view.name] as const),
    ...tenant.dictionary.systemTables.map((view) => [view.schema, view.name] as const),
  ];
  for (const [schema, name] of views)
    yield ['def', schema, name, 'SYSTEM VIEW', 'MEMORY', ...new Array<null>(15).fill(null), ''];
}

/** Rows of VIEWS: no tenant has views of its own. What a system view is made of is not told. */
export function* systemViewRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  for (const { schema, name } of dictionary.systemTables) {
    if (schema.toLowerCase() === 'information_schema') continue;
    const rest = ['NONE', 'NO', 'root@%', 'INVOKER', 'utf8mb4', 'utf8mb4_general_ci'];
    yield ['def', schema, name, '', ...rest];
  }
}

const roughRowBytes = 64;

export function* constraintRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  for (const table of dictionary.allTables()) {
    const row = (name: string, kind: string) => ['def', table.schema, name, table.schema, table.name, kind, 'YES'];
    if (table.primaryKey.length > 0) yield row('PRIMARY', 'PRIMARY KEY');
    for (const key of table.keys) if (key.unique) yield row(key.name, 'UNIQUE');
    for (const key of table.foreignKeys) yield row(key.name, 'FOREIGN KEY');
    for (const check of table.checks) yield row(check.name, 'CHECK');
  }
}

export function* keyUsageRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  for (const table of dictionary.allTables()) {
    const head = (name: string) => ['def', table.schema, name, 'def', table.schema, table.name];
    const keys = [
      { name: 'PRIMARY', unique: true, parts: table.primaryKey },
      ...table.keys.filter((key) => key.unique),
    ];
    for (const key of keys)
      for (const [i, part] of key.parts.entries())
        yield [...head(key.name), part.column, i + 1, null, null, null, null];
    for (const key of table.foreignKeys)
      for (const [i, column] of key.columns.entries())
        yield [...head(key.name), column, i + 1, i + 1, key.schema, key.table, key.targetColumns[i] ?? null];
  }
}

export function* referentialRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  for (const table of dictionary.allTables())
    for (const key of table.foreignKeys) {
      const unique = uniqueName(dictionary.table(key.schema, key.table), key.targetColumns);
      const rules = [key.onUpdate ?? 'RESTRICT', key.onDelete ?? 'RESTRICT'];
      yield ['def', table.schema, key.name, 'def', key.schema, unique, 'NONE', ...rules, table.name, key.table];
    }
}

function uniqueName(table: TableSchema | null, columns: readonly string[]): string | null {
  const wanted = columns
    .map((column) => column.toLowerCase())
    .sort()
    .join();
  const columnsOf = (parts: TableSchema['primaryKey']) =>
    parts
      .map((part) => part.column.toLowerCase())
      .sort()
      .join();
  if (!table) return null;
  if (columnsOf(table.primaryKey) === wanted) return 'PRIMARY';
  return table.keys.find((key) => key.unique && columnsOf(key.parts) === wanted)?.name ?? null;
}

/** Tables and views of a database with their kind, as SHOW FULL TABLES lists them. */
export function tableNames(
  { dictionary }: SqlTenant,
  schema: string,
): readonly (readonly [name: string, kind: string])[] {
  const views = dictionary.systemTables.filter((view) => view.schema === schema).map((view) => view.name);
  if (schema === 'information_schema') views.push(...informationSchema.map((view) => view.name));
  const kind = virtualDatabases.has(schema) ? 'SYSTEM VIEW' : 'VIEW';
  return [
    ...dictionary.tables(schema).map((table) => [table.name, 'BASE TABLE'] as const),
    ...views.sort().map((name) => [name, kind] as const),
  ];
}
