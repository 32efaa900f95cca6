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

/** What the system tenant keeps in the catalog because it has no engine: accounts and global variables. */
export interface SysTenantRepository {
  accounts(): readonly Account[];
  account(user: string, host: string): Account | null;
  putAccount(account: Account): void;
  removeAccount(user: string, host: string): boolean;
  /** Global system variables that differ from their default, lower-case names. */
  variables(): Readonly<Record<string, string>>;
  setVariable(name: string, value: string): void;
  removeVariable(name: string): void;
}

export function createSysTenant(store: Store): SysTenantRepository {
  const accounts = openTable<Account, 'user' | 'host'>(store, {
    name: 'sys_account',
    key: ['user', 'host'],
    fields: { user: 'text', host: 'text', passwordHash: 'text', locked: 'flag', grants: 'json' },
  });
  const variables = openTable<{ readonly name: string; readonly value: string }, 'name'>(store, {
    name: 'sys_variable',
    key: ['name'],
    fields: { name: 'text', value: 'text' },
  });
  return Object.freeze({
    accounts: () => accounts.list(),
    account: (user: string, host: string) => accounts.get({ user, host }),
    putAccount: (account: Account) => accounts.put(account),
    removeAccount: (user: string, host: string) => accounts.remove({ user, host }),
    variables: () => Object.fromEntries(variables.list().map(({ name, value }) => [name, value])),
    setVariable: (name: string, value: string) => variables.put({ name: name.toLowerCase(), value }),
    removeVariable: (name: string) => void variables.remove({ name: name.toLowerCase() }),
  });
}
