import { isHidden } from '../hidden-name.ts';
import { tempName } from '../key.ts';
import { MediumError } from '../medium.ts';
import { partsKey } from './names.ts';
import { discard, fillSpool, nameTemp, uploadTemp } from './publish.ts';
import { type CifsRoot, parseEntry } from './root.ts';
import { withSpool } from './spool.ts';

// smbclient cannot append: its `reput` writes the end of a file over its beginning (4.17). An object that grows is therefore a
// directory `<key>#append` of parts, each named after the offset of its first byte. From 0 on, a part is followed by the one named
// after its end; what is not met on this way is a left-over of a merge and does not count.

/** One file of an object; an object that does not grow is one such file. */
export interface Part {
  /** The key of the file. */
  readonly key: string;
  /** Offset of its first byte in the object. */
  readonly start: number;
  readonly sizeBytes: number;
}

export interface PartedObject {
  readonly chain: readonly Part[];
  /** Files that do not count. */
  readonly others: readonly string[];
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** The parts of an object that grows; null when there is none. */
export async function findParts(root: CifsRoot, key: string, signal?: AbortSignal): Promise<PartedObject | null> {
  const directory = partsKey(key);
  let lines: readonly string[];
  try {
    lines = await root.run(key, 'ls', `ls ${root.quoted(`${directory}/*`)}`, signal);
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return null;
    throw error;
  }
  const files = new Map<string, { readonly sizeBytes: number }>();
  let modifiedMs = 0;
  for (const entry of lines.flatMap((line) => parseEntry(line) ?? [])) {
    if (entry.name !== '..') modifiedMs = Math.max(modifiedMs, entry.modifiedMs);
    if (!entry.directory && !isHidden(entry.name)) files.set(entry.name, entry);
  }
  const chain: Part[] = [];
  let sizeBytes = 0;
  for (let next = files.get('0'); next && next.sizeBytes > 0; next = files.get(String(sizeBytes))) {
    chain.push({ key: `${directory}/${sizeBytes}`, start: sizeBytes, sizeBytes: next.sizeBytes });
    files.delete(String(sizeBytes));
    sizeBytes += next.sizeBytes;
  }
  return { chain, others: [...files.keys()].map((name) => `${directory}/${name}`), sizeBytes, modifiedMs };
}

/** Adds a part behind the end of an object. `alreadyExists`: somebody else did. */
export async function addPart(
  root: CifsRoot,
  key: string,
  start: number,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  await putPart(root, `${partsKey(key)}/${start}`, bytes, 'create', signal);
}

/** Writes a part, or puts a longer or shorter one in its place. */
export async function putPart(
  root: CifsRoot,
  partKey: string,
  bytes: Uint8Array,
  mode: 'create' | 'replace',
  signal?: AbortSignal,
): Promise<void> {
  await withSpool(partKey, async (spool) => {
    await fillSpool(partKey, spool, 0, bytes, signal);
    const temp = await uploadTemp(root, partKey, spool, bytes.length, signal);
    try {
      await nameTemp(root, temp, partKey, mode, signal);
    } catch (error) {
      await discard(root, temp, signal);
      throw error;
    }
  });
}

/** Takes the parts of an object away, all at once for everybody who looks; false when there were none. */
export async function removeParts(root: CifsRoot, key: string, signal?: AbortSignal): Promise<boolean> {
  const gone = tempName(partsKey(key), root.uniqueUs());
  try {
    await root.run(key, 'rename', `rename ${root.quoted(partsKey(key))} ${root.quoted(gone)}`, signal);
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return false;
    throw error;
  }
  root.forget();
  await purge(root, gone, signal);
  return true;
}

/** Removes a directory of temporary or left-over files. */
export async function purge(root: CifsRoot, directory: string, signal?: AbortSignal): Promise<void> {
  const missing = (error: unknown) => {
    if (!(error instanceof MediumError) || error.kind !== 'notFound') throw error;
  };
  await root.run(directory, 'del', `del ${root.quoted(`${directory}/*`)}`, signal).catch(missing);
  await root.run(directory, 'rmdir', `rmdir ${root.quoted(directory)}`, signal).catch(missing);
}
