import { type Fragment, raw, sql } from './fragment.ts';
import type { ScopeTable } from './scope.ts';
import type { Translation } from './statement.ts';

/** A prime: keys in even steps hit it as often as others. */
const rowsPerTick = 1021;

/**
 * Adds to a WHERE the call of `my_tick`, through which a statement learns that it has to stop or to make room. It is
 * called for about one row in a thousand, chosen by row id, because a call costs as much as a dozen rows; the row id is
 * in every index, so the choice adds no reads. A product of small tables needs the choice over all of them; rows that
 * have no id (derived and common tables) tick one by one.
 */
export function ticking(
  where: Fragment | null,
  tables: readonly Pick<ScopeTable, 'name' | 'source'>[],
  { env }: Pick<Translation, 'env'>,
): Fragment | null {
  if (env.ticks !== true || tables.length === 0) return where;
  const ids = tables.flatMap((table) => rowIdOf(table) ?? []);
  const choices = ids.length > 1 ? [...ids, mixed(ids)] : ids;
  const terms = choices.map((id) => `(${id} % ${rowsPerTick} IS NOT 0 OR my_tick())`);
  if (ids.length < tables.length) terms.push('my_tick()');
  const ticks = raw(terms.join(' AND '));
  // In front: SQLite looks at conditions in their order, and the others may be false for every row.
  return where === null ? ticks : sql`${ticks} AND (${where})`;
}

function rowIdOf({ name, source }: Pick<ScopeTable, 'name' | 'source'>): string | null {
  if (source?.kind !== 'table') return null;
  const taken = new Set(source.columns.map((column) => column.name.toLowerCase()));
  const free = ['rowid', '_rowid_', 'oid'].find((each) => !taken.has(each));
  return free ? `${name}.${free}` : null;
}

function mixed(ids: readonly string[]): string {
  // Factors far apart: the sum of small ids must pass multiples of the prime, too.
  const factor = (index: number) => (389 * index + 211) % rowsPerTick;
  return `(${ids.map((id, index) => `${id} % ${rowsPerTick} * ${factor(index)}`).join(' + ')})`;
}
