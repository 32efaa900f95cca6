import type { ScannedLiteral } from '../sql/scan.ts';
import { slotText } from '../sql/translate/statement.ts';

/** A literal that shaped a plan: the plan serves only texts with the same one. */
interface ShapingLiteral {
  readonly slot: number;
  readonly text: string;
}

interface Variant<T> {
  readonly plan: T;
  readonly shaping: readonly ShapingLiteral[];
}

/** Texts kept; the one unused longest goes first. */
const mostTexts = 1000;
/** Plans kept for one text whose shaping literals differ. */
const mostVariants = 8;

/** Plans by normalised text and whatever else they were made under. */
export class PlanCache<T> {
  readonly #variants = new Map<string, Variant<T>[]>();

  find(key: string, literals: readonly ScannedLiteral[]): T | null {
    const variants = this.#variants.get(key);
    if (!variants) return null;
    for (const { plan, shaping } of variants) {
      if (!shaping.every(({ slot, text }) => fits(literals[slot], text))) continue;
      this.#variants.delete(key);
      this.#variants.set(key, variants);
      return plan;
    }
    return null;
  }

  add(key: string, plan: T, shaping: readonly ShapingLiteral[]): void {
    const variants = this.#variants.get(key) ?? [];
    this.#variants.set(key, [{ plan, shaping }, ...variants].slice(0, mostVariants));
    if (this.#variants.size <= mostTexts) return;
    const oldest = this.#variants.keys().next();
    if (!oldest.done) this.#variants.delete(oldest.value);
  }

  get size(): number {
    return this.#variants.size;
  }
}

function fits(literal: ScannedLiteral | undefined, text: string): boolean {
  return literal !== undefined && slotText(literal.value) === text;
}
