import { type Client, connect } from '../../examples/transcript.ts';
import type { Random } from './random.ts';

/** Rows 1 to `seq` were committed at `time`, as the tenant's clock says. */
export interface Moment {
  readonly seq: number;
  readonly time: string;
}

export interface WriterEnd {
  readonly lastSeq: number;
  /** Rows of the commit that was on its way when the connection died. */
  readonly pending: number;
  readonly moments: readonly Moment[];
}

/**
 * Commits rows in unbroken order until the connection dies: single rows, transactions of three, transactions that are rolled
 * back, and between them tables that come and go and columns that are added and dropped.
 */
export async function startWriter(port: number, random: Random, lastSeq: number): Promise<WriterEnd> {
  const moments: Moment[] = [];
  let seq = lastSeq;
  let pending = 0;
  try {
    const client = await connect(port, 'root@t');
    for (;;) {
      const rows = random.below(4) === 0 ? 3 : 1;
      if (random.below(25) === 0) await changeTables(client, random, seq);
      if (random.below(15) === 0) await rollBack(client, seq);
      pending = rows;
      await commit(client, seq, rows);
      seq += rows;
      pending = 0;
      const clock = await client.quiet('SELECT NOW(6) AS moment');
      moments.push({ seq, time: String(clock[0]?.['moment']) });
    }
  } catch (error) {
    if (isAnswer(error)) throw error;
    return { lastSeq: seq, pending, moments };
  }
}

/** True for an error the server answered with: none is expected, a lost connection is. */
function isAnswer(error: unknown): boolean {
  return (error as { sqlState?: unknown }).sqlState !== undefined;
}

async function commit(client: Client, seq: number, rows: number): Promise<void> {
  const values = Array.from({ length: rows }, (_, i) => `(${seq + i + 1}, 'entry ${seq + i + 1}')`);
  if (rows === 1) {
    await client.quiet(`INSERT INTO d.ledger (seq, entry) VALUES ${values.join()}`);
    return;
  }
  await client.quiet('BEGIN');
  for (const value of values) await client.quiet(`INSERT INTO d.ledger (seq, entry) VALUES ${value}`);
  await client.quiet('COMMIT');
}

async function rollBack(client: Client, seq: number): Promise<void> {
  await client.quiet('BEGIN');
  await client.quiet(`INSERT INTO d.ledger (seq, entry) VALUES (${seq + 1}, 'never')`);
  await client.quiet('DELETE FROM d.bulk');
  await client.quiet('ROLLBACK');
}

async function changeTables(client: Client, random: Random, seq: number): Promise<void> {
  switch (random.below(3)) {
    case 0:
      await client.quiet('DROP TABLE IF EXISTS d.side');
      await client.quiet(`CREATE TABLE d.side AS SELECT seq, entry FROM d.ledger WHERE seq > ${seq - 20}`);
      return;
    case 1:
      await client.quiet(`ALTER TABLE d.ledger ADD COLUMN extra_${seq} INT DEFAULT 7`);
      await client.quiet(`ALTER TABLE d.ledger DROP COLUMN extra_${seq}`);
      return;
    default:
      await client.quiet(`CREATE INDEX by_entry_${seq} ON d.ledger (entry)`);
      await client.quiet(`DROP INDEX by_entry_${seq} ON d.ledger`);
  }
}
