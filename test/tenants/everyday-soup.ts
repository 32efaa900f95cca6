import { type Expressions, expressions } from './everyday-expressions.ts';
import {
  type Column,
  columnsOfTable,
  type Kind,
  literalOf,
  type Random,
  random,
  type Table,
} from './everyday-tables.ts';

/** A statement, and whether its rows come in an order the statement promises. */
export interface Everyday {
  readonly sql: string;
  readonly sorted: boolean;
}

export interface Soup {
  /** Tables with their rows, to be made on both sides first. */
  readonly tables: readonly string[];
  query(): Everyday;
  change(): Everyday;
  /** Everything in a table, to compare after a change. */
  readonly contents: readonly Everyday[];
}

/**
 * Everyday statements over random tables, the same ones for the same seed. Left out, because a server chooses by itself: LIMIT without
 * a total order, the letters' case of a group, rows of a joined UPDATE that match more than once. Because MariaDB is not MySQL there:
 * JSON but scalars, and compared; halves of a second into whole ones; the sign of a decimal `%`; TIME_TO_SEC of fractions; hexadecimal
 * literals as numbers; a negative number as a sort key; columns without a default that only ON DUPLICATE KEY UPDATE names. Because only
 * the last digits differ: sums of doubles that are no binary fractions, doubles and decimal quotients, of which a server keeps nine digits;
 * division by zero in a condition of UPDATE, which is an error in MySQL and the kernel; NULL in a set that NOT IN looks through;
 * FIELD in a condition over an outer join, which MariaDB takes for false with NULL. Because only the printed form differs: digits of a double that was rounded, inside of other calls.
 */
export function everydaySoup(seed: number): Soup {
  const rnd = random(seed);
  const tables = ['t', 'u'].map((name) => columnsOfTable(rnd, name));
  return {
    tables: tables.flatMap((table) => table.definition),
    query: () => query(rnd, tables),
    change: () => change(rnd, tables),
    contents: tables.map(({ name }) => ({ sql: `SELECT * FROM ${name} ORDER BY id`, sorted: true })),
  };
}

interface Source {
  readonly from: string;
  readonly columns: readonly Column[];
  /** Names whose values tell the rows apart. */
  readonly keys: readonly string[];
}

function qualified(table: Table, alias: string): Column[] {
  return table.columns.map((column) => ({ ...column, name: `${alias}.${column.name}` }));
}

function source(rnd: Random, tables: readonly Table[]): Source {
  const a = rnd.pick(tables);
  if (rnd.one(2)) return { from: a.name, columns: a.columns, keys: [`${a.name}.id`] };
  const b = rnd.pick(tables);
  const columns = [...qualified(a, 'a'), ...qualified(b, 'b')];
  const { condition } = expressions(rnd, columns);
  const on = rnd.one(2) ? 'a.id = b.id' : rnd.one(2) ? alike(rnd, a, b) : condition(1);
  const join = rnd.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN']);
  return { from: `${a.name} a ${join} ${b.name} b ON ${on}`, columns, keys: ['a.id', 'b.id'] };
}

/** A column of each, of one kind. */
function alike(rnd: Random, a: Table, b: Table): string {
  const one = rnd.pick(a.columns);
  const other = b.columns.filter(({ kind }) => kind === one.kind);
  return other.length ? `a.${one.name} = b.${rnd.pick(other).name}` : 'a.id = b.id';
}

