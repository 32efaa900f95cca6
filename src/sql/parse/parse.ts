import { fault } from '../../base/errors.ts';
import type { Expression } from '../ast/expression.ts';
import type { TenantStatement } from '../ast/statement.ts';
import type { ScanOptions } from '../scan/scanner.ts';
import { WORD } from '../scan/scanner.ts';
import { deallocate, doStatement, execute, explain, flush, kill, maintenance, prepare, use } from './administration.ts';
import { alter } from './alter.ts';
import { remove, truncate, update } from './change-rows.ts';
import { create } from './create.ts';
import { Cursor, type FixedSlot, Refusal } from './cursor.ts';
import { drop, renameTable } from './drop.ts';
import { expression } from './expression.ts';
import { insert } from './insert.ts';
import { query, startsQuery } from './query.ts';
import { set } from './set.ts';
import { show } from './show.ts';
import { begin, commit, lockTables, release, rollback, savepoint, start, unlockTables } from './transaction.ts';

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
  return { statement: whole(c), fixedSlots: c.fixed };
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

function whole(c: Cursor): TenantStatement {
  try {
    while (c.acceptSign(';'));
    if (c.atEnd()) return { kind: 'empty' };
    const tree = statement(c);
    while (c.acceptSign(';'));
    return c.atEnd() ? tree : c.fail();
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'unsupported', feature: error.feature };
    throw error;
  }
}

function statement(c: Cursor): TenantStatement {
  if (startsQuery(c) || c.isSign('(')) return { kind: 'query', query: query(c) };
  const { kind, text } = c.peek();
  if (kind !== WORD) c.fail();
  const parse = verbs.get(text);
  if (parse !== undefined) return parse(c);
  return refused(c, text);
}

function explained(c: Cursor): TenantStatement {
  return explain(c, statement);
}

const verbs: ReadonlyMap<string, (c: Cursor) => TenantStatement> = new Map<string, (c: Cursor) => TenantStatement>([
  ['ALTER', alter],
  ['ANALYZE', maintenance],
  ['BEGIN', begin],
  ['CHECK', maintenance],
  ['CHECKSUM', maintenance],
  ['COMMIT', commit],
  ['CREATE', create],
  ['DEALLOCATE', deallocate],
  ['DELETE', remove],
  ['DESC', explained],
  ['DESCRIBE', explained],
  ['DO', doStatement],
  ['DROP', drop],
  ['EXECUTE', execute],
  ['EXPLAIN', explained],
  ['FLUSH', flush],
  ['INSERT', insert],
  ['KILL', kill],
  ['LOCK', lockTables],
  ['OPTIMIZE', maintenance],
  ['PREPARE', prepare],
  ['RELEASE', release],
  ['RENAME', renameTable],
  ['REPAIR', maintenance],
  ['REPLACE', insert],
  ['ROLLBACK', rollback],
  ['SAVEPOINT', savepoint],
  ['SET', set],
  ['SHOW', show],
  ['START', start],
  ['TRUNCATE', truncate],
  ['UNLOCK', unlockTables],
  ['UPDATE', update],
  ['USE', use],
]);

/** Verbs MySQL knows and tenants here do not; the words behind name the feature too. */
const refusedVerbs: ReadonlyMap<string, readonly string[]> = new Map([
  ['BINLOG', []],
  ['CACHE', ['INDEX']],
  ['CALL', []],
  ['CHANGE', ['MASTER', 'REPLICATION']],
  ['CLONE', []],
  ['FLASHBACK', []],
  ['GET', ['DIAGNOSTICS', 'CURRENT', 'STACKED']],
  ['HANDLER', []],
  ['HELP', []],
  ['IMPORT', ['TABLE']],
  ['INSTALL', ['PLUGIN', 'COMPONENT', 'SONAME']],
  ['LOAD', ['DATA', 'XML', 'INDEX']],
  ['MERGE', []],
  ['PURGE', []],
  ['RESET', []],
  ['RESIGNAL', []],
  ['RESTART', []],
  ['SHUTDOWN', []],
  ['SIGNAL', []],
  ['STOP', ['SLAVE', 'REPLICA', 'GROUP_REPLICATION']],
  ['UNINSTALL', ['PLUGIN', 'COMPONENT', 'SONAME']],
  ['XA', []],
]);

function refused(c: Cursor, verb: string): never {
  const objects = refusedVerbs.get(verb);
  if (objects === undefined) return c.fail();
  const object = objects.find((word) => c.is(word, 1));
  if (objects.length > 0 && object === undefined) {
    c.next();
    c.fail();
  }
  throw new Refusal(`${verb}${object === undefined ? '' : ` ${object}`} is`.toLowerCase());
}
