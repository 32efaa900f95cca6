import { runHistory } from './history-deeds.ts';

/** So many histories one after the other, each with a line of its own; one that fails says all that was said in it. Resolves to the exit code. */
export async function runHistories(count: number, length: number, firstSeed: string | undefined): Promise<number> {
  const first = Number(firstSeed ?? Date.now() % 1_000_000);
  const sums: Record<string, number> = {};
  const failed: number[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const counts = await runHistory(seed, length).catch((error: unknown) => {
      process.stdout.write(
        `${seed}: FAILED ${error instanceof Error ? `${error.stack}\n${String(error.cause)}` : error}\n`,
      );
      failed.push(seed);
      return null;
    });
    if (counts === null) continue;
    process.stdout.write(`${seed}: ${JSON.stringify(counts)}\n`);
    for (const [name, value] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + value;
  }
  const bad = failed.length === 0 ? 'all held' : `FAILED: ${failed.join(', ')}`;
  process.stdout.write(`${count} histories, ${JSON.stringify(sums)}; ${bad}\n`);
  return failed.length === 0 ? 0 : 1;
}
