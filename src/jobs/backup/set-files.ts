import type { BackupSet } from '../../catalog/backups.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { encodeIndex } from '../../copy/block-index.ts';
import type { BlockEntry } from '../../copy/data-file.ts';
import {
  diagnoseInfoFile,
  type LocalityInfo,
  localityInfoFile,
  packVersion,
  type SetInfo,
  setPlaceholderFile,
  singleSetInfoFile,
  tenantSetInfosFile,
} from '../../destination/codec/set-files.ts';
import { lsAttrInfoFile, lsMetaInfosFile, tabletLogStreamInfoFile } from '../../destination/codec/tablet-files.ts';
import {
  dataTurnKeys,
  type LsTurn,
  lsTurnKeys,
  type SetName,
  setEndKey,
  setInfoKeys,
  setInnerKey,
  setStartKey,
} from '../../destination/layout.ts';
import type { Medium } from '../../media/medium.ts';
import { putOnce, userLsId } from '../archive/archive-files.ts';

/** The name of a set on the medium. */
export function setNameOf(set: Pick<BackupSet, 'backupSetId' | 'backupType'>): SetName {
  return { backupSetId: set.backupSetId, backupType: set.backupType === 'FULL' ? 'full' : 'inc' };
}

/** The attempt that holds the blocks of the user log stream. */
export function dataTurn(retryId: number): LsTurn {
  return { kind: 'major_data', turnId: 1, retryId };
}

/** Key of a data file of that attempt. */
export function dataFileKey(name: SetName, retryId: number, fileNo: number): string {
  return lsTurnKeys(name, userLsId, dataTurn(retryId)).macroBlockData(fileNo);
}

/** What lies in `backup_sets/` while the set is written. */
export function writeSetStart(medium: Medium, name: SetName, signal?: AbortSignal): Promise<void> {
  return putOnce(medium, setStartKey(name), setPlaceholderFile.encode({}), signal);
}

export interface SetPlace {
  readonly clusterId: number;
  readonly clusterName: string;
  readonly tenant: Tenant;
  /** Time zone of the tenant, in which UNTIL TIME is read. */
  readonly timeZone: string;
}

/** BACKUP_SYS_META and BACKUP_USER_META: whose set this is and which log streams it has. */
export async function writeMetaInfos(
  medium: Medium,
  name: SetName,
  place: SetPlace,
  startScn: bigint,
  signal?: AbortSignal,
): Promise<void> {
  const { tenant } = place;
  const keys = setInfoKeys(name);
  const stream = (lsId: number) => ({
    tenantId: tenant.tenantId,
    lsId,
    lsGroupId: lsId === 1 ? 0 : 1001,
    flag: 0,
    status: 1,
    operationType: 0,
    createScn: tenant.createScn ?? 0n,
  });
  const attrs = { backupScn: startScn, attrs: [stream(1), stream(userLsId)] };
  await putOnce(medium, keys.lsAttrInfo(1), lsAttrInfoFile.encode(attrs), signal);
  const metas = [1, userLsId].map((lsId) => ({
    tenantId: tenant.tenantId,
    lsId,
    createScn: tenant.createScn ?? 0n,
    checkpointScn: startScn,
    tabletCount: lsId === 1 ? 0 : 1,
  }));
  await putOnce(medium, keys.lsMetaInfos, lsMetaInfosFile.encode({ metas }), signal);
}

/** The index of a data turn: where each block of the set stands. */
export async function writeDataIndex(
  medium: Medium,
  name: SetName,
  retryId: number,
  scn: bigint,
  entries: readonly BlockEntry[],
  signal?: AbortSignal,
): Promise<void> {
  const keys = dataTurnKeys(name, 'major', 1);
  const index = encodeIndex(entries);
  await medium.putSmall(keys.macroRangeIndex('major', retryId), index, 'create', signal);
  await medium.putSmall(lsTurnKeys(name, userLsId, dataTurn(retryId)).macroRangeIndex, index, 'create', signal);
  const tablets = tabletLogStreamInfoFile.encode({
    backupScn: scn,
    streams: [
      { lsId: 1, tabletIds: [] },
      { lsId: userLsId, tabletIds: [200001n] },
    ],
  });
  await medium.putSmall(keys.tabletLogStreamInfo, tablets, 'replace', signal);
}

