import { createHash, randomBytes } from 'node:crypto';
import { createCRC64 } from 'hash-wasm';

/** One version of an object; `bytes` is null for a delete marker. */
export interface CosVersion {
  readonly versionId: string;
  readonly bytes: Buffer | null;
  readonly etag: string;
  readonly crc64: string;
  readonly type: 'normal' | 'appendable';
  readonly modifiedMs: number;
  /** `x-cos-meta-*` as it came. */
  readonly meta: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
}

export interface CosPart {
  readonly bytes: Buffer;
  readonly etag: string;
}

export interface CosUpload {
  readonly key: string;
  readonly startedMs: number;
  /** The header stood on the call that began the upload; without it the one of the end does nothing. */
  readonly forbidOverwrite: boolean;
  readonly meta: Readonly<Record<string, string>>;
  readonly parts: Map<number, CosPart>;
}

export class StoreError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const hasher = await createCRC64();
const partMinBytes = 1024 * 1024;

export function crc64Of(bytes: Uint8Array): string {
  hasher.init();
  hasher.update(bytes);
  return BigInt(`0x${hasher.digest()}`).toString();
}

export function etagOf(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** The objects and unfinished uploads of one bucket. */
export class CosStore {
  readonly objects = new Map<string, CosVersion[]>();
  readonly uploads = new Map<string, CosUpload>();
  versioned = false;
  /** There were versions once: creates overwrite, and nothing of what was is kept. */
  suspended = false;
  /** Retention: what stands may not be removed, with `all` nor replaced. Versions go on beside it. */
  lock: 'none' | 'deletes' | 'all' = 'none';
  #sorted: readonly string[] | null = null;
  readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** What stands under the key now, null when there is nothing or a delete marker. */
  find(key: string, versionId?: string): CosVersion | null {
    const versions = this.objects.get(key) ?? [];
    const found = versionId ? versions.find((one) => one.versionId === versionId) : versions.at(-1);
    return found?.bytes ? found : null;
  }

  get(key: string): CosVersion & { readonly bytes: Buffer } {
    const found = this.find(key);
    if (!found?.bytes) throw new StoreError(404, 'NoSuchKey', 'The specified key does not exist.');
    return found as CosVersion & { readonly bytes: Buffer };
  }

  /** Versioning switches the refusal to overwrite off, as the real service does. */
  checkFree(key: string, forbidOverwrite: boolean): void {
    if (forbidOverwrite && !this.versioned && !this.suspended && this.find(key))
      throw new StoreError(409, 'FileAlreadyExists', 'The object already exists.');
  }

  /** What the lock forbids; whatever the code of the real service is, it comes with 403. */
  #checkLock(key: string, locks: readonly string[]): void {
    if (locks.includes(this.lock) && !this.versioned && this.find(key))
      throw new StoreError(403, 'AccessDenied', 'The object is locked.');
  }

  put(key: string, bytes: Buffer | null, more: Partial<Pick<CosVersion, 'type' | 'etag' | 'meta'>> = {}) {
    if (more.type !== 'appendable') this.#checkLock(key, ['all']);
    const version: CosVersion = {
      versionId: this.versioned ? randomBytes(8).toString('hex') : '',
      bytes,
      etag: more.etag ?? etagOf(bytes ?? Buffer.alloc(0)),
      crc64: crc64Of(bytes ?? Buffer.alloc(0)),
      type: more.type ?? 'normal',
      meta: more.meta ?? {},
      modifiedMs: this.nowMs(),
      tags: {},
    };
    if (!this.objects.has(key)) this.#sorted = null;
    this.objects.set(key, [...(this.versioned ? (this.objects.get(key) ?? []) : []), version]);
    return version;
  }

  append(key: string, position: number, bytes: Buffer): CosVersion {
    const found = this.find(key);
    if (found && found.type !== 'appendable')
      throw new StoreError(409, 'ObjectNotAppendable', 'The object is not appendable.');
    const former = found?.bytes ?? Buffer.alloc(0);
    if (former.length !== position)
      throw new StoreError(409, 'PositionNotEqualToLength', 'Position is not equal to the length of the object.');
    return this.put(key, Buffer.concat([former, bytes]), { type: 'appendable' });
  }

  /** Keys that begin so, in byte order. */
  sortedKeys(prefix: string): readonly string[] {
    this.#sorted ??= [...this.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return prefix === '' ? this.#sorted : this.#sorted.filter((key) => key.startsWith(prefix));
  }

  remove(key: string, versionId?: string): void {
    this.#sorted = null;
    if (versionId) {
      const left = (this.objects.get(key) ?? []).filter((one) => one.versionId !== versionId);
      if (left.length > 0) this.objects.set(key, left);
      else this.objects.delete(key);
    } else if (!this.versioned) {
      this.#checkLock(key, ['deletes', 'all']);
      this.objects.delete(key);
    } else if (this.find(key)) this.put(key, null);
  }

  begin(key: string, forbidOverwrite: boolean, meta: Readonly<Record<string, string>> = {}): string {
    this.checkFree(key, forbidOverwrite);
    const id = randomBytes(12).toString('hex');
    this.uploads.set(id, { key, startedMs: this.nowMs(), forbidOverwrite, meta, parts: new Map() });
    return id;
  }

  upload(id: string, key: string): CosUpload {
    const found = this.uploads.get(id);
    if (!found || found.key !== key) throw new StoreError(404, 'NoSuchUpload', 'The upload does not exist.');
    return found;
  }

  complete(id: string, key: string, parts: readonly { readonly no: number; readonly etag: string }[], forbid: boolean) {
    const upload = this.upload(id, key);
    this.checkFree(key, forbid && upload.forbidOverwrite);
    if (parts.length === 0) throw new StoreError(400, 'MalformedXML');
    const chosen = parts.map(({ no, etag }, i) => {
      if (no <= (parts[i - 1]?.no ?? 0)) throw new StoreError(400, 'InvalidPartOrder');
      const part = upload.parts.get(no);
      if (!part || part.etag !== etag) throw new StoreError(400, 'InvalidPart');
      if (i < parts.length - 1 && part.bytes.length < partMinBytes) throw new StoreError(400, 'EntityTooSmall');
      return part;
    });
    const sums = Buffer.concat(chosen.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex')));
    const etag = `${etagOf(sums).slice(0, -1)}-${chosen.length}"`;
    this.uploads.delete(id);
    return this.put(key, Buffer.concat(chosen.map(({ bytes }) => bytes)), { etag, meta: upload.meta });
  }
}
