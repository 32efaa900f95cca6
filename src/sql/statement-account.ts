/** `user[@host]`; the host is `%` when not given. CURRENT_USER has `current` and empty names. */
export interface AccountName {
  readonly user: string;
  readonly host: string;
  readonly current: boolean;
}

/** A password as typed, or its stored hash (`*` and 40 hex digits in MySQL mode). */
export interface Secret {
  readonly kind: 'text' | 'hash';
  readonly text: string;
}

/** user [IDENTIFIED BY [PASSWORD] str | IDENTIFIED WITH plugin [BY str | AS str]]. */
export interface AccountSpec extends AccountName {
  readonly secret: Secret | null;
  readonly plugin: string | null;
}

/** What may follow the list of users; null where nothing was said. */
export interface AccountOptions {
  readonly require: 'NONE' | 'SSL' | 'X509' | null;
  /** ACCOUNT LOCK | UNLOCK. */
  readonly lock: boolean | null;
  readonly maxUserConnections: number | null;
}

/** A privilege in upper case, such as `SELECT`, `ALTER SYSTEM`, `ALL PRIVILEGES`; with columns when they are listed. */
export interface PrivilegeItem {
  readonly name: string;
  readonly columns: readonly string[] | null;
}

export type GrantLevel =
  | { readonly scope: 'global' }
  /** `*`: the session's database. */
  | { readonly scope: 'currentDatabase' }
  | { readonly scope: 'database'; readonly database: string }
  | { readonly scope: 'table' | 'function' | 'procedure'; readonly database: string | null; readonly name: string };

export type AccountStatement =
  /** CREATE USER [IF NOT EXISTS] … */
  | (AccountOptions & {
      readonly kind: 'createUser';
      readonly ifNotExists: boolean;
      readonly users: readonly AccountSpec[];
    })
  /** ALTER USER [IF EXISTS] … */
  | (AccountOptions & {
      readonly kind: 'alterUser';
      readonly ifExists: boolean;
      readonly users: readonly AccountSpec[];
    })
  /** DROP USER [IF EXISTS] … */
  | { readonly kind: 'dropUser'; readonly ifExists: boolean; readonly users: readonly AccountName[] }
  /** RENAME USER a TO b {, …}. */
  | {
      readonly kind: 'renameUser';
      readonly renames: readonly { readonly from: AccountName; readonly to: AccountName }[];
    }
  /** SET PASSWORD [FOR user] = …; null: the session's own account. */
  | { readonly kind: 'setPassword'; readonly user: AccountName | null; readonly secret: Secret }
  /** GRANT privileges ON level TO users [WITH GRANT OPTION]. */
  | {
      readonly kind: 'grant';
      readonly privileges: readonly PrivilegeItem[];
      readonly level: GrantLevel;
      readonly users: readonly AccountSpec[];
      readonly withGrantOption: boolean;
    }
  /** REVOKE privileges ON level FROM users. */
  | {
      readonly kind: 'revoke';
      readonly privileges: readonly PrivilegeItem[];
      readonly level: GrantLevel;
      readonly users: readonly AccountName[];
    }
  /** REVOKE ALL [PRIVILEGES], GRANT OPTION FROM users. */
  | { readonly kind: 'revokeAll'; readonly users: readonly AccountName[] }
  /** GRANT role TO user, REVOKE role FROM user. */
  | {
      readonly kind: 'grantRoles';
      readonly roles: readonly AccountName[];
      readonly users: readonly AccountSpec[];
    }
  | {
      readonly kind: 'revokeRoles';
      readonly roles: readonly AccountName[];
      readonly users: readonly AccountName[];
    };
