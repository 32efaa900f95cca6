import type { IncomingHttpHeaders } from 'node:http';
import { type CosStore, etagOf, StoreError } from './cos-store.ts';

export type Operation =
  | 'PutObject'
  | 'AppendObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteMultiple'
  | 'ListObjects'
  | 'ListVersions'
  | 'GetVersioning'
  | 'InitUpload'
  | 'UploadPart'
  | 'CopyPart'
  | 'CompleteUpload'
  | 'AbortUpload'
  | 'ListUploads'
  | 'PutTagging'
  | 'GetTagging'
  | 'HeadBucket'
  | 'Unknown';

export interface Answer {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string | number>>;
}

export interface Context {
  readonly store: CosStore;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly pageLimit: number;
}

const ofBucket: Readonly<Record<string, Operation>> = {
  'GET ': 'ListObjects',
  'GET versions': 'ListVersions',
  'GET versioning': 'GetVersioning',
  'GET uploads': 'ListUploads',
  'POST delete': 'DeleteMultiple',
  'HEAD ': 'HeadBucket',
};
const ofObject: Readonly<Record<string, Operation>> = {
  'PUT ': 'PutObject',
  'POST append': 'AppendObject',
  'GET ': 'GetObject',
  'HEAD ': 'HeadObject',
  'DELETE ': 'DeleteObject',
  'POST uploads': 'InitUpload',
  'PUT uploadId': 'UploadPart',
  'POST uploadId': 'CompleteUpload',
  'DELETE uploadId': 'AbortUpload',
  'PUT tagging': 'PutTagging',
  'GET tagging': 'GetTagging',
};

export function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): Operation {
  const sub =
    ['append', 'uploads', 'uploadId', 'tagging', 'delete', 'versions', 'versioning'].find((name) => query.has(name)) ??
    '';
  const found = (key === '' ? ofBucket : ofObject)[`${method} ${sub}`] ?? 'Unknown';
  return found === 'UploadPart' && headers['x-cos-copy-source'] !== undefined ? 'CopyPart' : found;
}

/** Does the work of one operation; throws StoreError. */
export function answerOf(operation: Operation, context: Context): Answer {
  const work = operations[operation];
  if (!work) throw new StoreError(405, 'MethodNotAllowed');
  return work(context);
}

