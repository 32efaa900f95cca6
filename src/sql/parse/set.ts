import type { Expression } from '../ast/expression.ts';
import type { SetItem, SetStatement } from '../ast/session.ts';
import { PARAMETER, USER_VARIABLE } from '../scan/scanner.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { expression } from './expression.ts';
import { afterDot, charsetName, name } from './names.ts';
import { systemVariable } from './primary.ts';

type Scope = 'session' | 'global';

/** SET with its assignments. */
export function set(c: Cursor): SetStatement {
  c.expect('SET');
  const items: SetItem[] = [];
  let scope: Scope | null = null;
  do {
    scope = scopeWord(c) ?? scope;
    items.push(item(c, scope));
  } while (c.acceptSign(','));
  return { kind: 'set', items };
}

/** GLOBAL, SESSION, LOCAL in front of a name; it counts for the assignments behind it too. */
function scopeWord(c: Cursor): Scope | null {
  if (c.isSign('=', 1) || c.isSign(':=', 1)) return null;
  if (c.is('PERSIST') || c.is('PERSIST_ONLY')) throw new Refusal('set persist is');
  const word = c.acceptAny('GLOBAL', 'SESSION', 'LOCAL');
  if (word === null) return null;
  return word === 'GLOBAL' ? 'global' : 'session';
}

function item(c: Cursor, scope: Scope | null): SetItem {
  if (c.peek().kind === USER_VARIABLE) {
    const called = c.next().text.toLowerCase();
    assign(c);
    return { kind: 'user', name: called, value: expression(c) };
  }
  if (c.isSign('@@')) {
    const variable = systemVariable(c);
    return system(c, variable.name, variable.scope ?? 'session');
  }
  if (c.is('TRANSACTION') && !c.isSign('=', 1)) return transaction(c, scope);
  if (!c.isSign('=', 1) && !c.isSign(':=', 1)) {
    if (c.accept('NAMES')) return names(c);
    if (c.acceptAll('CHARACTER', 'SET') || c.acceptAll('CHAR', 'SET') || c.accept('CHARSET'))
      return { kind: 'characterSet', charset: charsetOrDefault(c) };
    for (const word of ['ROLE', 'DEFAULT', 'RESOURCE', 'STATEMENT'])
      if (c.is(word)) throw new Refusal(`set ${word.toLowerCase()} is`);
  }
  if (c.is('PASSWORD')) c.fail();
  let called = name(c).toLowerCase();
  if (c.acceptSign('.')) called = `${called}.${afterDot(c).toLowerCase()}`;
  return system(c, called, scope ?? 'session');
}

function assign(c: Cursor): void {
  if (!c.acceptSign(':=')) c.expectSign('=');
}

function system(c: Cursor, called: string, scope: Scope): SetItem {
  assign(c);
  return { kind: 'system', name: called, scope, value: value(c) };
}

/** DEFAULT, an expression, or a bare word, which is the string of its letters. */
function value(c: Cursor): Expression | 'default' {
  if (c.is('DEFAULT') && !c.isSign('(', 1)) {
    c.next();
    return 'default';
  }
  const { start, end } = c.peek();
  if (c.is('ON') || c.is('ALL') || (c.is('BINARY') && (c.isSign(',', 1) || c.peek(1).kind === 0))) {
    c.next();
    return bareWord(c.text.slice(start, end), start, end);
  }
  const given = expression(c);
  return given.kind === 'column' && given.table === null ? bareWord(given.name, given.start, given.end) : given;
}

function bareWord(text: string, start: number, end: number): Expression {
  return { kind: 'literal', type: 'string', value: text, slot: -1, start, end };
}

function charsetOrDefault(c: Cursor): string {
  if (c.peek().kind === PARAMETER) throw new Refusal('set names with a parameter is');
  return c.accept('DEFAULT') ? 'default' : charsetName(c);
}

function names(c: Cursor): SetItem {
  const charset = charsetOrDefault(c);
  if (!c.accept('COLLATE')) return { kind: 'names', charset, collation: null };
  return { kind: 'names', charset, collation: c.accept('DEFAULT') ? null : charsetName(c) };
}

function transaction(c: Cursor, scope: Scope | null): SetItem {
  c.next();
  let isolation: string | null = null;
  let readOnly: boolean | null = null;
  do {
    if (c.acceptAll('ISOLATION', 'LEVEL')) isolation = level(c);
    else {
      c.expect('READ');
      readOnly = c.accept('ONLY');
      if (!readOnly) c.expect('WRITE');
    }
  } while (c.acceptSign(','));
  return { kind: 'transaction', scope: scope ?? 'next', isolation, readOnly };
}

function level(c: Cursor): string {
  if (c.acceptAll('READ', 'UNCOMMITTED')) return 'READ UNCOMMITTED';
  if (c.acceptAll('READ', 'COMMITTED')) return 'READ COMMITTED';
  if (c.acceptAll('REPEATABLE', 'READ')) return 'REPEATABLE READ';
  c.expect('SERIALIZABLE');
  return 'SERIALIZABLE';
}
