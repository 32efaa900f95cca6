import { escapeXml, OssError } from './oss-error.ts';
import type { OssBucket, Upload } from './oss-store.ts';

const owner = '<Owner><ID>1</ID><DisplayName>1</DisplayName></Owner>';

/** Objects and common prefixes after a marker (v1) or token (v2), in UTF-8 byte order; prefixes count as entries. */
export function listObjects(bucket: OssBucket, query: ReadonlyMap<string, string>, pageEntries: number): string {
  const second = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const after = second
    ? token === undefined
      ? (query.get('start-after') ?? '')
      : Buffer.from(token, 'base64').toString()
    : (query.get('marker') ?? '');
  const limit = pageLimit(query.get('max-keys'), pageEntries);
  const rows: string[] = [];
  const prefixes: string[] = [];
  let last = '';
  let truncated = false;
  for (const key of bucket.keys()) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    if (entry === last || byBytes(entry, after) <= 0) continue;
    if (rows.length + prefixes.length === limit) {
      truncated = true;
      break;
    }
    last = entry;
    if (cut < 0) rows.push(objectRow(bucket, key, query));
    else prefixes.push(`<CommonPrefixes><Prefix>${shown(entry, query)}</Prefix></CommonPrefixes>`);
  }
  const next = truncated
    ? second
      ? `<NextContinuationToken>${Buffer.from(last).toString('base64')}</NextContinuationToken>`
      : `<NextMarker>${shown(last, query)}</NextMarker>`
    : '';
  return (
    `<ListBucketResult>${encodingOf(query)}<Name>${bucket.name}</Name><Prefix>${shown(prefix, query)}</Prefix><MaxKeys>${limit}</MaxKeys>` +
    (second ? `<KeyCount>${rows.length + prefixes.length}</KeyCount>` : `<Marker>${shown(after, query)}</Marker>`) +
    `<Delimiter>${shown(delimiter, query)}</Delimiter><IsTruncated>${truncated}</IsTruncated>${next}` +
    `${rows.join('')}${prefixes.join('')}</ListBucketResult>`
  );
}

/** Says that names are encoded, when they are. */
export function encodingOf(query: ReadonlyMap<string, string>): string {
  return query.get('encoding-type') === 'url' ? '<EncodingType>url</EncodingType>' : '';
}

/** Unfinished uploads after the two markers, by key and upload id. */
export function listUploads(bucket: OssBucket, query: ReadonlyMap<string, string>, pageEntries: number): string {
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const limit = pageLimit(query.get('max-uploads'), pageEntries);
  const behind = ({ key, id }: Upload) => {
    const order = byBytes(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== '' && byBytes(id, idMarker) > 0);
  };
  const found = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix) && (keyMarker === '' || behind(upload)))
    .sort((a, b) => byBytes(a.key, b.key) || byBytes(a.id, b.id));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const rows = page.map(
    ({ key, id, initiatedMs }) =>
      `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>` +
      `<Initiated>${new Date(initiatedMs).toISOString()}</Initiated></Upload>`,
  );
  return (
    `<ListMultipartUploadsResult><Bucket>${bucket.name}</Bucket><NextKeyMarker>${escapeXml(last?.key ?? '')}</NextKeyMarker>` +
    `<NextUploadIdMarker>${last?.id ?? ''}</NextUploadIdMarker><MaxUploads>${limit}</MaxUploads>` +
    `<IsTruncated>${found.length > limit}</IsTruncated>${rows.join('')}</ListMultipartUploadsResult>`
  );
}

/** Versions and delete markers of the objects below a prefix, by key, newest first; one page. */
export function listVersions(bucket: OssBucket, query: ReadonlyMap<string, string>): string {
  const found = bucket.versions().filter(([key]) => key.startsWith(query.get('prefix') ?? ''));
  const rows = found
    .sort(([a], [b]) => byBytes(a, b))
    .map(([key, object]) => {
      const element = object ? 'Version' : 'DeleteMarker';
      const id = object ? (object.versionId ?? 'null') : 'marker';
      return `<${element}><Key>${shown(key, query)}</Key><VersionId>${id}</VersionId></${element}>`;
    });
  return `<ListVersionsResult>${encodingOf(query)}<IsTruncated>false</IsTruncated>${rows.join('')}</ListVersionsResult>`;
}

function objectRow(bucket: OssBucket, key: string, query: ReadonlyMap<string, string>): string {
  const withOwner = query.get('list-type') !== '2' || query.get('fetch-owner') === 'true';
  const { sizeBytes, etag, type, modifiedMs } = bucket.object(key);
  return (
    `<Contents><Key>${shown(key, query)}</Key><LastModified>${new Date(modifiedMs).toISOString()}</LastModified>` +
    `<ETag>"${etag}"</ETag><Type>${type}</Type><Size>${sizeBytes}</Size><StorageClass>Standard</StorageClass>` +
    `${withOwner ? owner : ''}</Contents>`
  );
}

function pageLimit(asked: string | undefined, pageEntries: number): number {
  const wanted = asked === undefined ? 100 : Number(asked);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 1000)
    throw new OssError(400, 'InvalidArgument', 'The page size must be between 1 and 1000.');
  return Math.min(wanted, pageEntries);
}

export function shown(text: string, query: ReadonlyMap<string, string>): string {
  return escapeXml(query.get('encoding-type') === 'url' ? encodeURIComponent(text) : text);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
