import type { Client, Row } from '../../examples/transcript.ts';

/** What must hold did not. */
export class TortureFailure extends Error {
  override readonly name = 'TortureFailure';
}

/** What has not come to its end after this time is stuck. */
export const stuckMs = 60_000;

/** Repeats a query until `done` holds. */
export async function until(
  client: Client,
  sql: string,
  done: (rows: readonly Row[]) => boolean,
  limitMs = stuckMs,
): Promise<readonly Row[]> {
  const end = performance.now() + limitMs;
  for (;;) {
    const rows = await client.quiet(sql);
    if (done(rows)) return rows;
    if (performance.now() > end) throw new TortureFailure(`never came true: ${sql}: ${JSON.stringify(rows)}`);
    await pause(50);
  }
}

export function pause(delayMs: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, delayMs));
}
