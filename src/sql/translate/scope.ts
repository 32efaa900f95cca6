import { fault } from '../../base/errors.ts';
import { isCaseSensitive } from '../../value/column-storage.ts';
import type { WindowSpec } from '../ast/call.ts';
import type { ColumnRef, Expression } from '../ast/expression.ts';
import type { TableSource } from '../schema.ts';
import { quoteName, raw, sameFragment } from './fragment.ts';
import type { Translation } from './statement.ts';
import { category, type Typed, typed } from './typed.ts';

/** One table, view, derived table or common table as FROM brings it in. */
export interface ScopeTable {
  /** Empty for derived and common tables. */
  readonly schema: string;
  /** Name other parts of the statement use: the alias, or the table's own name. */
  readonly alias: string;
  /** SQLite's name for it. */
  readonly name: string;
  readonly columns: readonly ScopeColumn[];
  /** Position by lower-case name. */
  readonly positions: ReadonlyMap<string, number>;
  /** Present for base tables and views. */
  readonly source?: TableSource;
}

export interface ScopeColumn {
  readonly label: string;
  readonly value: Typed;
}

/** The words MySQL uses for a clause in error texts. */
export type Clause = 'field list' | 'where clause' | 'on clause' | 'group statement' | 'having clause' | 'order clause';

/** A common table as its references see it. */
export interface CommonTable {
  readonly name: string;
  readonly columns: readonly ScopeColumn[];
}

/** Names one query block sees. */
export interface Scope {
  readonly tables: readonly ScopeTable[];
  /** Columns joined by USING or NATURAL, lower-case: they answer to their bare name. */
  readonly merged: ReadonlyMap<string, Typed>;
  readonly parent: Scope | null;
  readonly common: ReadonlyMap<string, CommonTable>;
}

/** Where an expression stands. */
export interface Place {
  readonly translation: Translation;
  readonly scope: Scope;
  readonly clause: Clause;
  /** False where aggregates are an error. */
  readonly aggregates: boolean;
  /** Select aliases looked at before columns (HAVING) or after them (ORDER BY, GROUP BY). */
  readonly aliasFirst?: (name: string) => Typed | null;
  readonly aliasLast?: (name: string) => Typed | null;
  /** Columns whose value an assignment before has changed, lower-case. */
  readonly assigned?: ReadonlyMap<string, Typed>;
  /** VALUES(column). */
  readonly valuesOf?: (column: string) => Typed;
  /** DEFAULT(column). */
  readonly defaultOf?: (column: string | null) => Typed;
  readonly windows?: ReadonlyMap<string, WindowSpec>;
  /** HAVING: columns it may name outside of aggregates, those of the list and of GROUP BY. */
  readonly named?: readonly Typed[];
  /** WITH ROLLUP: items of GROUP BY that do not group this block's rows, as `rolledKey` names them. */
  readonly rolled?: ReadonlySet<string>;
  /** User variables may be assigned here: rows come one after the other, and each value is computed once. */
  readonly assigns?: boolean;
}

export const emptyScope: Scope = { tables: [], merged: new Map(), parent: null, common: new Map() };

export function positionsOf(columns: readonly ScopeColumn[]): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  columns.forEach(({ label }, index) => {
    const key = label.toLowerCase();
    if (!positions.has(key)) positions.set(key, index);
  });
  return positions;
}

