import type { ScannedLiteral } from '../../sql/scan.ts';
import type { Plan } from '../../sql/translate/plan.ts';

const maxPlans = 1000;

/** Plans of a tenant by normalised text, database and sql_mode; the one unused longest goes first. */
export class PlanCache {
  readonly #plans = new Map<string, Plan[]>();

  /** A plan whose shaping literals are those of the statement. */
  find(key: string, literals: readonly ScannedLiteral[]): Plan | null {
    const plans = this.#plans.get(key);
    const plan = plans?.find((each) => each.fixedSlots.every(({ slot, text }) => literals[slot]?.value === text));
    if (!plans || !plan) return null;
    this.#plans.delete(key);
    this.#plans.set(key, plans);
    return plan;
  }

  add(key: string, plan: Plan): void {
    const plans = this.#plans.get(key) ?? [];
    this.#plans.set(key, [plan, ...plans].slice(0, maxVariants));
    if (this.#plans.size <= maxPlans) return;
    const oldest = this.#plans.keys().next();
    if (!oldest.done) this.#plans.delete(oldest.value);
  }

  clear(): void {
    this.#plans.clear();
  }
}

/** Plans kept for one text whose shaping literals differ. */
const maxVariants = 8;
