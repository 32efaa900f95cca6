import { isBelow, isTempName } from '../key.ts';
import { type ListEntry, MediumError } from '../medium.ts';
import type { OssClient } from './oss-client.ts';
import { isRefusal } from './oss-errors.ts';
import { pageEntries, removeKeys } from './oss-limits.ts';
import { discardUpload } from './oss-upload.ts';

type Element = Readonly<Record<string, unknown>>;

/** One level below a prefix, a page at a time, in byte order. */
export async function* listPages(
  client: OssClient,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ListEntry[]> {
  const start = `${client.place.prefix}${prefix === '' ? '' : `${prefix}/`}`;
  let marker: string | null = '';
  let last = '';
  do {
    const page: Page = await listPage(client, prefix, start, marker, signal);
    const objects = page.objects.map(({ key, sizeBytes }) => ({ key, kind: 'object' as const, sizeBytes }));
    const directories = page.prefixes.map((found) => ({ key: found.slice(0, -1), kind: 'directory' as const }));
    const entries = [...objects, ...directories].flatMap(({ key, ...entry }): readonly ListEntry[] => {
      const name = key.slice(start.length);
      // Names that end in a slash stand for directories that were made by hand.
      return name === '' || name.endsWith('/') || isTempName(name) ? [] : [{ name, ...entry }];
    });
    // A service that goes on after the marker may begin with the directory the marker lies in.
    yield entries.filter(({ kind, name }) => kind === 'object' || name !== last);
    last = entries.findLast(({ kind }) => kind === 'directory')?.name ?? last;
    if (page.next === '' || page.next === marker) throw new MediumError('io', prefix, 'the listing does not go on');
    marker = page.next;
  } while (marker !== null);
}

/** Removes objects, up to `removeKeys` in a call; missing ones are success. */
export async function removeObjects(
  client: OssClient,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) {
    await client.call({ method: 'DELETE', key: only }, signal);
    return;
  }
  const distinct = [...new Set(keys)];
  for (let at = 0; at < distinct.length; at += removeKeys)
    await removeMany(client, distinct.slice(at, at + removeKeys), signal);
}

/** Throws unfinished uploads away that were begun more than `olderThanMs` ago, by the server's clock, and lie not below `kept`; says how many. */
export async function sweepUploads(
  client: OssClient,
  olderThanMs: number,
  kept: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const base = client.place.prefix;
  const stale: { readonly key: string; readonly id: string }[] = [];
  let markers: Readonly<Record<string, string>> = {};
  for (;;) {
    const query: Readonly<Record<string, string>> = {
      'max-uploads': String(pageEntries),
      ...(base === '' ? {} : { prefix: base }),
      ...markers,
    };
    const { body } = await client.call({ method: 'GET', key: null, subresources: { uploads: '' }, query }, signal);
    const page = await client.parse('', body);
    const before = (client.heard?.serverMs ?? client.clock.nowUs() / 1_000) - olderThanMs;
    for (const { Key, UploadId, Initiated } of elements(page.Upload)) {
      const key = text(Key).slice(base.length);
      if (Date.parse(text(Initiated)) < before && text(Key).startsWith(base) && !isBelow(key, kept))
        stale.push({ key, id: text(UploadId) });
    }
    if (page.IsTruncated !== 'true') break;
    const [next, id] = [text(page.NextKeyMarker), text(page.NextUploadIdMarker)];
    const goesOn = next !== markers['key-marker'] || id !== (markers['upload-id-marker'] ?? '');
    if (next === '' || !goesOn) throw new MediumError('io', '', 'the listing of the uploads does not go on');
    markers = { 'key-marker': next, ...(id === '' ? {} : { 'upload-id-marker': id }) };
  }
  for (const { key, id } of stale) await discardUpload(client, key, id, signal);
  return stale.length;
}

interface Page {
  readonly objects: readonly { readonly key: string; readonly sizeBytes: number }[];
  readonly prefixes: readonly string[];
  readonly next: string | null;
}

async function listPage(
  client: OssClient,
  about: string,
  start: string,
  marker: string,
  signal: AbortSignal | undefined,
): Promise<Page> {
  const query = {
    delimiter: '/',
    'encoding-type': 'url',
    'max-keys': String(pageEntries),
    ...(start === '' ? {} : { prefix: start }),
    ...(marker === '' ? {} : { marker }),
  };
  const { body } = await client.call({ method: 'GET', key: null, about, query }, signal);
  const page = await client.parse(about, body);
  const decoded = decoderOf(page);
  return {
    objects: elements(page.Contents).map(({ Key, Size }) => ({ key: decoded(Key), sizeBytes: Number(text(Size)) })),
    prefixes: elements(page.CommonPrefixes).map(({ Prefix }) => decoded(Prefix)),
    next: page.IsTruncated === 'true' ? decoded(page.NextMarker) : null,
  };
}

async function removeMany(client: OssClient, keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  if (keys.length === 0) return;
  const { prefix } = client.place;
  const rows = keys.map((key) => `<Object><Key>${escaped(`${prefix}${key}`)}</Key></Object>`);
  const content = Buffer.from(`<Delete><Quiet>false</Quiet>${rows.join('')}</Delete>`);
  const about = keys[0] ?? '';
  const subresources = { delete: '' };
  const query = { 'encoding-type': 'url' };
  const { body } = await client.call({ method: 'POST', key: null, about, subresources, query, content }, signal);
  const said = await client.parse(about, body);
  const decoded = decoderOf(said);
  const gone = new Set(elements(said.Deleted).map(({ Key }) => decoded(Key)));
  // Why one stays is said only when it is removed alone: retention, or rights of its own.
  for (const left of keys.filter((key) => !gone.has(`${prefix}${key}`)))
    await client.call({ method: 'DELETE', key: left }, signal);
}

/** True when the service said that the object is missing. */
export function isMissing(error: unknown): boolean {
  return isRefusal(error, 'NoSuchKey');
}

/** Elements of one name: the parser gives one alone as itself. */
export function elements(found: unknown): readonly Element[] {
  if (found === undefined || found === '') return [];
  return Array.isArray(found) ? (found as readonly Element[]) : [found as Element];
}

export function text(found: unknown): string {
  return typeof found === 'string' ? found : '';
}

export function escaped(value: string): string {
  return value.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** Names are encoded, so that XML can carry any of them, by services that say so. */
function decoderOf(reply: Element): (found: unknown) => string {
  return reply.EncodingType === 'url' ? (found) => decodeURIComponent(text(found)) : text;
}
