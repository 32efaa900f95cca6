import type { ColumnType } from '../../value/column-type.ts';
import { isUnsigned64 } from '../../value/unsigned.ts';
import {
  bigint,
  category,
  datetime,
  decimal,
  displayLength,
  doubleAmong,
  integerDigits,
  isNumeric,
  isTemporal,
  isWhole64,
  json,
  longtext,
  nullType,
  type Typed,
  time,
  unsignedBigint,
  varbinary,
  varchar,
} from './typed.ts';

const widths = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];

/** The type of a value that comes from one of several expressions: CASE, IF, COALESCE, UNION. */
export function unifyTypes(types: readonly ColumnType[]): ColumnType {
  const given = types.filter((type) => type.name !== 'null');
  const known = types.length > 1 ? given.map(withoutMembers) : given;
  const [first] = known;
  if (!first) return nullType;
  if (known.every((type) => sameType(type, first))) return first;
  const kinds = new Set(known.map(category));
  const all = [...kinds];
  if (all.every(isNumeric)) return unifyNumbers(known, kinds);
  if (all.every(isTemporal)) return unifyTemporal(known, kinds);
  if (kinds.size === 1 && kinds.has('json')) return json;
  if (kinds.has('json')) return longtext;
  const length = Math.max(...known.map(displayLength));
  if (kinds.has('binary')) return varbinary(length);
  const binary = known.find((type) => type.collation !== undefined && /_bin$/.test(type.collation));
  const text = known.some((type) => /text$/.test(type.name)) ? longtext : varchar(length);
  return binary?.collation === undefined ? text : { ...text, collation: binary.collation };
}

/** Enums and sets that meet others, even of their own type, are texts. */
function withoutMembers(type: ColumnType): ColumnType {
  if (type.name !== 'enum' && type.name !== 'set') return type;
  return { ...varchar(displayLength(type)), ...(type.collation === undefined ? {} : { collation: type.collation }) };
}

/** As `unifyTypes`; 64 unsigned bits that meet signed integers become decimals. */
export function unifyValues(values: readonly Typed[]): ColumnType {
  const type = unifyTypes(values.map((value) => value.type));
  const mixed = values.some((value) => isWhole64(value)) && category(type) === 'integer' && !isUnsigned64(type);
  return mixed ? decimal(20, 0) : type;
}

function sameType(a: ColumnType, b: ColumnType): boolean {
  return (
    a.name === b.name &&
    a.length === b.length &&
    a.precision === b.precision &&
    a.scale === b.scale &&
    a.unsigned === b.unsigned &&
    a.collation === b.collation &&
    a.values === b.values
  );
}

function unifyNumbers(types: readonly ColumnType[], kinds: ReadonlySet<string>): ColumnType {
  if (kinds.has('double')) return doubleAmong(types);
  if (kinds.has('decimal')) {
    const scale = Math.max(...types.map((type) => type.scale ?? 0));
    return decimal(Math.max(...types.map(integerDigits)) + scale, scale);
  }
  const widest = types.reduce((a, b) => (widths.indexOf(b.name) > widths.indexOf(a.name) ? b : a));
  if (widths.indexOf(widest.name) < 0) return bigint;
  if (types.every((type) => type.unsigned)) return widest.name === 'bigint' ? unsignedBigint : widest;
  if (types.some((type) => type.unsigned)) return bigint;
  return { name: widest.name, length: Math.max(...types.map((type) => type.length ?? displayLength(type))) };
}

function unifyTemporal(types: readonly ColumnType[], kinds: ReadonlySet<string>): ColumnType {
  const scale = Math.max(...types.map((type) => type.scale ?? 0));
  if (kinds.size === 1) {
    if (kinds.has('time')) return time(scale);
    return scale === 0 ? { name: types[0]!.name } : { name: types[0]!.name, scale };
  }
  return datetime(scale);
}
