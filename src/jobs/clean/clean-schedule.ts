import type { Repositories } from '../../catalog/catalog.ts';
import type { DeletePolicy } from '../../catalog/deletions.ts';
import { parseTimeUs } from '../../catalog/parameter-values.ts';
import { tenantIsNormal } from '../backup/backup-rows.ts';
import type { Controller } from '../controller.ts';
import { insertCleanJob, isCleaning } from './clean-rows.ts';

/** A clock this many intervals behind the last start had been wrong then; nobody waits for it to get there again. */
const maxIntervalsBack = 2;

/** Name and meaning of the policies there are. */
export type PolicyName = 'default' | 'log_only';

/** Microseconds of a recovery window; null when the policy has none, or one of nothing. */
export function windowOf(policy: Pick<DeletePolicy, 'recoveryWindow'>): number | null {
  const us = parseTimeUs(policy.recoveryWindow);
  return us === null || us <= 0n ? null : Number(us);
}

/** Now minus the window; what would lie before 1970 is the beginning of 1970. */
export function expiryOf(nowUs: number, windowUs: number): number {
  return Math.max(0, Math.floor(nowUs - windowUs));
}

/**
 * Starts the jobs of the policies whose hour has come: at once for a new policy, then once an interval. A clock set back does not
 * make a policy fire again before its time, one set forward makes it fire once. Keeps in memory when there is something to look
 * at, so that a pass with nothing due costs one small query however many tenants there are.
 */
export class CleanSchedule {
  readonly #controller: Controller;
  #mark = '';
  #lookedUs = Number.POSITIVE_INFINITY;
  #lookAgainUs = 0;

  constructor(controller: Controller) {
    this.#controller = controller;
  }

  async startDue(): Promise<void> {
    const { catalog, clock, settings } = this.#controller;
    const nowUs = clock.nowUs();
    const mark = await catalog.read((tx) => tx.deletions.policyMark());
    if (mark === this.#mark && nowUs >= this.#lookedUs && nowUs < this.#lookAgainUs) return;
    const policies = await catalog.read((tx) => tx.deletions.policies.list());
    const intervalUs = settings.cleanTickMs * 1000;
    let lookAgainUs = nowUs + intervalUs;
    for (const policy of policies) {
      const started = isDue(policy, nowUs, intervalUs)
        ? await catalog.transaction((tx) => fire(tx, this.#controller, policy, nowUs, intervalUs))
        : true;
      // What could not begin now waits for the job before it, or for its tenant.
      const nextUs = started ? (dueUs(policy, intervalUs) ?? nowUs + intervalUs) : nowUs + settings.tickMs * 1000;
      if (nextUs > nowUs) lookAgainUs = Math.min(lookAgainUs, nextUs);
    }
    this.#mark = mark;
    this.#lookedUs = nowUs;
    this.#lookAgainUs = lookAgainUs;
  }
}

function dueUs(policy: DeletePolicy, intervalUs: number): number | null {
  return policy.firedUs === null ? null : policy.firedUs + intervalUs;
}

function isDue(policy: DeletePolicy, nowUs: number, intervalUs: number): boolean {
  if (windowOf(policy) === null) return false;
  const { firedUs } = policy;
  return firedUs === null || nowUs >= firedUs + intervalUs || nowUs < firedUs - maxIntervalsBack * intervalUs;
}

/** Inserts the job and notes the hour in one step; false when the tenant has a clean-up already or is not in service. */
function fire(
  tx: Repositories,
  controller: Controller,
  seen: DeletePolicy,
  nowUs: number,
  intervalUs: number,
): boolean {
  const policy = tx.deletions.policies.get(seen);
  if (policy === null || !isDue(policy, nowUs, intervalUs)) return true;
  const tenant = tx.tenants.get({ tenantId: policy.tenantId });
  if (tenant === null || !tenantIsNormal(tenant) || isCleaning(tx, policy.tenantId)) return false;
  insertPolicyJob(tx, controller, policy);
  tx.deletions.policies.update(policy, { firedUs: nowUs });
  return true;
}

/** The job of a policy, as of now. */
export function insertPolicyJob(tx: Repositories, controller: Controller, policy: DeletePolicy): void {
  const expiryUs = expiryOf(controller.clock.nowUs(), windowOf(policy) ?? 0);
  const memory = { policy: policy.policyName as PolicyName };
  insertCleanJob(tx, controller, policy.tenantId, 'DELETE OBSOLETE BACKUP', expiryUs, memory);
}
