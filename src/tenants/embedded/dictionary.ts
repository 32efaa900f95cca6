import { fault } from '../../base/errors.ts';
import type { SourceColumn } from '../../sql/schema.ts';
import type { Connection, DictionaryRow } from './connection.ts';
import type { SystemTable } from './engine-calls.ts';
import { putRow, removeRow } from './settings.ts';
import type { TableSchema } from './table-schema.ts';

export interface DatabaseSchema {
  readonly charset: string;
  readonly collation: string;
}

/**
 * Databases and tables of a tenant, read from its own file and kept in memory. Changes are made inside the writer's
 * transaction; when that does not commit, `reload` brings the memory back.
 */
export class Dictionary {
  readonly systemTables: readonly SystemTable[];
  readonly #writer: Connection;
  readonly #databases = new Map<string, DatabaseSchema>();
  readonly #tables = new Map<string, Map<string, TableSchema>>();
  #version = 0;

  constructor(writer: Connection, systemTables: readonly SystemTable[]) {
    this.#writer = writer;
    this.systemTables = systemTables;
    this.reload();
  }

  /** Grows with every change: whatever was derived from an older version is void. */
  get version(): number {
    return this.#version;
  }

  reload(): void {
    this.#version++;
    this.#databases.clear();
    this.#tables.clear();
    const sql = `SELECT kind, schema, name, body FROM __ob_dictionary WHERE kind IN ('database', 'table') ORDER BY kind, schema, name`;
    type Row = Omit<DictionaryRow, 'body'> & { readonly body: string };
    for (const row of this.#writer.prepare(sql).all() as readonly Row[]) {
      const body = JSON.parse(row.body) as unknown;
      if (row.kind === 'database') this.#databases.set(row.name, body as DatabaseSchema);
      else this.#tablesOf(row.schema).set(row.name, body as TableSchema);
    }
  }

  databases(): ReadonlyMap<string, DatabaseSchema> {
    return this.#databases;
  }

  hasDatabase(name: string): boolean {
    return this.#databases.has(name.toLowerCase());
  }

  table(schema: string, name: string): TableSchema | null {
    return this.#tables.get(schema.toLowerCase())?.get(name.toLowerCase()) ?? null;
  }

  /** Tables of a database in the order of their names. */
  tables(schema: string): readonly TableSchema[] {
    const tables = this.#tables.get(schema.toLowerCase());
    return tables ? [...tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) : [];
  }

  allTables(): readonly TableSchema[] {
    return [...this.#databases.keys()].sort().flatMap((schema) => this.tables(schema));
  }

  /** Names and columns of the views of the catalog under a database. */
  systemColumns(schema: string, name: string): readonly SourceColumn[] | null {
    const wanted = name.toLowerCase();
    const found = this.systemTables.find((each) => each.schema === schema && each.name.toLowerCase() === wanted);
    return found?.columns ?? null;
  }

  /** Throws 1235 for a view of the catalog: it is there, but its rows never come to the tenant's engine. */
  refuseSystemTable(schema: string, name: string): void {
    if (this.systemColumns(schema.toLowerCase(), name) === null) return;
    throw fault(
      'OB_NOT_SUPPORTED',
      `use of the server's view '${schema}.${name}' outside of a query over such views is`,
    );
  }

  /** A number no table of this tenant has. */
  newTableId(): number {
    return this.allTables().reduce((most, table) => Math.max(most, table.id), firstTableId - 1) + 1;
  }

  putTable(table: TableSchema): void {
    this.#version++;
    putRow(this.#writer, { kind: 'table', schema: table.schema, name: table.name, body: table });
    this.#tablesOf(table.schema).set(table.name, table);
  }

  removeTable(schema: string, name: string): void {
    this.#version++;
    removeRow(this.#writer, 'table', schema, name);
    this.#tables.get(schema)?.delete(name);
  }

  putDatabase(name: string, database: DatabaseSchema): void {
    this.#version++;
    putRow(this.#writer, { kind: 'database', schema: '', name, body: database });
    this.#databases.set(name, database);
  }

  removeDatabase(name: string): void {
    this.#version++;
    removeRow(this.#writer, 'database', '', name);
    this.#databases.delete(name);
    this.#tables.delete(name);
  }

  #tablesOf(schema: string): Map<string, TableSchema> {
    const tables = this.#tables.get(schema) ?? new Map<string, TableSchema>();
    this.#tables.set(schema, tables);
    return tables;
  }
}

/** User tables of OceanBase are numbered from here. */
const firstTableId = 500_001;
