import type { Connection, RowDataPacket } from 'mysql2/promise';
import mysql from 'mysql2/promise';

export type Row = Readonly<Record<string, unknown>>;

/** One client whose statements and answers are printed as in a terminal. */
export interface Client {
  readonly name: string;
  /** Runs a statement that must succeed; rows of a query, nothing otherwise. */
  run(sql: string, show?: ShowOptions): Promise<readonly Row[]>;
  /** Runs a statement that must be refused with this number; the text is returned. `as` is printed instead of it. */
  refused(sql: string, errno: number, as?: string): Promise<string>;
  /** Runs without printing. */
  quiet(sql: string): Promise<readonly Row[]>;
  /** Repeats a query until `done` holds, at most `limitMs`. */
  until(sql: string, done: (rows: readonly Row[]) => boolean, limitMs?: number): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface ShowOptions {
  /** Print one column a line, as `\G` does. */
  readonly vertical?: boolean;
  /** What to print instead of a long statement. */
  readonly as?: string;
}

/** A comparison of the runbook that did not hold. */
export class RunbookFailure extends Error {
  override readonly name = 'RunbookFailure';
}

export async function connect(port: number, name: string, password = '', database?: string): Promise<Client> {
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port,
    user: name,
    password,
    ...(database === undefined ? {} : { database }),
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  });
  const query = (sql: string) => rowsOf(connection, sql);
  return {
    name,
    quiet: query,
    async run(sql, show = {}) {
      const start = performance.now();
      print(`${name}> ${show.as ?? sql};`);
      try {
        const rows = await query(sql);
        if (rows.length > 0 || /^(SELECT|SHOW)\b/i.test(sql)) printRows(rows, show.vertical === true);
        else print(`Query OK (${((performance.now() - start) / 1000).toFixed(2)} sec)`);
        return rows;
      } catch (error) {
        throw new RunbookFailure(`${sql}: ${(error as Error).message}`);
      }
    },
    async refused(sql, errno, as = sql) {
      print(`${name}> ${as};`);
      try {
        await query(sql);
      } catch (error) {
        const { errno: got, sqlState, message } = error as { errno?: number; sqlState?: string; message: string };
        print(`ERROR ${got} (${sqlState}): ${message}`);
        if (got === errno) return message;
        throw new RunbookFailure(`expected error ${errno}, got ${got}: ${message}`);
      }
      throw new RunbookFailure(`expected error ${errno}, but the server said OK: ${sql}`);
    },
    async until(sql, done, limitMs = 60_000) {
      const end = performance.now() + limitMs;
      for (;;) {
        const rows = await query(sql);
        if (done(rows)) {
          print(`${name}> ${sql};`);
          printRows(rows, false);
          return rows;
        }
        if (performance.now() > end)
          throw new RunbookFailure(`waited ${limitMs} ms in vain: ${sql}: ${JSON.stringify(rows)}`);
        await new Promise((settle) => setTimeout(settle, 50));
      }
    },
    close: () => connection.end(),
  };
}

async function rowsOf(connection: Connection, sql: string): Promise<readonly Row[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return Array.isArray(rows) ? rows : [];
}

export function heading(text: string): void {
  print(`\n== ${text}`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printRows(rows: readonly Row[], vertical: boolean): void {
  if (rows.length === 0) {
    print('Empty set');
    return;
  }
  if (vertical) {
    rows.forEach((row, index) => {
      print(`*************************** ${index + 1}. row ***************************`);
      for (const [name, value] of Object.entries(row)) print(`${name.padStart(28)}: ${value}`);
    });
    return;
  }
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.slice(0, 20).map((row) => names.map((name) => String(row[name] ?? 'NULL').slice(0, 250)));
  const widths = names.map((name, column) => Math.max(name.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const format = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  print(format(names));
  for (const line of lines) print(format(line));
  if (rows.length > 20) print(`… ${rows.length} rows`);
}

/** Fails the runbook when the two differ. */
export function expectEqual(what: string, got: unknown, expected: unknown): void {
  const left = JSON.stringify(got);
  const right = JSON.stringify(expected);
  if (left !== right) throw new RunbookFailure(`${what}: got ${left?.slice(0, 400)}, expected ${right?.slice(0, 400)}`);
  print(`   ok: ${what}`);
}
