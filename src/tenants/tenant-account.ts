/** Accounts of one tenant. Each `put` and `remove` is one durable step; `put` replaces the account of that name. */
export interface AccountStore {
  list(): Promise<readonly Account[]>;
  put(account: Account): Promise<void>;
  remove(user: string, host: string): Promise<void>;
}

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
  /** Upper case, such as SELECT, `ALTER SYSTEM`, `ALL PRIVILEGES`. */
  readonly privileges: readonly string[];
  readonly withGrantOption: boolean;
}
