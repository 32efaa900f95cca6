import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { checked, readFrom } from './checked.ts';
import { smallObjectBytes } from './limits.ts';
import { type Medium, MediumError, type MediumStatus, type ObjectSource } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { parseS3Address } from './s3/address.ts';
import { openAppendSink } from './s3/append-sink.ts';
import { appendedReader, findAppended } from './s3/appended.ts';
import { S3Connection, type S3Seams } from './s3/connection.ts';
import { directoryPages } from './s3/listing.ts';
import { headObject, putObject, readRange, readWhole } from './s3/objects.ts';
import { objectPages } from './s3/pages.ts';
import { removeObjects } from './s3/remove.ts';
import { sweepUploads } from './s3/sweep.ts';
import { tagObjects, tagsOfObject } from './s3/tags.ts';
import { uploadSink } from './s3/upload.ts';

/**
 * The medium of `s3://`: Amazon S3 and the stores that speak as it does. Objects appear whole by the server's own promise; `create` is
 * `If-None-Match: *`. Objects that grow lie in parts (`s3/append-parts.ts`) and are joined by reads, listings and removals. Throws
 * MediumError only. Nothing is read or written, nor the SDK loaded, before the first call.
 */
export function openS3Medium(address: MediumAddress, clock: Clock = systemClock, seams: S3Seams = {}): Medium {
  const connection = new S3Connection(parseS3Address(address), clock, seams, address.pace ?? null);
  return checked({
    scheme: 's3',
    abilities: abilitiesOf(address),
    putSmall: (key, bytes, mode, signal) => putObject(connection, key, bytes, mode, signal),
    createObject: async (key, signal) => uploadSink(connection, key, signal),
    openAppend: (key, sizeBytes, signal) => openAppendSink(connection, key, sizeBytes, signal),
    read: (key, offset, length, signal) => readKey(connection, key, offset, length, signal),
    openObject: (key, signal) => openSource(connection, key, signal),
    head: async (key, signal) =>
      (await headObject(connection, key, signal)) ?? (await findAppended(connection, key, signal)),
    listPages: (prefix, signal) => directoryPages(connection, prefix, signal),
    remove: (keys, signal) => removeObjects(connection, keys, signal),
    tag: (keys, tags, signal) => tagObjects(connection, keys, tags, signal),
    tagsOf: (key, signal) => tagsOfObject(connection, key, signal),
    sweep: (olderThanMs, kept, signal) => sweepUploads(connection, olderThanMs, kept, signal),
    status: (signal) => statusOf(connection, signal),
    close: () => connection.close(),
  });
}

async function readKey(
  connection: S3Connection,
  key: string,
  offset = 0,
  length: number | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    if (offset === 0 && length === undefined) return await readWhole(connection, key, smallObjectBytes, signal);
    if (length !== undefined && length > 0) return await readRange(connection, key, offset, length, signal);
  } catch (error) {
    if (!(error instanceof MediumError && error.kind === 'notFound')) throw error;
  }
  // In parts, or a read without length: both need the size first.
  return readFrom(await openSource(connection, key, signal), key, offset, length);
}

async function openSource(connection: S3Connection, key: string, signal?: AbortSignal): Promise<ObjectSource> {
  const single = await headObject(connection, key, signal);
  const appended = single === null ? await findAppended(connection, key, signal) : null;
  const sizeBytes = (single ?? appended)?.sizeBytes;
  if (sizeBytes === undefined) throw new MediumError('notFound', key, 'there is no such object');
  const readParts = appended && appendedReader(connection, key, appended, signal);
  return {
    sizeBytes,
    async read(offset, length) {
      if (offset + length > sizeBytes)
        throw new MediumError('checksum', key, `ends at ${sizeBytes}, bytes up to ${offset + length} were asked for`);
      if (length === 0) return new Uint8Array(0);
      if (readParts) return readParts(offset, length);
      return readRange(connection, key, offset, length, signal, single?.etag);
    },
    async close() {},
  };
}

async function statusOf(connection: S3Connection, signal?: AbortSignal): Promise<MediumStatus> {
  const ask = { prefix: connection.address.prefix, delimited: false, limit: 1 };
  try {
    await objectPages(connection, ask, signal).next();
  } catch (error) {
    // What is asked for is how far the clocks are apart.
    if (!(error instanceof MediumError && error.kind === 'clockSkew')) throw error;
  }
  return { clockOffsetMs: connection.clockOffsetMs, freeBytes: null };
}
