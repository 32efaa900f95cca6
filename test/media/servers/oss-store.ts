import { createHash } from 'node:crypto';
import { createCRC64, type IHasher } from 'hash-wasm';
import { OssError } from './oss-error.ts';

export interface StoredObject {
  chunks: readonly Buffer[];
  sizeBytes: number;
  type: 'Normal' | 'Multipart' | 'Appendable';
  etag: string;
  /** Running CRC-64, so that an append need not read what is there. */
  crcState: Uint8Array;
  crc64: string;
  modifiedMs: number;
  headers: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
  versionId: string | null;
}

export interface Upload {
  readonly key: string;
  readonly id: string;
  readonly initiatedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string; readonly crc64: string }>;
}

const minPartBytes = 100 * 1024;
const maxPartNo = 10_000;
const hasher: IHasher = await createCRC64();
const emptyCrc = hasher.init().save();

/** One bucket in memory, with the rules of the service. Every method is one step: nothing sees half of it. */
export class OssBucket {
  readonly name: string;
  /** `''` never was versioned. With versioning, suspended too, forbid-overwrite has no effect. */
  versioning: '' | 'Enabled' | 'Suspended' = '';
  /** Retention: what stands may not be removed, with `all` nor replaced. Versions go on beside it. */
  lock: 'none' | 'deletes' | 'all' = 'none';
  readonly objects = new Map<string, StoredObject>();
  /** What versioning kept of objects that were overwritten or deleted, oldest first; null where one was deleted. */
  readonly noncurrent: (readonly [key: string, object: StoredObject | null])[] = [];
  readonly uploads = new Map<string, Upload>();
  readonly #now: () => number;
  #sorted: readonly string[] | null = null;
  #serial = 1;

  constructor(name: string, now: () => number) {
    this.name = name;
    this.#now = now;
  }

  /** All keys in UTF-8 byte order. */
  keys(): readonly string[] {
    this.#sorted ??= [...this.objects.keys()]
      .map((key) => [Buffer.from(key), key] as const)
      .sort(([a], [b]) => Buffer.compare(a, b))
      .map(([, key]) => key);
    return this.#sorted;
  }

  object(key: string): StoredObject {
    const found = this.objects.get(key);
    if (!found) throw new OssError(404, 'NoSuchKey', 'The specified key does not exist.');
    return found;
  }

  upload(key: string, id: string): Upload {
    const found = this.uploads.get(id);
    if (found?.key !== key) throw new OssError(404, 'NoSuchUpload', 'The specified upload does not exist.');
    return found;
  }

  put(key: string, bytes: Buffer, headers: Readonly<Record<string, string>>, forbidOverwrite: boolean): StoredObject {
    return this.#place(key, forbidOverwrite, { ...this.#made([bytes], 'Normal', md5(bytes)), headers });
  }

