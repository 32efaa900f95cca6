import type { Database } from 'better-sqlite3';
import { registerAggregates } from './aggregates.ts';
import { functionDefinitions } from './catalog.ts';
import type { FunctionContext } from './context.ts';
import type { FunctionDefinition, Given, SqlValue } from './definition.ts';

export type { FunctionContext } from './context.ts';

type Callable = (...args: SqlValue[]) => SqlValue;

/**
 * Registers every function a plan may call on a connection, under `my_` and its name. `context` is asked at each call
 * that needs it. Functions whose answer is the same within a statement are marked deterministic: SQLite computes calls
 * with constant arguments once per run.
 */
export function registerFunctions(db: Database, context: () => FunctionContext): void {
  registerAggregates(db);
  for (const definition of functionDefinitions.values()) {
    const callable = callableOf(definition, context);
    if (!callable) continue;
    const options = { varargs: true, deterministic: definition.volatile !== true, safeIntegers: true };
    db.function(`my_${definition.name}`, options, callable as (...args: unknown[]) => unknown);
  }
}

function callableOf(definition: FunctionDefinition, context: () => FunctionContext): Callable | null {
  const { run, runNulls, integer } = definition;
  if (runNulls) return (...args) => result(runNulls(args, context()), integer);
  if (!run) return null;
  return (...args) => {
    for (const arg of args) if (arg === null) return null;
    return result(run(args as Given[], context()), integer);
  };
}

/** SQLite takes JavaScript numbers as REAL: integers go as bigint. */
function result(value: SqlValue | boolean, integer: boolean | undefined): SqlValue {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value !== 'number') return value;
  if (Number.isNaN(value)) return null;
  return integer === true && Number.isInteger(value) ? BigInt(value) : value;
}
