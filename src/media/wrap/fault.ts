import { type Medium, MediumError, type MediumErrorKind } from '../medium.ts';
import { eachOperation, type MediumOperation, type Step } from './each-operation.ts';

export interface FaultPlan {
  /** The operation that fails, counted from 1 over all that `only` lets through; 0 fails none. */
  readonly at: number;
  readonly kind: MediumErrorKind;
  /** Counts these operations only. */
  readonly only?: readonly MediumOperation[];
  /** Counts operations on keys this accepts only. */
  readonly keys?: (key: string) => boolean;
  /** `before` (default): nothing happens, but that `abort` and `close` are done. `after`: it is done, and its answer, good or bad, is lost. */
  readonly moment?: 'before' | 'after';
  /** Every counted operation from `at` on fails: the medium is gone, not merely hiccuping. */
  readonly lasting?: boolean;
}

/** They fail as the system's own `close` does: the descriptor is gone all the same, and nobody would come back for it. */
const ends: ReadonlySet<MediumOperation> = new Set(['abort', 'close']);

export interface FaultyMedium extends Medium {
  /** Every operation so far, `name key`, in order. */
  readonly trace: readonly string[];
}

/** For tests: a medium whose n-th operation fails with a given kind. */
export function withFault(inner: Medium, plan: FaultPlan): FaultyMedium {
  const trace: string[] = [];
  let count = 0;
  const step: Step = async ({ name, key, work, lost }) => {
    trace.push(`${name} ${key}`);
    const counted = (plan.only?.includes(name) ?? true) && (plan.keys?.(key) ?? true);
    if (counted) count += 1;
    const hit = counted && plan.at > 0 && (plan.lasting === true ? count >= plan.at : count === plan.at);
    if (!hit) return work();
    if (plan.moment === 'after' || ends.has(name))
      await work()
        .then((result) => lost?.(result))
        .catch(() => undefined);
    throw new MediumError(plan.kind, key, `planned fault at operation ${plan.at}`);
  };
  // Descriptors are withheld: writes and reads past the wrapper could not be counted.
  return { ...eachOperation(inner, false, step), trace };
}
