import { openTable, type Store, type TableAccess } from './store.ts';

/** `data_backup_dest` of a tenant: the whole destination text, its access key sealed (`encrypt_key=`). */
export interface BackupParameter {
  readonly tenantId: number;
  readonly name: string;
  readonly value: string;
}

/** A destination a tenant has used, with the id its format file carries. */
export interface BackupStorageInfo {
  readonly tenantId: number;
  /** Root without trailing slash and options. */
  readonly path: string;
  /** `host=…` of object stores, empty for files. */
  readonly endpoint: string;
  readonly destId: number | null;
  readonly destType: 'backup_data' | 'archive_log' | 'backup_key' | null;
  readonly authorization: string;
  readonly extension: string;
  readonly checkFileName: string | null;
  readonly lastCheckUs: number | null;
  /** Operations a second, 0 for no limit. */
  readonly maxIops: bigint;
  /** Bytes a second, 0 for no limit. */
  readonly maxBandwidth: bigint;
}

/** One attribute of an archive destination: binding, dest_id, path, piece_switch_interval or state. */
export interface ArchiveDestAttribute {
  readonly tenantId: number;
  readonly destNo: number;
  readonly name: string;
  readonly value: string;
}

/** An archive destination with its attributes; those never set are absent. */
export type ArchiveDest = Readonly<
  Partial<Record<'binding' | 'dest_id' | 'path' | 'piece_switch_interval' | 'state', string>>
>;

/** Where a tenant's backups and logs go. */
export interface DestinationRepository {
  readonly backupParameters: TableAccess<BackupParameter, 'tenantId' | 'name'>;
  readonly storageInfo: TableAccess<BackupStorageInfo, 'tenantId' | 'path' | 'endpoint'>;
  readonly archiveAttributes: TableAccess<ArchiveDestAttribute, 'tenantId' | 'destNo' | 'name'>;
  /** The data destination as stored, empty text when it was cleared or never set. */
  dataDest(tenantId: number): string;
  /** Stores the data destination; an empty text keeps the row. */
  setDataDest(tenantId: number, value: string): void;
  /** The attributes of an archive destination, null when there are none. */
  archiveDest(tenantId: number, destNo: number): ArchiveDest | null;
  /** Sets attributes and leaves the others. */
  setArchiveDest(tenantId: number, destNo: number, attributes: ArchiveDest): void;
  clearArchiveDest(tenantId: number, destNo: number): void;
  storageInfoOfDest(tenantId: number, destId: number): BackupStorageInfo | null;
  removeTenant(tenantId: number): void;
}

const dataDestName = 'data_backup_dest';

export function createDestinations(store: Store): DestinationRepository {
  const backupParameters = openTable<BackupParameter, 'tenantId' | 'name'>(store, {
    name: 'backup_parameter',
    key: ['tenantId', 'name'],
    fields: { tenantId: 'int', name: 'text', value: 'text' },
  });
  const storageInfo = openTable<BackupStorageInfo, 'tenantId' | 'path' | 'endpoint'>(store, {
    name: 'backup_storage_info',
    key: ['tenantId', 'path', 'endpoint'],
    fields: {
      tenantId: 'int',
      path: 'text',
      endpoint: 'text',
      destId: 'int',
      destType: 'text',
      authorization: 'text',
      extension: 'text',
      checkFileName: 'text',
      lastCheckUs: 'int',
      maxIops: 'big',
      maxBandwidth: 'big',
    },
  });
  const archiveAttributes = openTable<ArchiveDestAttribute, 'tenantId' | 'destNo' | 'name'>(store, {
    name: 'archive_dest',
    key: ['tenantId', 'destNo', 'name'],
    fields: { tenantId: 'int', destNo: 'int', name: 'text', value: 'text' },
  });
  return Object.freeze({
    backupParameters,
    storageInfo,
    archiveAttributes,
    dataDest: (tenantId: number) => backupParameters.get({ tenantId, name: dataDestName })?.value ?? '',
    setDataDest: (tenantId: number, value: string) => backupParameters.put({ tenantId, name: dataDestName, value }),
    archiveDest: (tenantId: number, destNo: number) => {
      const rows = archiveAttributes.list({ tenantId, destNo });
      return rows.length ? Object.fromEntries(rows.map((row) => [row.name, row.value])) : null;
    },
    setArchiveDest: (tenantId: number, destNo: number, attributes: ArchiveDest) => {
      for (const [name, value] of Object.entries(attributes)) archiveAttributes.put({ tenantId, destNo, name, value });
    },
    clearArchiveDest: (tenantId: number, destNo: number) => void archiveAttributes.removeAll({ tenantId, destNo }),
    storageInfoOfDest: (tenantId: number, destId: number) => storageInfo.list({ tenantId, destId })[0] ?? null,
    removeTenant: (tenantId: number) => {
      backupParameters.removeAll({ tenantId });
      storageInfo.removeAll({ tenantId });
      archiveAttributes.removeAll({ tenantId });
    },
  });
}
