import type { Stats } from 'ssh2';
import { Mutex } from '../../base/mutex.ts';
import { type AppendSink, MediumError, type ObjectSink, type ObjectSource } from '../medium.ts';
import { status, statusOf } from './errors.ts';
import {
  closeHandle,
  openHandle,
  readExact,
  type SftpHandle,
  sizeOfHandle,
  syncHandle,
  truncateHandle,
  writeExact,
} from './handle.ts';
import { discardTemp, publishTemp, type SftpTemp } from './publish.ts';
import type { SftpRoot } from './root.ts';

/**
 * A large object under its temporary name. It lives and dies with the connection it was begun on (`io` afterwards, which nobody
 * repeats): bytes that were written but not yet made durable may be lost with the server, and nobody could tell.
 */
export function sftpSink(temp: SftpTemp, signal?: AbortSignal): ObjectSink {
  const { root, key, file } = temp;
  const release = hold(root);
  let ended = false;
  const check = () => {
    if (ended) throw new MediumError('io', key, 'it was already published or given up');
    if (file.session.ended) throw new MediumError('io', key, 'the connection it was written through has ended');
  };
  const end = (caller?: AbortSignal) => {
    ended = true;
    release();
    return discardTemp(temp, caller);
  };
  return {
    async writeAt(offset, bytes) {
      check();
      await writeExact(root, file, offset, bytes, signal);
    },
    async publish(sizeBytes) {
      check();
      try {
        const found = await sizeOfHandle(file, signal);
        if (found !== sizeBytes)
          throw new MediumError('checksum', key, `${found} bytes were written, ${sizeBytes} were announced`);
        await publishTemp(temp, 'create', signal);
      } catch (error) {
        // With the connection gone nobody knows whether the name was given: `abort` tidies up.
        if (!file.session.ended) await end(signal);
        throw error;
      }
      ended = true;
      release();
    },
    async abort() {
      if (!ended) await end();
    },
  };
}

/** Opens an object that grows; bytes behind `sizeBytes` were never promised to anybody and are cut off. */
export async function openAppend(
  root: SftpRoot,
  key: string,
  sizeBytes: number,
  signal?: AbortSignal,
  syncedBytes = sizeBytes,
): Promise<AppendSink> {
  const file = await openOrCreate(root, key, signal);
  try {
    const found = await sizeOfHandle(file, signal);
    if (found < sizeBytes)
      throw new MediumError('checksum', key, `has ${found} bytes, ${sizeBytes} had been confirmed`);
    if (found > sizeBytes) await truncateHandle(file, sizeBytes, signal);
    // After a sync that failed the server's system thinks its bytes done: the next one would leave them out.
    if (syncedBytes < sizeBytes) {
      const bytes = await readExact(file, syncedBytes, sizeBytes - syncedBytes, signal);
      await writeExact(root, file, syncedBytes, bytes, signal);
    }
    await syncHandle(file, signal);
  } catch (error) {
    closeHandle(file);
    throw error;
  }
  return appendSink(root, file, sizeBytes, signal);
}

function appendSink(root: SftpRoot, file: SftpHandle, sizeBytes: number, signal: AbortSignal | undefined): AppendSink {
  const turn = new Mutex();
  const release = hold(root);
  let confirmed = sizeBytes;
  return {
    get sizeBytes() {
      return confirmed;
    },
    append: (bytes) =>
      turn.run(async () => {
        const found = await sizeOfHandle(file, signal);
        if (found !== confirmed)
          throw new MediumError('io', file.key, `ends at ${found}, not at ${confirmed}: somebody else writes to it`);
        await writeExact(root, file, confirmed, bytes, signal);
        await syncHandle(file, signal);
        confirmed += bytes.length;
      }),
    close: () =>
      turn.run(() => {
        release();
        closeHandle(file);
      }),
  };
}

async function openOrCreate(root: SftpRoot, key: string, signal: AbortSignal | undefined): Promise<SftpHandle> {
  for (let attempt = 0; ; attempt++) {
    await root.makeParents(key, signal);
    try {
      return await openHandle(await root.session(key, signal), key, root.at(key), 'openOrCreate', signal);
    } catch (error) {
      if (attempt > 0 || !(error instanceof MediumError) || statusOf(error.cause) !== status.noSuchFile) throw error;
      root.forget();
      await root.guard(signal);
    }
  }
}

interface OpenedSource {
  readonly file: SftpHandle;
  readonly sizeBytes: number;
}

/** Opens an object for reading; `notFound` when it is missing or no file. */
export async function openSource(root: SftpRoot, key: string, signal?: AbortSignal): Promise<OpenedSource> {
  const session = await root.session(key, signal);
  let file: SftpHandle;
  try {
    file = await openHandle(session, key, root.at(key), 'read', signal);
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') await root.guard(signal);
    throw error;
  }
  root.met();
  try {
    const found = await session.call<Stats>(key, 'fstat', signal, (sftp, done) => sftp.fstat(file.handle, done));
    if (!found.isFile()) throw new MediumError('notFound', key, 'it is not a file');
    return { file, sizeBytes: found.size };
  } catch (error) {
    closeHandle(file);
    throw error;
  }
}

/** An object opened for many reads, possibly many at once. */
export function sftpSource(root: SftpRoot, { file, sizeBytes }: OpenedSource, signal?: AbortSignal): ObjectSource {
  const release = hold(root);
  return {
    sizeBytes,
    read: (offset, length) => readExact(file, offset, length, signal),
    async close() {
      release();
      closeHandle(file);
    },
  };
}

/** Keeps the connection from being closed as idle. */
function hold({ connection }: SftpRoot): () => void {
  connection.held += 1;
  let held = true;
  return () => {
    if (held) connection.held -= 1;
    held = false;
  };
}
