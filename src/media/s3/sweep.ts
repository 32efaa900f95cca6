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
  let marker: UploadMarker = {};
  for (;;) {
    const from = marker;
    const page: ListMultipartUploadsCommandOutput = await connection.call(
      'ListMultipartUploads',
      '',
      signal,
      (s3, options) => s3.listMultipartUploads({ Bucket: bucket, Prefix: prefix, ...from }, options),
    );
    const before = connection.serverNowMs() - olderThanMs;
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() > before || !Key.startsWith(prefix)) continue;
      if (isBelow(Key.slice(prefix.length), kept)) continue;
      if (await abortUpload(connection, Key, UploadId, signal)) swept += 1;
    }
    if (page.IsTruncated !== true) return swept;
    const { NextKeyMarker = '', NextUploadIdMarker = '' } = page;
    const goesOn = NextKeyMarker !== from.KeyMarker || NextUploadIdMarker !== (from.UploadIdMarker ?? '');
    if (NextKeyMarker === '' || !goesOn)
      throw new MediumError('io', '', 'the server cut a listing of the uploads and does not say where it goes on');
    marker = { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}) };
  }
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
