import { fileError } from '../file-errors.ts';
import { MediumError, type ObjectSink, type ObjectSource } from '../medium.ts';
import type { Chunks } from './chunks.ts';
import { partsKey } from './names.ts';
import { findParts, type Part, removeParts } from './parts.ts';
import { discard, fillSpool, nameTemp, uploadTemp, uploadTo } from './publish.ts';
import type { CifsRoot } from './root.ts';
import { openSpool, withSpool } from './spool.ts';

/** Publishes a small object. */
export async function putBytes(
  root: CifsRoot,
  key: string,
  bytes: Uint8Array,
  mode: 'create' | 'replace',
  signal?: AbortSignal,
): Promise<void> {
  await withSpool(key, async (spool) => {
    await fillSpool(key, spool, 0, bytes, signal);
    const temp = await uploadTemp(root, key, spool, bytes.length, signal);
    try {
      await publish(root, temp, key, mode, signal);
    } catch (error) {
      await discard(root, temp, signal);
      throw error;
    }
  });
}

/** Gives a temporary object a name that an object made of parts may have as well. */
async function publish(
  root: CifsRoot,
  temp: string,
  key: string,
  mode: 'create' | 'replace',
  signal: AbortSignal | undefined,
): Promise<void> {
  const parted = (await root.entry(partsKey(key), signal)) !== null;
  if (parted && mode === 'create') throw new MediumError('alreadyExists', key, 'the name is taken');
  await nameTemp(root, temp, key, mode, signal);
  if (parted) await removeParts(root, key, signal);
}

/**
 * A large object, collected in a spool of this machine: smbclient writes from front to back only, and the first bytes of a data
 * file come last. Its temporary name is taken at once, so that what cannot be written there is known; `publish` uploads, and may be
 * repeated while what failed can pass.
 */
export async function cifsSink(root: CifsRoot, key: string, signal?: AbortSignal): Promise<ObjectSink> {
  const spool = await openSpool(key);
  let temp: string;
  try {
    temp = await uploadTemp(root, key, spool, 0, signal);
  } catch (error) {
    await spool.handle.close().catch(() => undefined);
    throw error;
  }
  root.spools.add(spool);
  let ended = false;
  let uploaded = false;
  const giveUp = new AbortController();
  const ends = signal ? AbortSignal.any([signal, giveUp.signal]) : giveUp.signal;
  const check = () => {
    if (ended) throw new MediumError('io', key, 'it was already published or given up');
  };
  const end = async () => {
    ended = true;
    root.spools.delete(spool);
    await spool.handle.close().catch(() => undefined);
  };
  return {
    async writeAt(offset, bytes) {
      check();
      await fillSpool(key, spool, offset, bytes, signal);
    },
    async publish(sizeBytes) {
      check();
      try {
        const found = (await spool.handle.stat()).size;
        if (found !== sizeBytes)
          throw new MediumError('checksum', key, `${found} bytes were written, ${sizeBytes} were announced`);
        if ((await root.entry(temp, ends)) === null)
          throw new MediumError('notFound', key, 'the temporary object is gone');
        // The first upload was paid for by what was written.
        if (uploaded) root.debts.owe(0, sizeBytes);
        uploaded = true;
        await uploadTo(root, temp, spool, sizeBytes, ends);
        await publish(root, temp, key, 'create', ends);
      } catch (error) {
        const failure = fileError(key, error);
        if (failure instanceof MediumError && failure.retryable) throw failure;
        await end();
        await discard(root, temp, ends);
        throw failure;
      }
      await end();
    },
    async abort() {
      if (ended) return;
      // An upload under way would go on to its end.
      giveUp.abort(new Error('it was given up'));
      await end();
      await discard(root, temp);
    },
  };
}

let sources = 0;

/** An object opened for many reads, possibly many at once. */
export async function cifsSource(
  root: CifsRoot,
  chunks: Chunks,
  key: string,
  signal?: AbortSignal,
): Promise<ObjectSource> {
  sources += 1;
  const id = String(sources);
  let parts = await partsOf(root, key, signal);
  const last = parts.at(-1);
  const sizeBytes = last ? last.start + last.sizeBytes : 0;
  const fill = async (offset: number, bytes: Uint8Array) => {
    for (const part of parts) {
      const from = Math.max(offset, part.start);
      const to = Math.min(offset + bytes.length, part.start + part.sizeBytes);
      if (from < to) await chunks.read(part, id, from - part.start, bytes.subarray(from - offset, to - offset), signal);
    }
  };
  return {
    sizeBytes,
    async read(offset, length) {
      if (offset + length > sizeBytes)
        throw new MediumError('checksum', key, `ends at ${sizeBytes}, bytes up to ${offset + length} were asked for`);
      const bytes = Buffer.allocUnsafeSlow(length);
      await fill(offset, bytes).catch(async (error: unknown) => {
        if (!isStale(error)) throw error;
        // Parts of an object that grows are merged now and then.
        chunks.drop(id);
        parts = await partsOf(root, key, signal);
        await fill(offset, bytes);
      });
      return bytes;
    },
    async close() {
      chunks.drop(id);
    },
  };
}

/** The files an object is made of; `notFound` when there is none. */
async function partsOf(root: CifsRoot, key: string, signal: AbortSignal | undefined): Promise<readonly Part[]> {
  const found = await root.entry(key, signal);
  if (found?.directory) throw new MediumError('notFound', key, 'it is a directory');
  if (found) {
    root.met();
    return [{ key, start: 0, sizeBytes: found.sizeBytes }];
  }
  const parted = await findParts(root, key, signal);
  if (parted) return parted.chain;
  await root.guard(signal);
  throw new MediumError('notFound', key, 'no such file');
}

function isStale(error: unknown): boolean {
  return error instanceof MediumError && (error.kind === 'notFound' || error.kind === 'checksum');
}
