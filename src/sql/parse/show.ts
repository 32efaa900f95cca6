import { fault } from '../../base/errors.ts';
import type { ObjectName } from '../ast/name.ts';
import type { Show } from '../ast/session.ts';
import { STRING, USER_VARIABLE } from '../scan/scanner.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { anyName, name, nameOrString, objectName } from './names.ts';
import { limitClause } from './query-tail.ts';

type Draft = { -readonly [Key in keyof Show]: Show[Key] };

/** SHOW in all its forms. */
export function show(c: Cursor): Show {
  c.expect('SHOW');
  const draft: Draft = {
    kind: 'show',
    what: 'tables',
    full: false,
    global: false,
    subject: null,
    database: null,
    like: null,
    where: null,
    tenant: null,
    limit: null,
  };
  c.accept('EXTENDED');
  draft.full = c.accept('FULL');
  const scope = c.acceptAny('GLOBAL', 'SESSION', 'LOCAL');
  draft.global = scope === 'GLOBAL';
  const form = forms[c.peek().text];
  if (form === undefined || c.isLiteral()) c.fail();
  const word = c.next();
  if (scope !== null && word.text !== 'VARIABLES' && word.text !== 'STATUS') c.fail(word);
  form(c, draft);
  return draft;
}

type Form = (c: Cursor, draft: Draft) => void;

/** A list with FROM database, LIKE and WHERE, as far as they are given. */
function list(what: Show['what'], ...words: readonly string[]): Form {
  return (c, draft) => {
    c.expect(...words);
    draft.what = what;
    draft.database = fromDatabase(c);
    filter(c, draft);
  };
}

function plain(what: Show['what'], ...words: readonly string[]): Form {
  return (c, draft) => {
    c.expect(...words);
    draft.what = what;
  };
}

function refused(feature: string): Form {
  return () => {
    throw new Refusal(`show ${feature} is`);
  };
}

function fromDatabase(c: Cursor): string | null {
  return c.acceptAny('FROM', 'IN') === null ? null : name(c);
}

function filter(c: Cursor, draft: Draft): void {
  if (c.accept('LIKE')) draft.like = pattern(c);
  else if (c.accept('WHERE')) draft.where = expression(c);
}

/** A pattern [ESCAPE 'c'], written so that `\\` escapes; a pattern without ESCAPE is so already. */
function pattern(c: Cursor): string {
  const text = c.takeString();
  if (!c.accept('ESCAPE')) return text;
  const sign = c.takeString();
  if ([...sign].length > 1) throw fault('ER_WRONG_ARGUMENTS', 'ESCAPE');
  let written = '';
  let escaped = false;
  for (const char of text) {
    if (!escaped && char === sign) escaped = true;
    else {
      written += escaped || char === '\\' ? `\\${char}` : char;
      escaped = false;
    }
  }
  return escaped ? `${written}\\${sign}` : written;
}

/** Columns and keys of one table: FROM table [FROM database]. */
function ofTable(what: 'columns' | 'index'): Form {
  return (c, draft) => {
    draft.what = what;
    if (c.acceptAny('FROM', 'IN') === null) c.fail();
    const subject = objectName(c);
    const database = fromDatabase(c);
    draft.subject = database === null ? subject : { schema: database, name: subject.name };
    draft.database = draft.subject.schema;
    filter(c, draft);
  };
}

function messages(what: 'warnings' | 'errors'): Form {
  return (c, draft) => {
    draft.what = what;
    draft.limit = limitClause(c);
  };
}

function count(c: Cursor, draft: Draft): void {
  c.expectSign('(');
  c.expectSign('*');
  c.expectSign(')');
  const word = c.acceptAny('WARNINGS', 'ERRORS') ?? c.fail();
  draft.what = word === 'WARNINGS' ? 'countWarnings' : 'countErrors';
}

function create(c: Cursor, draft: Draft): void {
  const word = c.acceptAny('TABLE', 'VIEW', 'DATABASE', 'SCHEMA', 'USER', 'TENANT');
  switch (word) {
    case 'TABLE':
    case 'VIEW':
      draft.what = 'createTable';
      draft.subject = objectName(c);
      return;
    case 'DATABASE':
    case 'SCHEMA':
      c.acceptAll('IF', 'NOT', 'EXISTS');
      draft.what = 'createDatabase';
      draft.subject = { schema: null, name: name(c) };
      return;
    case 'USER':
      draft.what = 'createUser';
      draft.subject = account(c);
      return;
    case 'TENANT':
      draft.what = 'createTenant';
      draft.subject = { schema: null, name: nameOrString(c) };
      return;
    default:
      for (const thing of ['PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT', 'TABLEGROUP', 'SEQUENCE', 'OUTLINE'])
        if (c.is(thing)) throw new Refusal(`show create ${thing.toLowerCase()} is`);
      c.fail();
  }
}

