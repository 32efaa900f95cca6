import { escapeXml, S3Refusal } from './s3-refusal.ts';
import type { S3Bucket, SortedNames } from './s3-store.ts';

/** Answers ListObjectsV2: byte order, common prefixes count as entries. */
export function listObjects(name: string, bucket: S3Bucket, query: URLSearchParams, pageLimit: number): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const asked = Number(query.get('max-keys') ?? 1000);
  if (!(Number.isInteger(asked) && asked >= 0)) throw new S3Refusal(400, 'InvalidArgument');
  const limit = Math.min(asked, pageLimit);
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const names = bucket.names();
  const rows: string[] = [];
  let index = Math.max(firstAtLeast(names, prefix), after === '' ? 0 : firstAfter(names, after, delimiter));
  let count = 0;
  let last = '';
  while (index < names.length && names.at(index).startsWith(prefix) && count < limit) {
    const key = names.at(index);
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut >= 0) {
      last = key.slice(0, cut + delimiter.length);
      rows.push(`<CommonPrefixes><Prefix>${escapeXml(last)}</Prefix></CommonPrefixes>`);
      index = firstBehind(names, last);
    } else {
      last = key;
      rows.push(content(bucket, key));
      index += 1;
    }
    count += 1;
  }
  const truncated = limit > 0 && index < names.length && names.at(index).startsWith(prefix);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${name}</Name><Prefix>${escapeXml(prefix)}</Prefix><MaxKeys>${limit}</MaxKeys><KeyCount>${count}</KeyCount>`,
    `<IsTruncated>${truncated}</IsTruncated>`,
    truncated ? `<NextContinuationToken>${Buffer.from(last).toString('base64url')}</NextContinuationToken>` : '',
    ...rows,
    '</ListBucketResult>',
  ].join('');
}

function content(bucket: S3Bucket, key: string): string {
  const object = bucket.objects.get(key);
  const modified = new Date(object?.modifiedMs ?? 0).toISOString();
  const sizeBytes = object?.bytes.length ?? bucket.generatedBytes;
  const etag = object?.etag ?? '0'.repeat(32);
  return (
    `<Contents><Key>${escapeXml(key)}</Key><LastModified>${modified}</LastModified><ETag>&#34;${etag}&#34;</ETag>` +
    `<Size>${sizeBytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
}

/** Where a listing goes on behind `after`, which may be a common prefix already told. */
function firstAfter(names: SortedNames, after: string, delimiter: string): number {
  if (delimiter !== '' && after.endsWith(delimiter)) return firstBehind(names, after);
  const index = firstAtLeast(names, after);
  return index < names.length && names.at(index) === after ? index + 1 : index;
}

function firstAtLeast(names: SortedNames, wanted: string): number {
  return firstWhere(names, (name) => name >= wanted);
}

/** The first name behind all names that begin with `prefix`. */
function firstBehind(names: SortedNames, prefix: string): number {
  return firstWhere(names, (name) => name >= prefix && !name.startsWith(prefix));
}

function firstWhere(names: SortedNames, reached: (name: string) => boolean): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(names.at(middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Answers ListMultipartUploads, paged by key and upload id. */
export function listUploads(name: string, bucket: S3Bucket, query: URLSearchParams, pageLimit: number): string {
  const prefix = query.get('prefix') ?? '';
  const limit = Math.min(Number(query.get('max-uploads') ?? 1000), pageLimit);
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const place = (key: string, id: string) => `${key}\0${id.padStart(20, '0')}`;
  const all = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix))
    .sort((a, b) => (place(a.key, a.id) < place(b.key, b.id) ? -1 : 1))
    .filter((upload) => keyMarker === '' || place(upload.key, upload.id) > place(keyMarker, idMarker));
  const page = all.slice(0, limit);
  const last = page.at(-1);
  const rows = page.map(
    ({ key, id, initiatedMs }) =>
      `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId><Initiated>${new Date(initiatedMs).toISOString()}</Initiated></Upload>`,
  );
  const next = `<NextKeyMarker>${escapeXml(last?.key ?? '')}</NextKeyMarker><NextUploadIdMarker>${last?.id ?? ''}</NextUploadIdMarker>`;
  const truncated = all.length > page.length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListMultipartUploadsResult><Bucket>${name}</Bucket><IsTruncated>${truncated}</IsTruncated>${
    truncated ? next : ''
  }${rows.join('')}</ListMultipartUploadsResult>`;
}
