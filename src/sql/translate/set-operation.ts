import { fault } from '../../base/errors.ts';
import type { OrderItem } from '../ast/expression.ts';
import type { Query, SetOperation } from '../ast/query.ts';
import { type BuiltQuery, type ColumnForm, outerValue, plainForm, workingForm } from './built-query.ts';
import { exactForm, hasLong, together } from './case.ts';
import { sortedBy } from './compare.ts';
import { convertTo } from './convert.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { limitText, orderBy } from './order.ts';
import { buildQuery, commonColumns } from './query.ts';
import type { Place, Scope, ScopeColumn } from './scope.ts';
import { newAlias, type Translation } from './statement.ts';
import { storeExpression } from './store-expression.ts';
import { needsKey, plainText } from './text-key.ts';
import { category, isNumeric, isTemporal, kindOf, type Typed, typed } from './typed.ts';
import { unifyValues } from './unify.ts';
import { wideAmong } from './wide.ts';

/** UNION and its kin. Columns of both sides are brought to one type; ORDER BY and LIMIT belong to the whole. */
export function buildSetOperation(query: SetOperation, scope: Scope, translation: Translation): BuiltQuery {
  const left = buildQuery(query.left, scope, translation);
  const right = buildQuery(query.right, scope, translation);
  return combine(query, left, right, scope, translation);
}

function combine(
  query: SetOperation,
  left: BuiltQuery,
  right: BuiltQuery,
  scope: Scope,
  translation: Translation,
): BuiltQuery {
  if (left.columns.length !== right.columns.length) throw fault('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT');
  const unified = left.columns.map(({ label, value }, index) => unify(label, value, right.columns[index]!.value));
  const name = newAlias(translation);
  const columns = unified.map(({ label, value }, index): ScopeColumn => {
    const { origin: _, ...own } = outerValue(value, `${name}.c${index + 1}`, '', label);
    return { label, value: own };
  });
  const form: ColumnForm = (value, index) => {
    const { type, exact } = unified[index]!.value;
    return exact ? exactForm(value, type) : convertTo(value, type);
  };
  const keyed: ColumnForm = (value, index) => {
    const made = form(value, index);
    const { collating, type } = unified[index]!.value;
    return category(type) !== 'text' || collating?.order === 'binary' ? made : sql`${made} COLLATE NOCASE`;
  };
  const guarded: ColumnForm = (value, index) => {
    const shared = unified[index]!.value;
    return needsKey(shared) ? plainText(shared, form(value, index)) : keyed(value, index);
  };
  const joined = (given: ColumnForm): Fragment =>
    sql`${left.flat ? left.flat(given) : side(query.left, left, given, true)} ${query.operator} ${side(query.right, right, given, false)}`;
  // What a UNION at the end leaves twice, for SQLite does not see that two texts are equal, is grouped by keys around it.
  const groups = query.operator === 'UNION' && columns.some(({ value }) => needsKey(value));
  const body = (): Fragment => joined(groups ? keyed : foldsTexts(query) ? guarded : form);
  const place: Place = { translation, scope: scopeOf(name, columns, scope), clause: 'order clause', aggregates: false };
  const find = (key: string) => columns.find(({ label }) => label.toLowerCase() === key.toLowerCase())?.value ?? null;
  const tail = sql`${orderBy(query.orderBy, columns, place, find)}${limitText(query.limit, place)}`;
  return {
    columns,
    render: (form, named) => {
      const list = columns.map(({ value }, index) =>
        named ? sql`${form(value, index)} AS c${index + 1}` : form(value, index),
      );
      const keys = columns.map(({ value }) => sortedBy(value));
      const grouping = groups ? sql` GROUP BY ${join(keys, ', ')}` : raw('');
      return sql`SELECT ${join(list, ', ')} FROM (${body()}) AS ${name}${grouping}${tail}`;
    },
    single: false,
    into: left.into ?? right.into,
    ...(query.orderBy.length === 0 && query.limit === null && query.with === null ? { flat: joined } : {}),
  };
}

/** True when a part of a chain compares rows: texts then need the collation their first column brings. */
function foldsTexts(query: Query): boolean {
  for (let at: Query = query; at.kind === 'setOperation'; at = at.left) if (at.operator !== 'UNION ALL') return true;
  return false;
}

function scopeOf(name: string, columns: readonly ScopeColumn[], outer: Scope): Scope {
  const positions = new Map(columns.map(({ label }, index) => [label.toLowerCase(), index]));
  const table = { schema: '', alias: '', name, columns, positions };
  return { tables: [table], merged: new Map(), parent: outer.parent, common: outer.common };
}

function unify(label: string, left: Typed, right: Typed): ScopeColumn {
  const type = unifyValues([left, right]);
  const long = hasLong([left, right], type) ? { exact: raw(''), ...wideAmong([left, right], type) } : {};
  const value = typed(raw(''), type, { nullable: left.nullable || right.nullable, ...long });
  return { label, value: together(value, [left, right]) };
}

/** One side of a compound. A side with WITH, ORDER BY or LIMIT of its own, or a compound on the right, is put in brackets. */
function side(query: Query, built: BuiltQuery, form: ColumnForm, first: boolean): Fragment {
  const text = built.render(form, first);
  const sorted =
    query.orderBy.length > 0 || (query.kind === 'select' && (query.rollup || query.groupBy.some(byDescent)));
  const plain = query.kind === 'select' && query.with === null && !sorted && query.limit === null;
  return plain && !text.text.startsWith('WITH ') ? text : sql`SELECT * FROM (${text})`;
}

/** GROUP BY … DESC sorts. */
const byDescent = ({ descending }: OrderItem): boolean => descending;

/** A recursive common table: the first part gives the columns, the second sees the table. */
export function buildRecursive(
  query: SetOperation,
  table: { readonly name: string; readonly own: string; readonly columns: readonly string[] | null },
  scope: Scope,
  translation: Translation,
): { readonly query: BuiltQuery; readonly text: Fragment } {
  if (query.operator !== 'UNION' && query.operator !== 'UNION ALL')
    throw fault('OB_NOT_SUPPORTED', `recursive common table with ${query.operator} is`);
  const seed = buildQuery(query.left, scope, translation);
  const columns = commonColumns(seed.columns, table.name, table.columns);
  const inner: Scope = {
    ...scope,
    common: new Map([...scope.common, [table.name.toLowerCase(), { name: table.own, columns }]]),
  };
  const step = buildQuery(query.right, inner, translation);
  if (seed.columns.length !== step.columns.length) throw fault('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT');
  const distinct = query.operator === 'UNION';
  const convert: ColumnForm = (value, index) => {
    const { label, value: first } = seed.columns[index]!;
    const kind = kindOf(first);
    // The first part alone gives the types: what the second brings is stored as into a column.
    const other = kind === 'decimal' || isTemporal(kind) || (isNumeric(kind) && kind !== kindOf(value));
    const made = other
      ? storeExpression(value, { name: label, type: first.type, nullable: true }, false)
      : convertTo(value, first.type);
    return distinct && needsKey(first) ? plainText(first, made) : made;
  };
  const place: Place = { translation, scope: inner, clause: 'order clause', aggregates: false };
  const keyed = distinct ? plainForm(workingForm) : workingForm;
  const text = sql`${seed.render(keyed, false)} ${query.operator} ${step.render(convert, false)}${limitText(query.limit, place)}`;
  return { query: { ...seed, single: false }, text };
}
