import type Database from 'better-sqlite3';

/** The connection repositories run on, and what they need to know of the world. */
export interface Store {
  readonly database: Database.Database;
  readonly nowUs: () => number;
}

/**
 * How a field of a row lies in SQLite: `int` a safe integer, `big` a 64-bit integer read as bigint (SCNs, bytes), `real`
 * a float, `flag` 0 or 1 read as boolean, `text`, `blob`, `json` anything JSON can hold.
 */
export type FieldKind = 'int' | 'big' | 'real' | 'flag' | 'text' | 'blob' | 'json';

type KindFor<T> = [NonNullable<T>] extends [bigint]
  ? 'big'
  : [NonNullable<T>] extends [boolean]
    ? 'flag'
    : [NonNullable<T>] extends [number]
      ? 'int' | 'real'
      : [NonNullable<T>] extends [string]
        ? 'text'
        : [NonNullable<T>] extends [Uint8Array]
          ? 'blob'
          : 'json';

/** A table: its name, its fields (column names are the field names in snake case) and its key. */
export interface TableSpec<R, K extends keyof R & string> {
  readonly name: string;
  readonly fields: { readonly [F in keyof R]-?: KindFor<R[F]> };
  readonly key: readonly K[];
}

/** Rows of one table. `null` in a condition means IS NULL. All calls are synchronous. */
export interface TableAccess<R, K extends keyof R & string> {
  /** Throws SQLITE_CONSTRAINT errors as they are: a duplicate key is a bug unless the caller asked for it. */
  insert(row: R): void;
  /** Inserts or replaces the row with the same key. */
  put(row: R): void;
  get(key: Pick<R, K>): R | null;
  /** Changes the given fields; false when there is no such row. */
  update(key: Pick<R, K>, changes: Partial<Omit<R, K>>): boolean;
  remove(key: Pick<R, K>): boolean;
  /** Rows that match every given field, in key order. */
  list(where?: Partial<R>): readonly R[];
  removeAll(where: Partial<R>): number;
  /** Rows by a condition over column names with `?` places, in key order unless it orders itself. */
  select(tail: string, ...values: readonly unknown[]): readonly R[];
}

/** `startScn` → `start_scn`; `name1` stays `name1`. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Opens a table of the store; statements are prepared on first use and kept. */
export function openTable<R, K extends keyof R & string>(store: Store, spec: TableSpec<R, K>): TableAccess<R, K> {
  const fields = Object.keys(spec.fields) as (keyof R & string)[];
  const columns = fields.map((field) => `"${columnName(field)}"`).join(', ');
  const order = spec.key.map((field) => `"${columnName(field)}"`).join(', ');
  const places = fields.map(() => '?').join(', ');
  const statements = new Map<string, Database.Statement>();

  const prepare = (sql: string): Database.Statement => {
    const known = statements.get(sql);
    if (known) return known;
    const made = store.database.prepare(sql).safeIntegers(true);
    statements.set(sql, made);
    return made;
  };
  const bind = (field: keyof R & string, value: unknown) => toCell(spec.fields[field], value, `${spec.name}.${field}`);
  const condition = (where: Partial<R>) => {
    const given = fields.filter((field) => where[field] !== undefined);
    return {
      text: given.length ? `WHERE ${given.map((field) => `"${columnName(field)}" IS ?`).join(' AND ')}` : '',
      values: given.map((field) => bind(field, where[field])),
    };
  };
  const read = (tail: string, values: readonly unknown[]): R[] => {
    const statement = prepare(`SELECT ${columns} FROM "${spec.name}" ${tail}`).raw(true);
    return (statement.all(...values) as unknown[][]).map((cells) => toRow(spec, fields, cells));
  };
  const byKey = (key: Pick<R, K>) =>
    condition(Object.fromEntries(spec.key.map((f) => [f, key[f]])) as unknown as Partial<R>);
  const write = (verb: string, row: R) => {
    prepare(`${verb} INTO "${spec.name}" (${columns}) VALUES (${places})`).run(...fields.map((f) => bind(f, row[f])));
  };

  return Object.freeze({
    insert: (row: R) => write('INSERT', row),
    put: (row: R) => write('INSERT OR REPLACE', row),
    get: (key: Pick<R, K>) => {
      const { text, values } = byKey(key);
      return read(text, values)[0] ?? null;
    },
    update: (key: Pick<R, K>, changes: Partial<Omit<R, K>>) => {
      const given = fields.filter((field) => (changes as Partial<R>)[field] !== undefined);
      const { text, values } = byKey(key);
      if (given.length === 0) return read(text, values).length > 0;
      const sets = given.map((field) => `"${columnName(field)}" = ?`).join(', ');
      const cells = given.map((field) => bind(field, (changes as Partial<R>)[field]));
      return prepare(`UPDATE "${spec.name}" SET ${sets} ${text}`).run(...cells, ...values).changes > 0;
    },
    remove: (key: Pick<R, K>) => {
      const { text, values } = byKey(key);
      return prepare(`DELETE FROM "${spec.name}" ${text}`).run(...values).changes > 0;
    },
    list: (where: Partial<R> = {}) => {
      const { text, values } = condition(where);
      return read(`${text} ORDER BY ${order}`, values);
    },
    removeAll: (where: Partial<R>) => {
      const { text, values } = condition(where);
      return prepare(`DELETE FROM "${spec.name}" ${text}`).run(...values).changes;
    },
    select: (tail: string, ...values: readonly unknown[]) =>
      read(/\border by\b/i.test(tail) ? tail : `${tail} ORDER BY ${order}`, values),
  });
}

function toCell(kind: FieldKind, value: unknown, where: string): unknown {
  if (value === undefined) throw new TypeError(`${where} has no value`);
  if (value === null) return kind === 'json' ? 'null' : null;
  switch (kind) {
    case 'int':
      if (!Number.isSafeInteger(value)) throw new TypeError(`${where} is not a safe integer: ${value}`);
      return BigInt(value as number);
    case 'flag':
      return value ? 1n : 0n;
    case 'json':
      return JSON.stringify(value);
    case 'real':
      return Number(value);
    default:
      return value;
  }
}

function toRow<R, K extends keyof R & string>(
  spec: TableSpec<R, K>,
  fields: readonly (keyof R & string)[],
  cells: readonly unknown[],
): R {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    row[field] = fromCell(spec.fields[field], cells[i]);
  }
  return row as R;
}

function fromCell(kind: FieldKind, cell: unknown): unknown {
  if (cell === null) return null;
  switch (kind) {
    case 'int':
    case 'real':
      return Number(cell);
    case 'flag':
      return cell !== 0n;
    case 'json':
      return JSON.parse(cell as string);
    default:
      return cell;
  }
}
