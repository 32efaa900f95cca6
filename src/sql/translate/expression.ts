import { fault } from '../../base/errors.ts';
import type { Expression } from '../ast/expression.ts';
import { translateAggregate } from './aggregate.ts';
import { arithmetic, bitwise, invert, negate } from './arithmetic.ts';
import { translateCase } from './case.ts';
import { translateCast, translateConvertUsing } from './cast.ts';
import { between, type Comparison, compare, compareRows, inList } from './compare.ts';
import { asBoolean, asBytes, settle } from './convert.ts';
import { bind, raw, sql } from './fragment.ts';
import { dateArithmetic, translateCall } from './function-call.ts';
import { jsonArrow } from './json-call.ts';
import { like, regexp, soundsLike } from './like.ts';
import { translateLiteral } from './literal.ts';
import type { BindConversion, BindSource } from './plan.ts';
import { type Place, resolveColumn, rolledUp } from './scope.ts';
import { unsupported } from './statement.ts';
import { exists, inSubquery, quantified, scalar } from './subquery.ts';
import { bigint, boolean, type Typed, typed, varbinary, varchar } from './typed.ts';
import { typedValue, variableKind } from './value-kind.ts';
import { assignedVariable, assigns, assignVariable } from './variables.ts';
import { translateWindow } from './window.ts';

/** Translates an expression; integer overflow is looked at. */
export function translate(expression: Expression, place: Place): Typed {
  const value = settle(translateOpen(expression, place));
  return place.rolled && expression.kind !== 'literal' ? rolledUp(value, place.rolled) : value;
}

/** As `translate`, but leaves the overflow check of integer arithmetic to the expression around it. */
function translateOpen(expression: Expression, place: Place): Typed {
  switch (expression.kind) {
    case 'literal':
      return translateLiteral(expression, place);
    case 'placeholder':
      place.translation.parameterCount = Math.max(place.translation.parameterCount, expression.index + 1);
      return parameter(expression.index, place);
    case 'userVariable':
      place.translation.volatile = true;
      return userVariable(expression.name, place);
    case 'systemVariable':
      place.translation.volatile = true;
      return systemVariable(expression);
    case 'assignVariable':
      return assignVariable(expression.name, translate(expression.value, place), place);
    case 'column':
      return resolveColumn(expression, place);
    case 'unary':
      return unary(expression, place);
    case 'binary':
      return binary(expression, place);
    case 'between':
      return between(
        translate(expression.operand, place),
        translate(expression.low, place),
        translate(expression.high, place),
        expression.not,
      );
    case 'inList':
      return translateIn(expression, place);
    case 'inSubquery':
      return inSubquery(expression, place);
    case 'like':
      return like(expression, place);
    case 'is':
      return isTest(expression, place);
    case 'case':
      return translateCase(expression, place);
    case 'cast':
      return translateCast(expression, place);
    case 'convertUsing':
      return translateConvertUsing(expression, place);
    case 'function':
      return translateCall(expression, place);
    case 'aggregate':
      return translateAggregate(expression, place);
    case 'window':
      return translateWindow(expression, place);
    case 'interval':
      throw fault('OB_ERR_PARSE_SQL', 'INTERVAL without a date is wrong', expression.unit, 1);
    case 'exists':
      return exists(expression, place);
    case 'scalar':
      return scalar(expression, place);
    case 'quantified':
      return quantified(expression, place);
    case 'row':
      throw fault('ER_OPERAND_COLUMNS', 1);
    case 'default':
      if (!place.defaultOf) throw unsupported('DEFAULT outside of a write is');
      return place.defaultOf(expression.column);
    case 'valuesOf':
      return place.valuesOf ? place.valuesOf(expression.column) : typed(raw('NULL'), bigint);
    case 'match':
      throw unsupported('MATCH AGAINST is');
    case 'collate':
      return collate(translate(expression.operand, place), expression.collation);
  }
}

/** Items of a row, or the expression as the only one. */
export function rowItems(expression: Expression, place: Place): readonly Typed[] {
  return expression.kind === 'row'
    ? expression.items.map((item) => translate(item, place))
    : [translate(expression, place)];
}

