import { faultText } from '../../base/errors.ts';
import type { Account } from '../tenant-account.ts';
import type { TenantOptions } from '../tenant-engine.ts';
import type { Connection, DictionaryRow } from './connection.ts';
import type { SqlStore } from './sql-store.ts';

/** What a tenant is, apart from its tables. */
export interface TenantMeta {
  readonly mode: 'mysql' | 'oracle';
  readonly charset: string;
  readonly collation: string;
  /** Its indexes over texts hold keys; tenants of older formats say nothing. */
  readonly textKeys?: boolean;
  /** Its foreign keys over texts are triggers. */
  readonly textReferences?: boolean;
}

/** Databases a new MySQL tenant shows; `information_schema` and `oceanbase` hold no tables of their own. */
export const builtInDatabases = ['information_schema', 'mysql', 'oceanbase', 'test'] as const;

/** The dictionary of an empty tenant: one account with all privileges and no password. */
export function newTenantRows(options: TenantOptions): readonly DictionaryRow[] {
  const { mode, charset, collation } = options;
  const user = mode === 'oracle' ? 'SYS' : 'root';
  const grants = [{ database: null, table: null, privileges: ['ALL PRIVILEGES'], withGrantOption: true }];
  const account: Account = { user, host: '%', passwordHash: '', locked: false, grants };
  const databases = mode === 'oracle' ? [] : builtInDatabases;
  return [
    {
      kind: 'meta',
      schema: '',
      name: 'tenant',
      body: { mode, charset, collation, textKeys: true, textReferences: true } satisfies TenantMeta,
    },
    ...Object.entries(options.variables).map(([name, value]) => variableRow(name, value)),
    accountRow(account),
    ...databases.map((name) => ({ kind: 'database', schema: '', name, body: { charset, collation } }) as const),
  ];
}

const variableRow = (name: string, value: string): DictionaryRow => ({
  kind: 'variable',
  schema: '',
  name: name.toLowerCase(),
  body: value,
});

const accountRow = (account: Account): DictionaryRow => ({
  kind: 'account',
  schema: account.host,
  name: account.user,
  body: account,
});

/** Global variables and accounts of a tenant: rows of its dictionary, so that they travel with its backups. */
export class Settings {
  readonly #store: SqlStore;

  constructor(store: SqlStore) {
    this.#store = store;
  }

  meta(): TenantMeta {
    const body = this.#bodies('meta').find(Boolean);
    if (!body) throw faultText('OB_INVALID_DATA', 'the tenant does not say what it is');
    return body as TenantMeta;
  }

  variables(): Readonly<Record<string, string>> {
    const sql = `SELECT name, body FROM __ob_dictionary WHERE kind = 'variable' ORDER BY name`;
    const rows = this.#store.writer.prepare(sql).raw().all() as readonly (readonly [string, string])[];
    return Object.fromEntries(rows.map(([name, body]) => [name, JSON.parse(body) as string]));
  }

  setVariable(name: string, value: string): Promise<void> {
    return this.#write((writer) => putRow(writer, variableRow(name, value)));
  }

  accounts(): readonly Account[] {
    return this.#bodies('account') as readonly Account[];
  }

  putAccount(account: Account): Promise<void> {
    return this.#write((writer) => putRow(writer, accountRow(account)));
  }

  removeAccount(user: string, host: string): Promise<void> {
    return this.#write((writer) => removeRow(writer, 'account', host, user));
  }

  #bodies(kind: DictionaryRow['kind']): readonly unknown[] {
    const sql = 'SELECT body FROM __ob_dictionary WHERE kind = ? ORDER BY schema, name';
    const bodies = this.#store.writer.prepare(sql).pluck().all(kind) as readonly string[];
    return bodies.map((body) => JSON.parse(body) as unknown);
  }

  /** One durable step; waits its turn behind open transactions. */
  async #write(change: (writer: Connection) => void): Promise<void> {
    const store = this.#store;
    await store.lock.take(settingsWaitMs, this, () => undefined);
    try {
      store.begin();
      try {
        change(store.writer);
      } catch (error) {
        store.rollback();
        throw error;
      }
      store.commit();
    } finally {
      store.lock.release();
    }
  }
}

/** How long an account or a variable waits for the tenant's writers. */
const settingsWaitMs = 50_000;

export function putRow(writer: Connection, row: DictionaryRow): void {
  writer
    .prepare('INSERT OR REPLACE INTO __ob_dictionary VALUES (?, ?, ?, ?)')
    .run(row.kind, row.schema, row.name, JSON.stringify(row.body));
}

export function removeRow(writer: Connection, kind: DictionaryRow['kind'], schema: string, name: string): void {
  writer.prepare('DELETE FROM __ob_dictionary WHERE kind = ? AND schema = ? AND name = ?').run(kind, schema, name);
}
