import { fault } from '../../base/errors.ts';
import type { Expression } from '../ast/expression.ts';
import type { TableExpression } from '../ast/query.ts';
import type { TableSource } from '../schema.ts';
import { queryTable, workingForm } from './built-query.ts';
import { compare } from './compare.ts';
import { asBoolean } from './convert.ts';
import { translate } from './expression.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { buildQuery } from './query.ts';
import { type Scope, type ScopeColumn, type ScopeTable, sourceTable, unknownColumn } from './scope.ts';
import { newAlias, type Translation, usesTable } from './statement.ts';
import type { Typed } from './typed.ts';
import { inOrder } from './variables.ts';

/** FROM as SQLite text and what it brings into scope. */
export interface FromClause {
  /** Empty for no FROM and DUAL. */
  readonly text: Fragment;
  readonly tables: readonly ScopeTable[];
  readonly merged: ReadonlyMap<string, Typed>;
  /** Columns of `*`, joined ones first and once. */
  readonly star: readonly ScopeColumn[];
}

const nothing: FromClause = { text: raw(''), tables: [], merged: new Map(), star: [] };

/** Translates FROM. `outer` is the scope around the query block. */
export function translateFrom(from: readonly TableExpression[], outer: Scope, translation: Translation): FromClause {
  let all = nothing;
  for (const item of from) {
    if (isDual(item)) continue;
    const next = translateTable(item, outer, translation);
    const text = item.kind === 'join' && from.length > 1 ? sql`(${next.text})` : next.text;
    all =
      all.tables.length === 0
        ? { ...next, text }
        : {
            text: sql`${all.text}, ${text}`,
            tables: distinctTables([...all.tables, ...next.tables]),
            merged: new Map([...all.merged, ...next.merged]),
            star: [...all.star, ...next.star],
          };
  }
  return all;
}

function isDual(item: TableExpression): boolean {
  return item.kind === 'table' && item.table.schema === null && item.table.name.toLowerCase() === 'dual';
}

/** Refuses two tables of one name. */
function distinctTables(tables: readonly ScopeTable[]): readonly ScopeTable[] {
  const seen = new Set<string>();
  for (const { schema, alias } of tables) {
    const key = `${schema}.${alias}`.toLowerCase();
    if (seen.has(key)) throw fault('ER_NONUNIQ_TABLE', alias);
    seen.add(key);
  }
  return tables;
}

function translateTable(item: TableExpression, outer: Scope, translation: Translation): FromClause {
  switch (item.kind) {
    case 'table':
      return namedTable(item, outer, translation);
    case 'derived': {
      const scope: Scope = {
        tables: [],
        merged: new Map(),
        parent: item.lateral ? outer : outer.parent,
        common: outer.common,
      };
      const query = buildQuery(item.query, scope, translation);
      checkColumns(item.columns, query.columns.length);
      distinctColumns(item.columns ?? query.columns.map(({ label }) => label));
      const name = newAlias(translation);
      const table = queryTable(query, item.alias, name, item.columns);
      const rows = query.render(workingForm, true);
      return single(table, sql`${query.assigns ? inOrder(rows, name) : sql`(${rows})`} AS ${name}`);
    }
    case 'join':
      return joinTables(item, outer, translation);
  }
}

/** A derived table cannot have two columns of one name. */
function distinctColumns(labels: readonly string[]): void {
  const seen = new Set<string>();
  for (const label of labels) {
    if (seen.has(label.toLowerCase())) throw fault('ER_DUP_FIELDNAME', label);
    seen.add(label.toLowerCase());
  }
}

/** 1222-like refusal of a column list that does not fit. */
export function checkColumns(columns: readonly string[] | null, count: number): void {
  if (columns && columns.length !== count) throw fault('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT');
}

function single(table: ScopeTable, text: Fragment): FromClause {
  return { text, tables: [table], merged: new Map(), star: table.columns };
}

function namedTable(
  item: Extract<TableExpression, { kind: 'table' }>,
  outer: Scope,
  translation: Translation,
): FromClause {
  const { table } = item;
  const alias = item.alias ?? table.name;
  const name = newAlias(translation);
  const common = table.schema === null ? commonTable(outer, table.name) : null;
  if (common) {
    const columns = common.columns.map(({ label, value }, index): ScopeColumn => {
      const text = `${name}.c${index + 1}`;
      const own = value.exact
        ? { ...value, sql: raw(`CAST(${text} AS NUMERIC)`), exact: raw(text) }
        : { ...value, sql: raw(text) };
      return { label, value: value.origin ? { ...own, origin: { ...value.origin, table: alias } } : own };
    });
    const positions = new Map(columns.map(({ label }, index) => [label.toLowerCase(), index]));
    return single({ schema: '', alias, name, columns, positions }, raw(`${common.name} AS ${name}`));
  }
  const source = findTable(table, translation);
  usesTable(translation, { schema: source.schema, name: source.name }, 'SELECT');
  const text = source.kind === 'view' ? `(${source.sql}) AS ${name}` : `${source.sql} AS ${name}`;
  if (source.kind === 'view') noteNames(source.sql, translation);
  return single(sourceTable(source, alias, name), raw(text));
}

