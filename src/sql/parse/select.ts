import type { Expression, OrderItem } from '../ast/expression.ts';
import type { Select, SelectItem } from '../ast/query.ts';
import { OPERATOR, QUOTED, STRING, WORD } from '../scan/scanner.ts';
import { orderItems, windowSpec } from './aggregate.ts';
import type { Cursor } from './cursor.ts';
import { expression } from './expression.ts';
import { tableList } from './from.ts';
import { isName, name, nameOrString, reservedWords } from './names.ts';
import { atSetOperator } from './query.ts';
import { intoClause } from './query-tail.ts';

/** Characters of a column's label. */
const labelCharacters = 256;

const ignoredOptions: ReadonlySet<string> = new Set([
  'HIGH_PRIORITY',
  'STRAIGHT_JOIN',
  'SQL_SMALL_RESULT',
  'SQL_BIG_RESULT',
  'SQL_BUFFER_RESULT',
  'SQL_CACHE',
  'SQL_NO_CACHE',
]);

/** SELECT up to and including WINDOW; what follows belongs to the whole query. */
export function selectCore(c: Cursor): Select {
  c.expect('SELECT');
  const { distinct, calcFoundRows } = selectOptions(c);
  const items = selectItems(c);
  const into = intoClause(c);
  const from = c.accept('FROM') ? tableList(c) : [];
  const where = c.accept('WHERE') ? expression(c) : null;
  const groupBy = groupItems(c);
  const rollup = groupBy.length > 0 && c.acceptAll('WITH', 'ROLLUP');
  const having = c.accept('HAVING') ? expression(c) : null;
  const windows = windowClause(c);
  const head = { kind: 'select', with: null, distinct, items, from, where, groupBy, rollup, having, windows } as const;
  return { ...head, orderBy: [], limit: null, lock: null, into, calcFoundRows };
}

function groupItems(c: Cursor): OrderItem[] {
  if (!c.accept('GROUP')) return [];
  c.expect('BY');
  return orderItems(c);
}

function selectOptions(c: Cursor): { readonly distinct: boolean; readonly calcFoundRows: boolean } {
  let distinct = false;
  let calcFoundRows = false;
  for (;;) {
    if (c.accept('DISTINCT') || c.accept('DISTINCTROW')) distinct = true;
    else if (c.accept('SQL_CALC_FOUND_ROWS')) calcFoundRows = true;
    else if (c.isAny(ignoredOptions)) c.next();
    else if (!c.accept('ALL')) return { distinct, calcFoundRows };
  }
}

function selectItems(c: Cursor): SelectItem[] {
  const items: SelectItem[] = [];
  if (c.acceptSign('*')) items.push({ kind: 'star', schema: null, table: null });
  else items.push(selectItem(c));
  while (c.acceptSign(',')) items.push(selectItem(c));
  return items;
}

function selectItem(c: Cursor): SelectItem {
  const star = tableStar(c);
  if (star !== null) return star;
  const { start } = c.peek();
  const value = expression(c);
  const end = c.lastEnd;
  const alias = itemAlias(c);
  return { kind: 'expression', expression: value, alias, label: alias ?? label(c, value, start, end) };
}

function tableStar(c: Cursor): SelectItem | null {
  if (!c.isSign('.', 1) || !isName(c)) return null;
  if (c.isSign('*', 2)) {
    const table = name(c);
    c.next();
    c.next();
    return { kind: 'star', schema: null, table };
  }
  if (!c.isSign('.', 3) || !c.isSign('*', 4)) return null;
  const schema = name(c);
  c.next();
  const token = c.next();
  const table = token.kind === QUOTED ? token.text : c.text.slice(token.start, token.end);
  c.next();
  c.next();
  return { kind: 'star', schema, table };
}

function label(c: Cursor, value: Expression, start: number, end: number): string {
  if (value.kind === 'column') return value.name;
  const text =
    value.kind === 'literal' && value.type === 'string' && typeof value.value === 'string'
      ? value.value
      : c.source(start, end);
  return text.slice(0, labelCharacters);
}

function itemAlias(c: Cursor): string | null {
  if (c.accept('AS')) return nameOrString(c);
  const token = c.peek();
  if (token.kind === STRING) return c.takeString();
  if (token.kind === QUOTED) return name(c);
  return token.kind === WORD && !reservedWords.has(token.text) && !atSetOperator(c) && !endsItem(c) ? name(c) : null;
}

/** WINDOW is no reserved word in 5.7; as a clause it is followed by a definition. */
function endsItem(c: Cursor): boolean {
  return atWindowClause(c);
}

export function atWindowClause(c: Cursor): boolean {
  const third = c.is('WINDOW') && c.is('AS', 2) ? c.peek(3) : null;
  return third !== null && third.kind === OPERATOR && third.text === '(';
}

function windowClause(c: Cursor): Select['windows'] {
  if (!atWindowClause(c)) return [];
  c.next();
  const windows = [];
  do {
    const called = name(c);
    c.expect('AS');
    windows.push({ name: called, spec: windowSpec(c) });
  } while (c.acceptSign(','));
  return windows;
}
