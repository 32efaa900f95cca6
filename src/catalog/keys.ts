import { openTable, type Store, type TableAccess } from './store.ts';

/** A master key of a tenant, wrapped by the instance key. */
export interface MasterKey {
  readonly tenantId: number;
  readonly keyId: number;
  readonly algorithm: string;
  readonly wrapped: Uint8Array;
  readonly createUs: number;
  readonly active: boolean;
}

/** A sealed secret a job needs until it ends. */
export interface JobSecret {
  readonly tenantId: number;
  /** `backup`, `restore`, `delete` or `archive`: job ids of different kinds may be equal. */
  readonly kind: string;
  readonly jobId: number;
  readonly name: string;
  readonly sealed: Uint8Array;
}

/** A sealed secret of an attached system, by its name. */
export interface ExternalSecret {
  readonly name: string;
  readonly sealed: Uint8Array;
  readonly createUs: number;
  readonly modifyUs: number;
}

/** Everything stored sealed. Sealing itself is `secrets.ts`. */
export interface KeyRepository {
  readonly masterKeys: TableAccess<MasterKey, 'tenantId' | 'keyId'>;
  readonly jobSecrets: TableAccess<JobSecret, 'tenantId' | 'kind' | 'jobId' | 'name'>;
  readonly externalSecrets: TableAccess<ExternalSecret, 'name'>;
  activeMasterKey(tenantId: number): MasterKey | null;
  /** Adds a key and makes it the active one. */
  activateMasterKey(key: MasterKey): void;
  /** Removes the secrets of a job that has ended. */
  forgetJob(tenantId: number, kind: string, jobId: number): void;
  removeTenant(tenantId: number): void;
}

export function createKeys(store: Store): KeyRepository {
  const masterKeys = openTable<MasterKey, 'tenantId' | 'keyId'>(store, {
    name: 'master_key',
    key: ['tenantId', 'keyId'],
    fields: {
      tenantId: 'int',
      keyId: 'int',
      algorithm: 'text',
      wrapped: 'blob',
      createUs: 'int',
      active: 'flag',
    },
  });
  const jobSecrets = openTable<JobSecret, 'tenantId' | 'kind' | 'jobId' | 'name'>(store, {
    name: 'job_secret',
    key: ['tenantId', 'kind', 'jobId', 'name'],
    fields: { tenantId: 'int', kind: 'text', jobId: 'int', name: 'text', sealed: 'blob' },
  });
  const externalSecrets = openTable<ExternalSecret, 'name'>(store, {
    name: 'external_secret',
    key: ['name'],
    fields: { name: 'text', sealed: 'blob', createUs: 'int', modifyUs: 'int' },
  });
  return Object.freeze({
    masterKeys,
    jobSecrets,
    externalSecrets,
    activeMasterKey: (tenantId: number) => masterKeys.list({ tenantId, active: true })[0] ?? null,
    activateMasterKey: (key: MasterKey) => {
      for (const old of masterKeys.list({ tenantId: key.tenantId, active: true })) {
        masterKeys.update({ tenantId: old.tenantId, keyId: old.keyId }, { active: false });
      }
      masterKeys.insert({ ...key, active: true });
    },
    forgetJob: (tenantId: number, kind: string, jobId: number) => void jobSecrets.removeAll({ tenantId, kind, jobId }),
    removeTenant: (tenantId: number) => {
      masterKeys.removeAll({ tenantId });
      jobSecrets.removeAll({ tenantId });
    },
  });
}
