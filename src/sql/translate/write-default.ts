import { fault } from '../../base/errors.ts';
import type { TableSource } from '../schema.ts';
import { raw } from './fragment.ts';
import { unknownColumn } from './scope.ts';
import { unsupported } from './statement.ts';
import { type Typed, typed } from './typed.ts';

/** DEFAULT(column), or DEFAULT as the value of an assignment, in storage form. */
export function defaultTyped(source: TableSource, name: string | null): Typed {
  if (name === null) throw unsupported('DEFAULT inside of an expression is');
  const column = source.columns.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!column) throw unknownColumn({ schema: null, table: null, name }, 'field list');
  if (column.default === null && !column.nullable) throw fault('ER_NO_DEFAULT_FOR_FIELD', column.name);
  // The default is in storage form of this very column already.
  return typed(raw(`(${column.default ?? 'NULL'})`), column.type, { nullable: column.nullable });
}