function parameter(index: number, place: Place): Typed {
  const kind = place.translation.env.parameterKinds?.[index];
  const source = { from: 'parameter', index } as const;
  return kind === undefined
    ? unknown(source)
    : typedValue(kind, (convert) => bind(convert ? { ...source, convert } : source));
}

function userVariable(name: string, place: Place): Typed {
  const { translation } = place;
  const source = { from: 'userVariable', name } as const;
  const { userVariables } = translation.env;
  const assigned = assignedVariable(name, place);
  if (assigned) return assigned;
  if (!userVariables) return unknown(source);
  const kind = variableKind(userVariables[name]);
  translation.variableKinds.set(name, kind);
  return typedValue(kind, (convert) => bind(convert ? { ...source, convert } : source));
}

/** A value that is known only when the plan runs. */
function unknown(source: Exclude<BindSource, { readonly from: 'cell' | 'constant' }>): Typed {
  const make = (convert: BindConversion = { to: 'plain' }) => bind({ ...source, convert });
  const value = typed(make(), varchar(16383), { unknown: true, bind: make });
  return { ...value, collating: { order: 'folded', strength: 4, declared: false } };
}

/** Variables that hold numbers; all others are texts. */
const numericVariables =
  /^(autocommit|max_allowed_packet|auto_increment_(increment|offset)|lower_case_table_names|.*_timeout|tx_read_only|transaction_read_only|read_only|super_read_only|foreign_key_checks|unique_checks|performance_schema|query_cache_size|net_buffer_length|port|last_insert_id|identity|sql_select_limit|group_concat_max_len|max_connections|server_id|warning_count|error_count|timestamp|sql_auto_is_null|sql_safe_updates|sql_notes|sql_warnings|ob_enable_.*|recyclebin|ob_plan_cache_percentage|max_sp_recursion_depth|div_precision_increment)$/;

function systemVariable(expression: Extract<Expression, { kind: 'systemVariable' }>): Typed {
  const source: BindSource = { from: 'systemVariable', name: expression.name, scope: expression.scope };
  const make = (convert?: BindConversion) => bind(convert ? { ...source, convert } : source);
  const type = numericVariables.test(expression.name) ? bigint : varchar(1024);
  return typed(make(), type, { bind: make });
}

function unary(expression: Extract<Expression, { kind: 'unary' }>, place: Place): Typed {
  const { operator, operand } = expression;
  if (operator === '-' && operand.kind === 'literal' && ['integer', 'decimal', 'double'].includes(operand.type))
    return translateLiteral(operand, place, true);
  const value = translate(operand, place);
  switch (operator) {
    case '-':
      return negate(value, 'unary minus');
    case '+':
      return value;
    case '~':
      return invert(value);
    case 'BINARY':
      return { ...typed(asBytes(value), varbinary(value.type.length ?? 255), { nullable: value.nullable }) };
    default:
      return typed(sql`(NOT ${asBoolean(value)})`, boolean, { nullable: value.nullable });
  }
}

function binary(expression: Extract<Expression, { kind: 'binary' }>, place: Place): Typed {
  const { operator, left, right } = expression;
  switch (operator) {
    case '+':
    case '-':
      if (right.kind === 'interval') return dateArithmetic(left, right, operator === '-', place);
      if (left.kind === 'interval') return dateArithmetic(right, left, false, place);
      return calculate(operator, left, right, place);
    case '*':
    case '/':
    case 'DIV':
    case '%':
      return calculate(operator, left, right, place);
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return bitwise(operator, translate(left, place), translate(right, place));
    case 'AND':
    case 'OR':
      // SQLite may compute both sides, and the right one first.
      if (place.assigns && assigns(expression)) throw unsupported(`assignment of a user variable below ${operator} is`);
      return balanced(operator, chain(operator, expression), place);
    case 'XOR':
      return logic(operator, translate(left, place), translate(right, place));
    case 'REGEXP':
    case 'NOT REGEXP':
      return regexp(translate(left, place), translate(right, place), operator === 'NOT REGEXP');
    case 'SOUNDS LIKE':
      return soundsLike(translate(left, place), translate(right, place));
    case '->':
    case '->>':
      return jsonArrow(translate(left, place), translate(right, place), operator === '->>');
    default:
      return comparison(operator, left, right, place);
  }
}

