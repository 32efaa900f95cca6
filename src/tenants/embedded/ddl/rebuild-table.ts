import { fault, isFault } from '../../../base/errors.ts';
import { storeTarget } from '../../../sql/translate/bind.ts';
import { evaluateDefault } from '../../../sql/translate/default.ts';
import type { Cell, ColumnType } from '../../../value/column-type.ts';
import { decimalText } from '../../../value/decimal.ts';
import { implicitDefault, storeConverter } from '../../../value/store.ts';
import { formatTime } from '../../../value/temporal.ts';
import { utcTextToLocal } from '../../../value/time-zone.ts';
import { plainInteger } from '../../../value/unsigned.ts';
import { nextValue, setNextValue } from '../auto-increment.ts';
import { isDuplicate } from '../duplicate-key.ts';
import { requireAllRows } from '../row-count.ts';
import { bindInputs } from '../run-plan.ts';
import { hasCode } from '../sql-errors.ts';
import { findColumn, quoteName, rowIdText, sqliteName, type TableColumn, type TableSchema } from '../table-schema.ts';
import type { Change } from './change.ts';
import { makeIndexes } from './make-indexes.ts';
import { createStatements, indexStatements } from './table-sql.ts';

/**
 * Makes the table in its new form beside the old one, copies the rows and takes the old one's place. Values are brought
 * to changed types as an INSERT would, so that what does not fit fails the ALTER.
 */
export function rebuildTable(
  change: Change,
  from: TableSchema,
  wanted: TableSchema,
  sources: ReadonlyMap<string, string>,
): number {
  const { writer, dictionary } = change;
  const oldName = sqliteName(from.schema, from.name);
  const newName = quoteName(`__ob_rebuild.${from.id}`);
  const next = nextValue(writer, from);
  const { to, rows } = makeCopy(change, from, wanted, newName, sources);
  requireAllRows(writer, oldName, rows);
  writer.exec(`DROP TABLE ${oldName}`);
  // Otherwise SQLite would rename inside other tables' foreign keys too.
  writer.pragma('legacy_alter_table = ON');
  try {
    writer.exec(`ALTER TABLE ${newName} RENAME TO ${oldName}`);
  } finally {
    writer.pragma('legacy_alter_table = OFF');
  }
  makeIndexes(change, to, indexStatements(to));
  dictionary.putTable(to);
  const least = nextValue(writer, to);
  if (least !== null) setNextValue(writer, to, next !== null && next > least ? next : least);
  return rows;
}

/** The new table with its rows; its primary key is a wide one when a row has such a value. */
function makeCopy(
  change: Change,
  from: TableSchema,
  to: TableSchema,
  newName: string,
  sources: ReadonlyMap<string, string>,
): { readonly to: TableSchema; readonly rows: number } {
  for (const sql of createStatements(to, newName)) change.writer.exec(sql);
  try {
    return { to, rows: copyUnique(change, from, to, newName, sources) };
  } catch (error) {
    if (to.wideKey || !hasCode(error, 'SQLITE_MISMATCH')) throw error;
    change.writer.exec(`DROP TABLE ${newName}`);
    return makeCopy(change, from, { ...to, wideKey: true }, newName, sources);
  }
}

/** Rows whose primary key is there twice fail the ALTER. */
function copyUnique(...args: Parameters<typeof copyRows>): number {
  try {
    return copyRows(...args);
  } catch (error) {
    throw isDuplicate(error) ? fault('OB_ERR_PRIMARY_KEY_DUPLICATE', '', 'PRIMARY') : error;
  }
}

function copyRows(
  change: Change,
  from: TableSchema,
  to: TableSchema,
  newName: string,
  sources: ReadonlyMap<string, string>,
): number {
  const targets = to.columns.filter((column) => !column.generated);
  const plain = targets.every((column) => {
    const source = findColumn(from, sources.get(column.name.toLowerCase()) ?? '');
    return (
      source && JSON.stringify(source.type) === JSON.stringify(column.type) && (column.nullable || !source.nullable)
    );
  });
  const names = targets.map((column) => quoteName(column.name)).join(', ');
  const old = sqliteName(from.schema, from.name);
  if (plain) {
    const values = targets.map((column) => quoteName(sources.get(column.name.toLowerCase())!)).join(', ');
    return change.writer.prepare(`INSERT INTO ${newName} (${names}) SELECT ${values} FROM ${old}`).run().changes;
  }
  return convertRows(change, from, targets, `INSERT INTO ${newName} (${names})`, sources);
}

