import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import type { S3Operation } from './s3-faults.ts';
import { listObjects, listUploads } from './s3-listing.ts';
import { escapeXml, S3Refusal } from './s3-refusal.ts';
import { md5Hex, type S3Bucket } from './s3-store.ts';

/** What a request means, found out before its body is read. */
export interface S3Ask {
  readonly request: IncomingMessage;
  readonly operation: S3Operation;
  readonly bucketName: string;
  readonly bucket: S3Bucket;
  readonly key: string;
  readonly query: URLSearchParams;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface S3Rules {
  nowMs(): number;
  readonly pageLimit: number;
  readonly minPartBytes: number;
  /** As stores before the condition was invented: `If-None-Match` of a PUT is not looked at. */
  readonly putIgnoresCondition: boolean;
  /** As Ceph RGW 16: `If-None-Match` on Complete is not looked at. */
  readonly completeIgnoresCondition: boolean;
}

/** Does the work of one request whose signature and body were verified. Throws S3Refusal. */
export function answerS3(ask: S3Ask, body: Buffer, rules: S3Rules): S3Answer {
  const { bucket, key, query, request } = ask;
  switch (ask.operation) {
    case 'PutObject': {
      if (!rules.putIgnoresCondition) createOnly(ask);
      const etag = md5Hex(body);
      bucket.put(key, { bytes: body, etag, modifiedMs: rules.nowMs(), meta: metaOf(request), tags: {} });
      return { status: 200, headers: { etag: `"${etag}"` } };
    }
    case 'GetObject':
    case 'HeadObject':
      return getObject(ask);
    case 'HeadBucket':
      return { status: 200 };
    case 'DeleteObject':
      bucket.delete(key);
      return { status: 204 };
    case 'DeleteObjects':
      return deleteObjects(ask, body.toString());
    case 'ListObjectsV2':
      return xml(listObjects(ask.bucketName, bucket, query, rules.pageLimit));
    case 'CreateMultipartUpload': {
      const { id } = bucket.begin(key, rules.nowMs(), metaOf(request));
      return xml(
        `<InitiateMultipartUploadResult><Bucket>${ask.bucketName}</Bucket><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    case 'UploadPart': {
      const no = Number(query.get('partNumber'));
      if (!(Number.isInteger(no) && no >= 1 && no <= 10_000)) throw new S3Refusal(400, 'InvalidArgument');
      const etag = md5Hex(body);
      bucket.upload(query.get('uploadId') ?? '', key).parts.set(no, { bytes: body, etag });
      return { status: 200, headers: { etag: `"${etag}"` } };
    }
    case 'CompleteMultipartUpload':
      return complete(ask, body.toString(), rules);
    case 'AbortMultipartUpload':
      bucket.uploads.delete(bucket.upload(query.get('uploadId') ?? '', key).id);
      return { status: 204 };
    case 'ListMultipartUploads':
      return xml(listUploads(ask.bucketName, bucket, query, rules.pageLimit));
    case 'ListParts': {
      const parts = [...bucket.upload(query.get('uploadId') ?? '', key).parts].sort(([a], [b]) => a - b);
      const rows = parts.map(
        ([no, part]) =>
          `<Part><PartNumber>${no}</PartNumber><ETag>"${part.etag}"</ETag><Size>${part.bytes.length}</Size></Part>`,
      );
      return xml(`<ListPartsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListPartsResult>`);
    }
    case 'PutObjectTagging':
      bucket.get(key).tags = readTags(body.toString());
      return { status: 200 };
    case 'GetObjectTagging': {
      const rows = Object.entries(bucket.get(key).tags).map(
        ([name, value]) => `<Tag><Key>${escapeXml(name)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
      );
      return xml(`<Tagging><TagSet>${rows.join('')}</TagSet></Tagging>`);
    }
  }
}

/** Refuses a body that is not what its headers say. */
export function checkBody({ request, operation }: S3Ask, body: Buffer, payloadHash: string): void {
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && createHash('sha256').update(body).digest('hex') !== payloadHash)
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch');
  const md5 = request.headers['content-md5'];
  if (md5 !== undefined) {
    const claimed = Buffer.from(String(md5), 'base64');
    if (claimed.length !== 16) throw new S3Refusal(400, 'InvalidDigest');
    if (claimed.toString('hex') !== md5Hex(body)) throw new S3Refusal(400, 'BadDigest');
  }
  const crc = request.headers['x-amz-checksum-crc32'];
  if (crc !== undefined) {
    const found = Buffer.alloc(4);
    found.writeUInt32BE(crc32(body));
    if (found.toString('base64') !== String(crc)) throw new S3Refusal(400, 'BadDigest');
  }
  if (operation === 'DeleteObjects' && md5 === undefined && crc === undefined)
    throw new S3Refusal(400, 'InvalidRequest', '<Detail>Missing required header: Content-MD5</Detail>');
}

function createOnly({ request, bucket, key }: S3Ask): void {
  const condition = request.headers['if-none-match'];
  if (condition === undefined) return;
  if (condition !== '*') throw new S3Refusal(501, 'NotImplemented');
  if (bucket.objects.has(key)) throw new S3Refusal(412, 'PreconditionFailed');
}

function getObject({ request, bucket, key }: S3Ask): S3Answer {
  const object = bucket.get(key);
  const match = request.headers['if-match'];
  if (match !== undefined && match !== `"${object.etag}"`) throw new S3Refusal(412, 'PreconditionFailed');
  const meta = Object.entries(object.meta).map(([name, value]) => [`x-amz-meta-${name}`, value] as const);
  const headers = {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(meta),
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range) return { status: 200, headers, body: object.bytes };
  const from = Number(range[1]);
  const to = Math.min(range[2] === '' ? Number.POSITIVE_INFINITY : Number(range[2]), object.bytes.length - 1);
  if (from >= object.bytes.length) throw new S3Refusal(416, 'InvalidRange');
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${from}-${to}/${object.bytes.length}` },
    body: object.bytes.subarray(from, to + 1),
  };
}

function deleteObjects({ bucket }: S3Ask, document: string): S3Answer {
  const keys = [...document.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => unescapeXml(key ?? ''));
  if (keys.length === 0 || keys.length > 1000) throw new S3Refusal(400, 'MalformedXML');
  const quiet = document.includes('<Quiet>true</Quiet>');
  const rows = keys.map((key) => {
    try {
      bucket.delete(key);
      return quiet ? '' : `<Deleted><Key>${escapeXml(key)}</Key></Deleted>`;
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      return `<Error><Key>${escapeXml(key)}</Key><Code>${error.code}</Code><Message>no</Message></Error>`;
    }
  });
  return xml(`<DeleteResult>${rows.join('')}</DeleteResult>`);
}

function complete(ask: S3Ask, document: string, rules: S3Rules): S3Answer {
  const upload = ask.bucket.upload(ask.query.get('uploadId') ?? '', ask.key);
  if (!rules.completeIgnoresCondition) createOnly(ask);
  const listed = [...document.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part]) => ({
    no: Number(/<PartNumber>(\d+)</.exec(part ?? '')?.[1]),
    etag: unescapeXml(/<ETag>([^<]*)</.exec(part ?? '')?.[1] ?? '').replaceAll('"', ''),
  }));
  const etag = ask.bucket.complete(upload, listed, rules.minPartBytes, rules.nowMs());
  return xml(
    `<CompleteMultipartUploadResult><Bucket>${ask.bucketName}</Bucket><Key>${escapeXml(ask.key)}</Key><ETag>&#34;${etag}&#34;</ETag></CompleteMultipartUploadResult>`,
  );
}

function readTags(document: string): Record<string, string> {
  const pairs = [...document.matchAll(/<Tag><Key>([^<]*)<\/Key><Value>([^<]*)<\/Value><\/Tag>/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [unescapeXml(name ?? ''), unescapeXml(value ?? '')]));
}

function metaOf(request: IncomingMessage): Record<string, string> {
  const all = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return Object.fromEntries(all.map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]));
}

function unescapeXml(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function xml(body: string): S3Answer {
  const text = body.startsWith('<?xml') ? body : `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: text };
}
