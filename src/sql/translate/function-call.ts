import { fault } from '../../base/errors.ts';
import type { ColumnType } from '../../value/column-type.ts';
import type { FunctionCall } from '../ast/call.ts';
import type { Expression } from '../ast/expression.ts';
import { mysqlFunctions } from '../functions/catalog.ts';
import type { ArgumentInfo, ArgumentKind, FunctionDefinition } from '../functions/definition.ts';
import {
  asBits,
  asBytes,
  asCharacters,
  asDateTime,
  asExact,
  asInteger,
  asNumber,
  asText,
  asTime,
  settle,
} from './convert.ts';
import { dateCall } from './date-call.ts';
import { translate } from './expression.ts';
import { flowCall } from './flow-call.ts';
import { call, type Fragment, sql } from './fragment.ts';
import { translateJsonCall } from './json-call.ts';
import type { Place } from './scope.ts';
import { fixSlot } from './statement.ts';
import { category, type Typed, typed } from './typed.ts';

export { dateArithmetic } from './date-call.ts';

const synonyms: Readonly<Record<string, string>> = {
  substr: 'substring',
  mid: 'substring',
  rlike: 'regexp',
};

/** A call of a function that is no aggregate. 1305 for unknown ones, 1582 for a wrong number of arguments. */
export function translateCall(expression: FunctionCall, place: Place): Typed {
  const name = synonyms[expression.name] ?? expression.name;
  const named = name === expression.name ? expression : { ...expression, name };
  if (expression.schema !== null) throw unknownFunction(expression, place);
  return flowCall(named, place) ?? dateCall(named, place) ?? translateJsonCall(named, place) ?? plainCall(named, place);
}

function unknownFunction(expression: FunctionCall, place: Place): Error {
  const schema = expression.schema ?? place.translation.env.database;
  return fault('ER_SP_DOES_NOT_EXIST', 'FUNCTION', schema === null ? expression.name : `${schema}.${expression.name}`);
}

/** Refuses a call whose arguments are too few or too many. */
export function checkCount(expression: FunctionCall, least: number, most: number): void {
  const count = expression.arguments.length;
  if (count < least || count > most) throw fault('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', expression.name);
}

function plainCall(expression: FunctionCall, place: Place): Typed {
  const trimmed = expression.name === 'trim' && expression.keyword !== undefined && expression.arguments.length === 2;
  const name = trimmed ? `trim_${expression.keyword!.toLowerCase()}` : expression.name;
  const definition = mysqlFunctions.get(name);
  if (!definition || /^trim_/.test(expression.name)) throw unknownFunction(expression, place);
  checkCount(expression, definition.least, definition.most);
  if (definition.volatile || expression.arguments.length === 0) place.translation.volatile = true;
  return applyFunction(definition, expression.arguments, place);
}

/** A call of a table function on expressions. */
export function applyFunction(definition: FunctionDefinition, given: readonly Expression[], place: Place): Typed {
  const values = given.map((argument) => translate(argument, place));
  const binary = definition.collates === true && values.some(isSensitive);
  const args = values.map((value, index) => {
    const kind = definition.kinds[Math.min(index, definition.kinds.length - 1)] ?? 'raw';
    return argument(value, binary && kind === 'text' ? 'bytes' : kind);
  });
  const type = definition.result(values.map((value, index) => argumentInfo(value, given[index]!, place)));
  const made = typed(written(definition, args, type), type);
  if (!made.collating) return made;
  const order = values.some(({ collating, type: own }) => collating?.order === 'binary' && category(own) === 'text');
  return order ? { ...made, collating: { ...made.collating, order: 'binary' } } : made;
}

/** SQLite's own functions give text also for bytes; a cast keeps them as they are. */
function written(definition: FunctionDefinition, args: readonly Fragment[], type: ColumnType): Fragment {
  if (!definition.native) return call(`my_${definition.name}`, ...args);
  const text = definition.native(args);
  return category(type) === 'binary' ? sql`CAST(${text} AS BLOB)` : text;
}

const isSensitive = ({ collating, type }: Typed): boolean => collating?.order === 'binary' && category(type) !== 'json';

function argumentInfo(value: Typed, expression: Expression, place: Place): ArgumentInfo {
  return {
    type: value.unknown ? { name: 'varchar', length: 255 } : value.type,
    get constant() {
      const literal = expression.kind === 'unary' && expression.operator === '-' ? expression.operand : expression;
      if (literal.kind !== 'literal' || typeof literal.value !== 'string') return null;
      fixSlot(place.translation, literal);
      return literal === expression ? literal.value : `-${literal.value}`;
    },
  };
}

function argument(value: Typed, kind: ArgumentKind): Fragment {
  switch (kind) {
    case 'text':
      return category(value.type) === 'binary' && value.bind && !value.unknown ? asBytes(value) : asText(value);
    case 'characters':
    case 'json':
      return asCharacters(value);
    case 'bytes':
      return asBytes(value);
    case 'number':
      return asNumber(value);
    case 'exact':
      return asExact(value);
    case 'integer':
      return asInteger(value);
    case 'bits':
      return asBits(value);
    case 'moment':
      return asDateTime(value);
    case 'time':
      return asTime(value);
    case 'raw':
      return settle(value).sql;
  }
}
