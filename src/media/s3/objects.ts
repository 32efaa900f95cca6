import { createHash, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { MediumError, type ObjectHead } from '../medium.ts';
import type { S3Connection } from './connection.ts';
import { statusOf } from './errors.ts';

/** Metadata by which a write knows its own object again. */
export const writeIdName = 'obvault-write';

export function newWriteId(): string {
  return randomUUID();
}

/** Headers that let the server refuse bytes damaged on their way. */
export function digestsOf(
  connection: S3Connection,
  bytes: Uint8Array,
): { ContentMD5?: string; ChecksumCRC32?: string } {
  switch (connection.address.checksum) {
    case 'md5':
      return { ContentMD5: createHash('md5').update(bytes).digest('base64') };
    case 'crc32':
      return { ChecksumCRC32: crc32Base64(bytes) };
    case 'none':
      return {};
  }
}

export function crc32Base64(bytes: Uint8Array): string {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(bytes));
  return out.toString('base64');
}

/**
 * Publishes bytes under a key in one request. With `create` a taken name is `alreadyExists`, unless it was taken by this very
 * write: a request that reached the server twice is refused the second time.
 */
export async function putObject(
  connection: S3Connection,
  key: string,
  bytes: Uint8Array,
  mode: 'create' | 'replace',
  signal?: AbortSignal,
  writeId: string = newWriteId(),
): Promise<void> {
  try {
    const answer = await connection.call('PutObject', key, signal, (s3, options) =>
      s3.putObject(
        {
          Bucket: connection.address.bucket,
          Key: connection.at(key),
          Body: bytes,
          ContentLength: bytes.length,
          Metadata: { [writeIdName]: writeId },
          ...digestsOf(connection, bytes),
          ...(mode === 'create' ? { IfNoneMatch: '*' } : {}),
        },
        options,
      ),
    );
    checkGenuine(key, answer.ETag);
  } catch (error) {
    const taken = error instanceof MediumError && error.kind === 'alreadyExists';
    if (!taken || (await headObject(connection, key, signal))?.writeId !== writeId) throw error;
  }
}

/** Every store names the ETag of what it took or gives; a good status without one comes from something in between. */
export function checkGenuine(key: string, etag: string | undefined): asserts etag is string {
  if (etag === undefined) throw new MediumError('network', key, 'what answered is no S3 server');
}

export interface FoundObject extends ObjectHead {
  readonly etag: string;
  readonly writeId: string | null;
}

/** What a single object is; null when there is none under this very key. A missing bucket may be null as well: HEAD does not tell. */
export async function headObject(
  connection: S3Connection,
  key: string,
  signal?: AbortSignal,
): Promise<FoundObject | null> {
  const at = { Bucket: connection.address.bucket, Key: connection.at(key) };
  try {
    const found = await connection.call('HeadObject', key, signal, async (s3, options) => {
      try {
        return await s3.headObject(at, options);
      } catch (error) {
        if (statusOf(error) === 404) return null;
        if (statusOf(error) !== 403 && statusOf(error) !== 400) throw error;
        // HEAD has no body, so no code: a read of one byte tells which refusal it is. Temporary keys that have ended are a 400.
        const peeked = await s3.getObject({ ...at, Range: 'bytes=0-0' }, options);
        (peeked.Body as { destroy?: () => void } | undefined)?.destroy?.();
        throw error;
      }
    });
    if (found === null) return null;
    checkGenuine(key, found.ETag);
    return {
      sizeBytes: found.ContentLength ?? 0,
      modifiedMs: found.LastModified?.getTime() ?? 0,
      etag: found.ETag,
      writeId: found.Metadata?.[writeIdName] ?? null,
    };
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return null;
    throw error;
  }
}

/** Reads `length` bytes at `offset` of one object; `notFound` when there is none, `checksum` when it ends before. */
export async function readRange(
  connection: S3Connection,
  key: string,
  offset: number,
  length: number,
  signal?: AbortSignal,
  etag?: string,
): Promise<Uint8Array> {
  const range = `bytes=${offset}-${offset + length - 1}`;
  const at = { Bucket: connection.address.bucket, Key: connection.at(key) };
  return connection.call('GetObject', key, signal, async (s3, options) => {
    const answer = await s3
      .getObject({ ...at, Range: range, ...(etag ? { IfMatch: etag } : {}) }, options)
      .catch((error: unknown) => {
        if (statusOf(error) !== 412) throw error;
        throw new MediumError('checksum', key, 'it is another object since it was opened');
      });
    const body = answer.Body as AnswerBody;
    if (!answer.ContentRange?.startsWith(`bytes ${offset}-`)) {
      body.destroy();
      throw new MediumError('unsupported', key, 'the server does not read parts of objects');
    }
    if (answer.ContentLength !== length) {
      body.destroy();
      const end = offset + (answer.ContentLength ?? 0);
      throw new MediumError('checksum', key, `ends at ${end}, bytes up to ${offset + length} were asked for`);
    }
    return collect(body, length, key);
  });
}

/** Reads a whole object of at most `limitBytes`. */
export async function readWhole(
  connection: S3Connection,
  key: string,
  limitBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return connection.call('GetObject', key, signal, async (s3, options) => {
    const answer = await s3.getObject({ Bucket: connection.address.bucket, Key: connection.at(key) }, options);
    const body = answer.Body as AnswerBody;
    if (answer.ETag === undefined) body.destroy();
    checkGenuine(key, answer.ETag);
    const length = answer.ContentLength;
    if (length === undefined || length > limitBytes) {
      body.destroy();
      throw new MediumError('unsupported', key, `${length ?? 'unknown'} bytes are too many for one read`);
    }
    return collect(body, length, key);
  });
}

type AnswerBody = AsyncIterable<Uint8Array> & { destroy(): void };

/** Takes exactly `length` bytes of an answer; one that ends before is `network`. */
async function collect(body: AnswerBody, length: number, key: string): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  for await (const chunk of body) {
    if (done + chunk.length > length) break;
    bytes.set(chunk, done);
    done += chunk.length;
  }
  if (done !== length) throw new MediumError('network', key, `the answer broke off after ${done} of ${length} bytes`);
  return bytes;
}
