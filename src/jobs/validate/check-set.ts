import type { ValidateLevel } from '../../catalog/proofs.ts';
import { decodeIndex } from '../../copy/block-index.ts';
import type { CopyWorkers, Turn } from '../../copy/copy-workers.ts';
import { damage } from '../../copy/damage.ts';
import type { BlockEntry } from '../../copy/data-file.ts';
import { type DataFileContents, readDataFile } from '../../copy/data-file-reader.ts';
import { verifySample } from '../../copy/verify-data-file.ts';
import { checkPlaces, verifyDataRecords } from '../../copy/verify-files.ts';
import {
  diagnoseInfoFile,
  localityInfoFile,
  type SetInfo,
  setPlaceholderFile,
  singleSetInfoFile,
  tenantSetInfosFile,
} from '../../destination/codec/set-files.ts';
import {
  deletedTabletInfoFile,
  lsAttrInfoFile,
  lsMetaInfosFile,
  tabletLogStreamInfoFile,
} from '../../destination/codec/tablet-files.ts';
import {
  complementDirectory,
  dataTurnDirectory,
  lsTurnKeys,
  parseMacroBlockData,
  parseSetPlaceholder,
  type SetName,
  setDirectory,
  setInfoKeys,
  setsDirectory,
} from '../../destination/layout.ts';
import type { ListEntry, Medium } from '../../media/medium.ts';
import { userLsId } from '../archive/archive-files.ts';
import { dataTurn } from '../backup/set-files.ts';
import { checkComplement } from './check-complement.ts';
import type { CheckProgress, ObjectCheck } from './object-check.ts';
import { notePlaceholders } from './placeholders.ts';
import { sameEntries } from './same-entries.ts';
import type { Shares } from './shares.ts';

/** How the wrapped key of a file is opened; null when nobody has the key. */
export type OpenKey = (
  wrapped: Uint8Array,
  owner: { readonly tenantId: number; readonly id: string },
) => Promise<Uint8Array | null>;

/** What a check needs besides its object. */
export interface CheckMeans {
  readonly medium: Medium;
  readonly signal: AbortSignal;
  /** `sample` is `basic` and a few records of each data file. */
  readonly level: ValidateLevel | 'sample';
  readonly workers: CopyWorkers;
  /** Whose threads they are. */
  readonly turn: Turn;
  readonly stallTimeoutMs: number;
  readonly openSetKey: OpenKey;
  readonly openLogKey: OpenKey;
  /** Names in a directory of placeholders as they were listed for several checks; left out where there is one alone. */
  readonly placeholders?: (directory: string) => Promise<readonly ListEntry[]>;
  /** Room for the indexes of sets that are checked beside each other, in bytes as they are stored. */
  readonly indexes?: Shares;
  readonly onProgress: (progress: CheckProgress) => void;
}

/** What was checked of a set or a piece, beside the findings. */
export interface CheckNotes {
  /** Why what was read is not everything; empty when it is. */
  readonly partial: readonly string[];
}

const turn = 1;

/**
 * Reads every object of a set: placeholders, info files, indexes, data files. Findings go to `check`; nothing is thrown for
 * damage.
 */
export async function checkSet(means: CheckMeans, check: ObjectCheck, name: SetName): Promise<CheckNotes> {
  const directory = setDirectory(name);
  await check.walk(directory);
  await notePlaceholders(means, check, setsDirectory, (file) => {
    const found = parseSetPlaceholder(file);
    return found?.backupSetId === name.backupSetId && found.backupType === name.backupType ? found.kind : null;
  });
  const info = await checkInfos(check, name);
  await checkPlaceholders(check, name);
  const partial = [...(await roomForIndexes(means, check, () => checkData(means, check, name, info)))];
  const complement = complementDirectory(name);
  const hasLog = info?.plusArchivelog ?? check.keys((key) => key.startsWith(`${complement}/`)).length > 0;
  if (hasLog) {
    const owner = { tenantId: info?.tenantId ?? 0, id: String(name.backupSetId) };
    partial.push(...(await checkComplement(means, check, complement, owner)));
  }
  check.noteForeign((key) =>
    key.includes('_data_turn_') ? 'left by another attempt of this backup' : 'no object of this set',
  );
  return { partial };
}

const indexName = /\/(?:tenant_major_data_)?macro_range_index(?:\.\d+)?\.obbak$/;

