import type { FunctionContext } from '../../sql/functions/context.ts';
import { registerFunctionsOf } from '../../sql/functions/register.ts';
import { unsignedCell } from '../../value/unsigned.ts';
import type { Connection } from './connection.ts';
import { functionContext } from './function-context.ts';
import { noStatement } from './no-statement.ts';
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
  const registerThoseOf = registerFunctionsOf(connection, () => {
    if (--untilCheck <= 0) {
      untilCheck = callsPerCheck;
      state.check?.();
    }
    if (!state.functions) throw new Error('a function of tenant SQL was called outside of a statement');
    return state.functions;
  });
  const addViewsOf = viewsOf(connection, tenant);
  bringNames(connection, (text) => {
    registerThoseOf(text);
    addViewsOf(text);
  });
  connection.function('my_tick', { directOnly: false, varargs: true }, () => {
    state.check?.();
    return 1;
  });
}

/**
 * Teaches a connection that proves a file what the tables of it call, without a statement. Nothing of it tells damage: CHECKs
 * are not looked at, which may go by a session's settings, and a call that would be refused has a value.
 */
export function setupProof(connection: Connection): void {
  connection.pragma('ignore_check_constraints = ON');
  const functions = functionContext(noStatement);
  const guard =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A) => {
      try {
        return call(...args);
      } catch {
        return 0n;
      }
    };
  bringNames(
    connection,
    registerFunctionsOf(connection, () => functions, guard),
  );
}

/** Tells the connection's functions whose statement runs. */
export function enterStatement(connection: Connection, functions: FunctionContext, check: Check): void {
  enterChange(connection, functions, check);
  check.start();
}

/** As `enterStatement`, for work that does not move to another thread however long it takes. */
export function enterChange(connection: Connection, functions: FunctionContext, check: Check): void {
  const state = states.get(connection);
  if (!state) throw new Error('a connection was not set up');
  state.functions = functions;
  state.check = check;
}

/** The tables information_schema is read from, each when a text names it: they are large, and hardly ever asked for. */
function viewsOf(connection: Connection, tenant: () => SqlTenant): (text: string) => void {
  const known = new Set<string>();
  return (text) => {
    for (const [, name] of text.matchAll(/\b__is_(\w+)/g)) {
      const view = views.get(name!);
      if (!view || known.has(name!)) continue;
      known.add(name!);
      connection.table(`__is_${name}`, {
        columns: view.columns.map((column) => column.name),
        *rows() {
          // SQLite takes JavaScript's numbers for REAL.
          for (const row of view.rows(tenant()))
            yield row.map((cell) =>
              typeof cell === 'number' ? BigInt(cell) : typeof cell === 'bigint' ? unsignedCell(cell) : cell,
            );
        },
      } as Parameters<Connection['table']>[1]);
    }
  };
}

const views = new Map(informationSchema.map((view) => [view.name.toLowerCase(), view]));

/** Shows `bring` every text before it is compiled, and those of generated columns and checks with the schema. */
function bringNames(connection: Connection, bring: (text: string) => void): void {
  const { prepare } = connection;
  const schemaTexts = `SELECT sql FROM sqlite_schema WHERE sql LIKE '%my\\_%' ESCAPE '\\'`;
  const bringSchema = () => {
    for (const text of prepare.call(connection, schemaTexts).pluck().all()) bring(String(text));
  };
  bringSchema();
  const brought =
    <A extends unknown[], R>(compile: (text: string, ...rest: A) => R) =>
    (text: string, ...rest: A): R => {
      bring(text);
      try {
        return compile.call(connection, text, ...rest);
      } catch (error) {
        // A table made by another connection.
        if (!(error instanceof Error) || !/(no such|unknown) function: my_/.test(error.message)) throw error;
        bringSchema();
        return compile.call(connection, text, ...rest);
      }
    };
  connection.prepare = brought(prepare) as Connection['prepare'];
  connection.exec = brought(connection.exec) as Connection['exec'];
  connection.pragma = brought(connection.pragma) as Connection['pragma'];
}
