import { createHash } from 'node:crypto';
import { S3Refusal } from './s3-refusal.ts';

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly meta: Readonly<Record<string, string>>;
  tags: Readonly<Record<string, string>>;
}

export interface StoredPart {
  readonly bytes: Buffer;
  readonly etag: string;
}

export interface StoredUpload {
  readonly id: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly parts: Map<number, StoredPart>;
}

/** Sorted names that are made when they are asked for. */
export interface SortedNames {
  readonly length: number;
  at(index: number): string;
}

/** One bucket: objects appear only whole. */
export class S3Bucket {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, StoredUpload>();
  /** Older versions and delete markers, counted when `versioned`. */
  readonly history: { readonly key: string; readonly marker: boolean }[] = [];
  versioned = false;
  /** Retention: what stands may not be removed, with `all` nor replaced. Versions go on beside it. */
  lock: 'none' | 'deletes' | 'all' = 'none';
  /** Names that are listed instead of `objects`, each of `generatedBytes`. */
  generated: SortedNames | null = null;
  generatedBytes = 1024;
  #sorted: string[] | null = null;
  #nextUpload = 1;

  put(key: string, object: StoredObject): void {
    if (this.lock === 'all' && this.objects.has(key) && !this.versioned) throw new S3Refusal(403, 'AccessDenied');
    if (!this.objects.has(key)) this.#sorted = null;
    else if (this.versioned) this.history.push({ key, marker: false });
    this.objects.set(key, object);
  }

  get(key: string): StoredObject {
    const found = this.objects.get(key);
    if (!found) throw new S3Refusal(404, 'NoSuchKey', `<Key>${key}</Key>`);
    return found;
  }

  delete(key: string): void {
    if (this.lock !== 'none' && !this.versioned) throw new S3Refusal(403, 'AccessDenied');
    if (this.versioned) this.history.push({ key, marker: true });
    if (this.objects.delete(key)) this.#sorted = null;
  }

  names(): SortedNames {
    if (this.generated) return this.generated;
    this.#sorted ??= [...this.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const sorted = this.#sorted;
    return { length: sorted.length, at: (index) => sorted[index] ?? '' };
  }

  begin(key: string, initiatedMs: number, meta: Readonly<Record<string, string>>): StoredUpload {
    const id = `upload-${this.#nextUpload++}`;
    const upload: StoredUpload = { id, key, initiatedMs, meta, parts: new Map() };
    this.uploads.set(id, upload);
    return upload;
  }

  upload(id: string, key: string): StoredUpload {
    const found = this.uploads.get(id);
    if (!found || found.key !== key) throw new S3Refusal(404, 'NoSuchUpload');
    return found;
  }

  /** Joins the listed parts into the object; the upload is gone afterwards. */
  complete(
    upload: StoredUpload,
    listed: readonly { no: number; etag: string }[],
    minPartBytes: number,
    nowMs: number,
  ): string {
    if (listed.length === 0) throw new S3Refusal(400, 'MalformedXML');
    if (listed.some(({ no }, index) => index > 0 && no <= (listed[index - 1]?.no ?? 0)))
      throw new S3Refusal(400, 'InvalidPartOrder');
    const parts = listed.map(({ no, etag }, index) => {
      const part = upload.parts.get(no);
      if (!part || part.etag !== etag) throw new S3Refusal(400, 'InvalidPart');
      if (index < listed.length - 1 && part.bytes.length < minPartBytes) throw new S3Refusal(400, 'EntityTooSmall');
      return part;
    });
    const digests = createHash('md5');
    for (const part of parts) digests.update(Buffer.from(part.etag, 'hex'));
    const etag = `${digests.digest('hex')}-${parts.length}`;
    const bytes = parts.length === 1 && parts[0] ? parts[0].bytes : Buffer.concat(parts.map((part) => part.bytes));
    this.put(upload.key, { bytes, etag, modifiedMs: nowMs, meta: upload.meta, tags: {} });
    this.uploads.delete(upload.id);
    return etag;
  }
}

export function md5Hex(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
