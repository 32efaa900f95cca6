import { figure } from './measurement.ts';
import type { Contender, Passage, TakenCopy } from './part-peers-contender.ts';
import { run } from './part-peers-contender.ts';

/** The best a contender did in any round. */
export interface Figures {
  readonly contender: Contender;
  readonly full: TakenCopy;
  readonly restore: Passage;
  readonly verify: Passage | null;
  readonly incremental: TakenCopy | null;
}

type Step = 'full' | 'restore' | 'verify' | 'incremental';
type Result = TakenCopy | Passage;

/**
 * Every round is full, restore, verify, (changes), incremental; within a step the contenders follow one another, turned
 * from round to round, so that the same moments of the machine fall on all of them. A contender that fails is left
 * out from there, with its reason handed to `failed`; ours throw.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  rounds: number,
  failed: (contender: Contender, error: Error) => void,
  report: (line: string) => void,
): Promise<readonly Figures[]> {
  const best = new Map<Contender, Partial<Record<Step, Result>>>(contenders.map((contender) => [contender, {}]));
  const each = async (round: number, work: (contender: Contender) => Promise<void>) => {
    const present = [...best.keys()];
    for (const contender of round % 2 === 0 ? present : present.reverse())
      try {
        await work(contender);
      } catch (error) {
        failed(contender, error as Error);
        best.delete(contender);
      }
  };
  for (let round = 0; round < rounds; round++) {
    const measure = (step: Step) =>
      each(round, async (contender) => {
        const action = contender[step];
        if (action === null) return;
        // What others wrote must not be flushed on somebody's time.
        await run('sync', []);
        const result = await action();
        const known = best.get(contender)!;
        if (known[step] === undefined || rate(result) > rate(known[step])) known[step] = result;
        report(`  round ${round + 1} ${contender.name} ${step}: ${told(result)}`);
      });
    await each(round, (contender) => contender.begin());
    await measure('full');
    await measure('restore');
    await measure('verify');
    await each(round, (contender) => contender.change());
    await measure('incremental');
  }
  return [...best].map(([contender, { full, restore, verify, incremental }]) => ({
    contender,
    full: full as TakenCopy,
    restore: restore as Passage,
    verify: (verify as Passage | undefined) ?? null,
    incremental: (incremental as TakenCopy | undefined) ?? null,
  }));
}

/** MB of source each second. */
export function rate(result: Result): number {
  return ('bytes' in result ? result.bytes : result.sourceBytes) / 1e6 / result.seconds;
}

function told(result: Result): string {
  const written = 'writtenBytes' in result ? `, ${figure(result.writtenBytes / 1e6)} MB written` : '';
  return `${figure(result.seconds)} s, ${figure(rate(result))} MB/s${written}`;
}
