import type { Cell, ColumnType, ResultColumn } from '../../value/column-type.ts';
import type { RowsEnd, Warning } from '../engine-session.ts';
import { RowCursor } from './row-cursor.ts';
import type { Execution, StatementResult } from './statement.ts';

/** A column of an answer the engine makes itself. */
export function answerColumn(label: string, type: ColumnType = shortText): ResultColumn {
  return { label, type, schema: '', table: '', orgTable: '', orgName: '' };
}

const charset = { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' } as const;
export const shortText: ColumnType = { name: 'varchar', length: 512, ...charset };
export const longText: ColumnType = { name: 'longtext', ...charset };
export const number: ColumnType = { name: 'bigint', length: 21 };

/** Rows that are already there. */
export function answerRows(
  execution: Execution,
  columns: readonly ResultColumn[],
  rows: Iterable<readonly Cell[]>,
): StatementResult {
  const { request, context } = execution;
  const form = { format: request.format, charset: context.charset };
  const finish = (rowCount: number) => rowsEnd(execution, rowCount, []);
  const cursor = new RowCursor(columns, rows[Symbol.iterator](), form, execution.check, finish);
  return { kind: 'rows', cursor };
}

export function rowsEnd(execution: Execution, rowCount: number, warnings: readonly Warning[]): RowsEnd {
  return { rowCount, warnings, inTransaction: execution.transaction.open };
}

/** OK with what changed. */
export function answerOk(
  execution: Execution,
  more: Partial<Extract<StatementResult, { readonly kind: 'ok' }>> = {},
): StatementResult {
  return {
    kind: 'ok',
    affectedRows: 0,
    insertId: 0n,
    info: '',
    warnings: [],
    inTransaction: execution.transaction.open,
    ...more,
  };
}