const operations: Partial<Record<Operation, (context: Context) => Answer>> = {
  PutObject({ store, key, headers, body }) {
    if (headers['content-length'] === undefined) throw new StoreError(411, 'MissingContentLength');
    store.checkFree(key, forbids(headers));
    return { status: 200, headers: describe(store.put(key, body, { meta: metaOf(headers) })) };
  },
  AppendObject({ store, key, query, body }) {
    const version = store.append(key, Number(query.get('position')), body);
    return { status: 200, headers: { ...describe(version), 'x-cos-next-append-position': version.bytes?.length ?? 0 } };
  },
  GetObject({ store, key, headers }) {
    const found = store.get(key);
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    if (!range) return { status: 200, body: found.bytes, headers: describe(found) };
    const start = Number(range[1]);
    const size = found.bytes.length;
    if (start >= size) throw new StoreError(416, 'InvalidRange');
    const end = Math.min(size, range[2] ? Number(range[2]) + 1 : size);
    const span = { 'content-range': `bytes ${start}-${end - 1}/${size}` };
    return { status: 206, body: found.bytes.subarray(start, end), headers: { ...describe(found), ...span } };
  },
  HeadObject({ store, key }) {
    const found = store.get(key);
    return { status: 200, headers: { ...describe(found), 'content-length': found.bytes.length } };
  },
  HeadBucket: () => ({ status: 200 }),
  DeleteObject({ store, key, query }) {
    store.remove(key, query.get('versionId') ?? undefined);
    return { status: 204 };
  },
  DeleteMultiple({ store, headers, body }) {
    if (headers['content-md5'] === undefined) throw new StoreError(400, 'MissingContentMD5');
    const keys = texts(body.toString(), 'Key');
    if (keys.length === 0 || keys.length > 1000) throw new StoreError(400, 'MalformedXML');
    const refused: string[] = [];
    for (const key of keys) {
      try {
        if (key.endsWith('.locked')) throw new StoreError(403, 'AccessDenied');
        store.remove(key);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        refused.push(`<Error><Key>${key}</Key><Code>${error.code}</Code></Error>`);
      }
    }
    return xml(`<DeleteResult>${refused.join('')}</DeleteResult>`);
  },
  ListObjects: (context) => xml(listing(context)),
  GetVersioning({ store }) {
    const status = store.versioned ? '<Status>Enabled</Status>' : store.suspended ? '<Status>Suspended</Status>' : '';
    return xml(`<VersioningConfiguration>${status}</VersioningConfiguration>`);
  },
  ListVersions: (context) => xml(versions(context)),
  InitUpload({ store, bucket, key, headers }) {
    const id = store.begin(key, forbids(headers), metaOf(headers));
    return xml(
      `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  },
  UploadPart({ store, key, query, body }) {
    const part = { bytes: body, etag: etagOf(body) };
    store.upload(query.get('uploadId') ?? '', key).parts.set(Number(query.get('partNumber')), part);
    return { status: 200, headers: { etag: part.etag } };
  },
  CopyPart({ store, bucket, key, query, headers }) {
    const source = decodeURIComponent(String(headers['x-cos-copy-source']));
    if (!source.startsWith(`${bucket}.`)) throw new StoreError(400, 'InvalidCopySource');
    const range = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-cos-copy-source-range']));
    const { bytes, etag } = store.get(source.slice(source.indexOf('/') + 1));
    if ((headers['x-cos-copy-source-if-match'] ?? etag) !== etag) throw new StoreError(412, 'PreconditionFailed');
    const [start, end] = [Number(range?.[1]), Number(range?.[2]) + 1];
    if (!range || end > bytes.length) throw new StoreError(416, 'InvalidRange');
    const part = { bytes: bytes.subarray(start, end), etag: etagOf(bytes.subarray(start, end)) };
    store.upload(query.get('uploadId') ?? '', key).parts.set(Number(query.get('partNumber')), part);
    return xml(`<CopyPartResult><ETag>${part.etag}</ETag></CopyPartResult>`);
  },
  CompleteUpload({ store, bucket, key, query, headers, body }) {
    const numbers = texts(body.toString(), 'PartNumber').map(Number);
    const etags = texts(body.toString(), 'ETag').map((etag) => etag.replaceAll('&quot;', '"'));
    const parts = numbers.map((no, i) => ({ no, etag: etags[i] ?? '' }));
    const version = store.complete(query.get('uploadId') ?? '', key, parts, forbids(headers));
    const result = `<CompleteMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><ETag>${version.etag}</ETag></CompleteMultipartUploadResult>`;
    return { ...xml(result), headers: { ...describe(version), 'content-type': 'application/xml' } };
  },
  AbortUpload({ store, key, query }) {
    store.upload(query.get('uploadId') ?? '', key);
    store.uploads.delete(query.get('uploadId') ?? '');
    return { status: 204 };
  },
  ListUploads: (context) => xml(uploads(context)),
  PutTagging({ store, key, headers, body }) {
    if (headers['content-md5'] === undefined) throw new StoreError(400, 'MissingContentMD5');
    const names = texts(body.toString(), 'Key');
    const values = texts(body.toString(), 'Value');
    store.get(key).tags = Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
    return { status: 204 };
  },
  GetTagging({ store, key }) {
    const tags = Object.entries(store.get(key).tags);
    if (tags.length === 0) throw new StoreError(404, 'NoSuchTagSet');
    const set = tags.map(([name, value]) => `<Tag><Key>${name}</Key><Value>${value}</Value></Tag>`).join('');
    return xml(`<Tagging><TagSet>${set}</TagSet></Tagging>`);
  },
};

function listing({ store, bucket, query, pageLimit }: Context): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const marker = query.get('marker') ?? '';
  const limit = Math.min(pageLimit, Number(query.get('max-keys') ?? 1000), 1000);
  const entries: string[] = [];
  let last = '';
  let more = false;
  for (const key of store.sortedKeys(prefix)) {
    const found = store.find(key);
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    if (!found?.bytes || name <= marker || name === last) continue;
    more = entries.length === limit;
    if (more) break;
    entries.push(
      cut < 0
        ? `<Contents><Key>${escaped(key)}</Key><LastModified>${new Date(found.modifiedMs).toISOString()}</LastModified><ETag>${found.etag}</ETag><Size>${found.bytes.length}</Size><Owner><ID>1250000000</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>`
        : `<CommonPrefixes><Prefix>${escaped(name)}</Prefix></CommonPrefixes>`,
    );
    last = name;
  }
  const next = more ? `<NextMarker>${escaped(last)}</NextMarker>` : '';
  return `<ListBucketResult><Name>${bucket}</Name><Prefix>${escaped(prefix)}</Prefix><Marker>${escaped(marker)}</Marker><MaxKeys>${limit}</MaxKeys><IsTruncated>${more}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`;
}

/** Newest first within a key, as the service has it. */
function versions({ store, query }: Context): string {
  const entries = store.sortedKeys(query.get('prefix') ?? '').flatMap((key) =>
    (store.objects.get(key) ?? []).toReversed().map((one, i) => {
      const kind = one.bytes ? 'Version' : 'DeleteMarker';
      return `<${kind}><Key>${escaped(key)}</Key><VersionId>${one.versionId}</VersionId><IsLatest>${i === 0}</IsLatest><LastModified>${new Date(one.modifiedMs).toISOString()}</LastModified></${kind}>`;
    }),
  );
  return `<ListVersionsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListVersionsResult>`;
}

function uploads({ store, query, pageLimit }: Context): string {
  const prefix = query.get('prefix') ?? '';
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const all = [...store.uploads]
    .map(([id, { key, startedMs }]) => ({ id, key, startedMs }))
    .filter(
      ({ key, id }) =>
        key.startsWith(prefix) && (key > keyMarker || (key === keyMarker && idMarker !== '' && id > idMarker)),
    )
    .sort((a, b) => (a.key === b.key ? order(a.id, b.id) : order(a.key, b.key)));
  const page = all.slice(0, Math.min(pageLimit, 1000));
  const last = page.at(-1);
  const more = page.length < all.length && last;
  const next = more
    ? `<NextKeyMarker>${last.key}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
    : '';
  const items = page.map(
    ({ id, key, startedMs }) =>
      `<Upload><Key>${escaped(key)}</Key><UploadId>${id}</UploadId><Initiated>${new Date(startedMs).toISOString()}</Initiated></Upload>`,
  );
  return `<ListMultipartUploadsResult><IsTruncated>${more ? 'true' : 'false'}</IsTruncated>${next}${items.join('')}</ListMultipartUploadsResult>`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function metaOf(headers: IncomingHttpHeaders): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('x-cos-meta-'));
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

function forbids(headers: IncomingHttpHeaders): boolean {
  return headers['x-cos-forbid-overwrite'] === 'true';
}

function describe(version: ReturnType<CosStore['put']>): Record<string, string> {
  return {
    ...version.meta,
    etag: version.etag,
    'x-cos-hash-crc64ecma': version.crc64,
    'x-cos-object-type': version.type,
    'last-modified': new Date(version.modifiedMs).toUTCString(),
    ...(version.versionId === '' ? {} : { 'x-cos-version-id': version.versionId }),
  };
}

function xml(text: string): Answer {
  return {
    status: 200,
    body: `<?xml version='1.0' encoding='utf-8' ?>\n${text}`,
    headers: { 'content-type': 'application/xml' },
  };
}

function texts(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => match[1] ?? '');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
