import type { Show } from '../../sql/ast/session.ts';
import { systemVariables } from '../../sql/system-variable-table.ts';
import { storedName } from '../../sql/system-variables.ts';
import { type MemoryRows, textColumn } from '../memory-table.ts';
import type { SessionContext } from '../session-context.ts';

const columns = Object.freeze([textColumn('Variable_name', 128), textColumn('Value', 4096)]);

/** SHOW [GLOBAL | SESSION] VARIABLES, by name. */
export function variables(show: Show, session: SessionContext): MemoryRows {
  return { columns, rows: variableRows(show.global, session) };
}

/** Name and value of every variable of a scope. */
export function variableRows(global: boolean, { host, state }: SessionContext): MemoryRows['rows'] {
  const globals = host.directory.knownGlobals(state.tenant.tenantId) ?? state.identity.globals;
  const rows: string[][] = [];
  for (const definition of systemVariables.values()) {
    if (global && definition.scope === 'session') continue;
    const from = global || definition.scope === 'global' ? globals.values : state.variables;
    rows.push([definition.name, from[storedName(definition)] ?? '']);
  }
  return rows;
}
