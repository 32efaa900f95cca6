import { fault } from '../../base/errors.ts';
import type { Expression, TenantStatement } from '../ast.ts';
import type { ScanOptions } from '../scan/scanner.ts';
import { Cursor, type FixedSlot, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { insert } from './insert.ts';
import { query, startsQuery } from './query.ts';

/** A statement and the literals that shaped its tree without being nodes of it. */
export interface ParsedStatement {
  readonly statement: TenantStatement;
  /** A plan cached under the normalised text serves only texts with the same source text in these slots. */
  readonly fixedSlots: readonly FixedSlot[];
}

/**
 * The tree of one statement of MySQL's language; a `;` may end it. Throws OB_ERR_PARSE_SQL for texts outside the
 * language and OB_SIZE_OVERFLOW for those nested too deep.
 */
export function parseStatement(text: string, options: ScanOptions = {}): TenantStatement {
  return parseForPlan(text, options).statement;
}

/** `parseStatement` with what a plan cache must know besides. */
export function parseForPlan(text: string, options: ScanOptions = {}): ParsedStatement {
  const c = new Cursor(text, options);
  return { statement: refusable(c), fixedSlots: c.fixed };
}

/** One expression and nothing else: defaults, checks and generated columns kept as text. */
export function parseExpression(text: string, options: ScanOptions = {}): Expression {
  const c = new Cursor(text, options);
  try {
    const value = expression(c);
    return c.atEnd() ? value : c.fail();
  } catch (error) {
    throw error instanceof Refusal ? fault('OB_NOT_SUPPORTED', error.feature) : error;
  }
}

function refusable(c: Cursor): TenantStatement {
  try {
    if (c.atEnd()) return { kind: 'empty' };
    const tree = statement(c);
    while (c.acceptSign(';'));
    return c.atEnd() ? tree : c.fail();
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'unsupported', feature: error.feature };
    throw error;
  }
}

/** One statement up to its end. */
export function statement(c: Cursor): TenantStatement {
  if (startsQuery(c) || c.isSign('(')) return { kind: 'query', query: query(c) };
  const { text } = c.peek();
  if (text === 'INSERT' || text === 'REPLACE') return insert(c);
  return c.fail();
}
