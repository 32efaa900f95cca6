import { fault } from '../../../base/errors.ts';
import type { Expression } from '../../../sql/ast/expression.ts';
import { type SourceColumn, type TableSource, viewColumn } from '../../../sql/schema.ts';
import { bindCell, noContext } from '../../../sql/translate/bind.ts';
import { asBoolean, convertTo } from '../../../sql/translate/convert.ts';
import { translate } from '../../../sql/translate/expression.ts';
import type { Fragment } from '../../../sql/translate/fragment.ts';
import { emptyScope, type Place, sourceTable } from '../../../sql/translate/scope.ts';
import { newTranslation } from '../../../sql/translate/statement.ts';
import type { Cell, ColumnType } from '../../../value/column-type.ts';
import { literalsOf } from '../literals-of.ts';
import type { TableColumn } from '../table-schema.ts';

/** SQLite's form of a CHECK over the columns of a table. */
export function checkSql(expression: Expression, columns: readonly TableColumn[], sqlMode: string): string {
  return inColumns(expression, columns, sqlMode, (value) => asBoolean(value));
}

/** SQLite's form of a generated column, in storage form of its type. */
export function generatedSql(
  expression: Expression,
  type: ColumnType,
  columns: readonly TableColumn[],
  sqlMode: string,
): string {
  return inColumns(expression, columns, sqlMode, (value) => convertTo(value, type));
}

/** A name no table has; taken off again, for CHECK and generated columns name columns bare. */
const self = '__self';

function inColumns(
  expression: Expression,
  columns: readonly TableColumn[],
  sqlMode: string,
  finish: (value: ReturnType<typeof translate>) => Fragment,
): string {
  const source: TableSource = {
    schema: '',
    name: self,
    kind: 'table',
    sql: self,
    columns: columns.map(plainColumn),
    primaryKey: [],
    uniqueKeys: [],
  };
  const schema = { table: () => null, hasDatabase: () => false };
  const translation = newTranslation({ schema, database: null, sqlMode, collation: 'utf8mb4_general_ci' });
  const scope = { ...emptyScope, tables: [sourceTable(source, self, self)] };
  const place: Place = { translation, scope, clause: 'field list', aggregates: false };
  const { text, binds } = finish(translate(expression, place));
  if (translation.volatile) throw fault('OB_NOT_SUPPORTED', 'a value that changes by itself inside of a definition is');
  const literals = literalsOf(expression);
  const cells = binds.map((bind) =>
    bindCell(bind, { literals, parameters: [], context: { ...noContext, timeZone: '+00:00', sqlMode } }),
  );
  return inlineCells(text.replaceAll(`${self}.`, ''), cells);
}

function plainColumn(column: TableColumn): SourceColumn {
  const { name, type, nullable, autoIncrement, onUpdateNow } = column;
  return { ...viewColumn(name, type, nullable), autoIncrement, onUpdateNow };
}

/** Puts values in the places of the `?` outside of quotes. */
function inlineCells(text: string, cells: readonly Cell[]): string {
  let next = 0;
  return text.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g, (piece) =>
    piece === '?' ? literal(cells[next++] ?? null) : piece,
  );
}

function literal(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (cell instanceof Uint8Array) return `x'${Buffer.from(cell).toString('hex')}'`;
  return typeof cell === 'string' ? `'${cell.replaceAll("'", "''")}'` : String(cell);
}
