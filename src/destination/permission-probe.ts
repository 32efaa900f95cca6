import { fault, faultText } from '../base/errors.ts';
import type { Medium } from '../media/medium.ts';
import { publishObject } from '../media/publish-object.ts';
import { checkDirectory, checkFileKey, isPermissionFileOf, type ProbedAccess, permissionFileName } from './layout.ts';
import { isMediumError } from './medium-fault.ts';

export interface PermissionProbe {
  readonly tenantId: number;
  readonly nowMs: number;
  /** `delete_mode=tagging`: objects are tagged where others are removed, and whoever may not remove may still tag. */
  readonly tagging: boolean;
  /** What the check file holds; the probe objects hold the same. */
  readonly content: Uint8Array;
}

/** What the probe of a destination met that is no reason to refuse it. */
export interface ProbeFindings {
  /** A second object of the same name was refused. Stores that do not look at the condition take it. */
  readonly createOnly: boolean;
  /** Why two writers of one name in the same moment may both succeed all the same, null where they cannot. */
  readonly createRace: string | null;
}

/**
 * Tries what a backup needs: write, length, read, append, multipart upload, delete (and tags), on objects of its own that are
 * removed again. Refused operations are 9071, content that does not come back -4103; all else is a MediumError.
 */
export async function probePermissions(
  medium: Medium,
  probe: PermissionProbe,
  signal?: AbortSignal,
): Promise<ProbeFindings> {
  try {
    await removeAll(medium, await leftOvers(medium, probe.tenantId, signal), probe, signal);
    return await tryAll(medium, probe, signal);
  } catch (error) {
    if (!isMediumError(error, 'denied')) throw error;
    const symbol = 'OB_BACKUP_PERMISSION_DENIED';
    throw faultText(symbol, fault(symbol).message, error);
  }
}

async function leftOvers(medium: Medium, tenantId: number, signal?: AbortSignal): Promise<readonly string[]> {
  const entries = await medium.list(checkDirectory, signal);
  return entries
    .filter(({ kind, name }) => kind === 'object' && isPermissionFileOf(name, tenantId))
    .map(({ name }) => checkFileKey(name));
}

async function tryAll(medium: Medium, probe: PermissionProbe, signal?: AbortSignal): Promise<ProbeFindings> {
  const keyOf = (access: ProbedAccess) => checkFileKey(permissionFileName(probe.tenantId, access, probe.nowMs));
  const keys = (['write', 'append', 'multipart'] as const).map(keyOf);
  try {
    const createOnly = await tryWrite(medium, keyOf('write'), probe, signal);
    await tryAppend(medium, keyOf('append'), probe.content, signal);
    await tryMultipart(medium, keyOf('multipart'), probe.content, signal);
    await removeAll(medium, keys, probe, signal);
    const { createRace = null } = await medium.status(signal);
    return { createOnly, createRace };
  } catch (error) {
    // The error that counts is the first one; what stays behind is removed by the next probe.
    await removeAll(medium, keys, probe, signal).catch(() => undefined);
    throw error;
  }
}

async function tryWrite(
  medium: Medium,
  key: string,
  { content, tagging }: PermissionProbe,
  signal?: AbortSignal,
): Promise<boolean> {
  await medium.putSmall(key, content, 'create', signal);
  const head = await medium.head(key, signal);
  if (head?.sizeBytes !== content.length) throw fault('OB_CHECKSUM_ERROR');
  await expectContent(medium, key, content, signal);
  if (tagging) {
    await medium.tag([key], deleteTag, signal);
    if ((await medium.tagsOf(key, signal))['delete_mode'] !== 'tagging') throw fault('OB_BACKUP_PERMISSION_DENIED');
  }
  return refusesSecond(medium, key, content, signal);
}

async function refusesSecond(medium: Medium, key: string, content: Uint8Array, signal?: AbortSignal): Promise<boolean> {
  try {
    // Other content, so that nothing takes the first object for the second.
    await medium.putSmall(key, content.toReversed(), 'create', signal);
    return false;
  } catch (error) {
    if (isMediumError(error, 'alreadyExists')) return true;
    throw error;
  }
}

async function tryAppend(medium: Medium, key: string, content: Uint8Array, signal?: AbortSignal): Promise<void> {
  const half = content.length >> 1;
  for (const [from, to] of [
    [0, half],
    [half, content.length],
  ] as const) {
    const sink = await medium.openAppend(key, from, signal);
    try {
      await sink.append(content.subarray(from, to));
    } finally {
      await sink.close();
    }
  }
  await expectContent(medium, key, content, signal);
}

async function tryMultipart(medium: Medium, key: string, content: Uint8Array, signal?: AbortSignal): Promise<void> {
  await publishObject(medium, key, (sink) => sink.writeAt(0, content).then(() => content.length), signal);
  await expectContent(medium, key, content, signal);
}

async function expectContent(medium: Medium, key: string, content: Uint8Array, signal?: AbortSignal): Promise<void> {
  const back = await medium.read(key, undefined, undefined, signal);
  if (Buffer.compare(back, content) !== 0) throw fault('OB_CHECKSUM_ERROR');
}

/** What `delete_mode=tagging` leaves on an object. */
const deleteTag = Object.freeze({ delete_mode: 'tagging' });

async function removeAll(
  medium: Medium,
  keys: readonly string[],
  { tagging }: PermissionProbe,
  signal?: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  try {
    await medium.remove(keys, signal);
  } catch (error) {
    if (!tagging || !isMediumError(error, 'denied')) throw error;
    await medium.tag(keys, deleteTag, signal);
  }
}