function query(rnd: Random, tables: readonly Table[]): Everyday {
  const shape = rnd.below(12);
  const from = source(rnd, tables);
  const make = expressions(rnd, from.columns);
  const where = rnd.one(2) ? ` WHERE ${rnd.one(4) ? subqueryCondition(rnd, tables, from) : make.condition(2)}` : '';
  if (shape < 3) return grouped(rnd, from, where);
  if (shape === 3) return union(rnd, tables);
  if (shape === 4) return windowed(rnd, from, where);
  const list = rnd.times(3, () => (rnd.one(8) ? scalarSubquery(rnd, tables, from) : make.any(3)));
  if (shape === 5) {
    // Texts alike but for the case of their letters are one row of either.
    return {
      sql: `SELECT DISTINCT ${rnd.times(2, () => `HEX(UPPER(${make.any(1)}))`).join(', ')} FROM ${from.from}${where}`,
      sorted: false,
    };
  }
  const order = rnd.one(3) ? [keyOf(make)] : rnd.one(2) ? [make.column()] : [];
  const by = [...order, ...from.keys].map((key) => `${key}${rnd.pick(['', '', ' DESC'])}`).join(', ');
  const limit = rnd.one(2) ? ` LIMIT ${rnd.pick(['3', '2, 4', '5 OFFSET 1'])}` : '';
  return { sql: `SELECT ${list.join(', ')} FROM ${from.from}${where} ORDER BY ${by}${limit}`, sorted: true };
}

/** No bare number, which would be the number of a column. */
function keyOf({ any }: Expressions): string {
  return `COALESCE(${any(1)}, NULL)`;
}

function subqueryCondition(rnd: Random, tables: readonly Table[], outer: Source): string {
  const inner = rnd.pick(tables);
  const columns = qualified(inner, 'z');
  const { condition } = expressions(rnd, columns);
  const one = rnd.pick(outer.columns);
  const other = columns.filter(({ kind }) => kind === one.kind);
  const where = condition(1);
  if (!other.length || rnd.one(3))
    return `${rnd.pick(['', 'NOT '])}EXISTS (SELECT 1 FROM ${inner.name} z WHERE z.id = ${rnd.pick(outer.keys)} AND ${where})`;
  return `${one.name} ${rnd.pick(['IN', 'NOT IN'])} (SELECT ${rnd.pick(other).name} FROM ${inner.name} z WHERE ${where})`;
}

function scalarSubquery(rnd: Random, tables: readonly Table[], outer: Source): string {
  const inner = rnd.pick(tables);
  const columns = qualified(inner, 'z');
  const { aggregate, any } = expressions(rnd, columns);
  return rnd.one(2)
    ? `(SELECT ${aggregate()} FROM ${inner.name} z WHERE z.id >= ${rnd.pick(outer.keys)})`
    : `(SELECT ${any(1)} FROM ${inner.name} z WHERE z.id = ${rnd.pick(outer.keys)})`;
}

function grouped(rnd: Random, from: Source, where: string): Everyday {
  const make = expressions(rnd, from.columns);
  const keys = rnd.times(2, () => (rnd.one(2) ? make.column() : keyOf(make)));
  const aggregates = rnd.times(3, make.aggregate);
  const having = rnd.one(3) ? ` HAVING ${make.aggregateCondition()}` : '';
  if (rnd.one(4)) return { sql: `SELECT ${aggregates.join(', ')} FROM ${from.from}${where}${having}`, sorted: true };
  return {
    sql: `SELECT ${aggregates.join(', ')} FROM ${from.from}${where} GROUP BY ${keys.join(', ')}${having}`,
    sorted: false,
  };
}

function union(rnd: Random, tables: readonly Table[]): Everyday {
  const kinds = rnd.times(2, () => rnd.pick<Kind>(['int', 'decimal', 'double', 'text', 'date', 'datetime', 'time']));
  const side = () => {
    const table = rnd.pick(tables);
    const { of, condition } = expressions(rnd, table.columns);
    // The case of equal texts is of no promise in a UNION.
    const list = kinds.map((kind) => (kind === 'text' ? `HEX(UPPER(${of(kind, 1)}))` : of(kind, 1)));
    return `SELECT ${list.join(', ')} FROM ${table.name} WHERE ${condition(1)}`;
  };
  return { sql: `${side()} ${rnd.pick(['UNION', 'UNION ALL'])} ${side()}`, sorted: false };
}

