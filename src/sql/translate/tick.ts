import { rowIdName } from '../row-id-name.ts';
import { call, type Fragment, join, quoteName, raw, sql } from './fragment.ts';
import type { ScopeTable } from './scope.ts';
import type { Translation } from './statement.ts';

/** A prime: keys in even steps hit it as often as others. */
const rowsPerTick = 1021;

type TickingTable = Pick<ScopeTable, 'name' | 'source' | 'columns'>;

/**
 * Adds to a WHERE the call of `my_tick`, through which a statement learns that it has to stop or to make room. It is
 * called for about one row in a thousand, chosen by row id, because a call costs as much as a dozen rows; the row id is
 * in every index, so the choice adds no reads. A product of small tables needs the choice over all of them; rows that
 * have no id (derived and common tables, views) tick one by one, with a column of each table, so that SQLite asks in the
 * innermost loop.
 */
export function ticking(
  where: Fragment | null,
  tables: readonly TickingTable[],
  { env }: Pick<Translation, 'env'>,
): Fragment | null {
  if (env.ticks !== true || tables.length === 0) return where;
  const ids = tables.flatMap((table) => rowIdOf(table) ?? []);
  const choices = ids.length > 1 ? [...ids, mixed(ids)] : ids;
  const terms = choices.map((id) => `(${id} % ${rowsPerTick} IS NOT 0 OR my_tick())`);
  const seen = tables.filter((table) => rowIdOf(table) === null).map((table) => sql`(${firstColumn(table)} IS NULL)`);
  const ticks = join([...terms.map(raw), ...(seen.length > 0 ? [call('my_tick', join(seen, ' + '))] : [])], ' AND ');
  // In front: SQLite looks at conditions in their order, and the others may be false for every row.
  return where === null ? ticks : sql`${ticks} AND (${where})`;
}

function rowIdOf({ name, source }: TickingTable): string | null {
  if (source?.kind !== 'table') return null;
  const free = rowIdName(source.columns);
  return free ? `${name}.${free}` : null;
}

function firstColumn({ name, source, columns }: TickingTable): Fragment {
  return source ? raw(`${name}.${quoteName(source.columns[0]!.name)}`) : columns[0]!.value.sql;
}

function mixed(ids: readonly string[]): string {
  // Factors far apart: the sum of small ids must pass multiples of the prime, too.
  const factor = (index: number) => (389 * index + 211) % rowsPerTick;
  return `(${ids.map((id, index) => `${id} % ${rowsPerTick} * ${factor(index)}`).join(' + ')})`;
}
