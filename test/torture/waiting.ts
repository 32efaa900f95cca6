import type { Client, Row } from '../../examples/transcript.ts';

/** What must hold did not. */
export class TortureFailure extends Error {
  override readonly name = 'TortureFailure';
}

/** What has not moved for this time is stuck, and so is what has moved for ten times as long. */
export const stuckMs = 60_000;

/** Repeats a query until `done` holds, as long as its answer still changes, or that of `moves`, which tells how far it is. */
export async function until(
  client: Client,
  sql: string,
  done: (rows: readonly Row[]) => boolean,
  moves: string | null = null,
): Promise<readonly Row[]> {
  const end = performance.now() + 10 * stuckMs;
  let movedMs = performance.now();
  let last = '';
  for (;;) {
    const rows = await client.quiet(sql);
    if (done(rows)) return rows;
    const text = JSON.stringify([rows, moves === null ? [] : await client.quiet(moves)]);
    if (text !== last) movedMs = performance.now();
    last = text;
    if (performance.now() > Math.min(end, movedMs + stuckMs))
      throw new TortureFailure(`never came true: ${sql}: ${JSON.stringify(rows)}`);
    await pause(50);
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, delayMs));
}
