import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { checkSignal, fileError } from './file-errors.ts';
import { directoryPages, headFile, listDirectory, removeEmptyDirectory, removeFiles } from './file-listing.ts';
import { fileAppendSink, fileSink, fileSource, readExact, writeExact } from './file-objects.ts';
import { discardTemp, openTemp, publishTemp } from './file-publish.ts';
import { closing, FileRoot, syncDirectory } from './file-root.ts';
import { freeBytes, sweepTemps } from './file-sweep.ts';
import { checkKey, checkPrefix } from './key.ts';
import { smallObjectBytes } from './limits.ts';
import { type AppendSink, type Medium, MediumError, type ObjectSource } from './medium.ts';

/**
 * The medium of `file://`: a directory, local or mounted. Objects are written under a temporary name in the same
 * directory, made durable and then named: `create` by link (refuses an existing name), `replace` by rename. Throws
 * MediumError only. A missing directory lists as empty and is made, with its parents, by the first write.
 */
export function openFileMedium(path: string, clock: Clock = systemClock): Medium {
  const root = new FileRoot(path);
  return {
    scheme: 'file',
    abilities: { append: 'native', tagging: false, atomicReplace: true, directories: true },
    async putSmall(key, bytes, mode, signal) {
      checkKey(key);
      checkSignal(key, signal);
      if (bytes.length > smallObjectBytes)
        throw new MediumError('unsupported', key, `${bytes.length} bytes are too many for a small object`);
      const temp = await openTemp(root, clock, key);
      try {
        await writeExact(temp.handle, key, 0, bytes);
        checkSignal(key, signal);
      } catch (error) {
        await discardTemp(temp);
        throw error;
      }
      await publishTemp(temp, mode);
    },
    async createObject(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return fileSink(await openTemp(root, clock, key));
    },
    async openAppend(key, sizeBytes, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return openAppendFile(root, key, sizeBytes);
    },
    async read(key, offset, length, signal) {
      checkKey(key);
      checkSignal(key, signal);
      const source = await openSource(root, key);
      return closing(source.handle, () => readPart(source, offset, length));
    },
    async openObject(key, signal): Promise<ObjectSource> {
      checkKey(key);
      checkSignal(key, signal);
      const { handle, sizeBytes } = await openSource(root, key);
      return fileSource(handle, key, sizeBytes);
    },
    async head(key, signal) {
      checkKey(key);
      checkSignal(key, signal);
      return headFile(root, key);
    },
    async list(prefix, signal) {
      const cleaned = checkPrefix(prefix);
      checkSignal(cleaned, signal);
      return listDirectory(root, cleaned);
    },
    async remove(keys, signal) {
      for (const key of keys) checkKey(key);
      checkSignal(keys[0] ?? '', signal);
      await removeFiles(root, keys);
    },
    async removeDirectory(prefix, signal) {
      const cleaned = checkPrefix(prefix);
      checkSignal(cleaned, signal);
      await removeEmptyDirectory(root, cleaned);
    },
    async *listPages(prefix, signal) {
      const cleaned = checkPrefix(prefix);
      checkSignal(cleaned, signal);
      yield* directoryPages(root, cleaned);
    },
    async tag(keys) {
      throw noTags(keys[0] ?? '');
    },
    async tagsOf(key) {
      throw noTags(key);
    },
    async sweep(olderThanMs, signal) {
      return sweepTemps(root, clock, olderThanMs, signal);
    },
    async status(signal) {
      checkSignal('', signal);
      return { clockOffsetMs: null, freeBytes: await freeBytes(root) };
    },
    async close() {},
  };
}

function noTags(key: string): MediumError {
  return new MediumError('unsupported', key, 'files have no tags');
}

interface OpenSource {
  readonly handle: FileHandle;
  readonly key: string;
  readonly sizeBytes: number;
}

async function openSource(root: FileRoot, key: string): Promise<OpenSource> {
  await root.guard();
  let handle: FileHandle | undefined;
  try {
    handle = await open(root.at(key), 'r');
    const found = await handle.stat();
    if (!found.isFile()) throw new MediumError('notFound', key, 'it is not a file');
    return { handle, key, sizeBytes: found.size };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw fileError(key, error);
  }
}

function readPart({ handle, key, sizeBytes }: OpenSource, offset = 0, length?: number): Promise<Uint8Array> {
  const wanted = length ?? sizeBytes - offset;
  if (wanted < 0) throw new MediumError('checksum', key, `ends at ${sizeBytes}, before offset ${offset}`);
  if (length === undefined && wanted > smallObjectBytes)
    throw new MediumError('unsupported', key, `${wanted} bytes are too many for one read`);
  return readExact(handle, key, offset, wanted);
}

async function openAppendFile(root: FileRoot, key: string, sizeBytes: number): Promise<AppendSink> {
  await root.makeParents(key);
  let handle: FileHandle | undefined;
  try {
    handle = await open(root.at(key), constants.O_CREAT | constants.O_RDWR, 0o644);
    const found = (await handle.stat()).size;
    if (found < sizeBytes)
      throw new MediumError('checksum', key, `has ${found} bytes, ${sizeBytes} had been confirmed`);
    // Bytes behind the confirmed end were never promised to anybody.
    if (found > sizeBytes) await handle.truncate(sizeBytes);
    await handle.sync();
    await syncDirectory(dirname(root.at(key)));
    return fileAppendSink(handle, key, sizeBytes);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw fileError(key, error);
  }
}
