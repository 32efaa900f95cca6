import type Database from 'better-sqlite3';
import { fault } from '../base/errors.ts';
import { type Views, viewSchema, zoneKindOf } from '../catalog/view-reader.ts';
import type { Query } from '../sql/ast/query.ts';
import { registerFunctions } from '../sql/functions/register.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import { normalise, type ScannedLiteral } from '../sql/scan.ts';
import type { SchemaProvider } from '../sql/schema.ts';
import { bindCells } from '../sql/translate/bind.ts';
import type { BindSource, Plan } from '../sql/translate/plan.ts';
import { slotText } from '../sql/translate/statement.ts';
import { translate } from '../sql/translate/translate.ts';
import type { Cell, ColumnType, ResultColumn } from '../value/column-type.ts';
import type { Moments } from '../value/moment.ts';
import { readingOracle } from './oracle-sql.ts';
import { PlanCache } from './plan-cache.ts';
import { checkVariables, placeOf, tablesOf } from './query-place.ts';
import type { SessionState } from './session-state.ts';
import { variable } from './session-state.ts';
import type { SessionTable } from './session-table.ts';
import { sessionTablesOf, withSessionTables } from './session-tables.ts';
import type { LiveContext } from './statement-context.ts';

/** A query that runs on the catalog: the plan and SQLite's statements, which are kept with it. */
export interface CatalogPlan {
  readonly where: 'catalog';
  readonly plan: Plan;
  readonly statement: Database.Statement<unknown[], Cell[]>;
  /**
   * Places of integers that may pass 2^53 and are read as numbers all the same, which is quicker, until one does pass it; null
   * where `statement` reads them exactly.
   */
  quick: readonly number[] | null;
  readonly foundRows: Database.Statement<unknown[], bigint> | null;
  /** Calls SLEEP. */
  readonly sleeps: boolean;
  /** Reads more than one table: its rows may be many more than theirs. */
  readonly joins: boolean;
  /** Tables whose rows `run` must be given. */
  readonly sessionTables: readonly SessionTable[];
}

/** What is known of a query's text: it runs on the catalog, or it is the tenant's own. */
export type QueryPlan = CatalogPlan | { readonly where: 'engine'; readonly plan: null };

/** A query found or planned, with the literals of this text. */
export interface PlannedQuery {
  readonly query: QueryPlan;
  readonly literals: readonly ScannedLiteral[];
}

/** Rows of a query that ran. */
export interface CatalogRows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly Cell[][];
  /** Columns whose cells are microseconds, and the zone they are shown in. */
  readonly moments: Moments | null;
  /** Rows without LIMIT when SQL_CALC_FOUND_ROWS asked for them. */
  readonly foundRows: bigint;
}

/** Everybody waits for a query on the catalog: it ends with 4012 after this. Views of thousands of tenants take milliseconds. */
const longestQueryMs = 2_000;
/** Rows of a join, all of which are in memory at once; a view has as many as there are things of its kind. */
const mostJoinedRows = 500_000;

/** Texts remembered whole, and the longest of them. */
const mostTexts = 500;
const longestText = 1000;

/** Runs queries over the views, and those without any table, on the catalog's read connection. */
export class CatalogQueries {
  readonly views: Views;
  readonly #database: Database.Database;
  readonly #plans = new PlanCache<QueryPlan>();
  /** Texts that came lately, as they were planned and under what: scanning them costs more than finding their plan. */
  readonly #texts = new Map<string, { readonly under: string; readonly planned: PlannedQuery }>();
  #context: LiveContext | null = null;
  #endsMs = Number.POSITIVE_INFINITY;

