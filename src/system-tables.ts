import type { Catalog } from './catalog/catalog.ts';
import { createViews } from './catalog/view-reader.ts';
import type { SystemTable } from './tenants/embedded/engine-calls.ts';

/** The views user tenants see, for information_schema of their engines. */
export function systemTables(catalog: Catalog): readonly SystemTable[] {
  return createViews(catalog.release, catalog)
    .names('mysql')
    .map(({ schema, name, columns }) => ({
      schema,
      name,
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        nullable: column.nullable,
        autoIncrement: false,
        default: null,
        onUpdateNow: false,
        primaryKey: false,
        uniqueKey: false,
        multipleKey: false,
      })),
    }));
}
