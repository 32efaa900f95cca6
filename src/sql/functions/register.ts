import type { Database } from 'better-sqlite3';
import { fault } from '../../base/errors.ts';
import { maxUnsigned, unsignedCell } from '../../value/unsigned.ts';
import { registerAggregate, registerAggregates } from './aggregates.ts';
import { functionDefinitions } from './catalog.ts';
import type { FunctionContext } from './context.ts';
import { type FunctionDefinition, type Given, returns, type SqlValue } from './definition.ts';
import { registerTextKeys } from './text-keys.ts';

export type { FunctionContext } from './context.ts';

type Callable = (...args: SqlValue[]) => SqlValue;

/**
 * Registers every function a plan may call on a connection, under `my_` and its name. `context` is asked at each call
 * that needs it. Functions whose answer is the same within a statement are marked deterministic: SQLite computes calls
 * with constant arguments once per run.
 */
export function registerFunctions(db: Database, context: () => FunctionContext): void {
  registerAggregates(db);
  registerTextKeys(db);
  for (const definition of functionDefinitions.values()) register(db, definition, context);
}

/**
 * As `registerFunctions`, but each function only when a text names it: a connection with all of them is half a megabyte
 * larger. Functions the schema names must be asked for, too, with its texts. `guard` is put around each call.
 */
export function registerFunctionsOf(
  db: Database,
  context: () => FunctionContext,
  guard = (call: Callable) => call,
): (text: string) => void {
  const known = new Set<string>();
  return (text) => {
    for (const [, name] of text.matchAll(/\bmy_(\w+)/g)) {
      if (known.has(name!)) continue;
      known.add(name!);
      const definition = functionDefinitions.get(name!);
      if (definition) register(db, definition, context, guard);
      else registerAggregate(db, name!);
    }
  };
}

function register(
  db: Database,
  definition: FunctionDefinition,
  context: () => FunctionContext,
  guard = (call: Callable) => call,
): void {
  const callable = callableOf(definition, context);
  if (!callable) return;
  const options = { varargs: true, deterministic: definition.volatile !== true, safeIntegers: true };
  db.function(`my_${definition.name}`, options, guard(callable) as (...args: unknown[]) => unknown);
}

function callableOf(definition: FunctionDefinition, context: () => FunctionContext): Callable | null {
  const { run, runNulls } = definition;
  if (runNulls) return (...args) => result(definition, runNulls(args, context()));
  if (!run) return null;
  return (...args) => {
    for (const arg of args) if (arg === null) return null;
    return result(definition, run(args as Given[], context()));
  };
}

/** SQLite takes JavaScript numbers as REAL: integers go as bigint. */
function result({ name, integer, result: answer }: FunctionDefinition, value: SqlValue | boolean): SqlValue {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return null;
    return integer === true && Number.isInteger(value) ? within(name, BigInt(value)) : value;
  }
  if (typeof value !== 'bigint') return value;
  return answer === returns.unsigned && value >= 0n && value <= maxUnsigned ? unsignedCell(value) : within(name, value);
}

function within(name: string, value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw fault('ER_DATA_OUT_OF_RANGE', 'BIGINT', `${name}(…)`);
  return value;
}
