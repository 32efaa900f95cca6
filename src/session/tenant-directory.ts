import { sysAccountStore } from '../catalog/sys-tenant.ts';
import { sysTenantId } from '../catalog/tenants.ts';
import type { Controller } from '../jobs/controller.ts';
import { tenantEngineOf } from '../jobs/tenant-engine-of.ts';
import type { ServerFacts } from '../sql/system-variable-table.ts';
import { defaultGlobals, type VariableValues } from '../sql/system-variables.ts';
import type { Account } from '../tenants/tenant-account.ts';

/** Global variables of a tenant, and those among them that somebody has set. */
export interface TenantGlobals {
  readonly values: VariableValues;
  readonly set: Readonly<Record<string, string>>;
}

/** What logins and sessions ask of tenants again and again, kept until it changes. */
export interface TenantDirectory {
  accounts(tenantId: number): Promise<readonly Account[]>;
  globals(tenantId: number, oracle: boolean): Promise<TenantGlobals>;
  /** As `globals` when they are at hand already. */
  knownGlobals(tenantId: number): TenantGlobals | null;
  /** Stores a global variable where the tenant keeps its own, and notes it for the views. */
  setGlobal(tenantId: number, name: string, value: string): Promise<void>;
  /** Accounts of the tenant changed. */
  forgetAccounts(tenantId: number): void;
  /** The tenant is gone or another one. */
  forget(tenantId: number): void;
  forgetAll(): void;
}

export function createTenantDirectory(controller: Controller, facts: Omit<ServerFacts, 'oracle'>): TenantDirectory {
  const accounts = new Map<number, Promise<readonly Account[]>>();
  const globals = new Map<number, Promise<TenantGlobals>>();
  const known = new Map<number, TenantGlobals>();
  const { catalog } = controller;
  const sysAccounts = sysAccountStore(catalog);

  const loadAccounts = async (tenantId: number) =>
    tenantId === sysTenantId ? sysAccounts.list() : (await tenantEngineOf(controller, tenantId)).accounts.list();
  const loadSet = async (tenantId: number) =>
    tenantId === sysTenantId
      ? catalog.read((tx) => tx.variables.values(sysTenantId))
      : (await tenantEngineOf(controller, tenantId)).globalVariables();
  const loadGlobals = async (tenantId: number, oracle: boolean): Promise<TenantGlobals> => {
    const set = await loadSet(tenantId);
    const defaults = defaultGlobals({ ...facts, port: facts.port, oracle });
    return Object.freeze({ values: Object.freeze({ ...defaults, ...set }), set });
  };
  const forget = (tenantId: number) => {
    accounts.delete(tenantId);
    globals.delete(tenantId);
    known.delete(tenantId);
  };

  return {
    accounts: (tenantId) => kept(accounts, tenantId, () => loadAccounts(tenantId)),
    async globals(tenantId, oracle) {
      const loading = kept(globals, tenantId, () => loadGlobals(tenantId, oracle));
      const loaded = await loading;
      if (globals.get(tenantId) === loading) known.set(tenantId, loaded);
      return loaded;
    },
    knownGlobals: (tenantId) => known.get(tenantId) ?? null,
    async setGlobal(tenantId, name, value) {
      if (tenantId !== sysTenantId) await (await tenantEngineOf(controller, tenantId)).setGlobalVariable(name, value);
      await catalog.transaction((tx) => tx.variables.set(tenantId, name, value));
      globals.delete(tenantId);
      known.delete(tenantId);
    },
    forgetAccounts: (tenantId) => void accounts.delete(tenantId),
    forget,
    forgetAll() {
      for (const map of [accounts, globals, known]) map.clear();
    },
  };
}

/** Concurrent askers share one load; a failed one is not kept. */
function kept<T>(map: Map<number, Promise<T>>, key: number, load: () => Promise<T>): Promise<T> {
  const present = map.get(key);
  if (present) return present;
  const loading = load();
  map.set(key, loading);
  loading.catch(() => {
    if (map.get(key) === loading) map.delete(key);
  });
  return loading;
}
