import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { fault, hinted } from '../base/errors.ts';
import { defaultRelease, type Release } from '../base/release.ts';
import { type Medium, MediumError } from '../media/medium.ts';
import { orCancelled } from '../media/or-cancelled.ts';
import type { DestType, FormatFile } from './codec/identity-files.ts';
import { type Destination, type SealKey, storageColumns } from './destination.ts';
import {
  checkConnectivity,
  checkFileBytes,
  formatContent,
  listIsEmpty,
  readFormatFile,
  verifyFormat,
  type WriterIdentity,
  writeFormatFile,
} from './identity.ts';
import { configureDeadlineMs } from './limits.ts';
import { isMediumError, withCodedErrors } from './medium-fault.ts';
import { type ProbeFindings, probePermissions } from './permission-probe.ts';

/** Storage-info row of (tenant, path, endpoint). Times in microseconds. */
export interface StorageInfo {
  readonly path: string;
  readonly endpoint: string;
  /** 0 until a format file was written. */
  readonly destId: number;
  /** `''` until a format file was written. */
  readonly destType: DestType | '';
  readonly authorization: string;
  readonly extension: string;
  readonly checkFileName: string;
  readonly lastCheckUs: number;
  readonly maxIops: bigint;
  readonly maxBandwidth: bigint;
}

/**
 * The catalog's part. All changes belong to one transaction that the statement commits as soon as `prepareDestination` has
 * resolved, whatever becomes of the rest of it, and drops when it throws; numbers that `nextDestId` gave out may be lost then.
 */
export interface DestinationCatalog {
  find(path: string, endpoint: string): StorageInfo | null | Promise<StorageInfo | null>;
  /** Takes the next dest_id of the tenant; data and archive destinations share the counter, which starts at 1001. */
  nextDestId(): number | Promise<number>;
  /** Marks all sets and pieces of a former dest_id as DELETED. */
  markDeleted(destId: number): void | Promise<void>;
  /** Inserts or updates the row of (tenant, path, endpoint). */
  save(row: StorageInfo): void | Promise<void>;
}

export interface PrepareInput {
  readonly medium: Medium;
  readonly destination: Destination;
  readonly destType: DestType;
  readonly identity: WriterIdentity;
  readonly clock: Clock;
  readonly catalog: DestinationCatalog;
  /** Seals the access key of the stored authorization. */
  readonly seal?: SealKey;
  /** What the errors are called; the default release without it. */
  readonly release?: Release;
  /** Must the format file be there already? New keys for a destination that is in use. */
  readonly known?: boolean;
  readonly signal?: AbortSignal;
  /** Ends the looking at once; a format file that is being written is waited for. */
  readonly cancel?: AbortSignal;
}

export interface PreparedDestination {
  readonly destId: number;
  readonly row: StorageInfo;
  /** True when this call made the destination: a new dest_id and a new format file. */
  readonly fresh: boolean;
  /** Null on `file://`, which is not probed. */
  readonly findings: ProbeFindings | null;
}

/**
 * Steps 4 to 8 of SET DATA_BACKUP_DEST and LOG_ARCHIVE_DEST: emptiness, connectivity, decision, format file. Errors
 * are coded: 9080 (something lies there, but no format file), 9081 (the directory of somebody else), -4103, -4016,
 * -4002 (a damaged format file), 9070, 9071, 9116, 9117, 9082, -4009, -4117 and those of the stores (the medium). All of it is over
 * after `configureDeadlineMs`: 9070.
 *
 * Files are not transactional: the check file of a refused call stays, and a crash between the format file and the
 * commit leaves a directory that answers 9081 until it is emptied by hand. Release 4.2.1 behaves the same.
 */
export function prepareDestination(input: PrepareInput): Promise<PreparedDestination> {
  const { clock, destination, release = defaultRelease } = input;
  const inTime = (signal: AbortSignal) => prepare({ ...input, signal });
  const place = { scheme: destination.scheme, release };
  return withCodedErrors(() => withinDeadline(clock, inTime, input.signal), 'configuring', place);
}

