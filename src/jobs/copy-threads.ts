import type { Controller } from './controller.ts';

/** Parameters that say how many threads a kind of job gets; 0 stands for the default. */
const parameterOf = { backup: 'ha_low_thread_score', restore: 'ha_high_thread_score' } as const;

/** How many threads copy for a job of the tenant now, `otherwise` when no score is set; asked again and again while it runs. */
export async function copyThreads(
  { catalog, workers }: Pick<Controller, 'catalog' | 'workers'>,
  tenantId: number,
  job: keyof typeof parameterOf,
  otherwise = 0,
): Promise<number> {
  const score = await catalog.read((tx) => tx.parameters.integer(tenantId, parameterOf[job]));
  return score || otherwise || workers.threads;
}
