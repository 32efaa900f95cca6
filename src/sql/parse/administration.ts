import type { Expression } from '../ast/expression.ts';
import type { FlushStatement, Kill, TableMaintenance } from '../ast/session.ts';
import type { TenantStatement } from '../ast/statement.ts';
import { STRING, USER_VARIABLE } from '../scan/scanner.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { objectNames } from './drop.ts';
import { expression, expressionList } from './expression.ts';
import { isName, name, nameOrString, objectName } from './names.ts';
import { literal } from './primary.ts';
import { startsQuery } from './query.ts';

export function use(c: Cursor): TenantStatement {
  c.expect('USE');
  return { kind: 'use', name: name(c) };
}

export function kill(c: Cursor): Kill {
  c.expect('KILL');
  const word = c.acceptAny('QUERY', 'CONNECTION');
  return { kind: 'kill', query: word === 'QUERY', id: expression(c) };
}

export function prepare(c: Cursor): TenantStatement {
  c.expect('PREPARE');
  const called = name(c);
  c.expect('FROM');
  return { kind: 'prepare', name: called, source: preparedSource(c) };
}

function preparedSource(c: Cursor): Expression {
  if (c.peek().kind === STRING) return literal(c);
  if (c.peek().kind !== USER_VARIABLE) c.fail();
  return { kind: 'userVariable', name: c.next().text.toLowerCase() };
}

export function execute(c: Cursor): TenantStatement {
  c.expect('EXECUTE');
  const called = name(c);
  const using: string[] = [];
  if (c.accept('USING'))
    do {
      if (c.peek().kind !== USER_VARIABLE) c.fail();
      using.push(c.next().text.toLowerCase());
    } while (c.acceptSign(','));
  return { kind: 'execute', name: called, using };
}

export function deallocate(c: Cursor): TenantStatement {
  c.expect('DEALLOCATE', 'PREPARE');
  return { kind: 'deallocate', name: name(c) };
}

const verbs: Readonly<Record<string, TableMaintenance['verb']>> = {
  ANALYZE: 'analyze',
  OPTIMIZE: 'optimize',
  CHECK: 'check',
  CHECKSUM: 'checksum',
  REPAIR: 'repair',
};

/** How hard a table is looked at; the answer is the same. */
const efforts: readonly string[] = ['QUICK', 'FAST', 'MEDIUM', 'EXTENDED', 'CHANGED', 'USE_FRM'];

export function maintenance(c: Cursor): TableMaintenance {
  const verb = verbs[c.next().text]!;
  c.acceptAny('NO_WRITE_TO_BINLOG', 'LOCAL');
  if (c.acceptAny('TABLE', 'TABLES') === null) c.fail();
  const tables = objectNames(c);
  if (c.is('UPDATE') || (c.is('DROP') && c.is('HISTOGRAM', 1))) throw new Refusal('histogram is');
  if (verb === 'check' && c.accept('FOR')) c.expect('UPGRADE');
  while (c.acceptAny(...efforts) !== null);
  return { kind: 'maintenance', verb, tables };
}

export function doStatement(c: Cursor): TenantStatement {
  c.expect('DO');
  return { kind: 'do', expressions: expressionList(c) };
}

/** What FLUSH names beside tables. None of it is kept here, or it is never behind: there is nothing to do. */
const flushed: readonly (readonly string[])[] = [
  ...['PRIVILEGES', 'STATUS', 'HOSTS', 'LOGS', 'USER_RESOURCES', 'OPTIMIZER_COSTS', 'DES_KEY_FILE'].map((word) => [
    word,
  ]),
  ...['BINARY', 'ENGINE', 'ERROR', 'GENERAL', 'RELAY', 'SLOW'].map((word) => [word, 'LOGS']),
  ['QUERY', 'CACHE'],
];

export function flush(c: Cursor): FlushStatement {
  c.expect('FLUSH');
  c.acceptAny('NO_WRITE_TO_BINLOG', 'LOCAL');
  if (c.acceptAny('TABLE', 'TABLES') !== null) return flushTables(c);
  do if (!flushed.some((words) => c.acceptAll(...words))) c.fail();
  while (c.acceptSign(','));
  return { kind: 'flush', tables: [], lock: false };
}

function flushTables(c: Cursor): FlushStatement {
  const tables = isName(c) && !c.is('WITH') ? objectNames(c) : [];
  if (c.accept('WITH')) {
    c.expect('READ', 'LOCK');
    return { kind: 'flush', tables, lock: true };
  }
  if (tables.length === 0 || !c.accept('FOR')) return { kind: 'flush', tables, lock: false };
  c.expect('EXPORT');
  return { kind: 'flush', tables, lock: true };
}

const explainable: ReadonlySet<string> = new Set(['INSERT', 'REPLACE', 'UPDATE', 'DELETE']);

/** DESC, DESCRIBE and EXPLAIN, of a table or a statement. `parse` reads the statement. */
export function explain(c: Cursor, parse: (c: Cursor) => TenantStatement): TenantStatement {
  c.next();
  if (c.accept('FORMAT')) {
    c.expectSign('=');
    nameOrString(c);
    return { kind: 'explain', statement: parse(c) };
  }
  if (c.is('FOR') && c.is('CONNECTION', 1)) throw new Refusal('explain for connection is');
  const details = ['EXTENDED', 'PARTITIONS', 'BASIC', 'OUTLINE', 'EXTENDED_NOADDR', 'ANALYZE'];
  if (details.some((word) => c.is(word)) && (c.isAny(explainable, 1) || c.is('SELECT', 1) || c.isSign('(', 1)))
    c.next();
  if (startsQuery(c) || c.isSign('(') || c.isAny(explainable)) return { kind: 'explain', statement: parse(c) };
  const table = objectName(c);
  const named = isName(c) || c.peek().kind === STRING;
  return { kind: 'describe', table, column: named ? nameOrString(c) : null };
}