function windowed(rnd: Random, from: Source, where: string): Everyday {
  const make = expressions(rnd, from.columns);
  const part = rnd.one(2) ? `PARTITION BY ${make.column()} ` : '';
  const total = `${part}ORDER BY ${from.keys.join(', ')}`;
  const call = rnd.pick([
    () => `ROW_NUMBER() OVER (${total})`,
    () => `RANK() OVER (${part}ORDER BY ${make.column()})`,
    () => `DENSE_RANK() OVER (${part}ORDER BY ${make.column()} DESC)`,
    () => `SUM(${make.of(rnd.pick<Kind>(['int', 'decimal']), 1)}) OVER (${rnd.pick([part, total])})`,
    () => `COUNT(${make.column()}) OVER (${rnd.pick([part, total])})`,
    () => `LAG(${make.column()}) OVER (${total})`,
    () => `LEAD(${make.column()}, 2) OVER (${total})`,
    () => `FIRST_VALUE(${make.column()}) OVER (${total})`,
    () => `MAX(${make.of('int', 1)}) OVER (${total} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
  ])();
  return {
    sql: `SELECT ${from.keys.join(', ')}, ${call} FROM ${from.from}${where} ORDER BY ${from.keys.join(', ')}`,
    sorted: true,
  };
}

function change(rnd: Random, tables: readonly Table[]): Everyday {
  const table = rnd.pick(tables);
  const { name } = table;
  const make = expressions(rnd, table.columns);
  const settable = table.columns.filter((column) => column.name !== 'id');
  const assignments = (alias = '', own = make) =>
    [...new Set(rnd.times(2, () => rnd.pick(settable)))].map((column) => {
      return `${alias}${column.name} = ${rnd.one(2) ? literalOf(rnd, column) : own.of(column.kind, 2)}`;
    });
  const sql = rnd.pick([
    () => `INSERT INTO ${name} ${values(rnd, table)} ON DUPLICATE KEY UPDATE ${duplicate(rnd, settable)}`,
    () => `REPLACE INTO ${name} ${values(rnd, table)}`,
    () => `INSERT INTO ${name} ${values(rnd, table)}`,
    () => `INSERT IGNORE INTO ${name} ${values(rnd, table)}`,
    () => `UPDATE ${name} SET ${assignments().join(', ')} WHERE ${make.condition(2)}`,
    () =>
      `UPDATE ${name} SET ${assignments().join(', ')} WHERE ${make.condition(1)} ORDER BY ${make.column()}, id LIMIT ${1 + rnd.below(3)}`,
    () => `DELETE FROM ${name} WHERE ${make.condition(1)} AND id > 8`,
    () => `DELETE FROM ${name} ORDER BY ${make.column()}, id LIMIT 1`,
    () => {
      const other = rnd.pick(tables);
      const both = expressions(rnd, [...qualified(table, 'a'), ...qualified(other, 'b')]);
      return `UPDATE ${name} a JOIN ${other.name} b ON a.id = b.id SET ${assignments('a.', both).join(', ')} WHERE ${both.condition(1)}`;
    },
    () => {
      const other = rnd.pick(tables);
      const both = expressions(rnd, [...qualified(table, 'a'), ...qualified(other, 'b')]);
      return `DELETE a FROM ${name} a ${rnd.pick(['JOIN', 'LEFT JOIN'])} ${other.name} b ON a.id = b.id + 1 WHERE ${both.condition(1)} AND a.id > 8`;
    },
  ])();
  return { sql, sorted: true };
}

function values(rnd: Random, table: Table): string {
  const columns = table.columns.filter(({ name, nullable }) => name === 'id' || !nullable || rnd.below(5));
  const row = () =>
    columns.map((column) => (column.name === 'id' ? `${1 + rnd.below(20)}` : literalOf(rnd, column))).join(', ');
  return `(${columns.map((column) => column.name).join(', ')}) VALUES ${rnd.times(3, () => `(${row()})`).join(', ')}`;
}

function duplicate(rnd: Random, settable: readonly Column[]): string {
  return rnd
    .times(2, () => {
      const { name, kind } = rnd.pick(settable);
      const sum =
        kind === 'int' || kind === 'decimal' || kind === 'double' ? [`${name} + VALUES(${name})`, `${name} + 1`] : [];
      return `${name} = ${rnd.pick([`VALUES(${name})`, `IF(VALUES(${name}) IS NULL, ${name}, VALUES(${name}))`, ...sum])}`;
    })
    .join(', ');
}
