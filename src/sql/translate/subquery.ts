import { fault } from '../../base/errors.ts';
import type { Exists, InSubquery, Quantified, Scalar } from '../ast/expression.ts';
import type { Query } from '../ast/query.ts';
import { type BuiltQuery, outerValue, workingForm } from './built-query.ts';
import { type Comparison, comparands } from './compare.ts';
import { rowItems } from './expression.ts';
import { type Fragment, join, sql } from './fragment.ts';
import { buildQuery } from './query.ts';
import type { Place, ScopeColumn } from './scope.ts';
import { newAlias } from './statement.ts';
import { boolean, type Typed, typed } from './typed.ts';

function build(query: Query, place: Place): BuiltQuery {
  return buildQuery(query, place.scope, place.translation);
}

export function exists(expression: Exists, place: Place): Typed {
  return typed(sql`EXISTS (${build(expression.query, place).render(workingForm, false)})`, boolean, {
    nullable: false,
  });
}

/** A subquery as a value: a second row is error 1242. */
export function scalar(expression: Scalar, place: Place): Typed {
  const query = build(expression.query, place);
  if (query.columns.length !== 1) throw fault('ER_OPERAND_COLUMNS', 1);
  const value = query.columns[0]!.value;
  const name = newAlias(place.translation);
  const { origin: _, ...outer } = outerValue(value, `${name}.c1`, '', '');
  const more = { ...outer, nullable: true };
  const found = (text: Fragment): Typed =>
    more.exact ? { ...more, sql: sql`CAST(${text} AS NUMERIC)`, exact: text } : { ...more, sql: text };
  if (query.single) return found(sql`(${query.render(workingForm, false)})`);
  const rows = query.render(workingForm, true);
  const guarded = sql`(SELECT CASE WHEN count(*) > 1 THEN my_more_than_one() ELSE max(${name}.c1) END FROM (SELECT * FROM (${rows}) LIMIT 2) AS ${name})`;
  return found(guarded);
}

/** `x IN (SELECT …)`, rows too. The subquery's columns are brought to the form of the left side inside of it. */
export function inSubquery(expression: InSubquery, place: Place): Typed {
  const left = rowItems(expression.operand, place);
  const query = build(expression.query, place);
  if (query.columns.length !== left.length) throw fault('ER_OPERAND_COLUMNS', left.length);
  const name = newAlias(place.translation);
  const inner = query.columns.map(({ value, label }, index) => outerValue(value, `${name}.c${index + 1}`, '', label));
  const pairs = left.map((value, index) => comparands(value, inner[index]!));
  const word = expression.not ? 'NOT IN' : 'IN';
  const plain = pairs.every((pair, index) => pair.right.text === `${name}.c${index + 1}`);
  const rows = plain
    ? query.render(workingForm, false)
    : sql`SELECT ${join(
        pairs.map((pair) => pair.right),
        ', ',
      )} FROM (${query.render(workingForm, true)}) AS ${name}`;
  const items = pairs.map((pair) => sql`${pair.left}${pair.collate}`);
  const operand = items.length === 1 ? items[0]! : sql`(${join(items, ', ')})`;
  return typed(sql`(${operand} ${word} (${rows}))`, boolean);
}

const opposite: Readonly<Record<Quantified['operator'], Comparison>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/**
 * `x = ANY (…)` is IN and `x <> ALL (…)` NOT IN. Of the others ALL compares with the smallest or the largest row, `=` with both:
 * 1 for no rows, 0 when that is false, NULL when a row is unknown. ANY is ALL of the opposite turned over. The operand stays
 * outside of the subquery, so that it may be an aggregate.
 */
export function quantified(expression: Quantified, place: Place): Typed {
  const { quantifier } = expression;
  const all = quantifier === 'ALL';
  const operator = all ? expression.operator : opposite[expression.operator];
  if (operator === '<>') return inSubquery({ ...expression, kind: 'inSubquery', not: all }, place);
  const [left, ...more] = rowItems(expression.operand, place);
  const query = build(expression.query, place);
  if (more.length > 0 || query.columns.length !== 1) throw fault('ER_OPERAND_COLUMNS', 1);
  const name = newAlias(place.translation);
  const [{ value, label }] = query.columns as [ScopeColumn];
  const pair = comparands(left!, outerValue(value, `${name}.c1`, '', label));
  const rows = sql`(${query.render(workingForm, true)}) AS ${name}`;
  const ends = operator === '=' ? ['min', 'max'] : operator.startsWith('>') ? ['max'] : ['min'];
  const tests = ends.map((end) => {
    const bound = sql`(SELECT ${end}(${pair.right}${pair.collate}) FROM ${rows})`;
    return sql`${pair.left}${pair.collate} ${operator} ${bound}`;
  });
  const held = join(tests, ' AND ');
  const every = sql`CASE WHEN NOT EXISTS (SELECT 1 FROM ${rows}) THEN 1 WHEN NOT (${held}) THEN 0 WHEN EXISTS (SELECT 1 FROM ${rows} WHERE ${pair.right} IS NULL) THEN NULL ELSE (${held}) END`;
  return typed(all ? every : sql`(NOT ${every})`, boolean);
}