  append(key: string, bytes: Buffer, position: number, headers: Readonly<Record<string, string>>): StoredObject {
    const found = this.objects.get(key);
    const sizeBytes = found?.sizeBytes ?? 0;
    if (found && found.type !== 'Appendable')
      throw new OssError(409, 'ObjectNotAppendable', 'The object is not appendable.');
    if (position !== sizeBytes)
      throw new OssError(409, 'PositionNotEqualToLength', 'Position is not equal to file length.', {
        'x-oss-next-append-position': String(sizeBytes),
      });
    if (!found) {
      const made = { ...this.#made([bytes], 'Appendable', ''), headers };
      return this.#place(key, false, { ...made, etag: appendEtag(made.crc64) });
    }
    const crc = hasher.load(found.crcState).update(bytes);
    found.crcState = crc.save();
    found.crc64 = decimal(crc.digest());
    found.chunks = [...found.chunks, bytes];
    found.sizeBytes += bytes.length;
    found.etag = appendEtag(found.crc64);
    found.modifiedMs = this.#now();
    return found;
  }

  initiate(key: string, headers: Readonly<Record<string, string>>): Upload {
    const id = createHash('md5')
      .update(`${key}${this.#serial++}`)
      .digest('hex')
      .toUpperCase();
    const upload: Upload = { key, id, initiatedMs: this.#now(), headers, parts: new Map() };
    this.uploads.set(id, upload);
    return upload;
  }

  part(key: string, id: string, partNo: number, bytes: Buffer) {
    if (!(partNo >= 1 && partNo <= maxPartNo))
      throw new OssError(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000.');
    const part = { bytes, etag: md5(bytes), crc64: decimal(hasher.init().update(bytes).digest()) };
    this.upload(key, id).parts.set(partNo, part);
    return part;
  }

  complete(
    key: string,
    id: string,
    named: readonly { readonly partNo: number; readonly etag: string }[],
    forbidOverwrite: boolean,
  ): StoredObject {
    const upload = this.upload(key, id);
    if (named.length === 0) throw new OssError(400, 'MalformedXML', 'At least one part is needed.');
    const chunks = named.map(({ partNo, etag }, i) => {
      const part = upload.parts.get(partNo);
      if (i > 0 && partNo <= (named[i - 1]?.partNo ?? 0))
        throw new OssError(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
      if (!part || part.etag !== etag.replaceAll('"', '').toUpperCase())
        throw new OssError(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
      if (i < named.length - 1 && part.bytes.length < minPartBytes)
        throw new OssError(
          400,
          'EntityTooSmall',
          'Your proposed upload is smaller than the minimum allowed object size.',
        );
      return part.bytes;
    });
    const digests = createHash('md5')
      .update(named.map(({ etag }) => etag).join(''))
      .digest('hex')
      .toUpperCase();
    const made = { ...this.#made(chunks, 'Multipart', `${digests}-${named.length}`), headers: upload.headers };
    const placed = this.#place(key, forbidOverwrite, made);
    this.uploads.delete(id);
    return placed;
  }

  /** Missing is success. */
  remove(key: string): void {
    const found = this.objects.get(key);
    if (found && this.lock !== 'none' && this.versioning === '') throw immutable();
    if (this.versioning !== '') {
      if (found) this.noncurrent.push([key, found]);
      this.noncurrent.push([key, null]);
    }
    this.objects.delete(key);
    this.#sorted = null;
  }

  /** Versions of all objects, newest first, null for a delete marker. */
  versions(): readonly (readonly [key: string, object: StoredObject | null])[] {
    return [...this.objects, ...this.noncurrent.toReversed()];
  }

  /** Removes one version for good; the one before becomes the object again. */
  removeVersion(key: string, versionId: string): void {
    if (this.objects.get(key)?.versionId === versionId) {
      this.objects.delete(key);
      const at = this.noncurrent.findLastIndex(([name]) => name === key);
      const [[, before] = [key, null]] = at < 0 ? [] : this.noncurrent.splice(at, 1);
      if (before) this.objects.set(key, before);
      this.#sorted = null;
      return;
    }
    const at = this.noncurrent.findIndex(([name, object]) => name === key && object?.versionId === versionId);
    if (at >= 0) this.noncurrent.splice(at, 1);
  }

  #made(chunks: readonly Buffer[], type: StoredObject['type'], etag: string): StoredObject {
    const crc = hasher.load(emptyCrc);
    for (const chunk of chunks) crc.update(chunk);
    const crcState = crc.save();
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const rest = { modifiedMs: this.#now(), headers: {}, tags: {}, versionId: null };
    return { chunks, sizeBytes, type, etag, crcState, crc64: decimal(crc.digest()), ...rest };
  }

  #place(key: string, forbidOverwrite: boolean, made: StoredObject): StoredObject {
    const found = this.objects.get(key);
    if (found && forbidOverwrite && this.versioning === '')
      throw new OssError(
        409,
        'FileAlreadyExists',
        'The object you specified already exists and can not be overwritten.',
      );
    if (found && this.lock === 'all' && this.versioning === '') throw immutable();
    if (found && this.versioning !== '') this.noncurrent.push([key, found]);
    const versionId = this.versioning === 'Enabled' ? `CAEQ${this.#serial++}` : this.versioning === '' ? null : 'null';
    const placed = { ...made, versionId };
    this.objects.set(key, placed);
    if (!found) this.#sorted = null;
    return placed;
  }
}

function immutable(): OssError {
  return new OssError(409, 'FileImmutable', 'The object you specified is immutable.');
}

/** The bytes of an object from `start` up to `end`, in pieces. */
export function slice({ chunks }: StoredObject, start: number, end: number): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const chunk of chunks) {
    if (at < end && at + chunk.length > start) pieces.push(chunk.subarray(Math.max(0, start - at), end - at));
    at += chunk.length;
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex').toUpperCase();
}

function appendEtag(crc64: string): string {
  return `${BigInt(crc64).toString(16).toUpperCase().padStart(32, '0')}`;
}

function decimal(hex: string): string {
  return BigInt(`0x${hex}`).toString();
}
