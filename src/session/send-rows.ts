import type { Cell, ResultColumn } from '../value/column-type.ts';
import { RowEncoder } from '../value/encode-row.ts';
import type { Moments } from '../value/moment.ts';
import type { Answer } from './client.ts';

/** One encoder serves all sessions: nobody else runs between `begin` and the last `finish`. */
const encoder = new RowEncoder();

export interface EndOfRows {
  readonly warnings: number;
  readonly more: boolean;
}

/** Writes a whole result. A small one leaves in one piece at once; a large one goes at the client's pace. */
export function sendRows(
  answer: Answer,
  columns: readonly ResultColumn[],
  rows: readonly (readonly Cell[])[],
  end: EndOfRows,
  moments: Moments | null = null,
): Promise<void> | undefined {
  answer.rows(columns);
  encoder.begin(columns, answer.format, answer.charset, moments);
  for (let i = 0; i < rows.length; i++) {
    encoder.add(rows[i]!);
    if (encoder.full) return sendSlowly(answer, columns, rows, end, moments);
  }
  const batch = encoder.finish();
  // Less than a full batch is copied, so the encoder is free again even when a promise comes back.
  const sent = batch ? answer.batch(batch) : undefined;
  if (sent) return sent.then(() => answer.end(end));
  answer.end(end);
  return undefined;
}

/** Several batches, each in a buffer of its own: other sessions use the encoder while this client reads. */
async function sendSlowly(
  answer: Answer,
  columns: readonly ResultColumn[],
  rows: readonly (readonly Cell[])[],
  end: EndOfRows,
  moments: Moments | null,
): Promise<void> {
  const own = new RowEncoder();
  own.begin(columns, answer.format, answer.charset, moments);
  for (const row of rows) {
    own.add(row);
    if (!own.full) continue;
    for (let batch = own.finish(); batch; batch = own.finish()) await answer.batch(batch);
  }
  for (let batch = own.finish(); batch; batch = own.finish()) await answer.batch(batch);
  answer.end(end);
}