function roomForIndexes<T>({ indexes, signal }: CheckMeans, check: ObjectCheck, work: () => Promise<T>): Promise<T> {
  if (indexes === undefined) return work();
  const bytes = check.keys((key) => indexName.test(key)).map((key) => check.sizeOf(key) ?? 0);
  return indexes.take(
    bytes.reduce((sum, size) => sum + size, 0),
    signal,
    work,
  );
}

/** Start and end below `backup_sets`, and the one inside the set. */
async function checkPlaceholders(check: ObjectCheck, name: SetName): Promise<void> {
  const directory = setDirectory(name);
  const wanted: readonly (readonly [string, RegExp])[] = [
    [`${setsDirectory}/${directory}_start.obbak`, /^backup_sets\/.*_start\.obbak$/],
    [`${setsDirectory}/${directory}_end_success_*.obbak`, /^backup_sets\/.*_end_success_\d+T\d+\.obbak$/],
    [`${directory}/${directory}_*.obbak`, new RegExp(`^${directory}/${directory}_\\d+T\\d+_\\d+T\\d+\\.obbak$`)],
  ];
  for (const [pattern, matches] of wanted) {
    const keys = check.keys((key) => matches.test(key));
    if (keys.length === 0) check.missing(pattern, 'the placeholder is not there');
    for (const key of keys) await check.file(key, setPlaceholderFile);
  }
}

async function checkInfos(check: ObjectCheck, name: SetName): Promise<SetInfo | null> {
  const keys = setInfoKeys(name);
  const own = await check.file(keys.single, singleSetInfoFile);
  const info = own?.set ?? null;
  if (info !== null && (info.backupSetId !== name.backupSetId || info.backupType !== name.backupType))
    check.damaged(keys.single, `it describes set ${info.backupSetId} (${info.backupType})`);
  const all = await check.file(keys.tenant, tenantSetInfosFile);
  if (all !== null && !all.sets.some((set) => set.backupSetId === name.backupSetId))
    check.damaged(keys.tenant, 'it does not list this set');
  const locality = await check.file(keys.locality, localityInfoFile);
  if (locality !== null && locality.backupSetId !== name.backupSetId)
    check.damaged(keys.locality, `it belongs to set ${locality.backupSetId}`);
  const diagnose = await check.file(keys.diagnose, diagnoseInfoFile);
  if (diagnose !== null && diagnose.set.backupSetId !== name.backupSetId)
    check.damaged(keys.diagnose, `it belongs to set ${diagnose.set.backupSetId}`);
  await check.file(keys.lsMetaInfos, lsMetaInfosFile);
  await check.optional(keys.deletedTablets, deletedTabletInfoFile);
  const attributes = check.keys((key) => /\/ls_attr_info\.\d+\.obbak$/.test(key));
  if (attributes.length === 0) check.missing(keys.lsAttrInfo(1));
  for (const key of attributes) await check.file(key, lsAttrInfoFile);
  await check.file(`${dataTurnDirectory(name, 'major', turn)}/tablet_log_stream_info.obbak`, tabletLogStreamInfoFile);
  return info;
}

/** Both indexes of the attempt that counts, and every data file; returns why it could not be everything. */
async function checkData(
  means: CheckMeans,
  check: ObjectCheck,
  name: SetName,
  info: SetInfo | null,
): Promise<readonly string[]> {
  const inTurn = /\/tenant_major_data_macro_range_index\.(\d+)\.obbak$/;
  const retries = check.keys((key) => inTurn.test(key)).map((key) => Number(inTurn.exec(key)![1]));
  const turnDirectory = dataTurnDirectory(name, 'major', turn);
  if (retries.length === 0) check.missing(`${turnDirectory}/tenant_major_data_macro_range_index.*.obbak`);
  const retryId = Math.max(0, ...retries);
  const keys = lsTurnKeys(name, userLsId, dataTurn(retryId));
  const indexCodec = { decode: decodeIndex };
  const index = await check.file(keys.macroRangeIndex, indexCodec);
  for (const key of check.keys((one) => inTurn.test(one))) {
    const copy = await check.file(key, indexCodec);
    const same = index !== null && copy !== null && key.endsWith(`.${retryId}.obbak`);
    if (same && !(await sameEntries(index, copy)))
      check.damaged(key, 'it differs from the index beside the data files');
  }
  return checkDataFiles(means, check, { keys, info, index });
}

interface SetParts {
  readonly keys: ReturnType<typeof lsTurnKeys>;
  readonly info: SetInfo | null;
  readonly index: readonly BlockEntry[] | null;
}

