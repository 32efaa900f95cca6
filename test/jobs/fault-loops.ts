import { appendFileSync } from 'node:fs';
import { type FaultEffect, faultEffects } from './fault-media.ts';

/** What runs while a medium fails. */
export const faultJobNames = [
  'full backup',
  'incremental backup',
  'archive',
  'restore',
  'validate',
  'recover table',
  'standby',
  'clean-up',
] as const;
export type FaultJobName = (typeof faultJobNames)[number];

/** One kind of job that meets one kind of fault at every operation. */
export interface FaultLoop {
  readonly job: FaultJobName;
  readonly kind: FaultEffect;
}

/** What one loop came to: operations that met the fault one after the other, and after how many of them the job went well. */
export interface FaultLoopResult extends FaultLoop {
  readonly met: number;
  readonly went: number;
}

/** A loop ends after so many runs in a row without its fault: beside a job the archive does now more, now less. */
export const lastMisses = 3;

/** The loop this process is to run to its end; null in the short form, which samples them all. */
export function askedLoop(): FaultLoop | null {
  const [job, kind] = (process.env['OBVAULT_FAULT_LOOP'] ?? '').split('/');
  const found = { job: faultJobNames.find((one) => one === job), kind: faultEffects.find((one) => one === kind) };
  if (job === '' && kind === undefined) return null;
  if (found.job === undefined || found.kind === undefined) throw new Error(`there is no loop ${job}/${kind}`);
  return { job: found.job, kind: found.kind };
}

export function reportLoop(result: FaultLoopResult): void {
  const report = process.env['OBVAULT_FAULT_REPORT'];
  if (report !== undefined) appendFileSync(report, `${JSON.stringify(result)}\n`);
}