/** Rows are read in pages by row id: SQLite does not let a connection write while it reads through an iterator. */
function convertRows(
  change: Change,
  from: TableSchema,
  targets: readonly TableColumn[],
  insert: string,
  sources: ReadonlyMap<string, string>,
): number {
  const converters = targets.map((column) => converter(change, from, column, sources.get(column.name.toLowerCase())));
  const old = sqliteName(from.schema, from.name);
  const columns = from.columns.map((column) => quoteName(column.name)).join(', ');
  const id = rowIdText(from);
  if (id === null) throw fault('OB_NOT_SUPPORTED', 'converting a table whose columns have all names of a row id is');
  const page = (after: string) =>
    change.writer
      .prepare(`SELECT ${id}, ${columns} FROM ${old} ${after} ORDER BY ${id} LIMIT ${rowsPerPage}`)
      .raw()
      .safeIntegers();
  const target = change.writer.prepare(`${insert} VALUES (${targets.map(() => '?').join(', ')})`);
  const next = page(`WHERE ${id} > ?`);
  let count = 0;
  for (let rows = page('').all() as readonly Cell[][]; ; rows = next.all(rows.at(-1)![0]) as readonly Cell[][]) {
    for (const row of rows) {
      count++;
      target.run(...converters.map((convert) => convert(row, count)));
    }
    if (rows.length < rowsPerPage) return count;
    change.execution.check();
  }
}

const rowsPerPage = 1000;

type Convert = (row: readonly Cell[], rowNo: number) => Cell;

function converter(change: Change, from: TableSchema, column: TableColumn, source: string | undefined): Convert {
  const { context } = change.execution;
  const old = source === undefined ? undefined : findColumn(from, source);
  if (!old) {
    const given = newValue(change, column);
    if (!column.autoIncrement) return () => given;
    return (_row, rowNo) => BigInt(rowNo);
  }
  const at = from.columns.indexOf(old) + 1;
  const store = storeConverter(column.type);
  const env = { sqlMode: context.sqlMode, timeZone: context.timeZone };
  const nullable = column.nullable || column.autoIncrement;
  return (row, rowNo) => {
    const target = storeTarget(env, { name: column.name, nullable }, rowNo);
    try {
      const shown = sqlValue(old.type, row[at] ?? null, context.timeZone);
      const value = old.type.name === 'date' && column.type.name === 'time' && shown ? `${shown} 00:00:00` : shown;
      return store(value, target);
    } catch (error) {
      // MySQL's ALTER says 1265 for a NULL that must go; a NOT NULL column takes its implicit default without strict mode.
      if (isFault(error, 'ER_BAD_NULL')) throw fault('WARN_DATA_TRUNCATED', column.name, rowNo);
      throw error;
    }
  };
}

/** What rows get in a column that was not there before. */
function newValue(change: Change, column: TableColumn): Cell {
  if (!column.default) return column.nullable ? null : implicitDefault(column.type);
  const given = evaluateDefault(column.default.sql, bindInputs(change.execution, []).context);
  if (given === undefined) throw fault('OB_NOT_SUPPORTED', `default of column '${column.name}' is`);
  return given;
}

/** A stored value as SQL sees it, ready to be stored under another type. */
export function sqlValue(type: ColumnType, cell: Cell, timeZone: string): Cell {
  if (cell === null || cell instanceof Uint8Array) return plainInteger(type, cell);
  if (type.name === 'time' && typeof cell !== 'string') return formatTime(Number(cell), type.scale ?? 0);
  if (type.name === 'timestamp' && typeof cell === 'string') return utcTextToLocal(timeZone, cell);
  if (type.name === 'decimal') return decimalText(cell, type.scale ?? 0);
  return cell;
}
