import type { RowRun, ValueRows } from '../ast/change.ts';
import type { Expression } from '../ast/expression.ts';
import type { Cursor } from './cursor.ts';
import { expression } from './expression.ts';
import { PlainRows } from './plain-rows.ts';

/** Rows of a run from which on its tree is not kept. */
const longRun = 64;

/**
 * The rows behind VALUES. Rows of plain literals, which is what loaders send by the megabyte, are read straight from
 * the text; any other row goes through the ordinary parser.
 */
export function valueRows(c: Cursor): ValueRows {
  const runs: RowRun[] = [];
  let parsed: (readonly Expression[])[] = [];
  let length = 0;
  const plain = new PlainRows(c.text, c.backslashes);
  do {
    if (!c.isSign('(')) c.fail();
    const start = c.peek().start;
    const before = c.literalsBefore();
    const run = c.plain ? plain.skip(start, before) : null;
    if (run === null) {
      parsed.push(row(c));
      length++;
      continue;
    }
    c.jump(plain.position, plain.literals);
    length += run.length;
    if (run.length < longRun) {
      parsed.push(...run.read());
      continue;
    }
    if (parsed.length > 0) runs.push({ rows: parsed });
    parsed = [];
    runs.push(run);
  } while (c.acceptSign(','));
  if (parsed.length > 0) runs.push({ rows: parsed });
  return { length, runs };
}

/** Rows of a single one. */
export function oneRow(values: readonly Expression[]): ValueRows {
  return { length: 1, runs: [{ rows: [values] }] };
}

function row(c: Cursor): Expression[] {
  c.expectSign('(');
  const values: Expression[] = [];
  if (c.acceptSign(')')) return values;
  do values.push(expression(c));
  while (c.acceptSign(','));
  c.expectSign(')');
  return values;
}