function commonTable(scope: Scope, name: string) {
  for (let at: Scope | null = scope; at; at = at.parent) {
    const found = at.common.get(name.toLowerCase());
    if (found) return found;
  }
  return null;
}

/** Base table or view of a name; 1046 without a database, 1146 when there is none. */
export function findTable(
  table: { readonly schema: string | null; readonly name: string },
  { env }: Translation,
): TableSource {
  const schema = table.schema ?? env.database;
  if (schema === null) throw fault('ER_NO_DB');
  const source = env.schema.table(schema, table.name);
  if (!source) throw fault('OB_TABLE_NOT_EXIST', schema, table.name);
  return source;
}

/** Named parameters of a view's text. */
function noteNames(text: string, translation: Translation): void {
  for (const [, name] of text.replace(/'(?:[^']|'')*'/g, "''").matchAll(/@([A-Za-z_]\w*)/g))
    translation.named.add(name!);
}

function joinTables(
  item: Extract<TableExpression, { kind: 'join' }>,
  outer: Scope,
  translation: Translation,
): FromClause {
  const left = translateTable(item.left, outer, translation);
  const right = translateTable(item.right, outer, translation);
  const leftSide = item.join === 'RIGHT' ? optional(left) : left;
  const rightSide = item.join === 'LEFT' ? optional(right) : right;
  const tables = distinctTables([...leftSide.tables, ...rightSide.tables]);
  const merged = new Map([...leftSide.merged, ...rightSide.merged]);
  const scope: Scope = { tables, merged, parent: outer.parent, common: outer.common };
  const text = item.right.kind === 'join' ? sql`(${right.text})` : right.text;
  const using = item.natural ? sharedColumns(leftSide, rightSide) : item.using;
  const word = item.join === 'INNER' || item.join === 'CROSS' ? 'JOIN' : `${item.join} JOIN`;
  if (using) return joinUsing(item.join, word, leftSide, rightSide, text, using, { tables, merged });
  const star = [...leftSide.star, ...rightSide.star];
  const on = item.on === null ? raw('') : sql` ON ${condition(item.on, scope, translation)}`;
  return { text: sql`${left.text} ${word} ${text}${on}`, tables, merged, star };
}

function condition(on: Expression, scope: Scope, translation: Translation): Fragment {
  return asBoolean(translate(on, { translation, scope, clause: 'on clause', aggregates: false }));
}

/** The side of an outer join that may be missing: its columns may be NULL. */
function optional(side: FromClause): FromClause {
  const loosen = (column: ScopeColumn): ScopeColumn => ({ ...column, value: { ...column.value, nullable: true } });
  return {
    text: side.text,
    tables: side.tables.map((table) => ({ ...table, columns: table.columns.map(loosen) })),
    merged: new Map([...side.merged].map(([key, value]) => [key, { ...value, nullable: true }])),
    star: side.star.map(loosen),
  };
}

function sharedColumns(left: FromClause, right: FromClause): readonly string[] {
  const names = new Set(right.star.map(({ label }) => label.toLowerCase()));
  return left.star.filter(({ label }) => names.has(label.toLowerCase())).map(({ label }) => label);
}

/** USING and NATURAL: equal columns are joined, and shown once, in front. */
function joinUsing(
  kind: 'INNER' | 'LEFT' | 'RIGHT' | 'CROSS',
  word: string,
  left: FromClause,
  right: FromClause,
  rightText: Fragment,
  using: readonly string[],
  scope: Pick<FromClause, 'tables' | 'merged'>,
): FromClause {
  const merged = new Map(scope.merged);
  const shared: ScopeColumn[] = [];
  const tests: Fragment[] = [];
  for (const name of using) {
    const a = sideColumn(left, name);
    const b = sideColumn(right, name);
    tests.push(compare('=', a.value, b.value).sql);
    const value = kind === 'RIGHT' ? b.value : a.value;
    merged.set(name.toLowerCase(), value);
    shared.push({ label: (kind === 'RIGHT' ? b : a).label, value });
  }
  const used = new Set(using.map((name) => name.toLowerCase()));
  const rest = (side: FromClause) => side.star.filter(({ label }) => !used.has(label.toLowerCase()));
  const [first, second] = kind === 'RIGHT' ? [right, left] : [left, right];
  const on = tests.length === 0 ? raw('') : sql` ON ${join(tests, ' AND ')}`;
  return {
    text: sql`${left.text} ${word} ${rightText}${on}`,
    tables: scope.tables,
    merged,
    star: [...shared, ...rest(first), ...rest(second)],
  };
}

function sideColumn(side: FromClause, name: string): ScopeColumn {
  const found = side.star.filter(({ label }) => label.toLowerCase() === name.toLowerCase());
  if (found.length > 1) throw fault('ER_NON_UNIQ', name, 'from clause');
  if (found.length === 0) throw unknownColumn({ schema: null, table: null, name }, 'from clause' as 'on clause');
  return found[0]!;
}