/** Ends `work` at the deadline, in words of the medium: nobody waits for a call that does not look at its signal. */
async function withinDeadline<T>(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const signal = outer ? AbortSignal.any([outer, over.signal]) : over.signal;
  const late = new MediumError('timeout', '', `no answer within ${configureDeadlineMs} ms`);
  const limit = clock.sleep(configureDeadlineMs, done.signal).then(
    () => {
      over.abort(late);
      throw late;
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work(signal), limit]);
  } finally {
    done.abort();
  }
}

const lostFormat = 'the destination is in use and its format file is gone';
const foreignFiles = 'the directory holds files but no format file; a new destination must be empty';

/** What there is: everything up to the decision. */
async function look(input: PrepareInput) {
  const { medium, destination, catalog, signal } = input;
  const columns = storageColumns(destination, input.seal);
  const wasEmpty = await listIsEmpty(medium, signal);
  const known = await catalog.find(columns.path, columns.endpoint);
  const checked = await connect(input, known);
  const findings = destination.scheme === 'file' ? null : await probe(input);
  return { columns, wasEmpty, known, checked, findings, found: await readFormatFile(medium, signal) };
}

async function prepare(input: PrepareInput): Promise<PreparedDestination> {
  const { medium, destination, destType, identity, catalog, signal, cancel } = input;
  const { columns, wasEmpty, known, checked, findings, found } = await orCancelled(look(input), '', cancel);
  if (found === null && (!wasEmpty || input.known === true))
    throw hinted(fault('OB_BACKUP_FORMAT_FILE_NOT_EXIST'), wasEmpty ? lostFormat : foreignFiles);
  if (found !== null) {
    verifyFormat({ destination, destType, identity, row: checked }, found);
    return { destId: found.destId, row: checked, fresh: false, findings };
  }
  if (known !== null && known.destId > 0) await catalog.markDeleted(known.destId);
  const destId = await catalog.nextDestId();
  const content = formatContent(destination, destType, destId, identity, input.clock.nowUs());
  try {
    await writeFormatFile(medium, content, signal);
  } catch (error) {
    // Another server took the directory between the look and the write.
    throw isMediumError(error, 'alreadyExists') ? fault('OB_BACKUP_FORMAT_FILE_NOT_MATCH') : error;
  }
  if (findings !== null && (!findings.createOnly || findings.createRace !== null))
    await expectOurs(medium, content, signal);
  const row: StorageInfo = { ...checked, ...columns, destId, destType };
  await catalog.save(row);
  return { destId, row, fresh: true, findings };
}

/** Where two may create one name: who does not find his own format file came first and has lost. 9081. */
async function expectOurs(medium: Medium, content: FormatFile, signal?: AbortSignal): Promise<void> {
  const found = await readFormatFile(medium, signal);
  if (found === null || !isDeepStrictEqual(found, content)) throw fault('OB_BACKUP_FORMAT_FILE_NOT_MATCH');
}

/**
 * Step 5: the check file and its row. The row always takes the keys that have just worked: the kernel keeps the former ones while
 * the check file stands, and jobs on a former destination would go on with keys that were taken back.
 */
async function connect(input: PrepareInput, known: StorageInfo | null): Promise<StorageInfo> {
  const { medium, destination, identity, catalog, signal } = input;
  const nowUs = input.clock.nowUs();
  const rememberedName = known?.checkFileName ?? '';
  const checkFileName = await checkConnectivity(medium, { destination, identity, rememberedName, nowUs }, signal);
  const columns = storageColumns(destination, input.seal);
  const old = known ?? { destId: 0, destType: '' as const };
  const row: StorageInfo = { ...old, ...columns, checkFileName, lastCheckUs: nowUs };
  await catalog.save(row);
  return row;
}

/** Step 6. */
function probe({ medium, destination, identity, clock, signal }: PrepareInput): Promise<ProbeFindings> {
  const { tenantId } = identity;
  const tagging = destination.options['delete_mode'] === 'tagging';
  const nowUs = clock.nowUs();
  const content = checkFileBytes(destination, identity, nowUs);
  return probePermissions(medium, { tenantId, nowMs: nowUs / 1000, tagging, content }, signal);
}
