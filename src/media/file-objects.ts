import type { FileHandle } from 'node:fs/promises';
import { Mutex } from '../base/mutex.ts';
import { fileError } from './file-errors.ts';
import { discardTemp, publishTemp, type TempFile } from './file-publish.ts';
import { type AppendSink, MediumError, type ObjectSink, type ObjectSource } from './medium.ts';

/** A large object under its temporary name; `publish` needs exactly the bytes it names. */
export function fileSink(temp: TempFile): ObjectSink {
  let ended = false;
  return {
    fd: temp.handle.fd,
    writeAt: (offset, bytes) => writeExact(temp.handle, temp.key, offset, bytes),
    async publish(sizeBytes) {
      if (ended) throw new Error(`${temp.key} was already ended`);
      ended = true;
      try {
        const found = (await temp.handle.stat()).size;
        if (found !== sizeBytes)
          throw new MediumError('checksum', temp.key, `${found} bytes were written, ${sizeBytes} were announced`);
      } catch (error) {
        await discardTemp(temp);
        throw fileError(temp.key, error);
      }
      await publishTemp(temp, 'create');
    },
    async abort() {
      if (ended) return;
      ended = true;
      await discardTemp(temp);
    },
  };
}

/** An object that grows behind `confirmedBytes`; a failed append leaves the confirmed end where it was. */
export function fileAppendSink(handle: FileHandle, key: string, confirmedBytes: number): AppendSink {
  const turn = new Mutex();
  let sizeBytes = confirmedBytes;
  return {
    fd: handle.fd,
    get sizeBytes() {
      return sizeBytes;
    },
    append: (bytes) =>
      turn.run(async () => {
        await writeExact(handle, key, sizeBytes, bytes);
        try {
          await handle.datasync();
        } catch (error) {
          throw fileError(key, error);
        }
        sizeBytes += bytes.length;
      }),
    close: () => turn.run(() => handle.close()),
  };
}

/** An object opened for many reads. */
export function fileSource(handle: FileHandle, key: string, sizeBytes: number): ObjectSource {
  return {
    sizeBytes,
    fd: handle.fd,
    read: (offset, length) => readExact(handle, key, offset, length),
    close: () => handle.close(),
  };
}

/** Reads exactly `length` bytes; an object that ends before is `checksum`, for bytes that were confirmed are gone. */
export async function readExact(handle: FileHandle, key: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const part = await handle.read(bytes, done, length - done, offset + done).catch((error: unknown) => {
      throw fileError(key, error);
    });
    if (part.bytesRead === 0)
      throw new MediumError('checksum', key, `ends at ${offset + done}, bytes up to ${offset + length} were asked for`);
    done += part.bytesRead;
  }
  return bytes;
}

/** Writes all of `bytes` at `offset`. */
export async function writeExact(handle: FileHandle, key: string, offset: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  try {
    while (done < bytes.length) {
      const part = await handle.write(bytes, done, bytes.length - done, offset + done);
      done += part.bytesWritten;
    }
  } catch (error) {
    throw fileError(key, error);
  }
}

/** Writes what stands between the two offsets once more, so that a sync has it to do: after one that failed the system thinks it done. */
export async function writeAgain(handle: FileHandle, key: string, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += againBytes)
    await writeExact(handle, key, at, await readExact(handle, key, at, Math.min(againBytes, to - at)));
}

const againBytes = 1 << 20;
