import { crc64 } from '../crc64.ts';
import { MediumError, type MediumErrorKind, type ObjectHead, type ObjectSource } from '../medium.ts';
import { type CosClient, headerOf } from './cos-client.ts';

/** On every object that is not appended to: the id of the write it comes from. */
export const writerHeader = 'x-cos-meta-obvault-write';

export interface CosHead extends ObjectHead {
  /** CRC-64 in decimal, `''` where the service names none. */
  readonly crc64: string;
  readonly etag: string;
  /** Whose write it is, `''` for one of others or an append. */
  readonly writer: string;
  readonly appendable: boolean;
}

/** What stands under the key, null when nothing does. */
export async function headObject(client: CosClient, key: string, signal?: AbortSignal): Promise<CosHead | null> {
  try {
    return await askHead(client, key, signal);
  } catch (error) {
    if (!isKind(error, 'notFound') && !isKind(error, 'denied')) throw error;
  }
  // A reply to HEAD has a number only: whether object or bucket is missing, or why it is denied, is said to a GET.
  try {
    await getRange(client, key, 0, 1, signal);
  } catch (error) {
    if (isKind(error, 'notFound')) return null;
    // An empty object has no first byte.
    if (!isKind(error, 'checksum')) throw error;
  }
  return askHead(client, key, signal);
}

async function askHead(client: CosClient, key: string, signal?: AbortSignal): Promise<CosHead> {
  const reply = await client.call(key, signal, (cos, bucket) => cos.headObject({ ...bucket, Key: client.at(key) }));
  return {
    sizeBytes: Number(headerOf(reply, 'content-length')),
    modifiedMs: Date.parse(headerOf(reply, 'last-modified')),
    crc64: headerOf(reply, 'x-cos-hash-crc64ecma'),
    etag: headerOf(reply, 'etag'),
    writer: headerOf(reply, writerHeader),
    appendable: headerOf(reply, 'x-cos-object-type') === 'appendable',
  };
}

function isKind(error: unknown, kind: MediumErrorKind): boolean {
  return error instanceof MediumError && error.kind === kind;
}

/** Throws `checksum` when the service has other bytes than were sent. */
export function checkSum(key: string, sent: string, stored: string): void {
  if (stored !== '' && stored !== sent) throw new MediumError('checksum', key, `sent ${sent}, stored ${stored}`);
}

interface Range {
  readonly bytes: Buffer;
  /** Size of the whole object. */
  readonly sizeBytes: number;
}

/** At most `length` bytes at `offset`; fewer when the object ends before, `checksum` when it ends before `offset`. */
async function getRange(
  client: CosClient,
  key: string,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Range> {
  const reply = await client.call(key, signal, (cos, bucket) =>
    cos.getObject({ ...bucket, Key: client.at(key), Range: `bytes=${offset}-${offset + length - 1}` }),
  );
  const bytes = reply.Body;
  const span = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headerOf(reply, 'content-range'));
  if (!span || !Buffer.isBuffer(bytes)) throw new MediumError('io', key, 'the reply is no range');
  const sizeBytes = Number(span[3]);
  const expected = Math.min(length, sizeBytes - offset);
  if (Number(span[1]) !== offset || bytes.length !== expected)
    throw new MediumError('network', key, `${bytes.length} bytes came instead of ${expected}`);
  if (bytes.length === sizeBytes) checkSum(key, await crc64(bytes), headerOf(reply, 'x-cos-hash-crc64ecma'));
  return { bytes, sizeBytes };
}

/** Exactly `length` bytes at `offset`. */
export async function readObject(
  client: CosClient,
  key: string,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (length === 0) {
    const sizeBytes = (await existing(client, key, signal)).sizeBytes;
    if (offset > sizeBytes) throw new MediumError('checksum', key, `ends at ${sizeBytes}, before offset ${offset}`);
    return new Uint8Array(0);
  }
  const { bytes, sizeBytes } = await getRange(client, key, offset, length, signal);
  if (bytes.length < length) throw new MediumError('checksum', key, `ends at ${sizeBytes}, before ${offset + length}`);
  return bytes;
}

/** An object opened for many reads; its size is the one it has now. */
export async function openSource(client: CosClient, key: string, signal?: AbortSignal): Promise<ObjectSource> {
  const { sizeBytes } = await existing(client, key, signal);
  return {
    sizeBytes,
    read: (offset, length) => readObject(client, key, offset, length, signal),
    async close() {},
  };
}

async function existing(client: CosClient, key: string, signal?: AbortSignal): Promise<CosHead> {
  const found = await headObject(client, key, signal);
  if (found === null) throw new MediumError('notFound', key, `${client.place.host}: there is no such object`);
  return found;
}