/** A base table or view under a SQLite name. */
export function sourceTable(source: TableSource, alias: string, name: string): ScopeTable {
  const columns = source.columns.map((column): ScopeColumn => {
    const text = category(column.type) === 'text' || category(column.type) === 'binary';
    const order = isCaseSensitive(column.type) ? 'binary' : source.kind === 'table' ? 'folded' : 'nocase';
    const own = raw(`${name}.${quoteName(column.name)}`);
    const { moment } = column;
    const value = typed(own, column.type, {
      collating: text ? { order, strength: 2, declared: source.kind === 'table' } : null,
      nullable: column.nullable,
      ...(moment === undefined ? {} : { moment: { of: own, us: raw(`${name}.${quoteName(moment)}`) } }),
      origin: {
        schema: source.schema,
        table: alias,
        orgTable: source.name,
        orgName: column.name,
        notNull: !column.nullable,
        primaryKey: column.primaryKey,
        uniqueKey: column.uniqueKey,
        multipleKey: column.multipleKey,
        autoIncrement: column.autoIncrement,
      },
    });
    return { label: column.name, value };
  });
  return { schema: source.schema, alias, name, columns, positions: positionsOf(columns), source };
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Tables of a scope that a qualifier names; innermost scope only. */
export function tablesNamed(scope: Scope, schema: string | null, table: string): readonly ScopeTable[] {
  return scope.tables.filter(
    (candidate) => same(candidate.alias, table) && (schema === null || same(candidate.schema, schema)),
  );
}

/** The column a reference means: merged columns, then tables of this block, then the blocks around it. */
export function resolveColumn(reference: ColumnRef, place: Place): Typed {
  const found = lookup(reference, place);
  if (found) return found;
  throw unknownColumn(reference, place.clause);
}

export function unknownColumn(reference: Pick<ColumnRef, 'schema' | 'table' | 'name'>, clause: Clause): Error {
  return fault('ER_BAD_FIELD', nameText(reference), clause);
}

function nameText(reference: Pick<ColumnRef, 'schema' | 'table' | 'name'>): string {
  return [reference.schema, reference.table, reference.name].filter((part) => part !== null).join('.');
}

function lookup(reference: ColumnRef, place: Place): Typed | null {
  const bare = reference.table === null;
  const key = reference.name.toLowerCase();
  if (bare) {
    const alias = place.aliasFirst?.(key) ?? null;
    if (alias) return alias;
  }
  const last = bare ? (place.aliasLast?.(key) ?? null) : null;
  const found = inScope(place.scope, reference, key, place.clause, last !== null);
  const here = found && place.named && !place.named.some(({ sql }) => sameFragment(sql, found.sql)) ? null : found;
  if (here)
    return (bare || place.scope.tables.length === 1) && place.assigned?.has(key) ? place.assigned.get(key)! : here;
  if (last) return last;
  for (let scope = place.scope.parent; scope; scope = scope.parent) {
    const outer = inScope(scope, reference, key, place.clause);
    if (outer) return outer;
  }
  return null;
}

/** `alias`: a select alias stands in where several tables have the column. */
function inScope(scope: Scope, reference: ColumnRef, key: string, clause: Clause, alias = false): Typed | null {
  if (reference.table === null) {
    const merged = scope.merged.get(key);
    if (merged) return merged;
  }
  let found: Typed | null = null;
  for (const table of scope.tables) {
    if (reference.table !== null && !same(table.alias, reference.table)) continue;
    if (reference.schema !== null && !same(table.schema, reference.schema)) continue;
    const position = table.positions.get(key);
    if (position === undefined) continue;
    if (found) {
      if (alias) return null;
      throw fault('ER_NON_UNIQ', nameText(reference), clause);
    }
    found = table.columns[position]!.value;
  }
  return found;
}

/** Names a translated expression by its text and the literals in it. */
export function rolledKey({ sql: { text, binds } }: Typed): string {
  return JSON.stringify([text, binds.map((bind) => (bind.from === 'literal' ? bind.given?.value : bind))]);
}

/** NULL of the same type in place of an item of GROUP BY that is summed up. */
export function rolledUp(value: Typed, rolled: ReadonlySet<string>): Typed {
  if (!rolled.has(rolledKey(value))) return value;
  const { type, collating, origin } = value;
  const more = { collating, nullable: true, ...(origin ? { origin } : {}) };
  return typed(raw('NULL'), type, more);
}

/** True when an expression of a tree is an aggregate of this block (not of a subquery inside, not windowed). */
export function hasAggregate(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasAggregate);
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return false;
  const kind = 'kind' in node ? (node as Expression).kind : null;
  if (kind === 'aggregate' && (node as Extract<Expression, { kind: 'aggregate' }>).over === null) return true;
  if (kind === 'scalar' || kind === 'exists') return false;
  if (kind === 'inSubquery' || kind === 'quantified') return hasAggregate((node as { operand: Expression }).operand);
  return Object.values(node).some(hasAggregate);
}
