import { fault } from '../base/errors.ts';
import { viewSchema } from '../catalog/view-reader.ts';
import type { Expression, Literal } from '../sql/ast/expression.ts';
import type { Select } from '../sql/ast/query.ts';
import { bareSelect } from '../sql/bare-select.ts';
import { normalise } from '../sql/scan.ts';
import { utf8mb4 } from '../value/charset.ts';
import type { Cell } from '../value/column-type.ts';
import type { MaybePromise } from './client.ts';
import { deadlineOf, runInEngine } from './engine-statements.ts';
import { requireViews } from './privileges.ts';
import { catalogQueries } from './queries.ts';
import type { SessionContext } from './session-context.ts';
import { readSessionTables } from './session-tables.ts';
import { runSleeping } from './sleeping.ts';
import { readVariable } from './statement-context.ts';

/** The value of an expression of SET, DO or KILL; `text` is the statement it stands in. */
export function evaluate(
  expression: Expression,
  text: string,
  session: SessionContext,
  parameters: readonly Cell[],
): MaybePromise<Cell> {
  const { state, host, diagnostics } = session;
  switch (expression.kind) {
    case 'literal':
      return literalCell(expression);
    case 'placeholder':
      return parameters[expression.index] ?? null;
    case 'userVariable':
      return state.userVariables[expression.name] ?? null;
    case 'systemVariable': {
      const value = readVariable(state, host, diagnostics, expression.name, expression.scope);
      if (value === undefined) throw fault('OB_ERR_SYS_VARIABLE_UNKNOWN', expression.name);
      return value;
    }
    case 'unary': {
      const { operator, operand } = expression;
      if (operator === '-' && operand.kind === 'literal') {
        const value = literalCell(operand);
        if (typeof value === 'number' || typeof value === 'bigint') return -value;
      }
    }
  }
  return compute(expression, text, session, parameters);
}

/** Anything with functions, operators or subqueries in it, as a query of one value. */
function compute(
  expression: Expression,
  text: string,
  session: SessionContext,
  parameters: readonly Cell[],
): MaybePromise<Cell> {
  const { state, host } = session;
  const queries = catalogQueries(host);
  const query = queries.make(selectOf(expression), state, null);
  if (query.where === 'catalog') {
    const { literals } = normalise(text, state.scan);
    requireViews(state, query.plan, viewSchema(state.kind));
    const value = (rows: Readonly<Record<string, string>> | null): MaybePromise<Cell> => {
      const run = (): Cell => queries.run(query, literals, parameters, session.live, rows).rows[0]?.[0] ?? null;
      if (!query.sleeps) return run();
      const deadlineUs = deadlineOf(text, state, session.live.nowUs);
      return runSleeping(session, { overTables: query.plan.uses.length > 0, deadlineUs }, run);
    };
    if (query.sessionTables.length === 0) return value(null);
    return readSessionTables(query.sessionTables, session).then(value);
  }
  return inEngine(expression, text, session, parameters);
}

/** A subquery over the tenant's tables: the value is assigned to a variable of its own there and read back. */
async function inEngine(
  expression: Expression,
  text: string,
  session: SessionContext,
  parameters: readonly Cell[],
): Promise<Cell> {
  const source = sourceOf(expression, text);
  if (source === null) throw fault('OB_NOT_SUPPORTED', 'a subquery among several assignments is');
  const outcome = await runInEngine(`SELECT (${source}) INTO @${hiddenName}`, session, {
    parameters,
    answer: { format: 'text', charset: utf8mb4 },
  });
  return outcome.kind === 'ok' ? (outcome.assigned?.[hiddenName] ?? null) : null;
}

const hiddenName = '__value';

/** The text behind the first `=` of a SET with one assignment. */
function sourceOf(expression: Expression, text: string): string | null {
  if (expression.kind !== 'scalar') return null;
  const match = /^\s*(?:set\s+[^=]*?:?=|do\s)\s*([\s\S]*?);?\s*$/i.exec(text);
  return match?.[1] ?? null;
}

function selectOf(expression: Expression): Select {
  return bareSelect({
    items: [{ kind: 'expression', expression, alias: 'value', label: 'value' }],
  });
}

function literalCell({ type, value }: Literal): Cell {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return value;
  if (type === 'integer') {
    const whole = BigInt(value);
    return BigInt.asIntN(53, whole) === whole ? Number(whole) : whole;
  }
  if (type === 'decimal' || type === 'double') return Number(value);
  return value;
}
