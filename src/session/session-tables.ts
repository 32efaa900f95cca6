import type { SchemaProvider } from '../sql/schema.ts';
import { accountTables } from './account-tables.ts';
import { logTables } from './log-tables.ts';
import { jsonOf } from './memory-table.ts';
import { processTables } from './process-tables.ts';
import type { SessionContext } from './session-context.ts';
import type { SessionTable } from './session-table.ts';
import { variableTables } from './variable-tables.ts';

/** All of them. */
export const sessionTables: readonly SessionTable[] = Object.freeze([
  ...processTables,
  ...accountTables,
  ...variableTables,
  ...logTables,
]);

/** The table of a name; names ignore case. */
export function findSessionTable(schema: string | null, name: string): SessionTable | null {
  const [database, table] = [schema?.toLowerCase(), name.toLowerCase()];
  return sessionTables.find((one) => one.schema === database && one.name.toLowerCase() === table) ?? null;
}

/** The provider with the session tables beside its own. */
export function withSessionTables(provider: SchemaProvider): SchemaProvider {
  return {
    hasDatabase: (name) =>
      provider.hasDatabase(name) || sessionTables.some(({ schema }) => schema === name.toLowerCase()),
    table: (schema, name) => findSessionTable(schema, name)?.source ?? provider.table(schema, name),
  };
}

/** The tables among a plan's named parameters. */
export function sessionTablesOf(namedBinds: readonly string[]): readonly SessionTable[] {
  return namedBinds.length === 0 ? none : sessionTables.filter(({ bind }) => namedBinds.includes(bind));
}

const none: readonly SessionTable[] = Object.freeze([]);

/** Their rows at this moment, by named parameter. */
export async function readSessionTables(
  tables: readonly SessionTable[],
  session: SessionContext,
): Promise<Readonly<Record<string, string>>> {
  const read = await Promise.all(tables.map(async (table) => [table.bind, jsonOf(await table.rows(session))] as const));
  return Object.fromEntries(read);
}
