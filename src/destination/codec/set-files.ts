import { dataTypes } from './common-header.ts';
import { bigInt, bool, int, int32, list, object, scn, since, text, word, wrapped } from './fields.ts';
import { infoFile, type ValueIn } from './info-file.ts';

export const setStatuses = ['DOING', 'SUCCESS', 'FAILED'] as const;
export const fileStatuses = ['AVAILABLE', 'COPYING', 'INCOMPLETE', 'DELETING', 'EXPIRED', 'BROKEN', 'DELETED'] as const;
export const encryptionModes = [
  'NONE',
  'PASSWORD',
  'PASSWORD_ENCRYPTION',
  'TRANSPARENT_ENCRYPTION',
  'DUAL_MODE_ENCRYPTION',
] as const;
export const setTypes = ['full', 'inc'] as const;

export type SetStatus = (typeof setStatuses)[number];
export type FileStatus = (typeof fileStatuses)[number];
export type EncryptionMode = (typeof encryptionModes)[number];
export type SetType = (typeof setTypes)[number];

const setStats = object({
  inputBytes: bigInt,
  outputBytes: bigInt,
  tabletCount: int,
  finishTabletCount: int,
  macroBlockCount: int,
  finishMacroBlockCount: int,
  extraBytes: bigInt,
  finishFileCount: int,
});
export type SetStats = ValueIn<typeof setStats>;

/** One backup set. Times in microseconds, `date` as YYYYMMDD, versions packed as by `packVersion`. */
export const setInfo = object({
  backupSetId: int,
  incarnation: int,
  tenantId: int,
  destId: int,
  backupType: wrapped(word(setTypes, 1)),
  plusArchivelog: bool,
  date: int,
  prevFullBackupSetId: int,
  prevIncBackupSetId: int,
  stats: setStats,
  startTimeUs: int,
  endTimeUs: int,
  status: word(setStatuses),
  result: int32,
  encryptionMode: word(encryptionModes),
  passwd: text(128),
  fileStatus: word(fileStatuses),
  backupPath: text(2048),
  startReplayScn: scn,
  minRestoreScn: scn,
  tenantCompatible: bigInt,
  /** 1 = 4.0, 2 = 4.1, 3 = 4.2, 4 = 4.3. */
  backupCompatible: int,
  dataTurnId: int,
  metaTurnId: int,
  clusterVersion: since(bigInt, 0n),
  minorTurnId: since(int, 0),
  majorTurnId: since(int, 0),
  consistentScn: since(scn, 0n),
});
export type SetInfo = ValueIn<typeof setInfo>;

/** `single_backup_set_info.obbak` */
export const singleSetInfoFile = infoFile(dataTypes.singleSetInfo, object({ set: setInfo }), ({ set }) =>
  setIsSane(set),
);
/** `tenant_backup_set_infos.obbak`: every set of the tenant known when this one finished. */
export const tenantSetInfosFile = infoFile(dataTypes.tenantSetInfos, object({ sets: list(setInfo) }), ({ sets }) =>
  sets.every(setIsSane),
);

const localityInfo = object({
  tenantId: int,
  backupSetId: int,
  clusterId: int,
  compatMode: word(['MYSQL', 'ORACLE']),
  tenantName: text(512),
  clusterName: text(128),
  locality: text(4096),
  primaryZone: text(4096),
  sysTimeZone: text(256),
});
export type LocalityInfo = ValueIn<typeof localityInfo>;

/** `locality_info.obbak` */
export const localityInfoFile = infoFile(
  dataTypes.localityInfo,
  localityInfo,
  (info) => info.tenantId > 0 && info.backupSetId > 0 && info.clusterId > 0,
);

/** `diagnose_info.obbak` */
export const diagnoseInfoFile = infoFile(
  dataTypes.diagnoseInfo,
  object({ tenantId: int, locality: localityInfo, set: setInfo }),
  (info) => info.tenantId > 0 && setIsSane(info.set),
);
export type DiagnoseInfo = ValueIn<typeof diagnoseInfoFile>;

/** Start, end and inner placeholders of a set: an empty object, the name says everything. */
export const setPlaceholderFile = infoFile(dataTypes.setPlaceholder, object({}));

function setIsSane(set: SetInfo): boolean {
  return set.backupSetId > 0 && set.tenantId > 0 && set.destId > 0 && set.incarnation === 1;
}

/** `4.2.1.0` as the number stored in set infos: major, minor, patch, build from the upper 32 bits down. */
export function packVersion(version: string): bigint {
  const [major = 0, minor = 0, patch = 0, build = 0] = version.split('.').map(Number);
  return (BigInt(major) << 32n) | (BigInt(minor) << 16n) | (BigInt(patch) << 8n) | BigInt(build);
}

/** The way back: `4.2.1.0`. */
export function unpackVersion(packed: bigint): string {
  return [packed >> 32n, (packed >> 16n) & 0xffffn, (packed >> 8n) & 0xffn, packed & 0xffn].join('.');
}
