import type { Catalog } from './catalog.ts';
import { openTable, type Store } from './store.ts';

/** An account of the system tenant. Its shape is the one tenant engines use for theirs. */
export interface Account {
  readonly user: string;
  /** Host pattern, `%` for any. */
  readonly host: string;
  /** SHA1(SHA1(password)) in lower-case hex, `''` for an empty password. */
  readonly passwordHash: string;
  readonly locked: boolean;
  readonly grants: readonly Grant[];
}

export interface Grant {
  /** Null database: global. Null table: the whole database. */
  readonly database: string | null;
  readonly table: string | null;
  readonly privileges: readonly string[];
  readonly withGrantOption: boolean;
}

/**
 * What the system tenant keeps in the catalog because it has no engine: its accounts. Its global variables are those of
 * tenant 1 in `VariableRepository`.
 */
export interface SysTenantRepository {
  accounts(): readonly Account[];
  account(user: string, host: string): Account | null;
  putAccount(account: Account): void;
  removeAccount(user: string, host: string): boolean;
}

/** The accounts of sys behind the interface engines offer for theirs; every call is one durable step. */
export interface SysAccountStore {
  list(): Promise<readonly Account[]>;
  put(account: Account): Promise<void>;
  remove(user: string, host: string): Promise<void>;
}

export function createSysTenant(store: Store): SysTenantRepository {
  const accounts = openTable<Account, 'user' | 'host'>(store, {
    name: 'sys_account',
    key: ['user', 'host'],
    fields: { user: 'text', host: 'text', passwordHash: 'text', locked: 'flag', grants: 'json' },
  });
  return Object.freeze({
    accounts: () => accounts.list(),
    account: (user: string, host: string) => accounts.get({ user, host }),
    putAccount: (account: Account) => accounts.put(account),
    removeAccount: (user: string, host: string) => accounts.remove({ user, host }),
  });
}

export function sysAccountStore(catalog: Pick<Catalog, 'read' | 'transaction'>): SysAccountStore {
  return Object.freeze({
    list: () => catalog.read(({ sysTenant }) => sysTenant.accounts()),
    put: (account: Account) => catalog.transaction(({ sysTenant }) => sysTenant.putAccount(account)),
    remove: (user: string, host: string) =>
      catalog.transaction(({ sysTenant }) => void sysTenant.removeAccount(user, host)),
  });
}