  constructor(views: Views) {
    this.views = views;
    this.#database = views.readConnection;
    registerFunctions(this.#database, () => {
      if (this.#context === null) throw new Error('a function was called outside of a statement');
      return this.#context;
    });
    this.#database.function('my_tick', { directOnly: false, varargs: true }, () => {
      if (performance.now() > this.#endsMs) throw fault('OB_TIMEOUT', longestQueryMs * 1000);
      return 1;
    });
  }

  /** The plan of a query's text, made when there is none yet. Throws what parser and translator refuse. */
  plan(text: string, state: SessionState): PlannedQuery {
    const under = keyOf(state);
    const repeated = this.#texts.get(text);
    if (repeated?.under === under) return repeated.planned;
    const planned = this.#plan(text, under, state);
    if (text.length <= longestText) {
      if (this.#texts.size >= mostTexts) this.#texts.clear();
      this.#texts.set(text, { under, planned });
    }
    return planned;
  }

  #plan(text: string, under: string, state: SessionState): PlannedQuery {
    const { key, literals } = normalise(text, state.scan);
    const cacheKey = `${key}\0${under}`;
    const known = this.#plans.find(cacheKey, literals);
    if (known) return { query: known, literals };
    const { statement, fixedSlots } = readingOracle(text, state, () => parseForPlan(text, state.scan));
    if (statement.kind === 'unsupported') throw fault('OB_NOT_SUPPORTED', statement.feature);
    if (statement.kind !== 'query') throw new Error(`a ${statement.kind} is no query`);
    const query = this.make(statement.query, state, null);
    const parsed = fixedSlots.map(({ slot }) => ({ slot, text: slotText(literals[slot]?.value ?? null) }));
    const shaping = query.plan ? [...query.plan.fixedSlots, ...parsed] : [];
    this.#plans.add(cacheKey, query, shaping);
    return { query, literals };
  }

  /** Plans a tree. `tables` stands for the views when it is given. */
  make(query: Query, state: SessionState, tables: SchemaProvider | null): QueryPlan {
    const provider = tables ?? this.provider(state);
    if (tables === null && placeOf(query, provider, state) === 'engine') return engineQuery;
    checkVariables(query);
    const plan = translate(
      { kind: 'query', query },
      {
        schema: tables === null && state.kind !== 'oracle' ? withSessionTables(provider) : provider,
        database: state.database ?? (state.kind === 'oracle' ? viewSchema('oracle') : null),
        sqlMode: variable(state, 'sql_mode'),
        collation: variable(state, 'collation_connection'),
        ticks: true,
      },
    );
    const sleeps = plan.sql.includes('my_sleep(');
    const joins = tablesOf(query).length > 1;
    return {
      where: 'catalog',
      plan,
      sleeps,
      joins,
      sessionTables: sessionTablesOf(plan.namedBinds),
      ...this.#prepare(plan),
    };
  }

  provider(state: SessionState): SchemaProvider {
    return this.views.schemaProvider(state.kind, zoneKindOf(variable(state, 'time_zone')));
  }

  #prepare(plan: Plan): Pick<CatalogPlan, 'statement' | 'quick' | 'foundRows'> {
    const quick = quickIntegers(plan);
    const exact = quick === null && (plan.wideIntegers || plan.moments !== undefined);
    const statement = this.#database.prepare<unknown[], Cell[]>(plan.sql).raw(true).safeIntegers(exact);
    const foundRows = plan.foundRows
      ? this.#database.prepare<unknown[], bigint>(plan.foundRows.sql).pluck(true).safeIntegers(true)
      : null;
    return {
      statement: statement as CatalogPlan['statement'],
      quick,
      foundRows: foundRows as CatalogPlan['foundRows'],
    };
  }

  /** Runs a plan. `more` are named parameters beside those of the session. */
  run(
    query: CatalogPlan,
    literals: readonly ScannedLiteral[],
    parameters: readonly Cell[],
    context: LiveContext,
    more: Readonly<Record<string, unknown>> | null = null,
  ): CatalogRows {
    const { plan, statement, foundRows } = query;
    if (query.sessionTables.some(({ bind }) => more?.[bind] === undefined))
      throw new Error('a query over session tables ran without their rows');
    const inputs = { literals, parameters, context };
    const named = plan.namedBinds.length === 0 ? null : namesOf(plan, context, more);
    this.#context = context;
    this.#endsMs = performance.now() + longestQueryMs;
    try {
      const cells: unknown[] = bindCells(plan.binds, inputs);
      if (named) cells.push(named);
      this.views.holdRead();
      const read = () => (query.joins ? joinedRows(statement.iterate(...cells)) : statement.all(...cells));
      let rows = read();
      if (query.quick !== null && !areExact(rows, query.quick)) {
        query.quick = null;
        statement.safeIntegers(true);
        rows = read();
      }
      let found = BigInt(rows.length);
      if (foundRows) {
        const counted: unknown[] = bindCells(plan.foundRows!.binds, inputs);
        if (named) counted.push(named);
        found = foundRows.get(...counted) ?? 0n;
      }
      const moments = plan.moments ? { zone: context.timeZone, at: plan.moments } : null;
      return { columns: columnsOf(plan, rows), rows, moments, foundRows: found };
    } finally {
      this.#context = null;
    }
  }
}

