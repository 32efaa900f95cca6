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

type Step = (total: never, ...args: SqlValue[]) => unknown;

/** Registers the aggregates SQLite has not. */
export function registerAggregates(db: Database): void {
  const add = (name: string, start: () => unknown, step: Step, result: (total: never) => unknown) =>
    db.aggregate(`my_${name}`, {
      start: start as () => unknown,
      step: step as (total: unknown, ...args: unknown[]) => unknown,
      result: result as (total: unknown) => unknown,
      varargs: true,
      deterministic: true,
      safeIntegers: true,
    });
  const addWindow = (
    name: string,
    folds: {
      readonly start: () => unknown;
      readonly step: Step;
      readonly inverse: Step;
      readonly result: (total: never) => unknown;
    },
  ) =>
    db.aggregate(`my_${name}`, {
      start: folds.start,
      step: folds.step as (total: unknown, ...args: unknown[]) => unknown,
      inverse: folds.inverse as (total: unknown, ...args: unknown[]) => unknown,
      result: folds.result as (total: unknown) => unknown,
      varargs: true,
      deterministic: true,
      safeIntegers: true,
    });
  for (const [name, finish] of Object.entries(deviations))
    add(
      name,
      () => noSpread,
      (all: Spread, value) => (value === null ? all : spread(all, num(value))),
      finish,
    );
  for (const [name, [start, fold]] of Object.entries(bitFolds))
    add(
      name,
      () => start,
      (all: bigint, value) => (value === null ? all : fold(all, value as bigint)),
      (all: bigint) => all,
    );
  addWindow('sum_decimals', {
    start: () => noSum,
    step: (sum: DecimalSum, value) => moved(sum, value, 1),
    inverse: (sum: DecimalSum, value) => moved(sum, value, -1),
    result: ({ total, count }: DecimalSum) =>
      count === 0 ? null : total.scale > 0 ? formatDecimal(total) : wide(total.unscaled),
  });
  add(
    'json_arrayagg',
    () => null,
    (all: JsonValue[] | null, value) => {
      const list = all ?? [];
      list.push(jsonValueOf(value ?? null));
      return list;
    },
    (all: JsonValue[] | null) => (all === null ? null : formatJson(all)),
  );
  add(
    'json_objectagg',
    () => null,
    (all: Map<string, JsonValue> | null, name, value) => (all ?? new Map()).set(str(name), jsonValueOf(value ?? null)),
    (all: Map<string, JsonValue> | null) => (all === null ? null : formatJson(all)),
  );
}
