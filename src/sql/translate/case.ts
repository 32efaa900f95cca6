import type { ColumnType } from '../../value/column-type.ts';
import type { CaseExpression, Expression } from '../ast/expression.ts';
import { compare } from './compare.ts';
import { asBoolean, convertTo } from './convert.ts';
import { translate } from './expression.ts';
import { call, type Fragment, join, raw, sql } from './fragment.ts';
import type { Place } from './scope.ts';
import { keyed, unkeyed } from './text-key.ts';
import { category, double, isNumeric, isWhole64, kindOf, type Typed, typed } from './typed.ts';
import { unifyValues } from './unify.ts';
import { wideAmong, wideValue } from './wide.ts';

/** CASE in both forms. */
export function translateCase(expression: CaseExpression, place: Place): Typed {
  const operand = expression.operand === null ? null : translate(expression.operand, place);
  const conditions = expression.branches.map(({ when }) => {
    const value = translate(when, place);
    return operand === null ? asBoolean(value) : compare('=', operand, value).sql;
  });
  const values = expression.branches.map(({ then }) => translate(then, place));
  const otherwise = expression.otherwise === null ? null : translate(expression.otherwise, place);
  return choose(conditions, values, otherwise);
}

/** The first value whose condition is true; all values brought to one type. */
export function choose(conditions: readonly Fragment[], values: readonly Typed[], otherwise: Typed | null): Typed {
  const all = otherwise === null ? values : [...values, otherwise];
  const type = unifyValues(all);
  const branches = conditions.map((condition, index) => sql`WHEN ${condition} THEN ${convertTo(values[index]!, type)}`);
  const last = otherwise === null ? raw('') : sql` ELSE ${convertTo(otherwise, type)}`;
  const nullable = otherwise === null || all.some((value) => value.nullable);
  const made = typed(sql`CASE ${join(branches, ' ')}${last} END`, type, { nullable });
  if (!hasLong(all, type)) return together(made, all);
  const texts = conditions.map((condition, index) => sql`WHEN ${condition} THEN ${exactForm(values[index]!, type)}`);
  const rest = otherwise === null ? raw('') : sql` ELSE ${exactForm(otherwise, type)}`;
  return together({ ...made, ...wideAmong(all, type), exact: sql`CASE ${join(texts, ' ')}${rest} END` }, all);
}

/** True when a decimal of several sources may have more digits than a REAL keeps. */
export function hasLong(values: readonly Typed[], type: ColumnType): boolean {
  const exactly = (value: Typed) => value.exact !== undefined || isWhole64(value);
  return category(type) === 'decimal' && (type.precision ?? 10) > 15 && values.some(exactly);
}

/** A value as exact decimal text of a type. */
export function exactForm(value: Typed, type: ColumnType): Fragment {
  const exact = isWhole64(value) ? value.sql : value.exact;
  const given = kindOf(value) === 'null' ? value.sql : (exact ?? convertTo(value, type));
  return sql`my_decimal_text(${given}, ${type.scale ?? 0})`;
}

/** Texts of several sources compare byte by byte when one of them does. */
export function together(value: Typed, sources: readonly Typed[]): Typed {
  if (!value.collating) return value;
  const binary = sources.some(({ collating }) => collating?.order === 'binary');
  return { ...value, collating: { order: binary ? 'binary' : 'folded', strength: 3, declared: false } };
}

/** COALESCE, IFNULL, NVL. */
export function coalesce(values: readonly Typed[]): Typed {
  const type = unifyValues(values);
  const list = join(
    values.map((value) => convertTo(value, type)),
    ', ',
  );
  const nullable = values.every((value) => value.nullable);
  if (values.length === 1) return values[0]!;
  const made = typed(sql`coalesce(${list})`, type, { nullable });
  if (!hasLong(values, type)) return together(made, values);
  const texts = join(
    values.map((value) => exactForm(value, type)),
    ', ',
  );
  return together({ ...made, ...wideAmong(values, type), exact: sql`coalesce(${texts})` }, values);
}

/** GREATEST and LEAST: NULL when one is. Numbers among texts make all of them numbers. */
export function extreme(name: 'max' | 'min', values: readonly Typed[]): Typed {
  const kinds = values.map(kindOf).filter((kind) => kind !== 'null');
  const mixed = kinds.some(isNumeric) && kinds.some((kind) => kind === 'text');
  const type = mixed ? double : unifyValues(values);
  const parts = values.map((value) => convertTo(value, type));
  if (wideAmong(values, type).wide) {
    const keys = values.map((value) => call('my_decimal_key', exactForm(value, type)));
    return wideValue(call('my_from_key', call(name, ...keys)), type);
  }
  if (category(type) !== 'text') return together(typed(sql`${name}(${join(parts, ', ')})`, type), values);
  const { collating } = together(typed(raw(''), type), values);
  const texts = parts.map((part) => keyed(typed(part, type, { collating })));
  return together(typed(unkeyed(sql`${name}(${join(texts, ', ')})`), type), values);
}

/** NULLIF(a, b). */
export function nullIf(left: Expression, right: Expression, place: Place): Typed {
  const value = translate(left, place);
  const same = compare('=', value, translate(right, place)).sql;
  const { literal: _, bind: __, origin: ___, exact, open: ____, bits: _____, ...rest } = value;
  const made = { ...rest, sql: sql`CASE WHEN ${same} THEN NULL ELSE ${value.sql} END`, nullable: true };
  return exact ? { ...made, exact: sql`CASE WHEN ${same} THEN NULL ELSE ${exact} END` } : made;
}
