import { fault } from '../../base/errors.ts';
import type { Query, WithClause } from '../ast/query.ts';
import { type BuiltQuery, outerValue, workingForm } from './built-query.ts';
import { type Fragment, join, sql } from './fragment.ts';
import { checkColumns } from './from.ts';
import type { CommonTable, Scope, ScopeColumn } from './scope.ts';
import { buildSelect } from './select.ts';
import { buildRecursive, buildSetOperation } from './set-operation.ts';
import type { Translation } from './statement.ts';
import { buildValues } from './values-query.ts';

/** Translates a query inside of `scope`: the blocks around it and the common tables it may name. */
export function buildQuery(query: Query, scope: Scope, translation: Translation): BuiltQuery {
  switch (query.kind) {
    case 'select':
      return withCommon(query.with, scope, translation, (inner) => buildSelect(query, inner, translation));
    case 'setOperation':
      return withCommon(query.with, scope, translation, (inner) => buildSetOperation(query, inner, translation));
    case 'values':
      return buildValues(query, scope, translation);
  }
}

/** The common tables of WITH in front of a query; each sees those before it. */
function withCommon(
  clause: WithClause | null,
  scope: Scope,
  translation: Translation,
  build: (scope: Scope) => BuiltQuery,
): BuiltQuery {
  if (!clause) return build(scope);
  let inner = scope;
  const texts: Fragment[] = [];
  const seen = new Set<string>();
  for (const { name, columns, query } of clause.tables) {
    if (seen.has(name.toLowerCase())) throw fault('ER_NONUNIQ_TABLE', name);
    seen.add(name.toLowerCase());
    translation.aliases++;
    const own = `w${translation.aliases}`;
    const recursive = clause.recursive && query.kind === 'setOperation' && names(query, name);
    const made = recursive
      ? buildRecursive(query, { name, own, columns }, inner, translation)
      : { query: buildQuery(query, inner, translation), text: null };
    checkColumns(columns, made.query.columns.length);
    const table: CommonTable = { name: own, columns: commonColumns(made.query.columns, name, columns) };
    inner = { ...inner, common: new Map([...inner.common, [name.toLowerCase(), table]]) };
    const list = made.query.columns.map((_, index) => `c${index + 1}`).join(', ');
    texts.push(sql`${own}(${list}) AS (${made.text ?? made.query.render(workingForm, false)})`);
  }
  const built = build(inner);
  const head = sql`WITH ${clause.recursive ? 'RECURSIVE ' : ''}${join(texts, ', ')} `;
  return {
    ...built,
    render: (form, named) => sql`${head}${built.render(form, named)}`,
    ...(built.unlimited ? { unlimited: () => sql`${head}${built.unlimited!()}` } : {}),
  };
}

/** Columns of a common table; references replace the text by their own alias. */
export function commonColumns(
  columns: readonly ScopeColumn[],
  name: string,
  labels: readonly string[] | null,
): ScopeColumn[] {
  return columns.map(({ label, value }, index) => {
    const shown = labels?.[index] ?? label;
    return { label: shown, value: outerValue(value, `c${index + 1}`, name, shown) };
  });
}

/** True when a query reads a table of an unqualified name somewhere. */
function names(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((item) => names(item, name));
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return false;
  if ('kind' in node && node.kind === 'table' && 'table' in node) {
    const table = node.table as { schema: string | null; name: string };
    return table.schema === null && table.name.toLowerCase() === name.toLowerCase();
  }
  return Object.values(node).some((item) => names(item, name));
}
