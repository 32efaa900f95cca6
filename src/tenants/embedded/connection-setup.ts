import type { FunctionContext } from '../../sql/functions/context.ts';
import { registerFunctions } from '../../sql/functions/register.ts';
import type { Connection } from './connection.ts';
import { informationSchema } from './show/information-schema.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';

/** What the functions of a connection know; changed with every statement that runs on it. */
export interface ConnectionState {
  functions: FunctionContext | null;
  /** Throws when the statement must stop; asked now and then from inside of functions. */
  check: (() => void) | null;
}

const states = new WeakMap<Connection, ConnectionState>();
const callsPerCheck = 2048;

/** Teaches a connection the functions of tenant SQL and the tables information_schema is read from. */
export function setupConnection(connection: Connection, tenant: () => SqlTenant): void {
  const state: ConnectionState = { functions: null, check: null };
  states.set(connection, state);
  let untilCheck = callsPerCheck;
  registerFunctions(connection, () => {
    if (--untilCheck <= 0) {
      untilCheck = callsPerCheck;
      state.check?.();
    }
    if (!state.functions) throw new Error('a function of tenant SQL was called outside of a statement');
    return state.functions;
  });
  connection.function('my_tick', { directOnly: false }, () => {
    state.check?.();
    return 1;
  });
  for (const view of informationSchema) {
    connection.table(`__is_${view.name.toLowerCase()}`, {
      columns: view.columns.map((column) => column.name),
      *rows() {
        // SQLite takes JavaScript's numbers for REAL.
        for (const row of view.rows(tenant()))
          yield row.map((cell) => (typeof cell === 'number' ? BigInt(cell) : cell));
      },
    } as Parameters<Connection['table']>[1]);
  }
}

/** Tells the connection's functions whose statement runs. */
export function enterStatement(connection: Connection, functions: FunctionContext, check: Check): void {
  const state = states.get(connection);
  if (!state) throw new Error('a connection was not set up');
  state.functions = functions;
  state.check = check;
  check.start();
}
