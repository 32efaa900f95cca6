import type { CreateDatabase, CreateIndex } from '../ast/definition.ts';
import type { TenantStatement } from '../ast/statement.ts';
import { WORD } from '../scan/scanner.ts';
import { keyParts } from './constraint.ts';
import { createTable } from './create-table.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { charsetName, name, objectName } from './names.ts';

/** Things MySQL or OceanBase can create, alter and drop and tenants here cannot. */
const unknownThings: ReadonlySet<string> = new Set(
  (
    'TRIGGER PROCEDURE FUNCTION VIEW EVENT SERVER TABLESPACE LOGFILE SEQUENCE SYNONYM OUTLINE TABLEGROUP PACKAGE TYPE ' +
    'CONTEXT INSTANCE KEYSTORE RESTORE'
  ).split(' '),
);

/** What may stand between the verb and the thing, and in how many tokens. */
const decorations: ReadonlySet<string> = new Set(
  'DEFINER ALGORITHM SQL AGGREGATE UNDO PUBLIC MATERIALIZED FORCE NOFORCE EDITIONABLE TEMPORARY'.split(' '),
);
const decorationTokens = 24;

/** CREATE from its verb on. */
export function create(c: Cursor): TenantStatement {
  c.expect('CREATE');
  const replace = c.acceptAll('OR', 'REPLACE');
  if (!replace) {
    if (c.is('TABLE')) return createTable(c, false);
    if (c.is('TEMPORARY') && c.is('TABLE', 1)) {
      c.next();
      return createTable(c, true);
    }
    if (c.is('DATABASE') || c.is('SCHEMA')) return createDatabase(c);
    if (c.is('INDEX') || c.is('UNIQUE')) return createIndex(c);
    for (const kind of ['FULLTEXT', 'SPATIAL', 'EXTERNAL'])
      if (c.is(kind)) throw new Refusal(`create ${kind.toLowerCase()} ${kind === 'EXTERNAL' ? 'table' : 'index'} is`);
  }
  return refuseThing(c, 'create');
}

/** Refuses `verb thing` of the list; definer, algorithm and the like may stand between. */
export function refuseThing(c: Cursor, verb: string): never {
  if (!c.isAny(unknownThings) && !c.isAny(decorations)) c.fail();
  for (let at = 0; at < decorationTokens; at++) {
    const token = c.peek(at);
    if (token.kind === WORD && unknownThings.has(token.text))
      throw new Refusal(`${verb} ${token.text.toLowerCase()} is`);
  }
  return c.fail();
}

function createDatabase(c: Cursor): CreateDatabase {
  c.next();
  const ifNotExists = c.acceptAll('IF', 'NOT', 'EXISTS');
  const called = name(c);
  return { kind: 'createDatabase', name: called, ifNotExists, ...databaseOptions(c) };
}

/** CHARACTER SET and COLLATE of a database. */
export function databaseOptions(c: Cursor): { readonly charset: string | null; readonly collation: string | null } {
  let charset: string | null = null;
  let collation: string | null = null;
  for (;;) {
    c.accept('DEFAULT');
    if (c.accept('CHARSET') || c.acceptAll('CHARACTER', 'SET') || c.acceptAll('CHAR', 'SET')) {
      c.acceptSign('=');
      charset = charsetName(c);
    } else if (c.accept('COLLATE')) {
      c.acceptSign('=');
      collation = charsetName(c);
    } else if (c.is('READ')) throw new Refusal('read only database is');
    else if (c.accept('ENCRYPTION')) {
      c.acceptSign('=');
      if (c.takeString().toUpperCase() !== 'N') throw new Refusal('database encryption is');
    } else return { charset, collation };
  }
}

function createIndex(c: Cursor): CreateIndex {
  const unique = c.accept('UNIQUE');
  c.expect('INDEX');
  const called = name(c);
  if (c.accept('USING') && c.acceptAny('BTREE', 'HASH') === null) c.fail();
  c.expect('ON');
  const table = objectName(c);
  const parts = keyParts(c);
  algorithm(c);
  return { kind: 'createIndex', name: called, table, unique, parts };
}

/** ALGORITHM = … and LOCK = …, which say how and never what. */
export function algorithm(c: Cursor): void {
  while (c.acceptAny('ALGORITHM', 'LOCK') !== null) {
    c.acceptSign('=');
    if (!c.accept('DEFAULT')) name(c);
  }
}
