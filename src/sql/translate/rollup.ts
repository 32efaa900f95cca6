import type { Expression, OrderItem } from '../ast/expression.ts';
import type { Select } from '../ast/query.ts';
import { type BuiltQuery, outerValue, workingForm } from './built-query.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { limitText, sortKey } from './order.ts';
import { positionsOf, type Scope, type ScopeColumn } from './scope.ts';
import { buildBlock, positioned } from './select.ts';
import { fixLiterals, newAlias, type Translation, unsupported } from './statement.ts';

/**
 * GROUP BY … WITH ROLLUP: the groups, then the same with ever fewer of the group's items, down to one row of all. In the rows
 * of fewer items the others are NULL, wherever they stand in the list or in HAVING. Each group is followed by its sum, unless
 * ORDER BY says otherwise.
 */
export function buildRollup(select: Select, outer: Scope, translation: Translation): BuiltQuery {
  refuseInside(select);
  if (select.groupBy.some(({ expression }) => expression.kind !== 'column'))
    fixLiterals(translation, [select.groupBy, select.items, select.having]);
  const depth = select.groupBy.length;
  const plain: Select = { ...select, rollup: false, orderBy: [], limit: null };
  const levels = Array.from({ length: depth + 1 }, (_, fewer) => buildBlock(plain, outer, translation, depth - fewer));
  const name = newAlias(translation);
  const columns = levels[0]!.columns.map(({ label, value }, index): ScopeColumn => {
    const shown = outerValue(value, `${name}.c${index + 1}`, '', label);
    return { label, value: { ...shown, nullable: true } };
  });
  const body = join(
    levels.map((level, fewer) => levelText(level, depth - fewer)),
    ' UNION ALL ',
  );
  const place = {
    ...({ translation, clause: 'order clause', aggregates: false } as const),
    scope: {
      ...outer,
      tables: [{ schema: '', alias: '', name, columns, positions: positionsOf(columns) }],
      merged: new Map(),
      parent: outer,
    },
  };
  const asked = select.orderBy.map((item) =>
    ordered(item, columns, (expression) => positioned(expression, columns, place)),
  );
  const order = asked.length > 0 ? asked : groupOrder(select.groupBy, name);
  const rows = sql`FROM (${body}) AS ${name}`;
  return {
    columns,
    render: (form, named) => {
      const list = columns.map(({ value }, index) =>
        named ? sql`${form(value, index)} AS c${index + 1}` : form(value, index),
      );
      return sql`SELECT ${join(list, ', ')} ${rows} ORDER BY ${join(order, ', ')}${limitText(select.limit, place)}`;
    },
    single: false,
    ...(select.calcFoundRows ? { unlimited: () => sql`SELECT 1 AS c1 ${rows}` } : {}),
    into: select.into,
  };
}

/** The rows of one level, behind their columns the keys of the groups and which of them are summed up. */
function levelText(level: ReturnType<typeof buildBlock>, kept: number): Fragment {
  const marks = level.groups.map((key, index) => {
    const stays = index < kept;
    return sql`${stays ? key : 'NULL'} AS k${index + 1}, ${stays ? '0' : '1'} AS r${index + 1}`;
  });
  return level.renderWith(workingForm, join(marks, ', '));
}

function groupOrder(groups: readonly OrderItem[], name: string): Fragment[] {
  return groups.flatMap(({ descending }, index) => [
    raw(`${name}.r${index + 1}`),
    raw(`${name}.k${index + 1}${descending ? ' DESC' : ''}`),
  ]);
}

function ordered(
  { expression, descending }: OrderItem,
  columns: readonly ScopeColumn[],
  position: (expression: Expression) => ScopeColumn['value'] | null,
): Fragment {
  const named =
    expression.kind === 'column'
      ? columns.find(({ label }) => label.toLowerCase() === expression.name.toLowerCase())?.value
      : position(expression);
  if (!named) throw unsupported('ORDER BY of what is no column of the list, WITH ROLLUP, is');
  return sql`${sortKey(named)}${descending ? ' DESC' : ''}`;
}

/** What would look at a group's items from inside of the list, or at all rows together. */
function refuseInside(select: Select): void {
  if (select.distinct) throw unsupported('DISTINCT with WITH ROLLUP is');
  const found = inside([select.items, select.having]);
  if (found !== null) throw unsupported(`${found} with WITH ROLLUP is`);
}

function inside(node: unknown): string | null {
  if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return null;
  const { kind, over } = node as { readonly kind?: Expression['kind']; readonly over?: unknown };
  if (kind === 'window' || (kind === 'aggregate' && over !== null)) return 'a window function';
  if (kind === 'scalar' || kind === 'exists' || kind === 'inSubquery' || kind === 'quantified') return 'a subquery';
  for (const value of Object.values(node)) {
    const found = inside(value);
    if (found !== null) return found;
  }
  return null;
}
