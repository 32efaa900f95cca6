import { fault } from '../base/errors.ts';
import { sysTenantId, type Tenant, tenantType } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import type { Account } from '../tenants/tenant-account.ts';
import type { LoginAttempt } from './client.ts';
import { hostMatches, hostRank, isInvited } from './host-pattern.ts';
import { parseLoginName } from './login-name.ts';
import type { TenantDirectory, TenantGlobals } from './tenant-directory.ts';

/** Who logged in, and where. */
export interface Identity {
  readonly tenant: Tenant;
  readonly account: Account;
  readonly globals: TenantGlobals;
  readonly host: string;
}

/**
 * Lets a client in or throws: 1045 with the user part of the name for an unknown user, tenant or cluster and for a wrong
 * password; 5260 and 3118 for a locked tenant or account; 5150 for a tenant that is being restored.
 */
export async function authenticate(
  attempt: LoginAttempt,
  controller: Controller,
  directory: TenantDirectory,
): Promise<Identity> {
  const name = parseLoginName(attempt.user);
  const denied = () => fault('OB_PASSWORD_WRONG', name.user, attempt.host, attempt.usingPassword ? 'YES' : 'NO');
  if (name.cluster !== null && name.cluster !== controller.cluster.name) throw denied();
  const tenant = await controller.catalog.read((tx) => tx.tenants.byName(name.tenant));
  if (tenant === null || tenantType(tenant.tenantId) === 'META') throw denied();
  requireService(tenant, denied);
  const oracle = tenant.mode === 'ORACLE';
  const globals = await directory.globals(tenant.tenantId, oracle);
  const invited = globals.set['ob_tcp_invited_nodes'];
  if (invited !== undefined && !isInvited(invited, attempt.host)) throw fault('OB_ERR_NO_PRIVILEGE');
  const account = accountOf(await directory.accounts(tenant.tenantId), name.user, attempt.host, oracle);
  if (account === null || !attempt.verify(account.passwordHash)) throw denied();
  if (account.locked) throw fault('OB_ERR_USER_IS_LOCKED');
  return Object.freeze({ tenant, account, globals, host: attempt.host });
}

function requireService(tenant: Tenant, denied: () => Error): void {
  if (tenant.locked) throw fault('OB_ERR_TENANT_IS_LOCKED', tenant.tenantName);
  if (tenant.tenantId === sysTenantId || (tenant.status === 'NORMAL' && !tenant.inRecyclebin)) return;
  if (tenant.status === 'RESTORE' || tenant.status === 'CREATING_STANDBY') throw fault('OB_TENANT_NOT_IN_SERVER');
  throw denied();
}

/** The account that a name from an address is: of several, the one whose host pattern is the most exact. */
export function accountOf(accounts: readonly Account[], user: string, host: string, oracle: boolean): Account | null {
  const wanted = oracle ? user.toUpperCase() : user;
  let best: Account | null = null;
  for (const account of accounts) {
    const name = oracle ? account.user.toUpperCase() : account.user;
    if (name !== wanted || !hostMatches(account.host, host)) continue;
    if (best === null || hostRank(account.host) > hostRank(best.host)) best = account;
  }
  return best;
}
