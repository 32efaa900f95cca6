import type { Insert } from '../../sql/ast/change.ts';
import type { FixedSlot } from '../../sql/parse/cursor.ts';
import type { ScannedLiteral } from '../../sql/scan.ts';
import type { InsertPlan } from '../../sql/translate/insert.ts';
import type { Plan } from '../../sql/translate/plan.ts';
import { slotText } from '../../sql/translate/statement.ts';
import { variableKind } from '../../sql/translate/value-kind.ts';
import type { Cell } from '../../value/column-type.ts';

/** A plan with what decides whether it serves another statement of the same normalised text. */
export interface CachedPlan {
  readonly plan: Plan;
  /** INSERT and REPLACE: how its rows are made, and its tree. */
  readonly insert?: InsertPlan;
  readonly statement?: Insert;
  /** SELECT … FOR UPDATE. */
  readonly locking: boolean;
  /** An UPDATE or DELETE that sql_safe_updates refuses. */
  readonly keyless?: boolean;
  /** Literals the parser took into the tree's shape, by their source text. */
  readonly sourceSlots: readonly FixedSlot[];
  /** Runs in a row that outlasted the engine thread's patience. */
  longRuns?: number;
}

const maxPlans = 1000;
/** Plans kept for one text whose shaping literals differ. */
const maxVariants = 8;

/** Plans of a tenant by normalised text, database and sql_mode; the one unused longest goes first. */
export class PlanCache {
  readonly #plans = new Map<string, readonly CachedPlan[]>();

  /** A plan whose shaping literals are those of the statement. */
  find(
    key: string,
    literals: readonly ScannedLiteral[],
    sql: string,
    userVariables: Readonly<Record<string, Cell>>,
  ): CachedPlan | null {
    const plans = this.#plans.get(key);
    const found = plans?.find(
      (each) =>
        serves(each, literals, sql) &&
        each.plan.variableKinds.every(({ name, kind }) => variableKind(userVariables[name]) === kind),
    );
    if (!plans || !found) return null;
    this.#plans.delete(key);
    this.#plans.set(key, plans);
    return found;
  }

  add(key: string, plan: CachedPlan): void {
    this.#plans.set(key, [plan, ...(this.#plans.get(key) ?? [])].slice(0, maxVariants));
    const oldest = this.#plans.keys().next();
    if (this.#plans.size > maxPlans && !oldest.done) this.#plans.delete(oldest.value);
  }

  clear(): void {
    this.#plans.clear();
  }
}

function serves(cached: CachedPlan, literals: readonly ScannedLiteral[], sql: string): boolean {
  const { plan, sourceSlots } = cached;
  for (const { slot, text } of plan.fixedSlots) {
    const literal = literals[slot];
    if (!literal || slotText(literal.value) !== text) return false;
  }
  return sourceSlots.every(({ slot, text }) => {
    const literal = literals[slot];
    return literal !== undefined && sql.slice(literal.start, literal.end) === text;
  });
}
