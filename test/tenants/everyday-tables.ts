/** What an expression gives; of JSON there are scalars only, MariaDB keeps a document as it was written, and NULL where IGNORE needs a value. */
export type Kind = 'int' | 'decimal' | 'double' | 'text' | 'date' | 'datetime' | 'time' | 'json';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
  readonly type: string;
  readonly nullable: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** CREATE TABLE and an INSERT. */
  readonly definition: readonly string[];
}

export interface Random {
  below(limit: number): number;
  /** True one time in so many. */
  one(inMany: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** 1 to `most` things. */
  times<T>(most: number, make: () => T): T[];
}

export function random(seed: number): Random {
  let state = seed | 0;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    one: (inMany) => below(inMany) === 0,
    pick: (list) => list[below(list.length)]!,
    times: (most, make) => Array.from({ length: 1 + below(most) }, make),
  };
}

/** No exponents, and quarters only, so that sums of doubles are the same in any order. */
const numbers = ['0', '1', '-1', '2', '3', '7', '10', '-12', '100', '255'];
const fractions = [...numbers, '0.25', '-0.5', '1.5', '2.75', '99.5', '-7.25'];

/** Literals that fit (half a second is rounded in MySQL and cut off in MariaDB); texts as numbers are whole, and letters of one case are not told from the other by a unique key. */
const literals: Readonly<Record<Kind, readonly string[]>> = {
  int: numbers,
  decimal: fractions,
  double: fractions,
  text: [
    "''",
    "'a'",
    "'b'",
    "'abc'",
    "'Abc'",
    "'zebra'",
    "'x y'",
    "'12'",
    "'a%b'",
    "'a_b'",
    "'Übel'",
    "'ube'",
    "'  pad'",
    "'ö'",
    "'7up'",
  ],
  date: ["'2024-02-29'", "'2023-12-31'", "'2000-01-01'", "'1999-07-15'", "'2024-03-01'"],
  datetime: [
    "'2024-02-29 23:59:59.400000'",
    "'2023-12-31 12:00:00'",
    "'2000-01-01 00:00:00.000001'",
    "'1999-07-15 08:30:15.250000'",
    "'2024-02-29 00:00:00'",
  ],
  time: ["'00:00:00'", "'12:34:56'", "'-01:30:00'", "'23:59:59'", "'100:00:01'"],
  json: ["'1'", '\'"a"\'', "'true'", "'null'", "'-2.5'"],
};

const types: Readonly<Record<Kind, readonly string[]>> = {
  int: ['INT', 'BIGINT', 'SMALLINT', 'BOOLEAN', 'INT UNSIGNED'],
  decimal: ['DECIMAL(8,2)', 'DECIMAL(6,3)', 'DECIMAL(9,0)'],
  double: ['DOUBLE'],
  text: ['VARCHAR(20)', 'TEXT', 'CHAR(8)', "ENUM('abc', 'zebra', 'b', 'a')"],
  date: ['DATE'],
  datetime: ['DATETIME(6)', 'DATETIME'],
  time: ['TIME'],
  json: ['JSON'],
};

export const kinds = Object.keys(types) as Kind[];

/** A value for the column: of its kind mostly. */
export function literalOf(rnd: Random, { kind, nullable, type }: Column): string {
  // A zero date, which IGNORE makes of NULL, is NULL to some functions there.
  if (nullable ? rnd.one(6) : rnd.one(60) && !/^(date|time)/.test(kind)) return 'NULL';
  if (type.startsWith('ENUM')) return rnd.pick(["'abc'", "'zebra'", "'b'", "'a'", "'ABC'", "'none'"]);
  return rnd.pick(literals[kind]);
}

export function plainLiteral(rnd: Random, kind: Kind): string {
  return rnd.pick(literals[kind]);
}

export function columnsOfTable(rnd: Random, name: string): Table {
  const columns: Column[] = [{ name: 'id', kind: 'int', type: 'INT', nullable: false }];
  for (let at = 0; at < 9; at++) {
    const kind = at < kinds.length ? kinds[at]! : rnd.pick(kinds);
    columns.push({
      name: `${kind[0]}${at}`,
      kind,
      type: rnd.pick(types[kind]),
      nullable: kind === 'json' || rnd.below(4) > 0,
    });
  }
  const keyable = columns.filter(({ type }) => type !== 'JSON' && type !== 'TEXT');
  const key = () => rnd.pick(keyable).name;
  const unique = rnd.one(2) ? [`UNIQUE KEY q (${rnd.pick(keyable.slice(1)).name}, id)`] : [];
  const own = rnd.one(3) ? [`UNIQUE KEY r (${rnd.pick(keyable.slice(1)).name})`] : [];
  const parts = [
    ...columns.map((column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`),
    'PRIMARY KEY (id)',
    ...(rnd.one(2) ? [`KEY k (${key()})`] : []),
    ...(rnd.one(2) ? [`KEY l (${[...new Set([key(), key()])].join(', ')})`] : []),
    ...unique,
    ...own,
  ];
  const row = (id: number) =>
    `(${columns.map((column) => (column.name === 'id' ? id : literalOf(rnd, column))).join(', ')})`;
  const rows = Array.from({ length: 12 }, (_, at) => `INSERT IGNORE INTO ${name} VALUES ${row(at + 1)}`);
  return {
    name,
    columns,
    definition: [`DROP TABLE IF EXISTS ${name}`, `CREATE TABLE ${name} (${parts.join(', ')})`, ...rows],
  };
}