/** `'user'@'host'` with the host as schema; null for CURRENT_USER. */
function account(c: Cursor): ObjectName | null {
  if (c.accept('CURRENT_USER')) {
    if (c.acceptSign('(')) c.expectSign(')');
    return null;
  }
  const user = c.peek().kind === STRING ? c.takeString() : name(c);
  if (c.peek().kind === USER_VARIABLE) return { schema: c.next().text, name: user };
  if (!c.acceptSign('@')) return { schema: null, name: user };
  if (c.acceptSign('%')) return { schema: '%', name: user };
  return { schema: c.peek().kind === STRING ? c.takeString() : anyName(c), name: user };
}

function grants(c: Cursor, draft: Draft): void {
  draft.what = 'grants';
  if (c.accept('FOR')) draft.subject = account(c);
}

function parameters(c: Cursor, draft: Draft): void {
  draft.what = 'parameters';
  tenantOf(c, draft);
  filter(c, draft);
  tenantOf(c, draft);
}

function tenantOf(c: Cursor, draft: Draft): void {
  if (!c.accept('TENANT')) return;
  c.acceptSign('=');
  // ALL is no name elsewhere; here it is one that no tenant bears.
  draft.tenant = c.accept('ALL') ? 'all' : nameOrString(c);
}

function tenant(c: Cursor, draft: Draft): void {
  draft.what = c.accept('STATUS') ? 'tenantStatus' : 'tenant';
}

function character(c: Cursor, draft: Draft): void {
  c.expect('SET');
  draft.what = 'charset';
  filter(c, draft);
}

function master(c: Cursor, draft: Draft): void {
  draft.what = c.accept('LOGS') ? 'binaryLogs' : 'masterStatus';
  if (draft.what === 'masterStatus') c.expect('STATUS');
}

function slave(c: Cursor, draft: Draft): void {
  if (c.is('HOSTS')) throw new Refusal('show slave hosts is');
  c.expect('STATUS');
  draft.what = 'slaveStatus';
}

function routines(what: 'procedureStatus' | 'functionStatus', word: string): Form {
  return (c, draft) => {
    if (c.is('CODE')) throw new Refusal(`show ${word} code is`);
    c.expect('STATUS');
    draft.what = what;
    filter(c, draft);
  };
}

const forms: Readonly<Record<string, Form>> = {
  BINARY: plain('binaryLogs', 'LOGS'),
  BINLOG: refused('binlog events'),
  CHARACTER: character,
  CHARSET: list('charset'),
  COLLATION: list('collation'),
  COLUMNS: ofTable('columns'),
  COUNT: count,
  CREATE: create,
  DATABASES: list('databases'),
  ENGINE: refused('engine'),
  ENGINES: plain('engines'),
  ERRORS: messages('errors'),
  EVENTS: list('events'),
  FIELDS: ofTable('columns'),
  FUNCTION: routines('functionStatus', 'function'),
  GRANTS: grants,
  INDEX: ofTable('index'),
  INDEXES: ofTable('index'),
  KEYS: ofTable('index'),
  MASTER: master,
  OPEN: list('openTables', 'TABLES'),
  PARAMETERS: parameters,
  PLUGINS: plain('plugins'),
  PRIVILEGES: plain('privileges'),
  PROCEDURE: routines('procedureStatus', 'procedure'),
  PROCESSLIST: plain('processlist'),
  PROFILE: refused('profile'),
  PROFILES: plain('profiles'),
  RECYCLEBIN: plain('recyclebin'),
  RELAYLOG: refused('relaylog events'),
  REPLICA: slave,
  RESTORE: plain('restorePreview', 'PREVIEW'),
  SCHEMAS: list('databases'),
  SEQUENCES: refused('sequences'),
  SLAVE: slave,
  STATUS: list('status'),
  STORAGE: plain('engines', 'ENGINES'),
  TABLE: list('tableStatus', 'STATUS'),
  TABLEGROUPS: refused('tablegroups'),
  TABLES: list('tables'),
  TENANT: tenant,
  TRACE: refused('trace'),
  TRIGGERS: list('triggers'),
  VARIABLES: list('variables'),
  WARNINGS: messages('warnings'),
};