/** The files that end a set, in the documented order; the end placeholder last, it makes the set valid. */
export async function writeSetEnd(
  medium: Medium,
  place: SetPlace,
  set: BackupSet,
  known: readonly BackupSet[],
  signal?: AbortSignal,
): Promise<void> {
  const name = setNameOf(set);
  const keys = setInfoKeys(name);
  const locality = localityOf(place, set);
  const info = setInfoOf(set);
  await putOnce(medium, keys.locality, localityInfoFile.encode(locality), signal);
  await putOnce(medium, keys.single, singleSetInfoFile.encode({ set: info }), signal);
  const sets = [...known.filter((one) => one.backupSetId !== set.backupSetId).map(setInfoOf), info];
  await putOnce(medium, keys.tenant, tenantSetInfosFile.encode({ sets }), signal);
  const diagnose = { tenantId: set.tenantId, locality, set: info };
  await putOnce(medium, keys.diagnose, diagnoseInfoFile.encode(diagnose), signal);
  const placeholder = setPlaceholderFile.encode({});
  await putOnce(medium, setInnerKey(name, set.startReplayScn, set.minRestoreScn), placeholder, signal);
  await putOnce(medium, setEndKey(name, set.minRestoreScn), placeholder, signal);
}

function localityOf(place: SetPlace, set: BackupSet): LocalityInfo {
  const { tenant } = place;
  return {
    tenantId: tenant.tenantId,
    backupSetId: set.backupSetId,
    clusterId: place.clusterId,
    compatMode: tenant.mode,
    tenantName: tenant.tenantName,
    clusterName: place.clusterName,
    locality: tenant.locality,
    primaryZone: tenant.primaryZone,
    sysTimeZone: place.timeZone,
  };
}

/** A set as its info files carry it. */
export function setInfoOf(set: BackupSet): SetInfo {
  return {
    backupSetId: set.backupSetId,
    incarnation: 1,
    tenantId: set.tenantId,
    destId: set.destId,
    backupType: set.backupType === 'FULL' ? 'full' : 'inc',
    plusArchivelog: set.plusArchivelog,
    date: Number(set.dateText),
    prevFullBackupSetId: set.prevFullBackupSetId,
    prevIncBackupSetId: set.prevIncBackupSetId,
    stats: {
      inputBytes: set.inputBytes,
      outputBytes: set.outputBytes,
      tabletCount: set.tabletCount,
      finishTabletCount: set.finishTabletCount,
      macroBlockCount: set.macroBlockCount,
      finishMacroBlockCount: set.finishMacroBlockCount,
      extraBytes: set.extraMetaBytes,
      finishFileCount: set.fileCount,
    },
    startTimeUs: set.startUs,
    endTimeUs: set.endUs ?? 0,
    status: set.status,
    result: set.result,
    encryptionMode: set.encryptionMode as SetInfo['encryptionMode'],
    passwd: set.passwd,
    fileStatus: set.fileStatus,
    backupPath: set.path,
    startReplayScn: set.startReplayScn,
    minRestoreScn: set.minRestoreScn,
    tenantCompatible: packVersion(set.tenantCompatible),
    backupCompatible: set.backupCompatible,
    dataTurnId: set.dataTurnId,
    metaTurnId: set.metaTurnId,
    clusterVersion: packVersion(set.clusterVersion),
    minorTurnId: set.minorTurnId,
    majorTurnId: set.majorTurnId,
    consistentScn: set.consistentScn,
  };
}
