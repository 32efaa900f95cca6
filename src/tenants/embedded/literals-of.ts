import type { Literal } from '../../sql/ast/expression.ts';

/** The literals inside of a tree by their slots: what binds draw from when there is no scanned text. */
export function literalsOf(node: unknown, found: Literal[] = []): Literal[] {
  if (Array.isArray(node)) for (const item of node) literalsOf(item, found);
  else if (typeof node === 'object' && node !== null && !(node instanceof Uint8Array)) {
    if ('kind' in node && node.kind === 'literal') {
      const literal = node as Literal;
      if (literal.slot >= 0) found[literal.slot] = literal;
    } else for (const value of Object.values(node)) literalsOf(value, found);
  }
  return found;
}
