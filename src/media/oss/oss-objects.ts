import { randomUUID } from 'node:crypto';
import { crc64 } from '../crc64.ts';
import { smallObjectBytes } from '../limits.ts';
import { MediumError, type ObjectHead, type ObjectSource } from '../medium.ts';
import type { OssClient } from './oss-client.ts';
import { isRefusal } from './oss-errors.ts';
import { keepOlderVersion } from './oss-versions.ts';

/** What a HEAD says. */
export interface OssHead extends ObjectHead {
  /** CRC-64 in decimal, `''` where the service names none. */
  readonly crc64: string;
  readonly etag: string;
  readonly appendable: boolean;
  /** Who wrote it, `''` when it was none of us. */
  readonly writer: string;
}

const writerHeader = 'x-oss-meta-obvault-writer';
const forbidHeader = 'x-oss-forbid-overwrite';

/** What a written object carries and is known by again after a lost reply: a number nobody else has. */
export interface Authorship {
  readonly writer: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function authorship(): Authorship {
  const writer = randomUUID();
  return { writer, headers: { [writerHeader]: writer } };
}

/** What stands under the key, null when nothing does. */
export async function headObject(client: OssClient, key: string, signal?: AbortSignal): Promise<OssHead | null> {
  try {
    const { headers } = await client.call({ method: 'HEAD', key }, signal);
    return {
      sizeBytes: Number(headers['content-length']),
      modifiedMs: Date.parse(headers['last-modified'] ?? ''),
      crc64: headers['x-oss-hash-crc64ecma'] ?? '',
      etag: headers.etag ?? '',
      appendable: headers['x-oss-object-type'] === 'Appendable',
      writer: headers[writerHeader] ?? '',
    };
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return null;
    throw error;
  }
}

/** Publishes bytes in one request. */
export async function putObject(
  client: OssClient,
  key: string,
  bytes: Uint8Array,
  mode: 'create' | 'replace',
  author: Authorship,
  signal?: AbortSignal,
): Promise<void> {
  const sum = await crc64(bytes);
  if (mode === 'replace') {
    const { headers } = await client.call({ method: 'PUT', key, content: bytes, headers: author.headers }, signal);
    return checkSum(key, sum, headers['x-oss-hash-crc64ecma']);
  }
  await createOnly(client, key, { sizeBytes: bytes.length, crc64: sum }, author, signal, async (forbid) => {
    const headers = { ...author.headers, ...forbid };
    return (await client.call({ method: 'PUT', key, content: bytes, headers }, signal)).headers;
  });
}

/**
 * Runs a `create`, `publish` sends its headers along. `alreadyExists` is said only when what stands there is not what this
 * very call wrote: a reply may have been lost, and a proxy may have sent the request twice.
 */
export async function createOnly(
  client: OssClient,
  key: string,
  made: { readonly sizeBytes: number; readonly crc64: string },
  author: Authorship,
  signal: AbortSignal | undefined,
  publish: (headers: Readonly<Record<string, string>>) => Promise<Readonly<Record<string, string>>>,
): Promise<void> {
  const isOurs = (found: OssHead) =>
    found.writer === author.writer &&
    found.sizeBytes === made.sizeBytes &&
    (found.crc64 === '' || found.crc64 === made.crc64);
  if ((await client.versioning(signal)) !== 'never') {
    const found = await headObject(client, key, signal);
    if (found && isOurs(found)) return;
    if (found) throw taken(key);
  }
  try {
    const headers = await publish({ [forbidHeader]: 'true' });
    await checkMade(client, key, made.crc64, headers['x-oss-hash-crc64ecma']);
    await keepOlderVersion(client, key, headers['x-oss-version-id'], signal);
  } catch (error) {
    const late = isRefusal(error, 'FileAlreadyExists', 'ObjectAlreadyExists', 'NoSuchUpload');
    if (!late) throw error;
    const found = await headObject(client, key, signal);
    if (!found || !isOurs(found)) throw error.code === 'NoSuchUpload' ? error : taken(key, error);
  }
}

/** What the service made of our bytes and is not them goes again, before anybody takes it for the object. */
async function checkMade(client: OssClient, key: string, ours: string, theirs: string | undefined): Promise<void> {
  try {
    checkSum(key, ours, theirs);
  } catch (error) {
    await client.call({ method: 'DELETE', key }, undefined);
    throw error;
  }
}

/** Exactly `length` bytes at `offset`; `checksum` when the object ends before. */
export async function readRange(
  client: OssClient,
  key: string,
  offset: number,
  length: number,
  signal?: AbortSignal,
  ifMatch?: string,
): Promise<Uint8Array> {
  if (length === 0) {
    const { sizeBytes } = await existing(client, key, signal);
    if (offset > sizeBytes) throw endsBefore(key, sizeBytes, offset);
    return new Uint8Array(0);
  }
  // Without the standard behaviour a range that reaches beyond the end gets the whole object and 200.
  const headers = {
    Range: `bytes=${offset}-${offset + length - 1}`,
    'x-oss-range-behavior': 'standard',
    ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
  };
  const reply = await client.call({ method: 'GET', key, headers, replyBytes: length }, signal);
  const span = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(reply.headers['content-range'] ?? '');
  if (reply.status !== 206 || !span) throw new MediumError('io', key, `${client.place.host}: the reply is no range`);
  const end = Number(span[3]);
  if (offset + length > end) throw endsBefore(key, end, offset + length);
  if (Number(span[1]) !== offset || reply.body.length !== length)
    throw new MediumError('network', key, `${reply.body.length} bytes came instead of ${length}`);
  if (length === end) checkSum(key, await crc64(reply.body), reply.headers['x-oss-hash-crc64ecma']);
  return reply.body;
}

/** The whole object, held against its check sum. */
export async function readWhole(client: OssClient, key: string, signal?: AbortSignal): Promise<Uint8Array> {
  const { body, headers } = await client.call({ method: 'GET', key, replyBytes: smallObjectBytes }, signal);
  checkSum(key, await crc64(body), headers['x-oss-hash-crc64ecma']);
  return body;
}

/** An object opened for many reads; its size is the one it has now. */
export async function openSource(client: OssClient, key: string, signal?: AbortSignal): Promise<ObjectSource> {
  const { sizeBytes } = await existing(client, key, signal);
  return {
    sizeBytes,
    read: (offset, length) => readRange(client, key, offset, length, signal),
    async close() {},
  };
}

/** Throws `checksum` when the service has other bytes than we. */
export function checkSum(key: string, ours: string, theirs: string | undefined): void {
  if (theirs !== undefined && theirs !== '' && theirs !== ours)
    throw new MediumError('checksum', key, `its check sum is ${theirs.replace(/\D/g, '').slice(0, 20)}, not ${ours}`);
}

async function existing(client: OssClient, key: string, signal?: AbortSignal): Promise<OssHead> {
  const found = await headObject(client, key, signal);
  if (found === null) throw new MediumError('notFound', key, `${client.place.host}: there is no such object`);
  return found;
}

function taken(key: string, cause?: unknown): MediumError {
  return new MediumError('alreadyExists', key, 'an object of this name stands', cause);
}

function endsBefore(key: string, sizeBytes: number, wanted: number): MediumError {
  return new MediumError('checksum', key, `ends at ${sizeBytes}, bytes up to ${wanted} were asked for`);
}
