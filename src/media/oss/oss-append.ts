import { Mutex } from '../../base/mutex.ts';
import { crc64, joinCrc64 } from '../crc64.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import type { OssClient } from './oss-client.ts';
import { isRefusal } from './oss-errors.ts';
import { smallestPartBytes } from './oss-limits.ts';
import { authorship, checkSum, headObject, type OssHead, putObject, readRange } from './oss-objects.ts';
import { beginUpload, completeUpload, copyPart, discardUpload, sendPart } from './oss-upload.ts';

/** What stands under the key and is confirmed; `crc64` is `''` while it is not known. */
interface Standing {
  readonly sizeBytes: number;
  readonly crc64: string;
  readonly etag: string;
}

type Grow = (standing: Standing, bytes: Uint8Array, signal: AbortSignal | undefined) => Promise<Standing>;

/**
 * Opens an object that grows. The service has appendable objects, but cannot cut one: when bytes stand behind the confirmed
 * end, the object is replaced by its confirmed bytes, put together by the service itself in one step, so that at no moment a
 * confirmed byte is missing. What comes of that is no appendable object any more; it grows the same way from then on, each append
 * replacing the object by itself and the new bytes. Archive logs begin a new file soon, and that is appendable again.
 */
export async function openAppend(
  client: OssClient,
  key: string,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AppendSink> {
  const found = await headObject(client, key, signal);
  if ((found?.sizeBytes ?? 0) < sizeBytes)
    throw new MediumError('checksum', key, `has ${found?.sizeBytes ?? 0} bytes, ${sizeBytes} had been confirmed`);
  if (found === null || sizeBytes === 0) {
    // Nothing of it was ever confirmed. The object comes with its first bytes.
    if (found) await client.call({ method: 'DELETE', key }, signal);
    return sinkOf(client, key, appendTo(client, key), { sizeBytes: 0, crc64: '0', etag: '' }, signal);
  }
  if (found.appendable && found.sizeBytes === sizeBytes)
    return sinkOf(client, key, appendTo(client, key), found, signal);
  const grow = replaceBy(client, key);
  const standing = found.sizeBytes === sizeBytes ? found : await cut(client, key, found, sizeBytes, signal);
  return sinkOf(client, key, grow, standing, signal);
}

function sinkOf(
  client: OssClient,
  key: string,
  grow: Grow,
  start: Standing,
  signal: AbortSignal | undefined,
): AppendSink {
  const turn = new Mutex();
  const closed = new AbortController();
  const ends = signal ? AbortSignal.any([signal, closed.signal]) : closed.signal;
  let standing = start;
  let failed: unknown = null;
  return {
    get sizeBytes() {
      return standing.sizeBytes;
    },
    append: (bytes) =>
      turn.run(async () => {
        // Nobody knows what the call that failed did: only opening it anew finds out.
        if (failed !== null) throw new MediumError('io', key, `${client.place.host}: an earlier append failed`, failed);
        if (bytes.length === 0) return;
        try {
          standing = await grow(standing, bytes, ends);
        } catch (error) {
          failed = error;
          throw error;
        }
      }),
    async close() {
      closed.abort(new Error('the object was closed'));
      await turn.run(async () => undefined);
    },
  };
}

/** The service's own way: the position is the condition. */
function appendTo(client: OssClient, key: string): Grow {
  return async (standing, bytes, signal) => {
    const sizeBytes = standing.sizeBytes + bytes.length;
    const sum = grownSum(standing, bytes.length, await crc64(bytes));
    const subresources = { append: '', position: String(standing.sizeBytes) };
    try {
      const { headers } = await client.call({ method: 'POST', key, subresources, content: bytes }, signal);
      if (sum !== '') checkSum(key, sum, headers['x-oss-hash-crc64ecma']);
      return { sizeBytes, crc64: sum, etag: headers.etag ?? '' };
    } catch (error) {
      if (!isRefusal(error, 'PositionNotEqualToLength')) throw error;
      // The request may have come twice.
      const found = await headObject(client, key, signal);
      if (sum === '' || found?.sizeBytes !== sizeBytes || found.crc64 !== sum) throw error;
      return found;
    }
  };
}

/** Puts the object as it stands and the new bytes together and replaces it by that. */
function replaceBy(client: OssClient, key: string): Grow {
  return async (standing, bytes, signal) => {
    const sum = grownSum(standing, bytes.length, await crc64(bytes));
    const after = { sizeBytes: standing.sizeBytes + bytes.length, crc64: sum };
    if (standing.sizeBytes < smallestPartBytes) {
      client.oweAgain(standing.sizeBytes);
      const old = await readRange(client, key, 0, standing.sizeBytes, signal, standing.etag);
      return rewritten(client, key, Buffer.concat([old, bytes]), signal);
    }
    return composed(client, key, signal, async (uploadId) => {
      const first = await copyPart(client, key, uploadId, standing, signal);
      const second = await sendPart(client, key, uploadId, 2, bytes, signal);
      return { parts: [first, second], after };
    });
  };
}

/** Replaces the object by its first `sizeBytes`. */
async function cut(
  client: OssClient,
  key: string,
  found: OssHead,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<Standing> {
  if (sizeBytes < smallestPartBytes) {
    client.oweAgain(sizeBytes);
    return rewritten(client, key, await readRange(client, key, 0, sizeBytes, signal, found.etag), signal);
  }
  return composed(client, key, signal, async (uploadId) => {
    const kept = await copyPart(client, key, uploadId, { etag: found.etag, sizeBytes }, signal);
    return { parts: [kept], after: { sizeBytes, crc64: '' } };
  });
}

async function rewritten(
  client: OssClient,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Standing> {
  await putObject(client, key, bytes, 'replace', authorship(), signal);
  return standingNow(client, key, bytes.length, signal);
}

async function composed(
  client: OssClient,
  key: string,
  signal: AbortSignal | undefined,
  send: (uploadId: string) => Promise<{
    readonly parts: readonly { readonly etag: string }[];
    readonly after: { readonly sizeBytes: number; readonly crc64: string };
  }>,
): Promise<Standing> {
  const uploadId = await beginUpload(client, key, authorship().headers, signal);
  try {
    const { parts, after } = await send(uploadId);
    const headers = await completeUpload(client, key, uploadId, parts, {}, signal);
    if (after.crc64 !== '') checkSum(key, after.crc64, headers['x-oss-hash-crc64ecma']);
    return standingNow(client, key, after.sizeBytes, signal);
  } catch (error) {
    await discardUpload(client, key, uploadId).catch(() => undefined);
    throw error;
  }
}

async function standingNow(
  client: OssClient,
  key: string,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<Standing> {
  const found = await headObject(client, key, signal);
  if (found?.sizeBytes === sizeBytes) return found;
  throw new MediumError('io', key, `has ${found?.sizeBytes ?? 0} bytes, ${sizeBytes} were put together`);
}

/** Check sum of the object behind an append; `''` when that of the object was not known. */
function grownSum(standing: Standing, sizeBytes: number, sum: string): string {
  if (standing.crc64 === '') return '';
  return joinCrc64([
    { crc64: standing.crc64, sizeBytes: standing.sizeBytes },
    { crc64: sum, sizeBytes },
  ]);
}
