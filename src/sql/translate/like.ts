import { fault } from '../../base/errors.ts';
import { foldGeneral } from '../../value/general-ci.ts';
import type { Like } from '../ast/expression.ts';
import { chosenOrder } from './compare.ts';
import { asCharacters, asText } from './convert.ts';
import { translate } from './expression.ts';
import { call, type Fragment, quoteText, raw, sql } from './fragment.ts';
import type { Place } from './scope.ts';
import { fixSlot, unsupported } from './statement.ts';
import { textKey, textWeights } from './text-key.ts';
import { boolean, category, type Typed, typed } from './typed.ts';

/** LIKE: SQLite's own over the weights of characters where letters of any case match, ours for byte strings and binary collations. */
export function like(expression: Like, place: Place): Typed {
  const value = translate(expression.operand, place);
  const pattern = translate(expression.pattern, place);
  const sign = escapeOf(expression, place);
  const more = { nullable: value.nullable || pattern.nullable };
  const word = expression.not ? 'NOT LIKE' : 'LIKE';
  const tail = sign === '' ? '' : ` ESCAPE ${quoteText(foldGeneral(sign))}`;
  if (isSensitive(value, pattern)) {
    const test = call('my_like', asText(value), asText(pattern), raw(quoteText(sign)));
    return typed(expression.not ? sql`(NOT ${test})` : test, boolean, more);
  }
  if (value.collating?.order === 'nocase')
    return typed(sql`(${asCharacters(value)} ${word} ${asCharacters(pattern)}${tail})`, boolean, more);
  const test = sql`${textWeights(value)} ${word} ${textWeights(pattern)}${tail}`;
  return typed(sql`(${beginning(expression, value, pattern)}${test})`, boolean, more);
}

/** A pattern that begins with letters matches a range of keys only, for which there may be an index. */
function beginning(expression: Like, value: Typed, { bind }: Typed): Fragment {
  const { not, pattern } = expression;
  const { origin } = value;
  const begins = pattern.kind === 'literal' && typeof pattern.value === 'string' && /^[^%_\\]/.test(pattern.value);
  if (not || expression.escape !== null || !begins || !bind || !origin?.orgTable || value.type.name === 'enum')
    return raw('');
  if (value.collating?.order !== 'folded') return raw('');
  return sql`${textKey(value, 'folded')} BETWEEN ${bind({ to: 'likeFrom' })} AND ${bind({ to: 'likeTo' })} AND `;
}

function isSensitive(value: Typed, pattern: Typed): boolean {
  const bytes = (side: Typed) => category(side.type) === 'binary' && side.literal === undefined;
  if (bytes(value) || bytes(pattern)) return true;
  return chosenOrder(value, pattern) === 'binary';
}

function escapeOf(expression: Like, place: Place): string {
  if (expression.escape === null) return /NO_BACKSLASH_ESCAPES/i.test(place.translation.env.sqlMode) ? '' : '\\';
  if (expression.escape.kind !== 'literal') throw unsupported('ESCAPE that is no literal is');
  fixSlot(place.translation, expression.escape);
  const given = String(expression.escape.value ?? '');
  if ([...given].length > 1) throw fault('ER_WRONG_ARGUMENTS', 'ESCAPE');
  return given;
}

/** REGEXP, RLIKE. */
export function regexp(value: Typed, pattern: Typed, not: boolean): Typed {
  const test = call(
    'my_regexp',
    asCharacters(value),
    asCharacters(pattern),
    raw(isSensitive(value, pattern) ? '1' : '0'),
  );
  return typed(not ? sql`(NOT ${test})` : test, boolean);
}

export function soundsLike(left: Typed, right: Typed): Typed {
  return typed(sql`(my_soundex(${asCharacters(left)}) = my_soundex(${asCharacters(right)}))`, boolean);
}
