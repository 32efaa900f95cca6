import Database from 'better-sqlite3';
import type { CreateTable } from '../../src/sql/ast/definition.ts';
import type { TenantStatement } from '../../src/sql/ast/statement.ts';
import { type FunctionContext, registerFunctions } from '../../src/sql/functions/register.ts';
import { parseStatement } from '../../src/sql/parse/parse.ts';
import { normalise } from '../../src/sql/scan.ts';
import type { SchemaProvider, SourceColumn, TableSource } from '../../src/sql/schema.ts';
import { type BindContext, type BindInputs, bindCells } from '../../src/sql/translate/bind.ts';
import { defaultExpression } from '../../src/sql/translate/default.ts';
import { planInsert } from '../../src/sql/translate/insert.ts';
import type { Plan } from '../../src/sql/translate/plan.ts';
import { type TranslateEnv, translate } from '../../src/sql/translate/translate.ts';
import { sqliteColumnType } from '../../src/value/column-storage.ts';
import type { Cell, ColumnType, ResultColumn } from '../../src/value/column-type.ts';
import { decimalText } from '../../src/value/decimal.ts';
import { formatDouble, formatFloat } from '../../src/value/text-form.ts';
import { plainInteger } from '../../src/value/unsigned.ts';

/** Where a test's statements run: a database in memory whose tables are made from MySQL's own CREATE TABLE. */
export interface Fixture {
  readonly db: Database.Database;
  readonly context: BindContext & FunctionContext;
  readonly env: TranslateEnv;
  readonly tables: Map<string, TableSource>;
  /** Rows changed by the last write and rows it met. */
  readonly counts: { met: number; changed: number };
  run(text: string, parameters?: readonly Cell[]): Answer;
  plan(text: string): Plan;
}

