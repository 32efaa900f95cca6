import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/**
 * What happens to the bytes of one record: raw → zstd level 1 (kept raw when that does not shrink them) → AES-256-GCM.
 *
 * The CRC-32 of the raw bytes stands in the record header when the record is clear. When it is encrypted it is the last
 * four bytes inside the sealed payload, so that the header tells nothing about the content. The CRC-32 of the stored
 * bytes stands in the header always: damage is found without any key.
 */
export const codecRaw = 0;
export const codecZstd = 1;

export const tagBytes = 16;
export const nonceBytes = 12;

export interface Packed {
  readonly codec: number;
  readonly rawLength: number;
  readonly rawCrc: number;
  readonly payload: Uint8Array;
}

export interface Sealed {
  /** The stored bytes, in parts to be written one after the other. */
  readonly parts: readonly Uint8Array[];
  readonly storedLength: number;
  readonly storedCrc: number;
  readonly tag: Uint8Array;
}

const blockParams = { [constants.ZSTD_c_compressionLevel]: 1 };
/** A batch of log repeats pages far apart: let zstd look back over the whole batch. */
const logParams = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_enableLongDistanceMatching]: 1,
  [constants.ZSTD_c_windowLog]: 24,
};

/** One output buffer that surely holds everything: nothing is joined afterwards, which costs time and memory. */
const chunkSlackBytes = 16 << 10;
/** An output buffer that is not quite filled: zlib makes another one as soon as the first is full. */
const unfilledBytes = 64;

/**
 * Gives the memory of `bytes` back now. Blocks are large and many: left to the collector they pile up, and fresh memory
 * costs a page fault per page. Neither they nor anything that shares their memory may be used afterwards, `kept` may.
 */
export function freeBytes(bytes: Uint8Array, kept?: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer === kept?.buffer || !(buffer instanceof ArrayBuffer)) return;
  // Small buffers may be slices of Node's pool, which everybody shares.
  if (buffer.byteLength > Math.max(Buffer.poolSize, pooledBytes)) buffer.transfer(0);
}

const pooledBytes = 64 << 10;

/** Compresses; `log` chooses long-distance matching. The payload may be `raw` itself. */
export function pack(raw: Uint8Array, kind: 'block' | 'log'): Packed {
  const rawCrc = crc32(raw);
  if (raw.length > 0) {
    const params = kind === 'log' ? logParams : blockParams;
    const small = zstdCompressSync(raw, { params, chunkSize: raw.length + chunkSlackBytes });
    if (small.length < raw.length) return { codec: codecZstd, rawLength: raw.length, rawCrc, payload: small };
    freeBytes(small);
  }
  return { codec: codecRaw, rawLength: raw.length, rawCrc, payload: raw };
}

/** Undoes `pack`; throws an Error that says what is wrong. The result may be `payload` itself. */
export function unpack(codec: number, payload: Uint8Array, rawLength: number, rawCrc: number): Uint8Array {
  const raw = codec === codecRaw ? payload : decompress(codec, payload, rawLength);
  if (raw.length !== rawLength) throw new Error(`${raw.length} bytes where ${rawLength} were written`);
  if (crc32(raw) !== rawCrc) throw new Error('checksum of the content does not match');
  return raw;
}

function decompress(codec: number, payload: Uint8Array, rawLength: number): Uint8Array {
  if (codec !== codecZstd) throw new Error(`unknown codec ${codec}`);
  try {
    return zstdDecompressSync(payload, {
      maxOutputLength: Math.max(1, rawLength),
      chunkSize: rawLength + unfilledBytes,
    });
  } catch {
    throw new Error('content does not decompress');
  }
}

/** The stored length of a packed payload, before the place for it is reserved. */
export function storedLengthOf(packed: Packed, encrypted: boolean): number {
  return packed.payload.length + (encrypted ? 4 : 0);
}

/** Stores without a key. */
export function storeClear(packed: Packed): Sealed {
  const { payload } = packed;
  const storedCrc = packed.codec === codecRaw ? packed.rawCrc : crc32(payload);
  return { parts: [payload], storedLength: payload.length, storedCrc, tag: new Uint8Array(tagBytes) };
}

/** Encrypts; the raw CRC becomes the tail of the sealed payload. */
export function seal(packed: Packed, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): Sealed {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(aad);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(packed.rawCrc);
  const parts = [cipher.update(packed.payload), cipher.update(tail), cipher.final()].filter((part) => part.length > 0);
  return {
    parts,
    storedLength: packed.payload.length + 4,
    storedCrc: parts.reduce((crc, part) => crc32(part, crc), 0),
    tag: cipher.getAuthTag(),
  };
}

/** Decrypts and authenticates; returns payload and raw CRC. Throws an Error that says what is wrong. */
export function unseal(
  stored: Uint8Array,
  key: Uint8Array,
  nonce: Uint8Array,
  tag: Uint8Array,
  aad: Uint8Array,
): { readonly payload: Uint8Array; readonly rawCrc: number } {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const clear = decipher.update(stored);
  try {
    decipher.final();
  } catch {
    throw new Error('not authentic: altered, or the key is another one');
  }
  if (clear.length < 4) throw new Error('sealed payload is too short');
  return { payload: clear.subarray(0, clear.length - 4), rawCrc: clear.readUInt32LE(clear.length - 4) };
}

/**
 * The key of one file: no two files ever share one, because `salt` is random per file. A repeated attempt with the same
 * set key can therefore never repeat a nonce under a key.
 */
export function fileKey(setKey: Uint8Array, salt: Uint8Array, purpose: 'data' | 'log'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', setKey, salt, `obvault ${purpose} file`, 32));
}

/** HMAC-SHA256 over `parts` under a key derived from the set key; seals the index of an encrypted file. */
export function indexSeal(setKey: Uint8Array, salt: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha256', new Uint8Array(hkdfSync('sha256', setKey, salt, 'obvault index', 32)));
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
