import { systemClock } from '../../base/clock.ts';
import { fault } from '../../base/errors.ts';
import type { SqlTenant } from './sql-tenant.ts';
import type { Check } from './statement.ts';

/** How long a statement waits for room in a full log before it fails. */
export const fullLogWaitMs = 2_000;

const lookAgainMs = 20;

/**
 * Resolves when the log may grow. Where archiving is mandatory nothing of the log is given up: while too much of it is not archived
 * writers wait here, and then fail with OB_LOG_OUTOF_DISK_SPACE.
 */
export async function roomInLog(tenant: SqlTenant, check: Check): Promise<void> {
  const { cell } = tenant.store;
  for (let waitedMs = 0; cell.full; waitedMs += lookAgainMs) {
    if (waitedMs >= fullLogWaitMs) throw fault('OB_LOG_OUTOF_DISK_SPACE');
    await systemClock.sleep(lookAgainMs);
    check();
  }
}
