import { fault } from '../../../base/errors.ts';
import type { Expression } from '../../../sql/ast/expression.ts';
import { parseExpression } from '../../../sql/parse/parse.ts';
import { BROKEN, END, OPERATOR, Scanner, WORD } from '../../../sql/scan/scanner.ts';

/**
 * The text of an expression of a definition, cut from the statement: the parentheses behind `keyword` (CHECK, AS) whose
 * content has the tree of `expression`. The dictionary keeps texts, for SHOW CREATE TABLE prints them again.
 */
export function expressionText(sql: string, keyword: 'CHECK' | 'AS', expression: Expression): string {
  const wanted = shape(expression);
  for (const text of candidates(sql, keyword)) if (shape(parse(text)) === wanted) return text;
  throw fault('OB_NOT_SUPPORTED', `this form of ${keyword === 'AS' ? 'generated column' : 'CHECK'} is`);
}

function parse(text: string): Expression | null {
  try {
    return parseExpression(text);
  } catch {
    return null;
  }
}

/** A tree without the places it was read from. */
function shape(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => (places.has(key) ? undefined : value));
}

const places = new Set(['start', 'end', 'slot']);

/** Contents of the parentheses that follow a word. */
function candidates(sql: string, keyword: string): string[] {
  const scanner = new Scanner(sql);
  const found: string[] = [];
  const open: { readonly start: number; readonly wanted: boolean }[] = [];
  let behindKeyword = false;
  for (let kind = scanner.next(); kind !== END && kind !== BROKEN; kind = scanner.next()) {
    const text = sql.slice(scanner.start, scanner.end);
    if (kind === OPERATOR && text === '(') open.push({ start: scanner.end, wanted: behindKeyword });
    else if (kind === OPERATOR && text === ')') {
      const closed = open.pop();
      if (closed?.wanted) found.push(sql.slice(closed.start, scanner.start).trim());
    }
    behindKeyword = kind === WORD && text.toUpperCase() === keyword;
  }
  return found;
}
