import { fault } from '../base/errors.ts';
import { viewSchema } from '../catalog/view-reader.ts';
import type { SystemVariable } from '../sql/ast/expression.ts';
import type { Query, TableExpression } from '../sql/ast/query.ts';
import type { SchemaProvider } from '../sql/schema.ts';
import { checkReadable, variableNamed } from '../sql/system-variables.ts';
import { assigns } from '../sql/translate/variables.ts';
import type { SessionState } from './session-state.ts';
import { findSessionTable } from './session-tables.ts';

type TableItem = Extract<TableExpression, { kind: 'table' }>;

/**
 * Where a query runs: on the catalog when it reads views or no table at all, in the tenant's engine when it reads the
 * tenant's tables. A query that reads both is refused.
 */
export function placeOf(query: Query, views: SchemaProvider, state: SessionState): 'catalog' | 'engine' {
  const tables = tablesOf(query);
  if (tables.length === 0) {
    // Variables are assigned row by row where statements run with their session. What makes rows of its own can take long; on the
    // catalog, the only place Oracle tenants have, it ends soon.
    const elsewhere = assigns(query) || (makesRows(query) && state.kind !== 'oracle');
    return elsewhere ? 'engine' : 'catalog';
  }
  const onCatalog = ({ table }: TableItem) => isOfServer(table, views, state);
  const own = tables.find((item) => !onCatalog(item));
  if (own === undefined) return 'catalog';
  if (!tables.some(onCatalog)) return 'engine';
  const name = own.table.schema === null ? own.table.name : `${own.table.schema}.${own.table.name}`;
  throw fault('OB_NOT_SUPPORTED', `a query over views of the server and table '${name}' is`);
}

/** True for a query that reads from itself: derived and common tables. */
function makesRows(query: Query): boolean {
  let found = false;
  walk(query, (node) => {
    if (node.kind === 'derived' || node['with']) found = true;
  });
  return found;
}

/** True for a table of the database the views live in, also when there is no such view: its 1146 is told here. */
export function isView(schema: string | null, name: string, views: SchemaProvider, state: SessionState): boolean {
  const own = viewSchema(state.kind);
  const database = schema ?? state.database;
  if (state.kind !== 'oracle') return database?.toLowerCase() === own;
  // Views of an Oracle tenant have public names; its own tables come first only under another user.
  if (database !== null && database.toLowerCase() !== own) return false;
  return views.table(own, name) !== null;
}

/** True for a view and for a session table. */
export function isOfServer({ schema, name }: TableItem['table'], views: SchemaProvider, state: SessionState): boolean {
  return isView(schema, name, views, state) || isSessionTable(schema, name, state);
}

/** True for a system table whose rows the sessions know. */
function isSessionTable(schema: string | null, name: string, state: SessionState): boolean {
  return state.kind !== 'oracle' && findSessionTable(schema ?? state.database, name) !== null;
}

/** The tables and views a query names anywhere, without its common tables. */
export function tablesOf(query: unknown): readonly TableItem[] {
  const tables: TableItem[] = [];
  const common = new Set<string>();
  walk(query, (node) => {
    if (node.kind === 'table') tables.push(node as unknown as TableItem);
    const clause = node['with'] as { tables: readonly { name: string }[] } | null | undefined;
    if (clause) for (const { name } of clause.tables) common.add(name.toLowerCase());
  });
  return tables.filter(({ table }) => table.schema !== null || !common.has(table.name.toLowerCase()));
}

/** Throws 1193 and 1238 for system variables that cannot be read as they are written. */
export function checkVariables(tree: unknown): void {
  walk(tree, (node) => {
    if (node.kind !== 'systemVariable') return;
    const { name, scope } = node as unknown as SystemVariable;
    checkReadable(variableNamed(name), scope);
  });
}

interface Node {
  readonly kind: string;
  readonly [field: string]: unknown;
}

function walk(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, visit);
  } else if (typeof node === 'object' && node !== null && !(node instanceof Uint8Array)) {
    if ('kind' in node) visit(node as Node);
    for (const value of Object.values(node)) walk(value, visit);
  }
}
