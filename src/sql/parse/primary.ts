import type { CaseExpression, ColumnRef, Expression, Literal } from '../ast/expression.ts';
import {
  BIT,
  DECIMAL,
  DOUBLE,
  HEX,
  INTEGER,
  OPERATOR,
  PARAMETER,
  QUOTED,
  STRING,
  USER_VARIABLE,
  WORD,
} from '../scan/scanner.ts';
import { literalTypes } from '../scan.ts';
import type { Cursor, Token } from './cursor.ts';
import { binary, expression } from './expression.ts';
import { call, specialForms } from './function-call.ts';
import { interval } from './interval.ts';
import { afterDot, anyName, reservedWords } from './names.ts';
import { asExpression, parenthesised, subquery } from './parentheses.ts';

/** One operand: a literal, a name, a call, anything in parentheses. */
export function primary(c: Cursor): Expression {
  const token = c.peek();
  switch (token.kind) {
    case STRING:
    case INTEGER:
    case DECIMAL:
    case DOUBLE:
    case HEX:
    case BIT:
      return literal(c);
    case PARAMETER:
      c.next();
      return { kind: 'placeholder', index: token.slot };
    case USER_VARIABLE:
      return userVariable(c);
    case OPERATOR:
      return signPrimary(c, token);
    case QUOTED:
      return column(c);
    case WORD:
      return word(c, token);
    default:
      return c.fail();
  }
}

/** The literal at the cursor as a node. */
export function literal(c: Cursor): Literal {
  const { kind, start, end, slot, charset, text, bytes } = c.next();
  const type = literalTypes[kind]!;
  const node = { kind: 'literal', type, value: bytes ?? text, slot, start, end } as const;
  return charset === null ? node : { ...node, charset };
}

function signPrimary(c: Cursor, token: Token): Expression {
  if (token.text === '(') return asExpression(parenthesised(c));
  if (token.text === '@@') return systemVariable(c);
  if (token.text === '{') return odbc(c);
  return c.fail();
}

function userVariable(c: Cursor): Expression {
  const name = c.next().text.toLowerCase();
  if (!c.acceptSign(':=')) return { kind: 'userVariable', name };
  return { kind: 'assignVariable', name, value: expression(c) };
}

/** `@@name`, `@@session.name`, `@@global.name`; the cursor stands on the signs. */
export function systemVariable(c: Cursor): Extract<Expression, { kind: 'systemVariable' }> {
  c.expectSign('@@');
  const first = afterDot(c).toLowerCase();
  if (!c.acceptSign('.')) return { kind: 'systemVariable', name: first, scope: null };
  const name = afterDot(c).toLowerCase();
  if (first === 'global') return { kind: 'systemVariable', name, scope: 'global' };
  if (first === 'session' || first === 'local') return { kind: 'systemVariable', name, scope: 'session' };
  return { kind: 'systemVariable', name: `${first}.${name}`, scope: null };
}

/** `{d '…'}`, `{t '…'}`, `{ts '…'}` and `{fn call()}` of ODBC and JDBC. */
function odbc(c: Cursor): Expression {
  c.next();
  const kind = anyName(c).toLowerCase();
  const type = kind === 'd' ? 'date' : kind === 't' ? 'time' : kind === 'ts' ? 'timestamp' : null;
  const node: Expression = type !== null && c.peek().kind === STRING ? { ...literal(c), type } : expression(c);
  c.expectSign('}');
  return node;
}

const typedLiterals: Readonly<Record<string, 'date' | 'time' | 'timestamp'>> = {
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
};

/** Reserved words that are functions when a parenthesis follows. */
const callableReserved: ReadonlySet<string> = new Set(
  'CHAR DATABASE IF INSERT LEFT MOD REPEAT REPLACE RIGHT SCHEMA'.split(' '),
);

/** Functions that need no parentheses. */
const bareFunctions: ReadonlySet<string> = new Set(
  'CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP'.split(
    ' ',
  ),
);

function word(c: Cursor, token: Token): Expression {
  const typed = typedLiterals[token.text];
  if (typed !== undefined && c.peek(1).kind === STRING) {
    c.next();
    return { ...literal(c), type: typed, start: token.start };
  }
  const called = c.isSign('(', 1);
  if (called && token.text === 'ROW') return row(c);
  const special = called ? specialForms[token.text] : undefined;
  if (special !== undefined) return special(c);
  if (!reservedWords.has(token.text)) return called ? call(c) : column(c);
  if (bareFunctions.has(token.text)) return bareFunction(c, token);
  if (called && callableReserved.has(token.text)) return call(c);
  return keyword(c, token);
}

function keyword(c: Cursor, token: Token): Expression {
  switch (token.text) {
    case 'NULL':
      c.next();
      return constant(token, 'null', null);
    case 'TRUE':
    case 'FALSE':
      c.next();
      return constant(token, 'boolean', token.text === 'TRUE');
    case 'CASE':
      return caseExpression(c);
    case 'EXISTS':
      c.next();
      return { kind: 'exists', query: subquery(c) };
    case 'DEFAULT':
      c.next();
      return { kind: 'default', column: null };
    case 'INTERVAL': {
      const node = interval(c);
      return node.kind !== 'interval' || c.isSign('+') ? node : c.fail();
    }
    default:
      return c.fail();
  }
}

function constant(token: Token, type: 'null' | 'boolean', value: boolean | null): Literal {
  return { kind: 'literal', type, value, slot: -1, start: token.start, end: token.end };
}

function row(c: Cursor): Expression {
  c.next();
  const start = c.peek();
  const content = parenthesised(c);
  return content.items === null ? c.fail(start) : { kind: 'row', items: content.items };
}

function bareFunction(c: Cursor, token: Token): Expression {
  if (c.isSign('(', 1)) return call(c);
  c.next();
  const name = token.text.toLowerCase();
  return { kind: 'function', name, schema: null, arguments: [], start: token.start, end: token.end };
}

function caseExpression(c: Cursor): CaseExpression {
  c.next();
  const operand = c.is('WHEN') ? null : expression(c);
  const branches = [];
  while (c.accept('WHEN')) {
    const when = expression(c);
    c.expect('THEN');
    // biome-ignore lint/suspicious/noThenProperty: the tree's own word for THEN, never awaited
    branches.push({ when, then: expression(c) });
  }
  if (branches.length === 0) c.fail();
  const otherwise = c.accept('ELSE') ? expression(c) : null;
  c.expect('END');
  return { kind: 'case', operand, branches, otherwise };
}

/** A column with up to two qualifiers, a JSON path behind it, or a call `schema.function(…)`. */
function column(c: Cursor): Expression {
  if (c.isSign('.', 1) && c.isSign('(', 3)) return call(c);
  const reference = columnRef(c);
  if (!c.isSign('->') && !c.isSign('->>')) return reference;
  const operator = c.next().text === '->' ? '->' : '->>';
  if (c.peek().kind !== STRING) c.fail();
  return binary(operator, reference, literal(c));
}

export function columnRef(c: Cursor): ColumnRef {
  const { start, kind, text } = c.peek();
  if (kind === WORD && reservedWords.has(text)) c.fail();
  const parts = [anyName(c)];
  while (parts.length < 3 && c.isSign('.') && !c.isSign('*', 1)) {
    c.next();
    parts.push(afterDot(c));
  }
  const [name, table, schema] = parts.reverse();
  return { kind: 'column', schema: schema ?? null, table: table ?? null, name: name!, start, end: c.lastEnd };
}
