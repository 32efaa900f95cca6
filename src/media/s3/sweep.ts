import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { isBelow } from '../key.ts';
import { MediumError } from '../medium.ts';
import type { S3Connection } from './connection.ts';

interface UploadMarker {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** Aborts multipart uploads below the root, not below `kept`, begun more than `olderThanMs` ago by the server's clock; says how many. */
export async function sweepUploads(
  connection: S3Connection,
  olderThanMs: number,
  kept: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const { bucket, prefix } = connection.address;
  let swept = 0;
  let from: UploadMarker | null = {};
  while (from !== null) {
    const marker: UploadMarker = from;
    const page: ListMultipartUploadsCommandOutput = await connection.call(
      'ListMultipartUploads',
      '',
      signal,
      (s3, options) => s3.listMultipartUploads({ Bucket: bucket, Prefix: prefix, ...marker }, options),
    );
    const before = connection.serverNowMs() - olderThanMs;
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() > before || !Key.startsWith(prefix)) continue;
      if (isBelow(Key.slice(prefix.length), kept)) continue;
      if (await abortUpload(connection, Key, UploadId, signal)) swept += 1;
    }
    const { NextKeyMarker, NextUploadIdMarker } = page;
    from =
      page.IsTruncated === true && NextKeyMarker !== undefined
        ? { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}) }
        : null;
  }
  return swept;
}

/** False when it ended in the meantime. */
async function abortUpload(connection: S3Connection, Key: string, UploadId: string, signal?: AbortSignal) {
  const { bucket, prefix } = connection.address;
  try {
    await connection.call('AbortMultipartUpload', Key.slice(prefix.length), signal, (s3, options) =>
      s3.abortMultipartUpload({ Bucket: bucket, Key, UploadId }, options),
    );
    return true;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return false;
    throw error;
  }
}
