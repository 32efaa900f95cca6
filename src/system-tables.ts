import type { Catalog } from './catalog/catalog.ts';
import { createViews } from './catalog/view-reader.ts';
import { sessionTables } from './session/session-tables.ts';
import type { SourceColumn } from './sql/schema.ts';
import type { SystemTable } from './tenants/embedded/engine-calls.ts';

/** The views user tenants see and the tables sessions know, for information_schema and SHOW TABLES of their engines. */
export function systemTables(catalog: Catalog): readonly SystemTable[] {
  const views = createViews(catalog.release, catalog).names('mysql');
  return [
    ...views.map(({ schema, name, columns }) => ({ schema, name, columns: columns.map(plainColumn) })),
    ...sessionTables.map(({ schema, name, source }) => ({ schema, name, columns: source.columns.map(plainColumn) })),
  ];
}

function plainColumn({ name, type, nullable }: Pick<SourceColumn, 'name' | 'type' | 'nullable'>): SourceColumn {
  return {
    name,
    type,
    nullable,
    autoIncrement: false,
    default: null,
    onUpdateNow: false,
    primaryKey: false,
    uniqueKey: false,
    multipleKey: false,
  };
}
