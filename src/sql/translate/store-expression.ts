import { integerRange, isIntegerType, isTextType } from '../../value/column-storage.ts';
import type { ColumnType } from '../../value/column-type.ts';
import { columnKey } from '../functions/store-function.ts';
import type { SourceColumn } from '../schema.ts';
import { asDateTime, asNumber, asText, localText, settle } from './convert.ts';
import { isNumberColumn } from './default.ts';
import { call, type Fragment, quoteText, raw, sql } from './fragment.ts';
import { category, isTemporal, isWhole64, type Typed } from './typed.ts';

type StoreColumn = Pick<SourceColumn, 'name' | 'type' | 'nullable'>;

/**
 * A value in the storage form of a column. Literals and placeholders are stored when they are bound; expressions that
 * surely fit go as they are; everything else passes `my_store`, which raises MySQL's strict-mode errors.
 */
export function storeExpression(given: Typed, column: StoreColumn, ignore: boolean): Fragment {
  const value = settle(given);
  const target = { name: column.name, type: column.type, nullable: column.nullable };
  const midnight = category(value.type) === 'date' && column.type.name === 'time';
  if (value.bind && !midnight) return value.bind({ to: 'column', column: target, ...(ignore ? { ignore } : {}) });
  if (fits(value, column)) return value.sql;
  return call('my_store', givenForm(value, column.type), raw(quoteText(columnKey(target))), raw(ignore ? '1' : '0'));
}

function fits(value: Typed, column: StoreColumn): boolean {
  if (value.nullable && !column.nullable) return false;
  const from = value.type;
  const to = column.type;
  if (isIntegerType(from) && isIntegerType(to)) {
    const [a, b] = [integerRange(from), integerRange(to)];
    return a.low >= b.low && a.high <= b.high;
  }
  if (from.name !== to.name || (from.scale ?? 0) !== (to.scale ?? 0)) return false;
  if (from.name === 'date' || from.name === 'datetime' || from.name === 'timestamp' || from.name === 'time')
    return value.origin !== undefined;
  if (from.name === 'double' || from.name === 'json') return true;
  return isTextType(to) && value.origin !== undefined && sameText(from, to);
}

function sameText(from: ColumnType, to: ColumnType): boolean {
  if (from.name === 'enum' || from.name === 'set') return from.values === to.values;
  return (from.length ?? 0) <= (to.length ?? 0) && from.name === to.name;
}

/** What `my_store` takes: numbers for number columns, otherwise texts as a client would write them. */
function givenForm(value: Typed, to: ColumnType): Fragment {
  const kind = category(value.type);
  if (kind === 'null') return value.sql;
  if (isWhole64(value)) return asText(value);
  if (kind === 'date' && to.name === 'time') return sql`(${asDateTime(value)} || ' 00:00:00')`;
  if (isTemporal(kind))
    return isNumberColumn(to) ? asNumber(value) : kind === 'timestamp' ? localText(value) : asText(value);
  if (kind === 'decimal') return asText(value);
  return kind === 'integer' && isTextType(to) && to.name !== 'enum' && to.name !== 'set' ? asText(value) : value.sql;
}
