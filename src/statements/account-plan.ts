import { fault } from '../base/errors.ts';
import { Mutex } from '../base/mutex.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { sysAccountStore } from '../catalog/sys-tenant.ts';
import { sysTenantId, type Tenant } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import { tenantEngineOf } from '../jobs/tenant-engine-of.ts';
import type { ObStatementKind, StatementOf } from '../sql/statement.ts';
import type { AccountName } from '../sql/statement-account.ts';
import type { Account, AccountStore } from '../tenants/tenant-account.ts';
import type { TenantGlobals } from './account-password.ts';
import { handler, type Speaker, type StatementAccess, type StatementHandler } from './statement-handler.ts';

/** What an account statement sees: the accounts of the tenant it is about, and who says it. */
export interface AccountScene {
  readonly accounts: readonly Account[];
  readonly tenant: Pick<Tenant, 'tenantId' | 'mode'>;
  readonly speaker: Speaker;
  /** What passwords must be like. */
  readonly globals: TenantGlobals;
}

/** What it changes. Each put and each removal is durable for itself; everything was checked before the first. */
export interface AccountPlan {
  readonly puts: readonly Account[];
  readonly removes?: readonly Pick<Account, 'user' | 'host'>[];
  readonly notes?: readonly { readonly errno: number; readonly message: string }[];
}

/**
 * An account statement out of its pure part. It is about the tenant the session speaks for; only a primary tenant takes it.
 * `access` is checked before, `resolve` even before that.
 */
export function accountStatement<K extends ObStatementKind>(
  access: StatementAccess,
  plan: (statement: StatementOf<K>, scene: AccountScene) => AccountPlan,
): StatementHandler<K> {
  return handler<K, null>({
    access,
    async check(statement, speaker, controller) {
      const { tenant, store, globals } = await openAccounts(controller, speaker.effectiveTenantId);
      plan(statement, { accounts: await store.list(), tenant, speaker, globals });
      return null;
    },
    async run(_, statement, speaker, controller) {
      const { tenant, store, globals } = await openAccounts(controller, speaker.effectiveTenantId);
      await turnOf(controller.catalog, tenant.tenantId).run(async () => {
        const { puts, removes, notes } = plan(statement, { accounts: await store.list(), tenant, speaker, globals });
        for (const account of puts) await store.put(account);
        for (const { user, host } of removes ?? []) await store.remove(user, host);
        for (const { errno, message } of notes ?? []) speaker.warn('Note', errno, message);
      });
      return { accountsOf: tenant.tenantId };
    },
  });
}

async function openAccounts(controller: Controller, tenantId: number): Promise<OpenAccounts> {
  const { catalog } = controller;
  const tenant = await catalog.read((tx) => tx.tenants.get({ tenantId }));
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(tenantId));
  if (tenantId === sysTenantId) {
    return {
      tenant,
      store: sysAccountStore(catalog),
      globals: await catalog.read((tx) => tx.variables.values(tenantId)),
    };
  }
  if (tenant.role !== 'PRIMARY') throw fault('OB_STANDBY_READ_ONLY');
  const engine = await tenantEngineOf(controller, tenantId);
  return { tenant, store: engine.accounts, globals: await engine.globalVariables() };
}

interface OpenAccounts {
  readonly tenant: Tenant;
  readonly store: AccountStore;
  readonly globals: TenantGlobals;
}

/** Accounts are read, changed and written back: one statement at a time per tenant. */
const turns = new WeakMap<Catalog, Map<number, Mutex>>();

function turnOf(catalog: Catalog, tenantId: number): Mutex {
  const ofCatalog = turns.get(catalog) ?? new Map<number, Mutex>();
  turns.set(catalog, ofCatalog);
  const turn = ofCatalog.get(tenantId) ?? new Mutex();
  ofCatalog.set(tenantId, turn);
  return turn;
}

/** The account a name means, CURRENT_USER filled in. */
export function resolveName(name: AccountName, { speaker, tenant }: AccountScene): Pick<Account, 'user' | 'host'> {
  if (!name.current) return { user: name.user, host: name.host.toLowerCase() };
  if (tenant.tenantId !== speaker.loginTenant.tenantId) {
    throw fault('OB_NOT_SUPPORTED', 'the own account while the session speaks for another tenant is');
  }
  return { user: speaker.user, host: speaker.host };
}

/** The account of a name, null when there is none. */
export function accountNamed(scene: AccountScene, name: AccountName): Account | null {
  const { user, host } = resolveName(name, scene);
  return (
    scene.accounts.find((account) => account.user === user && account.host.toLowerCase() === host.toLowerCase()) ?? null
  );
}

/** True for the account the session logged in with. */
export function isOwn(account: Pick<Account, 'user' | 'host'>, { speaker, tenant }: AccountScene): boolean {
  const { user, host, loginTenant } = speaker;
  return tenant.tenantId === loginTenant.tenantId && account.user === user && account.host === host;
}

/** 1227 for the administrator a tenant was born with: nobody could get back in. */
export function requireNotAdministrator(account: Pick<Account, 'user' | 'host'>, { tenant }: AccountScene): void {
  const administrator = tenant.mode === 'ORACLE' ? 'SYS' : 'root';
  if (account.user === administrator && account.host === '%') throw fault('OB_ERR_NO_PRIVILEGE');
}

/** `'user'@'host'`, as texts print it. */
export function shownName({ user, host }: Pick<Account, 'user' | 'host'>): string {
  return `'${user}'@'${host}'`;
}
