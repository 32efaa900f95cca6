import type { Database } from 'better-sqlite3';
import { type Decimal, formatDecimal, rescale } from '../../value/decimal.ts';
import { formatJson, type JsonValue } from '../../value/json.ts';
import { num, type SqlValue, str } from './definition.ts';
import { exact, wide } from './internal-number-functions.ts';
import { jsonValueOf } from './json-functions.ts';

interface Spread {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

const noSpread: Spread = { count: 0, mean: 0, squares: 0 };

/** Welford's running variance. */
function spread({ count, mean, squares }: Spread, value: number): Spread {
  const next = mean + (value - mean) / (count + 1);
  return { count: count + 1, mean: next, squares: squares + (value - mean) * (value - next) };
}

interface DoubleSum {
  total: number;
  count: number;
}

/** Doubles are summed one after the other, as a server does: SQLite's own sum keeps what the rounding of each step loses. */
function summed(sum: DoubleSum, value: SqlValue | undefined): DoubleSum {
  if (value === null || value === undefined) return sum;
  sum.total += num(value);
  sum.count++;
  return sum;
}

const deviations: Readonly<Record<string, (all: Spread) => number | null>> = {
  var_pop: ({ count, squares }) => (count === 0 ? null : squares / count),
  var_samp: ({ count, squares }) => (count < 2 ? null : squares / (count - 1)),
  stddev_pop: ({ count, squares }) => (count === 0 ? null : Math.sqrt(squares / count)),
  stddev_samp: ({ count, squares }) => (count < 2 ? null : Math.sqrt(squares / (count - 1))),
};

const bitFolds: Readonly<Record<string, readonly [start: bigint, fold: (a: bigint, b: bigint) => bigint]>> = {
  bit_and: [-1n, (a, b) => a & b],
  bit_or: [0n, (a, b) => a | b],
  bit_xor: [0n, (a, b) => a ^ b],
};

interface DecimalSum {
  readonly total: Decimal;
  readonly count: number;
}

const noSum: DecimalSum = { total: { unscaled: 0n, scale: 0 }, count: 0 };

/** A row that comes into a sum of decimals or leaves it. */
function moved({ total, count }: DecimalSum, value: SqlValue | undefined, sign: 1 | -1): DecimalSum {
  if (value === null || value === undefined) return { total, count };
  const given = exact(value);
  const scale = Math.max(total.scale, given.scale);
  const change = rescale(given, scale).unscaled;
  const unscaled = rescale(total, scale).unscaled + (sign < 0 ? -change : change);
  return { total: { unscaled, scale }, count: count + sign };
}

/** `start` makes a total, `step` takes a row into it (the total may be changed in place), `result` leaves it as it is. */
interface Fold<T> {
  readonly start: () => T;
  readonly step: (total: T, ...row: SqlValue[]) => T;
  readonly result: (total: T) => SqlValue;
  /** Takes a row out again; without it the frames of a window are computed anew from their rows. */
  readonly leave?: (total: T, ...row: SqlValue[]) => T;
}

const folds = new Map<string, (db: Database) => void>();

/** Suffix of the form that serves windows whose frames lose rows. */
export const framed = '_framed';

function fold<T>(name: string, own: Fold<T>): void {
  folds.set(name, (db) => add(db, name, { leave: keeps(name), ...own }));
  if (!own.leave) folds.set(`${name}${framed}`, (db) => add(db, `${name}${framed}`, ofRows(own)));
}

function keeps(name: string): () => never {
  return () => {
    throw new Error(`a row left the frame of ${name}`);
  };
}

interface Frame<T> {
  rows: SqlValue[][];
  /** How many of `rows` have left. */
  left: number;
  /** The total of the rows, null after one has left. */
  total: T | null;
}

function ofRows<T>({ start, step, result }: Fold<T>): Fold<Frame<T>> {
  const total = (frame: Frame<T>) => {
    frame.total ??= frame.rows.slice(frame.left).reduce((sum, row) => step(sum, ...row), start());
    return frame.total;
  };
  return {
    start: () => ({ rows: [], left: 0, total: start() }),
    step(frame, ...row) {
      frame.rows.push(row);
      if (frame.total !== null) frame.total = step(frame.total, ...row);
      return frame;
    },
    leave(frame) {
      frame.left++;
      frame.total = null;
      if (frame.left > 64 && frame.left * 2 > frame.rows.length) {
        frame.rows = frame.rows.slice(frame.left);
        frame.left = 0;
      }
      return frame;
    },
    result: (frame) => result(total(frame)),
  };
}

function add<T>(db: Database, name: string, { start, step, leave, result }: Fold<T>): void {
  db.aggregate(`my_${name}`, {
    start: start as () => unknown,
    step: step as (total: unknown, ...row: unknown[]) => unknown,
    inverse: leave as (total: unknown, ...row: unknown[]) => unknown,
    result: result as (total: unknown) => unknown,
    varargs: true,
    deterministic: true,
    safeIntegers: true,
  });
}

for (const [name, finish] of Object.entries(deviations))
  fold<Spread>(name, {
    start: () => noSpread,
    step: (all, value) => (value === null ? all : spread(all, num(value))),
    result: finish,
  });
for (const [name, [start, join]] of Object.entries(bitFolds))
  fold<bigint>(name, {
    start: () => start,
    step: (all, value) => (value === null ? all : join(all, value as bigint)),
    result: (all) => all,
  });
fold<DoubleSum>('sum_doubles', {
  start: () => ({ total: 0, count: 0 }),
  step: summed,
  result: ({ total, count }) => (count === 0 ? null : total),
});
fold<DoubleSum>('avg_doubles', {
  start: () => ({ total: 0, count: 0 }),
  step: summed,
  result: ({ total, count }) => (count === 0 ? null : total / count),
});
fold<DecimalSum>('sum_decimals', {
  start: () => noSum,
  step: (sum, value) => moved(sum, value, 1),
  leave: (sum, value) => moved(sum, value, -1),
  result: ({ total, count }) => (count === 0 ? null : total.scale > 0 ? formatDecimal(total) : wide(total.unscaled)),
});
fold<JsonValue[] | null>('json_arrayagg', {
  start: () => null,
  step(all, value) {
    const list = all ?? [];
    list.push(jsonValueOf(value ?? null));
    return list;
  },
  result: (all) => (all === null ? null : formatJson(all)),
});
fold<Map<string, JsonValue> | null>('json_objectagg', {
  start: () => null,
  step: (all, name, value) => (all ?? new Map()).set(str(name), jsonValueOf(value ?? null)),
  result: (all) => (all === null ? null : formatJson(all)),
});

/** Registers the aggregate of that name, if there is one that SQLite has not. */
export function registerAggregate(db: Database, name: string): void {
  folds.get(name)?.(db);
}

/** Registers all of them. */
export function registerAggregates(db: Database): void {
  for (const register of folds.values()) register(db);
}
