import { fault, hinted, isFault } from '../base/errors.ts';
import type { Medium } from '../media/medium.ts';
import { checkFile, type DestType, type FormatFile, formatFile } from './codec/identity-files.ts';
import { type Destination, shownPath } from './destination.ts';
import { checkDirectory, checkFileKey, checkFileName, formatFileKey, isCheckFileOf } from './layout.ts';
import { isMediumError } from './medium-fault.ts';

/** Who writes to a destination. */
export interface WriterIdentity {
  readonly clusterName: string;
  readonly clusterId: number;
  readonly tenantName: string;
  readonly tenantId: number;
}

/** What the format file of a destination must say. */
export interface ExpectedFormat {
  readonly destination: Destination;
  readonly destType: DestType;
  readonly identity: WriterIdentity;
  /** From the storage-info row; null when there is none for this tenant, path and endpoint. */
  readonly row: { readonly destId: number; readonly destType: DestType | '' } | null;
}

/** True when the root lists nothing. A missing directory counts as empty; dot files count as files. */
export async function listIsEmpty(medium: Medium, signal?: AbortSignal): Promise<boolean> {
  for await (const page of medium.listPages('', signal)) if (page.length > 0) return false;
  return true;
}

/** The format file, null when there is none. Damage is -4103, -4016 or -4002. */
export async function readFormatFile(medium: Medium, signal?: AbortSignal): Promise<FormatFile | null> {
  return readFormatAt(medium, formatFileKey, signal);
}

/** As `readFormatFile`, under another key: the complement log of a set has its own. */
export async function readFormatAt(medium: Medium, key: string, signal?: AbortSignal): Promise<FormatFile | null> {
  try {
    return formatFile.decode(await medium.read(key, undefined, undefined, signal));
  } catch (error) {
    if (isMediumError(error, 'notFound')) return null;
    throw error;
  }
}

/** Writes the format file of a fresh destination; an existing one is never rewritten (`alreadyExists`). */
export async function writeFormatFile(medium: Medium, content: FormatFile, signal?: AbortSignal): Promise<void> {
  await medium.putSmall(formatFileKey, formatFile.encode(content), 'create', signal);
}

/** The content of a format file. `nowUs` in microseconds. */
export function formatContent(
  destination: Destination,
  destType: DestType,
  destId: number,
  identity: WriterIdentity,
  nowUs: number,
): FormatFile {
  return {
    clusterName: identity.clusterName,
    tenantName: identity.tenantName,
    path: shownPath(destination),
    clusterId: identity.clusterId,
    tenantId: identity.tenantId,
    incarnation: 1,
    destId,
    destType,
    ts: nowUs,
  };
}

/**
 * Holds a format file against what is expected; throws 9081 when any of dest_type (of the file, then of the row), path,
 * cluster_id, tenant_id, incarnation, dest_id differs. Names and the time stamp are not compared: renames do no harm.
 */
export function verifyFormat(expected: ExpectedFormat, found: FormatFile): void {
  const { destination, destType, identity, row } = expected;
  const path = shownPath(destination);
  const mismatches: readonly (readonly [differs: boolean, what: string])[] = [
    [found.clusterId !== identity.clusterId, `belongs to cluster ${found.clusterId}, not to ${identity.clusterId}`],
    [found.tenantId !== identity.tenantId, `belongs to tenant ${found.tenantId}, not to ${identity.tenantId}`],
    [found.destType !== destType, `is one of ${found.destType}, not of ${destType}`],
    [found.path !== path, `was made as '${found.path}', not as '${path}'`],
    [found.incarnation !== 1, `is of incarnation ${found.incarnation}, not 1`],
    [row?.destType !== destType, `is registered for ${row?.destType ?? 'nothing'}, not for ${destType}`],
    [found.destId !== row?.destId, `has the id ${found.destId}, not ${row?.destId}`],
  ];
  const mismatch = mismatches.find(([differs]) => differs);
  if (mismatch) throw hinted(fault('OB_BACKUP_FORMAT_FILE_NOT_MATCH'), `the destination ${mismatch[1]}`);
}

/**
 * For everything that needs an accepted destination (start of a backup, of a round, of a delete job): the format file
 * must be there (9080) and ours (9081). Writes nothing. Like all of this file it lets a MediumError through: callers wrap
 * it in `withCodedErrors`.
 */
export async function requireFormat(
  medium: Medium,
  expected: ExpectedFormat,
  signal?: AbortSignal,
): Promise<FormatFile> {
  const found = await readFormatFile(medium, signal);
  if (found === null) throw fault('OB_BACKUP_FORMAT_FILE_NOT_EXIST');
  verifyFormat(expected, found);
  return found;
}

export interface ConnectivityCheck {
  readonly destination: Destination;
  readonly identity: WriterIdentity;
  /** From the storage-info row, `''` when none. */
  readonly rememberedName: string;
  readonly nowUs: number;
}

/**
 * Proves that the medium can be listed, written and read: keeps the check file whose name is remembered, removes the
 * tenant's others, writes a new one and reads it back when none was kept. Returns the name to remember.
 */
export async function checkConnectivity(
  medium: Medium,
  check: ConnectivityCheck,
  signal?: AbortSignal,
): Promise<string> {
  const { tenantId } = check.identity;
  const names = (await medium.list(checkDirectory, signal))
    .filter((entry) => entry.kind === 'object' && isCheckFileOf(entry.name, tenantId))
    .map((entry) => entry.name);
  const kept = names.includes(check.rememberedName) && (await checkFileIsWhole(medium, check.rememberedName, signal));
  const others = names.filter((name) => !kept || name !== check.rememberedName);
  if (others.length > 0) await medium.remove(others.map(checkFileKey), signal);
  if (kept) return check.rememberedName;
  return writeCheckFile(medium, check, signal);
}

/** The content of a check file; those of the permission probe are the same. */
export function checkFileBytes(destination: Destination, identity: WriterIdentity, nowUs: number): Uint8Array {
  const { clusterName, clusterId, tenantName, tenantId } = identity;
  const owner = { clusterName, tenantName, path: destination.path, clusterId, tenantId, incarnation: 1 };
  return checkFile.encode({ ...owner, ts: nowUs });
}

async function writeCheckFile(medium: Medium, check: ConnectivityCheck, signal?: AbortSignal): Promise<string> {
  const { tenantId } = check.identity;
  const bytes = checkFileBytes(check.destination, check.identity, check.nowUs);
  const name = checkFileName(tenantId, check.nowUs / 1000);
  await medium.putSmall(checkFileKey(name), bytes, 'create', signal);
  const back = await medium.read(checkFileKey(name), undefined, undefined, signal);
  if (Buffer.compare(back, bytes) !== 0) throw fault('OB_CHECKSUM_ERROR');
  return name;
}

// A damaged check file is worth nothing and is simply written anew; not being able to read it is an error.
async function checkFileIsWhole(medium: Medium, name: string, signal?: AbortSignal): Promise<boolean> {
  const bytes = await medium.read(checkFileKey(name), undefined, undefined, signal);
  try {
    checkFile.decode(bytes);
    return true;
  } catch (error) {
    if (isFault(error)) return false;
    throw error;
  }
}
