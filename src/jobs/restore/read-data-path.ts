import {
  type LocalityInfo,
  localityInfoFile,
  type SetInfo,
  singleSetInfoFile,
} from '../../destination/codec/set-files.ts';
import {
  dataTurnKeys,
  lsTurnKeys,
  parseMacroBlockData,
  parseSetPlaceholder,
  type SetName,
  setDirectory,
  setInfoKeys,
  setsDirectory,
} from '../../destination/layout.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import { type DamagedFile, decodeNamed, lostFile, unlessDamaged } from '../../destination/named-damage.ts';
import type { Medium } from '../../media/medium.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
import type { PlanSet } from '../../policy/restore-plan.ts';
import { userLsId } from '../archive/archive-files.ts';
import { dataTurn } from '../backup/set-files.ts';
import { isTaggedDeleted } from '../clean/tagging.ts';

/** A set found on a data path, with what its info files say. */
export interface FoundSet {
  readonly name: SetName;
  readonly plan: PlanSet;
  readonly info: SetInfo;
}

/** Most names a restore looks at. */
const maxNames = 1_000_000;

/**
 * Sets of a data path whose end placeholder stands, ascending; what was deleted by tags counts as gone. A set whose info file is damaged or gone is told in `damaged`;
 * without that list a damaged one is thrown and one without its file left out.
 */
export async function readSets(
  medium: Medium,
  signal?: AbortSignal,
  damaged?: DamagedFile[],
): Promise<readonly FoundSet[]> {
  const entries = (await medium.list(setsDirectory, signal)).slice(0, maxNames);
  const names = entries.flatMap((entry) => {
    const name = parseSetPlaceholder(entry.name);
    return name?.kind === 'end_success' ? [{ name, placeholder: `${setsDirectory}/${entry.name}` }] : [];
  });
  const read = await inParallel(names, smallReadsAtOnce(medium), async ({ name, placeholder }) => {
    const bad: DamagedFile[] = [];
    const key = setInfoKeys(name).single;
    const info = await unlessDamaged(key, damaged && bad, () => readInfo(medium, name, signal));
    // The store may have begun to remove what was tagged, in its own order.
    if (info === null && bad.length === 0 && !(await isTaggedDeleted(medium, placeholder, signal)))
      bad.push(lostFile(key));
    return { name, info, bad };
  });
  damaged?.push(...read.flatMap(({ bad }) => bad));
  return read
    .flatMap(({ name, info }) => (info === null || isDeleted(info) ? [] : [{ name, info, plan: planSet(info) }]))
    .sort((a, b) => a.name.backupSetId - b.name.backupSetId);
}

function isDeleted({ fileStatus }: SetInfo): boolean {
  return fileStatus === 'DELETING' || fileStatus === 'DELETED';
}

async function readInfo(medium: Medium, name: SetName, signal?: AbortSignal): Promise<SetInfo | null> {
  try {
    const key = setInfoKeys(name).single;
    return decodeNamed(singleSetInfoFile, await medium.read(key, undefined, undefined, signal), key).set;
  } catch (error) {
    if (isMediumError(error, 'notFound')) return null;
    throw error;
  }
}

function planSet(info: SetInfo): PlanSet {
  return {
    id: info.backupSetId,
    type: info.backupType === 'full' ? 'FULL' : 'INC',
    status: info.status,
    fileStatus: info.fileStatus,
    startReplayScn: info.startReplayScn,
    minRestoreScn: info.minRestoreScn,
    prevFullId: info.prevFullBackupSetId,
    prevIncId: info.prevIncBackupSetId,
    passwordDigest: info.passwd,
    plusArchivelog: info.plusArchivelog,
    complete: true,
  };
}

/** Whose set this is, and the zone its times are read in. */
export async function readLocality(medium: Medium, name: SetName, signal?: AbortSignal): Promise<LocalityInfo> {
  const key = setInfoKeys(name).locality;
  return decodeNamed(localityInfoFile, await medium.read(key, undefined, undefined, signal), key);
}

/** Keys of the data files of a set by file number: those of the attempt that was finished, the last one with an index. */
export async function dataFileKeys(medium: Medium, name: SetName, signal?: AbortSignal): Promise<readonly string[]> {
  const turn = dataTurnKeys(name, 'major', 1);
  const retries = (await medium.list(turn.directory, signal))
    .map((entry) => /^tenant_major_data_macro_range_index\.(\d+)\.obbak$/.exec(entry.name)?.[1])
    .filter((text) => text !== undefined)
    .map(Number);
  const keys = lsTurnKeys(name, userLsId, dataTurn(Math.max(0, ...retries)));
  const numbers = (await medium.list(keys.directory, signal))
    .map((entry) => parseMacroBlockData(entry.name))
    .filter((fileNo) => fileNo !== null)
    .sort((a, b) => a - b);
  return numbers.map((fileNo) => keys.macroBlockData(fileNo));
}

/** Full path of a set as BACKUP_SET_LIST shows it. */
export function setPath(root: string, name: SetName): string {
  return `${root}/${setDirectory(name)}`;
}
