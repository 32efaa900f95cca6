import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { Secrets } from '../catalog/secrets.ts';
import { generateMasterKey, type MasterKey } from '../copy/keys.ts';

/** The key a tenant's sets and logs are encrypted under now, null without transparent encryption. */
export function activeMasterKey(tx: Repositories, secrets: Secrets, tenantId: number): MasterKey | null {
  const row = tx.keys.activeMasterKey(tenantId);
  return row === null ? null : openRow(secrets, row);
}

/** Every version the tenant has had, oldest first. */
export function masterKeys(tx: Repositories, secrets: Secrets, tenantId: number): readonly MasterKey[] {
  return tx.keys.masterKeys.list({ tenantId }).map((row) => openRow(secrets, row));
}

/** Gives the tenant a new master key version; older sets keep needing the older ones. Returns the version. */
export function rotateMasterKey(tx: Repositories, secrets: Secrets, tenantId: number, nowUs: number): number {
  const version = tx.counters.next(tenantId, 'masterKey');
  store(tx, secrets, tenantId, generateMasterKey(version, nowUs));
  return version;
}

/** Stores keys that came from a key backup; the newest becomes the active one. */
export function adoptMasterKeys(
  tx: Repositories,
  secrets: Secrets,
  tenantId: number,
  keys: readonly MasterKey[],
): void {
  for (const key of [...keys].sort((a, b) => a.version - b.version)) {
    if (tx.keys.masterKeys.get({ tenantId, keyId: key.version }) === null) store(tx, secrets, tenantId, key);
    tx.counters.atLeast(tenantId, 'masterKey', key.version);
  }
}

function store(tx: Repositories, secrets: Secrets, tenantId: number, key: MasterKey): void {
  tx.keys.activateMasterKey({
    tenantId,
    keyId: key.version,
    algorithm: 'aes-256-gcm',
    wrapped: secrets.seal('masterKey', place(tenantId, key.version), key.bytes),
    createUs: key.createdUs,
    active: true,
  });
}

function openRow(
  secrets: Secrets,
  row: { readonly tenantId: number; readonly keyId: number; readonly wrapped: Uint8Array; readonly createUs: number },
): MasterKey {
  try {
    const bytes = secrets.open('masterKey', place(row.tenantId, row.keyId), row.wrapped);
    return { version: row.keyId, bytes: new Uint8Array(bytes), createdUs: row.createUs };
  } catch {
    throw fault('OB_ERR_GET_MASTER_KEY');
  }
}

function place(tenantId: number, version: number) {
  return { tenantId, id: version, field: 'bytes' };
}
