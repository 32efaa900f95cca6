import type { CastType } from '../ast/call.ts';
import { INTEGER } from '../scan/scanner.ts';
import type { Cursor } from './cursor.ts';
import { charsetName } from './names.ts';

/** `(n)` or `(n, m)`, as numbers; empty when there is none. */
export function lengths(c: Cursor): number[] {
  if (!c.acceptSign('(')) return [];
  const found = [takeInteger(c)];
  if (c.acceptSign(',')) found.push(takeInteger(c));
  c.expectSign(')');
  return found;
}

/** An integer that is not a node of the tree. */
export function takeInteger(c: Cursor): number {
  if (c.peek().kind !== INTEGER) c.fail();
  return Number(c.takeFixed().text);
}

/** The target type of CAST and CONVERT. */
export function castType(c: Cursor): CastType {
  const token = c.next();
  const type = castName(c, token.text);
  if (type === null) return c.fail(token);
  const [length, scale] = lengths(c);
  const charset = type === 'char' ? (token.text === 'NCHAR' ? 'utf8' : charsetClause(c)) : null;
  return { name: type, length: length ?? null, scale: scale ?? null, charset };
}

function castName(c: Cursor, word: string): CastType['name'] | null {
  switch (word) {
    case 'SIGNED':
    case 'UNSIGNED':
      c.acceptAny('INTEGER', 'INT');
      return word === 'SIGNED' ? 'signed' : 'unsigned';
    case 'CHAR':
    case 'CHARACTER':
    case 'NCHAR':
      return 'char';
    case 'DEC':
    case 'DECIMAL':
      return 'decimal';
    case 'DOUBLE':
      c.accept('PRECISION');
      return 'double';
    case 'REAL':
      return 'double';
    case 'BINARY':
    case 'FLOAT':
    case 'DATE':
    case 'TIME':
    case 'DATETIME':
    case 'YEAR':
    case 'JSON':
      return word.toLowerCase() as CastType['name'];
    default:
      return null;
  }
}

/** `CHARACTER SET x`, `CHARSET x`, `ASCII`, `UNICODE` or `BINARY` behind a character type. */
function charsetClause(c: Cursor): string | null {
  if (c.accept('ASCII')) return 'latin1';
  if (c.accept('UNICODE')) return 'ucs2';
  if (c.accept('BINARY')) return 'binary';
  return c.acceptAll('CHARACTER', 'SET') || c.acceptAll('CHAR', 'SET') || c.accept('CHARSET') ? charsetName(c) : null;
}
