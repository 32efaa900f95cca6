import type { Show } from '../../sql/ast/session.ts';
import { type MemoryRows, numberColumn, textColumn } from '../memory-table.ts';
import type { SessionContext } from '../session-context.ts';

const columns = Object.freeze([textColumn('Level', 7), numberColumn('Code'), textColumn('Message', 512)]);

/** SHOW WARNINGS and SHOW ERRORS [LIMIT]. */
export function messages(show: Show, { diagnostics }: SessionContext): MemoryRows {
  const shown = diagnostics.shown.filter(({ level }) => show.what === 'warnings' || level === 'Error');
  const rows = shown.map(({ level, code, message }) => [level, code, message]);
  const offset = limitNumber(show.limit?.offset, 0);
  return { columns, rows: rows.slice(offset, offset + limitNumber(show.limit?.count, rows.length)) };
}

function limitNumber(expression: NonNullable<Show['limit']>['offset'] | undefined, otherwise: number): number {
  return expression?.kind === 'literal' ? Number(expression.value) : otherwise;
}

/** SHOW COUNT(*) WARNINGS and ERRORS. */
export function countRow(show: Show, { diagnostics }: SessionContext): MemoryRows {
  const errors = diagnostics.shown.filter(({ level }) => level === 'Error').length;
  const warnings = show.what === 'countWarnings';
  const label = warnings ? '@@session.warning_count' : '@@session.error_count';
  return { columns: [numberColumn(label)], rows: [[warnings ? diagnostics.shown.length : errors]] };
}
