import { fault } from '../base/errors.ts';
import type { UpkeepStatement } from '../sql/statement.ts';
import { handler, type StatementHandler } from './statement-handler.ts';
import { resolveArchiveTenants } from './tenant-clause.ts';

/*
 * Upkeep of a storage engine this server does not have: nothing is merged bit by bit, no plan cache is shared between sessions.
 * Each is refused by its name, after the complaints about its tenants.
 */

type WithTenants = Extract<UpkeepStatement, { readonly tenants: unknown }>['kind'];

function refusedForTenants<K extends WithTenants>(name: string, tenants: 'all' | 'sys'): StatementHandler<K> {
  return handler<K, null>({
    access: { privilege: 'ALTER SYSTEM', tenants },
    async resolve(statement, speaker, controller) {
      const clause = (statement as Extract<UpkeepStatement, { readonly kind: WithTenants }>).tenants;
      await controller.catalog.read((tx) => resolveArchiveTenants(tx, clause, speaker, name));
    },
    check: async () => {
      throw fault('OB_NOT_SUPPORTED', `${name} is`);
    },
    run: async () => ({}),
  });
}

/** ALTER SYSTEM SUSPEND | RESUME MERGE. */
export const merge = refusedForTenants<'merge'>('ALTER SYSTEM MERGE', 'all');
/** ALTER SYSTEM FLUSH … CACHE. */
export const flushCache = refusedForTenants<'flushCache'>('ALTER SYSTEM FLUSH', 'all');
/** ALTER SYSTEM RUN UPGRADE JOB: a restored tenant is of this release already. */
export const runUpgradeJob = refusedForTenants<'runUpgradeJob'>('ALTER SYSTEM RUN UPGRADE JOB', 'sys');