export interface Answer {
  readonly columns: readonly ResultColumn[];
  /** Cells as a client of the text protocol reads them; null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly changes: number;
}

const startUs = Date.UTC(2026, 2, 14, 1, 59, 26, 535) * 1000 + 897;

export function fixture(options: Partial<{ timeZone: string; sqlMode: string; nowUs: number }> = {}): Fixture {
  const db = new Database(':memory:');
  const tables = new Map<string, TableSource>();
  const counts = { met: 0, changed: 0 };
  const context: BindContext & FunctionContext = {
    nowUs: options.nowUs ?? startUs,
    timeZone: options.timeZone ?? '+08:00',
    sqlMode: options.sqlMode ?? 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
    database: 'shop',
    user: 'ann',
    host: '127.0.0.1',
    connectionId: 77,
    lastInsertId: 5n,
    foundRows: 3n,
    rowCount: 2n,
    version: '5.7.25-OceanBase-v4.2.1.0',
    obVersion: '4.2.1.0',
    tenantName: 'shop_tenant',
    tenantId: 1002,
    hostIp: '127.0.0.1',
    rpcPort: 2882,
    userVariables: { a: 7n, s: 'text' },
    systemVariables: {
      autocommit: 1,
      version_comment: 'OceanBase 4.2.1',
      'global.wait_timeout': 100,
      wait_timeout: 28800,
    },
    touch(changed) {
      counts.met++;
      if (changed) counts.changed++;
    },
  };
  registerFunctions(db, () => context);
  db.function('my_tick', { varargs: true }, () => 1);
  const schema: SchemaProvider = {
    hasDatabase: (name) => name.toLowerCase() === 'shop' || name.toLowerCase() === 'oceanbase',
    table: (name, table) => tables.get(`${name}.${table}`.toLowerCase()) ?? null,
  };
  const env: TranslateEnv = { schema, database: 'shop', sqlMode: context.sqlMode, collation: 'utf8mb4_general_ci' };
  const made: Fixture = {
    db,
    context,
    env,
    tables,
    counts,
    // What is run is translated as the engine does it.
    run: (text, parameters = []) => execute({ ...made, env: { ...made.env, ticks: true } }, text, parameters),
    plan: (text) => translate(parseStatement(text) as never, env),
  };
  return made;
}

function inputsOf(at: Fixture, text: string, parameters: readonly Cell[]): BindInputs {
  return { literals: normalise(text).literals, parameters, context: at.context };
}

function execute(at: Fixture, text: string, parameters: readonly Cell[]): Answer {
  const statement: TenantStatement = parseStatement(text);
  const inputs = inputsOf(at, text, parameters);
  at.counts.met = 0;
  at.counts.changed = 0;
  if (statement.kind === 'createTable') return createTable(at, statement);
  if (statement.kind === 'insert') return insert(at, statement, inputs);
  if (statement.kind !== 'query' && statement.kind !== 'update' && statement.kind !== 'delete')
    throw new Error(`the fixture does not run ${statement.kind}`);
  const plan = translate(statement, at.env);
  if (plan.parts) return { columns: [], rows: [], changes: runParts(at, plan.parts, inputs) };
  const cells = bindCells(plan.binds, inputs);
  const prepared = at.db.prepare(plan.sql);
  const named =
    plan.namedBinds.length > 0
      ? [{ tenantId: 1002n, nowUs: BigInt(at.context.nowUs), timeZone: at.context.timeZone }]
      : [];
  if (statement.kind !== 'query') return { columns: [], rows: [], changes: prepared.run(...cells, ...named).changes };
  const rows = prepared
    .raw()
    .safeIntegers(plan.wideIntegers)
    .all(...cells, ...named) as Cell[][];
  const shown = rows.map((row) => row.map((cell, index) => show(cell, plan.columns[index]!.type)));
  return { columns: plan.columns, rows: shown, changes: 0 };
}

/** Writes of two steps: all rows are read first. */
function runParts(at: Fixture, parts: NonNullable<Plan['parts']>, inputs: BindInputs): number {
  const met = parts.map(
    ({ rows }) =>
      at.db
        .prepare(rows.sql)
        .raw()
        .safeIntegers(true)
        .all(...bindCells(rows.binds, inputs)) as Cell[][],
  );
  return parts.reduce((changes, { write }, index) => {
    const prepared = at.db.prepare(write.sql);
    const each = met[index]!.map((row) => prepared.run(...bindCells(write.binds, inputs, row)).changes);
    return changes + each.reduce((sum, count) => sum + count, 0);
  }, 0);
}

function insert(at: Fixture, statement: Extract<TenantStatement, { kind: 'insert' }>, inputs: BindInputs): Answer {
  const made = planInsert(statement, at.env);
  const prepared = at.db.prepare(made.plan.sql);
  let changes = 0;
  at.db.transaction(() => {
    if (made.kind === 'query') {
      changes = prepared.run(...bindCells(made.plan.binds, inputs)).changes;
      return;
    }
    const evaluate = (plan: Plan) =>
      at.db
        .prepare(plan.sql)
        .raw()
        .safeIntegers(true)
        .get(...bindCells(plan.binds, inputs)) as Cell[];
    for (const row of made.rows(inputs, evaluate)) {
      if (made.clear) changes += at.db.prepare(made.clear.sql).run(...bindCells(made.clear.binds, inputs, row)).changes;
      changes += prepared.run(...bindCells(made.plan.binds, inputs, row)).changes;
    }
  })();
  return { columns: [], rows: [], changes };
}

function createTable(at: Fixture, statement: CreateTable): Answer {
  const name = statement.table.name.toLowerCase();
  const primary = statement.constraints.find(({ kind }) => kind === 'primary');
  const inline = statement.columns.filter(({ primaryKey }) => primaryKey).map((column) => column.name);
  const primaryKey = primary?.kind === 'primary' ? primary.parts.map(({ column }) => column) : inline;
  const unique = statement.constraints.flatMap((constraint) =>
    constraint.kind === 'unique'
      ? [{ name: constraint.name ?? 'u', columns: constraint.parts.map(({ column }) => column) }]
      : [],
  );
  const columns = statement.columns.map((column): SourceColumn => {
    const text = /char|text|enum|set/.test(column.type.name);
    const type: ColumnType =
      text && !column.type.charset
        ? { charset: 'utf8mb4', collation: 'utf8mb4_general_ci', ...column.type }
        : column.type;
    const key = primaryKey.includes(column.name);
    return {
      name: column.name,
      type,
      nullable: column.nullable && !key,
      autoIncrement: column.autoIncrement,
      default:
        column.default === null ? null : defaultExpression({ name: column.name, type }, column.default, at.context),
      onUpdateNow: column.onUpdateNow,
      primaryKey: key,
      uniqueKey: column.unique,
      multipleKey: false,
    };
  });
  const uniqueKeys = [
    ...(primaryKey.length > 0 ? [{ name: 'PRIMARY', columns: primaryKey }] : []),
    ...unique,
    ...columns.filter(({ uniqueKey }) => uniqueKey).map((column) => ({ name: column.name, columns: [column.name] })),
  ];
  const sql = `"shop.${name}"`;
  const lines = columns.map(
    (column) =>
      `"${column.name}" ${sqliteColumnType(column.type)}${column.nullable || column.autoIncrement ? '' : ' NOT NULL'}${column.autoIncrement ? ' PRIMARY KEY' : ''}`,
  );
  for (const key of uniqueKeys)
    if (
      !columns.some(
        ({ autoIncrement, name: own }) => autoIncrement && key.columns.length === 1 && key.columns[0] === own,
      )
    )
      lines.push(`UNIQUE (${key.columns.map((column) => `"${column}"`).join(', ')})`);
  at.db.exec(`CREATE TABLE ${sql} (${lines.join(', ')})`);
  at.tables.set(`shop.${name}`, { schema: 'shop', name, kind: 'table', sql, columns, primaryKey, uniqueKeys });
  return { columns: [], rows: [], changes: 0 };
}

/** A cell in the text protocol's form. */
export function show(given: Cell, type: ColumnType): string | null {
  const cell = plainInteger(type, given);
  if (cell === null) return null;
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('latin1');
  if (typeof cell === 'string') return cell;
  if (type.name === 'decimal') return decimalText(cell, type.scale ?? 0);
  if (type.name === 'double' && type.scale !== undefined) return decimalText(Number(cell), type.scale);
  if (type.name === 'float') return formatFloat(Number(cell));
  if (type.name === 'year') return String(cell).padStart(4, '0');
  return typeof cell === 'number' ? formatDouble(cell) : String(cell);
}
