import type { FunctionCall } from '../ast/call.ts';
import { asCharacters, asNumber, asOutput, asText } from './convert.ts';
import { translate } from './expression.ts';
import { call, type Fragment, raw } from './fragment.ts';
import type { Place } from './scope.ts';
import { category, isWhole64, json, longtext, type Typed, typed } from './typed.ts';

/** `column -> path` and `column ->> path`. */
export function jsonArrow(document: Typed, path: Typed, unquoted: boolean): Typed {
  const found = call('my_json_extract', asCharacters(document), asCharacters(path));
  return unquoted ? typed(call('my_json_unquote', found), longtext) : typed(found, json);
}

/** A SQL value on its way into a document: JSON and truth values are marked, everything else is a number or a text. */
export function jsonOperand(value: Typed): Fragment {
  const kind = category(value.type);
  if (kind === 'json') return call('my_json_mark', value.sql);
  if (value.literal?.type === 'boolean') return call('my_json_boolean', value.sql);
  if (value.unknown) return value.sql;
  if (isWhole64(value)) return call('my_json_mark', asText(value));
  if (kind === 'integer' || kind === 'double' || kind === 'decimal') return asNumber(value);
  return kind === 'time' || kind === 'timestamp'
    ? asOutput(value)
    : kind === 'null'
      ? raw('NULL')
      : asCharacters(value);
}

/** From which argument on the arguments of a function are values for a document, and at which step. */
const valuePlaces: Readonly<Record<string, readonly [first: number, step: number]>> = {
  json_array: [0, 1],
  json_object: [1, 2],
  json_set: [2, 2],
  json_insert: [2, 2],
  json_replace: [2, 2],
  json_array_append: [2, 2],
};

/** JSON functions that take values; null for all others. */
export function translateJsonCall(expression: FunctionCall, place: Place): Typed | null {
  const places = valuePlaces[expression.name];
  if (!places) return null;
  const [first, step] = places;
  const args = expression.arguments.map((argument, index) => {
    const value = translate(argument, place);
    return index >= first && (index - first) % step === 0 ? jsonOperand(value) : asCharacters(value);
  });
  return typed(call(`my_${expression.name}`, ...args), json);
}
