import { fault } from '../../base/errors.ts';
import type { ValuesQuery } from '../ast/query.ts';
import type { BuiltQuery } from './built-query.ts';
import { convertTo } from './convert.ts';
import { translate } from './expression.ts';
import { join, raw, sql } from './fragment.ts';
import { limitText, orderBy } from './order.ts';
import type { Scope, ScopeColumn } from './scope.ts';
import { newAlias, type Translation } from './statement.ts';
import { typed } from './typed.ts';
import { unifyTypes } from './unify.ts';

/** VALUES ROW(…), ROW(…): columns column_0, column_1 …. */
export function buildValues(query: ValuesQuery, scope: Scope, translation: Translation): BuiltQuery {
  const place = { translation, scope, clause: 'field list', aggregates: false } as const;
  const rows = query.rows.map((row) => row.map((item) => translate(item, place)));
  const width = rows[0]?.length ?? 0;
  rows.forEach((row, index) => {
    if (row.length !== width) throw fault('ER_WRONG_VALUE_COUNT_ON_ROW', index + 1);
  });
  const name = newAlias(translation);
  const types = Array.from({ length: width }, (_, at) => unifyTypes(rows.map((row) => row[at]!.type)));
  const texts = rows.map(
    (row) =>
      sql`(${join(
        row.map((value, at) => convertTo(value, types[at]!)),
        ', ',
      )})`,
  );
  const columns = types.map(
    (type, at): ScopeColumn => ({
      label: `column_${at}`,
      value: typed(raw(`${name}.column${at + 1}`), type),
    }),
  );
  const order = orderBy(
    query.orderBy,
    columns,
    place,
    (key) => columns.find(({ label }) => label === key)?.value ?? null,
  );
  return {
    columns,
    render: (form, named) => {
      const list = columns.map(({ value }, at) => (named ? sql`${form(value, at)} AS c${at + 1}` : form(value, at)));
      const tail = limitText(query.limit, place);
      return sql`SELECT ${join(list, ', ')} FROM (VALUES ${join(texts, ', ')}) AS ${name}${order}${tail}`;
    },
    single: rows.length < 2,
    into: null,
  };
}
