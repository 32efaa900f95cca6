import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { escapeXml, OssError, unescapeXml } from './oss-error.ts';
import { encodingOf, listObjects, listUploads, listVersions, shown } from './oss-list.ts';
import { type OssBucket, type StoredObject, slice } from './oss-store.ts';

export interface OssRequest {
  readonly method: string;
  readonly bucket: OssBucket;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Entries of a page, at most. */
  readonly pageEntries: number;
}

export interface OssReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Does what the request asks for; throws OssError. */
export function serve(request: OssRequest): OssReply {
  const { method, key, query, headers, body } = request;
  checkDigest(headers, body, method);
  const kind = ['uploads', 'uploadId', 'tagging', 'append', 'delete', 'versioning', 'versions', 'versionId'].find(
    (name) => query.has(name),
  );
  const route = `${method} ${key === '' ? 'bucket' : 'object'} ${kind ?? ''}`.trim();
  const work = routes[route];
  if (!work) throw new OssError(405, 'MethodNotAllowed', `${route} is not allowed against this resource.`);
  return work(request);
}

const routes: Readonly<Record<string, (request: OssRequest) => OssReply>> = {
  'GET bucket': (request) => xml(listObjects(request.bucket, request.query, request.pageEntries)),
  'GET bucket uploads': (request) => xml(listUploads(request.bucket, request.query, request.pageEntries)),
  'GET bucket versioning': ({ bucket }) =>
    xml(
      bucket.versioning === ''
        ? '<VersioningConfiguration/>'
        : `<VersioningConfiguration><Status>${bucket.versioning}</Status></VersioningConfiguration>`,
    ),
  'GET bucket versions': ({ bucket, query }) => xml(listVersions(bucket, query)),
  'DELETE object versionId': ({ bucket, key, query }) => {
    bucket.removeVersion(key, query.get('versionId') ?? '');
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  },
  'POST bucket delete': deleteMany,
  'PUT object': putObject,
  'GET object': (request) => getObject(request),
  'HEAD object': (request) => ({ ...getObject(request), body: Buffer.alloc(0) }),
  'DELETE object': ({ bucket, key }) => {
    bucket.remove(key);
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  },
  'POST object append': appendObject,
  'POST object uploads': ({ bucket, key, headers }) => {
    const { id } = bucket.initiate(key, kept(headers));
    const name = `<Bucket>${bucket.name}</Bucket><Key>${escapeXml(key)}</Key>`;
    return xml(`<InitiateMultipartUploadResult>${name}<UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  },
  'PUT object uploadId': uploadPart,
  'POST object uploadId': completeUpload,
  'GET object uploadId': ({ bucket, key, query }) => {
    const upload = bucket.upload(key, query.get('uploadId') ?? '');
    const parts = [...upload.parts].sort(([a], [b]) => a - b);
    const rows = parts.map(
      ([no, { etag, bytes }]) =>
        `<Part><PartNumber>${no}</PartNumber><ETag>"${etag}"</ETag><Size>${bytes.length}</Size></Part>`,
    );
    return xml(`<ListPartsResult><IsTruncated>false</IsTruncated>${rows.join('')}</ListPartsResult>`);
  },
  'DELETE object uploadId': ({ bucket, key, query }) => {
    bucket.upload(key, query.get('uploadId') ?? '');
    bucket.uploads.delete(query.get('uploadId') ?? '');
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  },
  'PUT object tagging': ({ bucket, key, body }) => {
    const tags = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>\s*<Value>([^<]*)<\/Value>/g)];
    if (tags.length === 0 || tags.length > 10) throw new OssError(400, 'InvalidTag', 'One to ten tags are allowed.');
    bucket.object(key).tags = Object.fromEntries(
      tags.map(([, name = '', value = '']) => [unescapeXml(name), unescapeXml(value)]),
    );
    return { status: 200, headers: {}, body: Buffer.alloc(0) };
  },
  'GET object tagging': ({ bucket, key }) => {
    const tags = Object.entries(bucket.object(key).tags).map(
      ([name, value]) => `<Tag><Key>${escapeXml(name)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
    );
    return xml(`<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`);
  },
};

function putObject({ bucket, key, headers, body }: OssRequest): OssReply {
  const placed = bucket.put(key, body, kept(headers), headers['x-oss-forbid-overwrite'] === 'true');
  return { status: 200, headers: written(placed), body: Buffer.alloc(0) };
}

function appendObject({ bucket, key, query, headers, body }: OssRequest): OssReply {
  const position = query.get('position') ?? '';
  if (!/^\d+$/.test(position)) throw new OssError(400, 'InvalidArgument', 'Position must be a number.');
  const grown = bucket.append(key, body, Number(position), kept(headers));
  const next = { 'x-oss-next-append-position': String(grown.sizeBytes) };
  return { status: 200, headers: { ...written(grown), ...next }, body: Buffer.alloc(0) };
}

function uploadPart(request: OssRequest): OssReply {
  const { bucket, key, query, headers } = request;
  const copied = headers['x-oss-copy-source'] !== undefined;
  const bytes = copied ? copySource(request) : request.body;
  const part = bucket.part(key, query.get('uploadId') ?? '', Number(query.get('partNumber')), bytes);
  if (copied) return xml(`<CopyPartResult><ETag>"${part.etag}"</ETag></CopyPartResult>`);
  return {
    status: 200,
    headers: { etag: `"${part.etag}"`, 'x-oss-hash-crc64ecma': part.crc64 },
    body: Buffer.alloc(0),
  };
}

function copySource({ bucket, headers }: OssRequest): Buffer {
  const source = decodeURIComponent(String(headers['x-oss-copy-source']));
  if (!source.startsWith(`/${bucket.name}/`))
    throw new OssError(403, 'AccessDenied', 'The source is in another bucket.');
  const object = bucket.object(source.slice(bucket.name.length + 2));
  const wanted = headers['x-oss-copy-source-if-match'];
  if (wanted !== undefined && String(wanted).replaceAll('"', '') !== object.etag)
    throw new OssError(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.');
  const range = headers['x-oss-copy-source-range'];
  if (range === undefined) return slice(object, 0, object.sizeBytes);
  const match = /^bytes=(\d+)-(\d+)$/.exec(String(range));
  if (!match || Number(match[2]) >= object.sizeBytes)
    throw new OssError(416, 'InvalidRange', 'The requested range cannot be satisfied.');
  return slice(object, Number(match[1]), Number(match[2]) + 1);
}

function completeUpload({ bucket, key, query, headers, body }: OssRequest): OssReply {
  const named = [...body.toString().matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => ({
    partNo: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: unescapeXml(/<ETag>([^<]*)<\/ETag>/.exec(part)?.[1] ?? ''),
  }));
  const forbid = headers['x-oss-forbid-overwrite'] === 'true';
  const placed = bucket.complete(key, query.get('uploadId') ?? '', named, forbid);
  const result = `<Bucket>${bucket.name}</Bucket><Key>${escapeXml(key)}</Key><ETag>"${placed.etag}"</ETag>`;
  return xml(`<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`, written(placed));
}

function getObject({ bucket, key, headers }: OssRequest): OssReply {
  const object = bucket.object(key);
  const about = { ...written(object), ...object.headers, 'x-oss-object-type': object.type };
  const all = { 'last-modified': new Date(object.modifiedMs).toUTCString(), 'accept-ranges': 'bytes', ...about };
  const next = object.type === 'Appendable' ? { 'x-oss-next-append-position': String(object.sizeBytes) } : {};
  const range = headers.range === undefined ? null : rangeOf(object, headers);
  if (range === null) {
    const size = { 'content-length': String(object.sizeBytes) };
    return { status: 200, headers: { ...all, ...next, ...size }, body: slice(object, 0, object.sizeBytes) };
  }
  const [start, end] = range;
  const said = {
    'content-length': String(end - start),
    'content-range': `bytes ${start}-${end - 1}/${object.sizeBytes}`,
  };
  return { status: 206, headers: { ...all, ...next, ...said }, body: slice(object, start, end) };
}

/** Without the standard behaviour a range that reaches beyond the end gives the whole object and 200. */
function rangeOf({ sizeBytes }: StoredObject, headers: IncomingHttpHeaders): readonly [number, number] | null {
  const standard = headers['x-oss-range-behavior'] === 'standard';
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? sizeBytes : Number(match[2]) + 1;
  if (start < end && end <= sizeBytes) return [start, end];
  if (!standard) return null;
  if (start >= sizeBytes || start >= end)
    throw new OssError(416, 'InvalidRange', 'The requested range cannot be satisfied.');
  return [start, sizeBytes];
}

function deleteMany({ bucket, query, headers, body }: OssRequest): OssReply {
  if (headers['content-md5'] === undefined)
    throw new OssError(400, 'MissingArgument', 'Missing Some Required Arguments.');
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescapeXml(key));
  if (keys.length === 0 || keys.length > 1000) throw new OssError(400, 'MalformedXML', 'One to 1000 keys are allowed.');
  // What stays is not in the list of what was deleted; the service says no more about it.
  const gone = keys.filter((key) => {
    try {
      bucket.remove(key);
      return true;
    } catch (error) {
      if (!(error instanceof OssError)) throw error;
      return false;
    }
  });
  if (/<Quiet>true<\/Quiet>/.test(body.toString())) return { status: 200, headers: {}, body: Buffer.alloc(0) };
  const rows = gone.map((key) => `<Deleted><Key>${shown(key, query)}</Key></Deleted>`);
  return xml(`<DeleteResult>${encodingOf(query)}${rows.join('')}</DeleteResult>`);
}

function checkDigest(headers: IncomingHttpHeaders, body: Buffer, method: string): void {
  const given = headers['content-md5'];
  if (given === undefined || (method !== 'PUT' && method !== 'POST')) return;
  const text = String(given);
  if (Buffer.from(text, 'base64').length !== 16 || createHash('md5').update(body).digest('base64') !== text)
    throw new OssError(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
}

function written(object: StoredObject): Readonly<Record<string, string>> {
  const version = object.versionId === null ? {} : { 'x-oss-version-id': object.versionId };
  return { etag: `"${object.etag}"`, 'x-oss-hash-crc64ecma': object.crc64, ...version };
}

/** Headers of a write that come back with the object. */
function kept(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const names = Object.keys(headers).filter((name) => name === 'content-type' || name.startsWith('x-oss-meta-'));
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]));
}

function xml(body: string, headers: Readonly<Record<string, string>> = {}): OssReply {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', ...headers },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`),
  };
}
