import type { Cell, ColumnType } from '../../value/column-type.ts';
import type { Fragment } from './fragment.ts';
import type { BindConversion } from './plan.ts';
import { bigint, double, nullType, type Typed, typed, unsignedBigint, varbinary, varchar } from './typed.ts';

/** What is known of a parameter or user variable when a statement runs: expressions take their types from it. */
export type ValueKind = 'null' | 'integer' | 'unsigned' | 'double' | 'text' | 'bytes';

/** A parameter: integers come as bigint (those beyond 63 bits are unsigned), a JavaScript number was sent as a double. */
export function parameterKind(cell: Cell): ValueKind {
  if (cell === null) return 'null';
  if (typeof cell === 'string') return 'text';
  if (typeof cell === 'bigint') return cell < 1n << 63n ? 'integer' : 'unsigned';
  return typeof cell === 'number' ? 'double' : 'bytes';
}

/** A user variable: whole numbers are integers. */
export function variableKind(cell: Cell | undefined): ValueKind {
  return Number.isSafeInteger(cell) ? 'integer' : parameterKind(cell ?? null);
}

/** One letter for each kind, for keys of caches. */
export function kindsKey(kinds: readonly ValueKind[]): string {
  return kinds.map((kind) => kind[0]).join('');
}

const types: Readonly<Record<ValueKind, ColumnType>> = {
  null: nullType,
  integer: bigint,
  unsigned: unsignedBigint,
  double,
  text: varchar(255),
  bytes: varbinary(255),
};

/** The value as an expression: like a literal it takes the form of what it meets. */
export function typedValue(kind: ValueKind, make: (convert?: BindConversion) => Fragment): Typed {
  const own: BindConversion | undefined = kind === 'double' ? { to: 'double' } : undefined;
  const value = typed(make(own), types[kind], { bind: (convert) => make(convert ?? own) });
  return value.collating ? { ...value, collating: { ...value.collating, strength: 4 } } : value;
}
