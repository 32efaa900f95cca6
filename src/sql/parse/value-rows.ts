import type { Expression } from '../ast/expression.ts';
import type { Cursor } from './cursor.ts';
import { expression } from './expression.ts';
import { PlainRows } from './plain-rows.ts';

/**
 * The rows behind VALUES. Rows of plain literals, which is what loaders send by the megabyte, are read straight from
 * the text; any other row goes through the ordinary parser.
 */
export function valueRows(c: Cursor): Expression[][] {
  const rows: Expression[][] = [];
  const plain = new PlainRows(c.text, c.backslashes);
  do {
    if (!c.isSign('(')) c.fail();
    if (c.plain && plain.read(c.peek().start, c.literalsBefore(), rows)) c.jump(plain.position, plain.literals);
    else rows.push(row(c));
  } while (c.acceptSign(','));
  return rows;
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
