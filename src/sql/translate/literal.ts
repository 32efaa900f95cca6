import { fault } from '../../base/errors.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { readDateTime, readTime } from '../../value/temporal.ts';
import { unsignedCell } from '../../value/unsigned.ts';
import type { Literal } from '../ast/expression.ts';
import { bind, type Fragment, raw } from './fragment.ts';
import type { BindConversion } from './plan.ts';
import type { Place } from './scope.ts';
import { fixSlot } from './statement.ts';
import {
  bigint,
  boolean,
  date,
  datetime,
  decimal,
  double,
  nullValue,
  type Typed,
  time,
  typed,
  unsignedBigint,
  varbinary,
  varchar,
} from './typed.ts';

/** A literal as a bind; `negate` for one behind a minus sign. */
export function translateLiteral(literal: Literal, place: Place, negate = false): Typed {
  switch (literal.type) {
    case 'null':
      return nullValue;
    case 'boolean':
      return typed(raw(literal.value === true ? '1' : '0'), boolean, { nullable: false, literal });
    case 'integer':
      return integer(literal, place, negate);
    case 'decimal': {
      const [whole = '', fraction = ''] = (literal.value as string).split('.');
      const type = decimal(whole.replace(/^0+/, '').length + fraction.length, fraction.length);
      const exact = bind({ from: 'literal', slot: literal.slot, given: literal, convert: { to: 'text', negate } });
      return shaped(literal, place, type, { to: 'number', negate }, { exact });
    }
    case 'double':
      return made(literal, double, { to: 'double', negate });
    case 'string':
      return text(literal, place);
    case 'hex':
    case 'bit':
      return made(literal, varbinary((literal.value as Uint8Array).length), undefined);
    case 'date':
    case 'time':
    case 'timestamp':
      return moment(literal, place);
  }
}

/** A literal whose bind is the same whatever its value. */
function made(literal: Literal, type: ColumnType, own: BindConversion | undefined, more: Partial<Typed> = {}): Typed {
  const make = (convert: BindConversion | undefined): Fragment =>
    bind({ from: 'literal', slot: literal.slot, given: literal, ...(convert ? { convert } : {}) });
  const keepSign = (convert: BindConversion | undefined) =>
    convert && own?.negate ? { ...convert, negate: true } : (convert ?? own);
  const value = typed(make(own), type, {
    nullable: false,
    literal,
    bind: (convert) => make(keepSign(convert)),
    ...more,
  });
  return value.collating ? { ...value, collating: { ...value.collating, strength: 4 } } : value;
}

/** A literal whose type follows its text: whoever looks at the type fixes the slot; `kind` is free to look at. */
function shaped(
  literal: Literal,
  place: Place,
  type: ColumnType,
  own: BindConversion,
  more: Partial<Typed> = {},
): Typed {
  const plain = made(literal, type, own, more);
  return {
    ...plain,
    kind: 'decimal',
    get type() {
      fixSlot(place.translation, literal);
      return type;
    },
  };
}

function integer(literal: Literal, place: Place, negate: boolean): Typed {
  const text = literal.value as string;
  const value = BigInt(text);
  if (value < 1n << 63n || (negate && value === 1n << 63n))
    return made(literal, { ...bigint, length: text.length + (negate ? 1 : 0) }, { to: 'number', negate });
  fixSlot(place.translation, literal);
  if (!negate && value < 1n << 64n)
    return typed(bind({ from: 'constant', value: unsignedCell(value) }), unsignedBigint, { nullable: false });
  const sign = negate ? '-' : '';
  return typed(bind({ from: 'constant', value: Number(sign + text) }), decimal(text.length, 0), {
    nullable: false,
    exact: bind({ from: 'constant', value: sign + text }),
  });
}

function text(literal: Literal, place: Place): Typed {
  if (literal.charset === 'binary')
    return made(literal, varbinary(Buffer.byteLength(literal.value as string)), { to: 'bytes' });
  const binary = /_bin$/.test(place.translation.env.collation);
  const type = varchar([...(literal.value as string)].length);
  return made(literal, binary ? { ...type, collation: place.translation.env.collation } : type, undefined);
}

function moment(literal: Literal, place: Place): Typed {
  const given = literal.value as string;
  const kind = literal.type.toUpperCase();
  const wrong = () => fault('OB_ERR_WRONG_VALUE', kind === 'TIMESTAMP' ? 'DATETIME' : kind, given);
  const scale = Math.min(6, /\.(\d*)\s*$/.exec(given)?.[1]?.length ?? 0);
  fixSlot(place.translation, literal);
  if (literal.type === 'time') {
    const read = readTime(given);
    if (read?.rest !== '' || read.clipped) throw wrong();
    return made(literal, time(scale), { to: 'time', scale });
  }
  const read = readDateTime(given);
  if (read?.rest !== '' || (literal.type === 'date' && !read.date)) throw wrong();
  return literal.type === 'date'
    ? made(literal, date, { to: 'date' })
    : made(literal, datetime(scale), { to: 'datetime', scale });
}
