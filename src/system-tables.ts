import type { Catalog } from './catalog/catalog.ts';
import { sysTenantId } from './catalog/tenants.ts';
import { createViews } from './catalog/view-reader.ts';
import { sessionTables } from './session/session-tables.ts';
import { type SourceColumn, viewColumn } from './sql/schema.ts';
import type { SystemTable } from './tenants/embedded/engine-calls.ts';

/** The views tenants see and the tables sessions know, for information_schema and SHOW TABLES of their engines. */
export function systemTables(catalog: Catalog): readonly SystemTable[] {
  const source = createViews(catalog.release, catalog);
  const everywhere = new Set(source.names('mysql').map(({ name }) => name));
  const views = source.names('sys').map(({ schema, name, columns }) => {
    return { schema, name, tenantId: everywhere.has(name) ? null : sysTenantId, columns: columns.map(plainColumn) };
  });
  const tables = sessionTables.map(({ schema, name, source }) => {
    return { schema, name, tenantId: null, columns: source.columns.map(plainColumn) };
  });
  return [...views, ...tables];
}

/** A tenant reads no moments. */
function plainColumn({ name, type, nullable }: Pick<SourceColumn, 'name' | 'type' | 'nullable'>): SourceColumn {
  return viewColumn(name, type, nullable);
}
