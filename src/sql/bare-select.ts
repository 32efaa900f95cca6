import type { Select } from './ast/query.ts';

const nothing: Select = Object.freeze({
  kind: 'select',
  with: null,
  distinct: false,
  items: [],
  from: [],
  where: null,
  groupBy: [],
  rollup: false,
  having: null,
  windows: [],
  orderBy: [],
  limit: null,
  lock: null,
  into: null,
  calcFoundRows: false,
});

/** A SELECT of nothing but these clauses. */
export function bareSelect(clauses: Partial<Select>): Select {
  return { ...nothing, ...clauses };
}
