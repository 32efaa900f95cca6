import type { BackupSet } from '../../catalog/backups.ts';
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
  parseMacroBlockData,
  type SetName,
  setEndKey,
  setInfoKeys,
  setInnerKey,
  setStartKey,
} from '../../destination/layout.ts';
import type { Medium } from '../../media/medium.ts';
import { putOnce, userLsId } from '../archive/archive-files.ts';
import type { SetPlace } from './set-place.ts';

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

/** Where the data files and the index of that attempt lie. */
export function attemptDirectory(name: SetName, retryId: number): string {
  return lsTurnKeys(name, userLsId, dataTurn(retryId)).directory;
}

/** What lies in `backup_sets/` while the set is written. */
export function writeSetStart(medium: Medium, name: SetName, signal?: AbortSignal): Promise<void> {
  return putOnce(medium, setStartKey(name), setPlaceholderFile.encode({}), signal);
}

/** BACKUP_SYS_META and BACKUP_USER_META: whose set this is and which log streams it has. */
export async function writeMetaInfos(
  medium: Medium,
  name: SetName,
  place: SetPlace,
  startScn: bigint,
  signal?: AbortSignal,
): Promise<void> {
  const keys = setInfoKeys(name);
  const createScn = BigInt(place.createScn);
  const stream = (lsId: number) => ({
    tenantId: place.tenantId,
    lsId,
    lsGroupId: lsId === 1 ? 0 : 1001,
    flag: 0,
    status: 1,
    operationType: 0,
    createScn,
  });
  const attrs = { backupScn: startScn, attrs: [stream(1), stream(userLsId)] };
  await putOnce(medium, keys.lsAttrInfo(1), lsAttrInfoFile.encode(attrs), signal);
  const metas = [1, userLsId].map((lsId) => ({
    tenantId: place.tenantId,
    lsId,
    createScn,
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
  entries: readonly BlockEntry[],
  signal?: AbortSignal,
): Promise<void> {
  const index = encodeIndex(entries);
  const inTurn = dataTurnKeys(name, 'major', 1).macroRangeIndex('major', retryId);
  await medium.putSmall(lsTurnKeys(name, userLsId, dataTurn(retryId)).macroRangeIndex, index, 'create', signal);
  await medium.putSmall(inTurn, index, 'create', signal);
}

/** Bytes of all data files an attempt has published. */
export async function dataFilesBytes(
  medium: Medium,
  name: SetName,
  retryId: number,
  signal?: AbortSignal,
): Promise<bigint> {
  const keys = lsTurnKeys(name, userLsId, dataTurn(retryId));
  let bytes = 0n;
  for (const entry of await medium.list(keys.directory, signal)) {
    const fileNo = parseMacroBlockData(entry.name);
    if (fileNo === null) continue;
    bytes += BigInt(entry.sizeBytes ?? (await medium.head(keys.macroBlockData(fileNo), signal))?.sizeBytes ?? 0);
  }
  return bytes;
}

/** The files that end a set, in the documented order, but for the end placeholder. */
export async function writeSetInfos(
  medium: Medium,
  place: SetPlace,
  set: BackupSet,
  earlier: readonly BackupSet[],
  signal: AbortSignal,
): Promise<void> {
  const name = setNameOf(set);
  const keys = setInfoKeys(name);
  const locality = localityOf(place, set);
  const info = setInfoOf(set);
  const tablets = {
    backupScn: set.startReplayScn,
    streams: [
      { lsId: 1, tabletIds: [] },
      { lsId: userLsId, tabletIds: [200001n] },
    ],
  };
  const tabletsKey = dataTurnKeys(name, 'major', 1).tabletLogStreamInfo;
  await putOnce(medium, tabletsKey, tabletLogStreamInfoFile.encode(tablets), signal);
  await putOnce(medium, keys.locality, localityInfoFile.encode(locality), signal);
  await putOnce(medium, keys.single, singleSetInfoFile.encode({ set: info }), signal);
  const sets = [...earlier.map(setInfoOf), info];
  // Not once and for all: an earlier set may be cleaned before this one is finished again after a crash.
  await medium.putSmall(keys.tenant, tenantSetInfosFile.encode({ sets }), 'replace', signal);
  const diagnose = { tenantId: set.tenantId, locality, set: info };
  await putOnce(medium, keys.diagnose, diagnoseInfoFile.encode(diagnose), signal);
  const placeholder = setPlaceholderFile.encode({});
  await putOnce(medium, setInnerKey(name, set.startReplayScn, set.minRestoreScn), placeholder, signal);
}

/** Makes the set valid. */
export function writeSetEnd(medium: Medium, set: BackupSet, signal: AbortSignal): Promise<void> {
  return putOnce(medium, setEndKey(setNameOf(set), set.minRestoreScn), setPlaceholderFile.encode({}), signal);
}

function localityOf(place: SetPlace, set: BackupSet): LocalityInfo {
  return {
    tenantId: place.tenantId,
    backupSetId: set.backupSetId,
    clusterId: place.clusterId,
    compatMode: place.mode,
    tenantName: place.tenantName,
    clusterName: place.clusterName,
    locality: place.locality,
    primaryZone: place.primaryZone,
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