function joinedRows(found: Iterable<Cell[]>): Cell[][] {
  const rows: Cell[][] = [];
  for (const row of found) if (rows.push(row) > mostJoinedRows) throw fault('OB_ALLOCATE_MEMORY_FAILED');
  return rows;
}

const engineQuery: QueryPlan = Object.freeze({ where: 'engine', plan: null });

/**
 * The columns of an answer. What a variable or a parameter holds is known only now: its column is text in the plan and becomes
 * a number when the value is one.
 */
function columnsOf(plan: Plan, rows: readonly Cell[][]): readonly ResultColumn[] {
  const [first] = rows;
  if (first === undefined || !plan.binds.some(takesItsType)) return plan.columns;
  let changed = false;
  const columns = plan.columns.map((column, at) => {
    const type = column.orgName === '' && column.type.name === 'varchar' ? numberType(first[at]) : null;
    if (type === null || !rows.every((row) => row[at] === null || typeof row[at] === typeof first[at])) return column;
    changed = true;
    return { ...column, type };
  });
  return changed ? columns : plan.columns;
}

/** True for a value whose type is known only when the plan runs. */
function takesItsType({ from }: BindSource): boolean {
  return from === 'userVariable' || from === 'parameter';
}

function numberType(cell: Cell | undefined): ColumnType | null {
  if (typeof cell === 'bigint') return { name: 'bigint', length: 20 };
  return typeof cell === 'number' ? { name: 'double' } : null;
}

/**
 * The wide integers of a plan when all of them are columns of views, whose answers are the same whether they are read as numbers
 * or as bigints, and moments, which are within 2^53 but for the most distant ones.
 */
function quickIntegers({ columns, wideColumns, into, binds, moments = [] }: Plan): readonly number[] | null {
  const places = [...wideColumns, ...moments];
  if (places.length === 0 || into !== null || binds.some(takesItsType)) return null;
  return wideColumns.every((at) => columns[at]?.type.name === 'bigint' && columns[at].orgTable !== '') ? places : null;
}

/** True when no number at these places has lost digits. */
function areExact(rows: readonly Cell[][], places: readonly number[]): boolean {
  for (const row of rows)
    for (const at of places) {
      const cell = row[at];
      if (typeof cell === 'number' && (cell > Number.MAX_SAFE_INTEGER || cell < Number.MIN_SAFE_INTEGER)) return false;
    }
  return true;
}

/** What beside the text decides about a plan. */
function keyOf(state: SessionState): string {
  const zone = zoneKindOf(variable(state, 'time_zone'));
  return `${state.kind}\0${zone}\0${state.database ?? ''}\0${variable(state, 'sql_mode')}\0${variable(state, 'collation_connection')}`;
}

function namesOf(
  { namedBinds }: Plan,
  context: LiveContext,
  more: Readonly<Record<string, unknown>> | null,
): Record<string, unknown> {
  const all: Record<string, unknown> = {
    tenantId: context.tenantId,
    timeZone: context.timeZone,
    nowUs: context.nowUs,
    ...more,
  };
  return Object.fromEntries(namedBinds.map((name) => [name, all[name] ?? null]));
}