function calculate(operator: '+' | '-' | '*' | '/' | 'DIV' | '%', left: Expression, right: Expression, place: Place) {
  const sums = operator === '+' || operator === '-' || operator === '*';
  const open = sums && !place.rolled ? translateOpen : translate;
  return arithmetic(operator, open(left, place), open(right, place), sourceText(operator, left, right), place);
}

/** The expression as error 1690 shows it: names and signs, literals as typed. */
function sourceText(operator: string, left: Expression, right: Expression): string {
  const show = (node: Expression): string => {
    if (node.kind === 'column')
      return [node.table, node.name]
        .filter((part) => part !== null)
        .map((part) => `\`${part}\``)
        .join('.');
    if (node.kind === 'literal') return node.value instanceof Uint8Array ? '?' : String(node.value);
    return node.kind === 'binary' ? sourceText(node.operator, node.left, node.right) : '?';
  };
  return `(${show(left)} ${operator} ${show(right)})`;
}

/** Operands of `a OR b OR c …`, which the tree nests to the left. */
function chain(operator: 'AND' | 'OR', expression: Expression): readonly Expression[] {
  const operands: Expression[] = [];
  let at = expression;
  while (at.kind === 'binary' && at.operator === operator) {
    operands.push(at.right);
    at = at.left;
  }
  return [...operands, at].reverse();
}

/** Long chains are halved again and again: SQLite limits how deep an expression may nest, not how long it is. */
function balanced(operator: 'AND' | 'OR', operands: readonly Expression[], place: Place): Typed {
  const values = operands.map((operand) => translate(operand, place));
  const combine = (from: number, to: number): Typed => {
    if (to - from === 1) return values[from]!;
    const middle = to - from <= 8 ? to - 1 : (from + to) >> 1;
    return logic(operator, combine(from, middle), combine(middle, to));
  };
  return combine(0, values.length);
}

function logic(operator: 'AND' | 'OR' | 'XOR', left: Typed, right: Typed): Typed {
  const a = asBoolean(left);
  const b = asBoolean(right);
  const nullable = left.nullable || right.nullable;
  if (operator === 'XOR') return typed(sql`((NOT ${a}) <> (NOT ${b}))`, boolean, { nullable });
  return typed(sql`(${a} ${operator} ${b})`, boolean, { nullable });
}

function comparison(operator: Comparison, left: Expression, right: Expression, place: Place): Typed {
  if (left.kind === 'row' || right.kind === 'row') {
    if (left.kind === 'scalar' || right.kind === 'scalar') throw unsupported('comparison of a row with a subquery is');
    return compareRows(operator, rowItems(left, place), rowItems(right, place));
  }
  return compare(operator, translate(left, place), translate(right, place));
}

function translateIn(expression: Extract<Expression, { kind: 'inList' }>, place: Place): Typed {
  const { operand, items, not } = expression;
  if (operand.kind !== 'row')
    return inList(
      translate(operand, place),
      items.map((item) => translate(item, place)),
      not,
      place.translation,
    );
  const left = rowItems(operand, place);
  const tests = items.map((item) => compareRows('=', left, rowItems(item, place)).sql);
  const text = tests.map((test) => test.text).join(' OR ');
  const all = { text, binds: tests.flatMap((test) => test.binds) };
  return typed(not ? sql`(NOT (${all}))` : sql`(${all})`, boolean);
}

function isTest(expression: Extract<Expression, { kind: 'is' }>, place: Place): Typed {
  const value = translate(expression.operand, place);
  const not = expression.not;
  const more = { nullable: false };
  switch (expression.test) {
    case 'NULL':
      return typed(sql`(${value.sql} IS ${not ? 'NOT NULL' : 'NULL'})`, boolean, more);
    case 'UNKNOWN':
      return typed(sql`(${asBoolean(value)} IS ${not ? 'NOT NULL' : 'NULL'})`, boolean, more);
    default:
      return typed(sql`((${asBoolean(value)}) IS ${not ? 'NOT ' : ''}${expression.test})`, boolean, more);
  }
}

function collate(value: Typed, collation: string): Typed {
  const order = /_bin$|_cs$|^binary$/.test(collation) ? 'binary' : 'folded';
  const type = value.type.name === 'null' ? value.type : { ...value.type, collation };
  return { ...value, type, collating: { order, strength: 0, declared: false } };
}
