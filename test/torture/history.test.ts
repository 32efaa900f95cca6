import { expect, test } from 'vitest';
import { runHistory } from './history-deeds.ts';

const seeds = (process.env['OBVAULT_HISTORY_SEEDS'] ?? `109,${Date.now() % 100_000}`).split(',').map(Number);

for (const seed of seeds)
  test(`whatever is done to a tenant, the recoverable window keeps its word (seed ${seed})`, {
    timeout: 900_000,
  }, async () => {
    const counts = await runHistory(seed, 35);
    expect(counts).toMatchObject({ deeds: 35 });
    expect(counts.restored).toBeGreaterThanOrEqual(3);
  });
