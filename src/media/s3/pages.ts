import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { listPageEntries } from '../limits.ts';
import { MediumError } from '../medium.ts';
import type { S3Connection } from './connection.ts';

export interface ListAsk {
  /** In the bucket. */
  readonly prefix: string;
  /** What errors name; the prefix when left out. */
  readonly key?: string;
  /** One level only. */
  readonly delimited: boolean;
  /** Names up to this one are left out. */
  readonly startAfter?: string;
  readonly limit?: number;
}

/** Answers of ListObjectsV2, page by page. */
export async function* objectPages(
  connection: S3Connection,
  ask: ListAsk,
  signal?: AbortSignal,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const { bucket, prefix: root } = connection.address;
  const key = ask.key ?? ask.prefix.slice(root.length);
  let token: string | undefined;
  do {
    const after = token === undefined && ask.startAfter !== undefined ? { StartAfter: ask.startAfter } : {};
    const page = await connection.call('ListObjectsV2', key, signal, (s3, options) =>
      s3.listObjectsV2(
        {
          Bucket: bucket,
          Prefix: ask.prefix,
          MaxKeys: ask.limit ?? listPageEntries,
          ...(ask.delimited ? { Delimiter: '/' } : {}),
          ...(token === undefined ? after : { ContinuationToken: token }),
        },
        options,
      ),
    );
    // An answer of something in between must not pass for an empty directory.
    if (page.IsTruncated === undefined) throw new MediumError('network', key, 'what answered is no S3 server');
    yield page;
    if (page.IsTruncated && (page.NextContinuationToken === undefined || page.NextContinuationToken === token))
      throw new MediumError('io', key, 'the server cut a listing and does not say where it goes on');
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