async function checkDataFiles(means: CheckMeans, check: ObjectCheck, parts: SetParts): Promise<readonly string[]> {
  const { keys, info, index } = parts;
  const numbers = check
    .keys((key) => key.startsWith(`${keys.directory}/`))
    .map((key) => parseMacroBlockData(key.slice(keys.directory.length + 1)))
    .filter((fileNo) => fileNo !== null)
    .sort((a, b) => a - b);
  const partial = new Set<string>();
  const files: DataFileContents[] = [];
  let bytes = 0n;
  for (const fileNo of numbers) {
    const key = keys.macroBlockData(fileNo);
    bytes += BigInt(check.sizeOf(key) ?? 0);
    const contents = await check.object(key, () => checkDataFile(means, check, key, fileNo, partial));
    if (contents !== null) files.push(contents);
  }
  const footer = files[0]?.footer;
  const indexed = (index ?? []).reduce((most, entry) => Math.max(most, entry.fileNo + 1), 0);
  const count = Math.max(footer?.fileCount ?? 0, indexed, numbers.length);
  for (let fileNo = 0; fileNo < count; fileNo++) {
    if (!numbers.includes(fileNo)) check.missing(keys.macroBlockData(fileNo), 'the data file is not there');
  }
  // Only of files that are all there and sound: what follows would say the same once more.
  const whole = files.length === count && footer !== undefined;
  if (whole) await checkTogether(check, parts, files, bytes);
  else if (count === 0 && info !== null && info.stats.outputBytes > 0n)
    check.missing(keys.macroBlockData(0), 'the set has no data file');
  return [...partial];
}

async function checkDataFile(
  means: CheckMeans,
  check: ObjectCheck,
  key: string,
  fileNo: number,
  partial: Set<string>,
): Promise<DataFileContents> {
  const source = await check.medium.openObject(key, check.signal);
  try {
    const clear = await readDataFile(source, key, null);
    const { header } = clear;
    const owner = { tenantId: header.tenantId, id: String(header.setId) };
    const setKey = header.encrypted ? await means.openSetKey(header.wrappedKey, owner) : null;
    if (header.encrypted && setKey === null)
      partial.add('the data is encrypted and its key is not at hand: only the stored checksums were held against it');
    const contents = setKey === null ? clear : await readDataFile(source, key, setKey);
    if (header.fileNo !== fileNo) throw damage(key, 'file header at offset 0', `it is file ${header.fileNo}`);
    checkPlaces(contents, key);
    if (means.level === 'sample') await verifySample(source, key, setKey, contents, means.signal);
    if (means.level !== 'physical') partial.add('level basic: the content of the data files was not read');
    else
      await verifyDataRecords(
        {
          source,
          name: key,
          key: setKey,
          workers: means.workers,
          turn: means.turn,
          signal: means.signal,
          stallTimeoutMs: means.stallTimeoutMs,
          onProgress: (bytes) => check.reading(bytes),
        },
        contents,
      );
    return contents;
  } finally {
    // Not awaited: a medium that hangs must not hold up the end.
    void source.close().catch(() => undefined);
  }
}

/** The files against each other, against the index and against what the set says of itself. */
async function checkTogether(
  check: ObjectCheck,
  { keys, info, index }: SetParts,
  files: readonly DataFileContents[],
  bytes: bigint,
): Promise<void> {
  const { footer, header } = files[0]!;
  for (const one of files) {
    const key = keys.macroBlockData(one.header.fileNo);
    const same = one.footer.fileCount === footer.fileCount && one.footer.blockCount === footer.blockCount;
    if (!same) check.damaged(key, 'it belongs to another attempt of this set', 'footer');
    const ours = one.header.setId === header.setId && one.header.tenantId === header.tenantId;
    if (!ours || (info !== null && one.header.setId !== info.backupSetId))
      check.damaged(key, `it belongs to set ${one.header.setId} of tenant ${one.header.tenantId}`, 'file header');
  }
  const entries = files.flatMap((one) => one.entries);
  const first = keys.macroBlockData(0);
  if (entries.length !== footer.blockCount)
    check.damaged(first, `${entries.length} blocks where the set has ${footer.blockCount}`, 'footer');
  if (info !== null && bytes !== info.stats.outputBytes)
    check.damaged(first, `the data files hold ${bytes} bytes, ${info.stats.outputBytes} were written`);
  if (index !== null && !(await sameEntries(index, entries)))
    check.damaged(keys.macroRangeIndex, 'it does not name the blocks of the data files');
}
