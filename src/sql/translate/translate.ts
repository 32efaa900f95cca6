import type { Delete, Insert, Update } from '../ast/change.ts';
import type { Query } from '../ast/query.ts';
import { type BuiltQuery, isWide, momentForm, outputForm, resultColumns } from './built-query.ts';
import type { Fragment } from './fragment.ts';
import { planInsert } from './insert.ts';
import type { Plan } from './plan.ts';
import { buildQuery } from './query.ts';
import { emptyScope } from './scope.ts';
import { newTranslation, type TranslateEnv, type Translation } from './statement.ts';
import { assignedOnce, withAssignments } from './variables.ts';
import { translateDelete, translateUpdate } from './write.ts';

export type { TranslateEnv } from './statement.ts';

/**
 * Turns a statement's tree into a plan for SQLite. Throws ObError for everything the user got wrong: unknown tables and
 * columns (1146, 1046, 1054, 1052), wrong calls (1305, 1582), and 1235 for what MySQL has and this translator does not.
 * An INSERT gives its one-row plan; see `planInsert` for running it.
 */
export function translate(
  statement: { readonly kind: 'query'; readonly query: Query } | Insert | Update | Delete,
  env: TranslateEnv,
): Plan {
  if (statement.kind === 'insert') return planInsert(statement, env).plan;
  return withAssignments(statement, env, (own) => {
    switch (statement.kind) {
      case 'query':
        return queryPlan(statement.query, own);
      case 'update':
        return translateUpdate(statement, own);
      case 'delete':
        return translateDelete(statement, own);
    }
  });
}

function queryPlan(query: Query, env: TranslateEnv): Plan {
  const translation = newTranslation(env);
  const built = buildQuery(query, emptyScope, translation);
  const moments: number[] = [];
  const text = built.render(showsMoments(query) ? momentForm(moments) : outputForm, false);
  const wideColumns = built.columns.flatMap((column, at) => (isWide(column) ? [at] : []));
  return {
    ...finishPlan('query', text, translation),
    columns: resultColumns(built),
    wideIntegers: wideColumns.length > 0,
    wideColumns,
    into: built.into,
    ...(moments.length > 0 ? { moments: Object.freeze(moments) } : {}),
    limited: query.kind !== 'values' && query.limit !== null,
    ...foundRows(built),
  };
}

/** Rows go straight to the client: nothing compares or keeps the texts of their columns. */
function showsMoments(query: Query): boolean {
  return query.kind === 'select' && !query.distinct && query.groupBy.length === 0 && query.into === null;
}

function foundRows(built: BuiltQuery): Pick<Plan, 'foundRows'> {
  if (!built.unlimited) return {};
  const rows = built.unlimited();
  return { foundRows: { sql: `SELECT count(*) FROM (${rows.text})`, binds: rows.binds } };
}

/** A plan without result columns. */
export function finishPlan(kind: Plan['kind'], text: Fragment, translation: Translation): Plan {
  if (translation.env.assigning) assignedOnce(text.text);
  return {
    kind,
    sql: text.text,
    binds: text.binds,
    namedBinds: [...translation.named],
    columns: [],
    fixedSlots: [...translation.fixed].map(([slot, fixed]) => ({ slot, text: fixed })),
    variableKinds: [...translation.variableKinds].map(([name, kind]) => ({ name, kind })),
    uses: translation.uses,
    parameterCount: translation.parameterCount,
    into: null,
    volatile: translation.volatile,
    wideIntegers: false,
    wideColumns: [],
    limited: true,
  };
}
