import { argon2, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { fault, faultText } from '../base/errors.ts';
import { nonceBytes, tagBytes } from './payload-codec.ts';

/** One version of a tenant's master key; wraps the keys of sets and log files. */
export interface MasterKey {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly createdUs: number;
}

/** The key of one backup set or one archive piece, and its wrapped form for file headers. */
export interface SetKey {
  readonly bytes: Uint8Array;
  readonly masterKeyVersion: number;
  readonly wrapped: Uint8Array;
}

/** What a wrapped key belongs to; it opens only there. */
export interface KeyPurpose {
  readonly kind: 'set' | 'piece';
  readonly tenantId: number;
  /** Set id, or `<round>.<piece>`. */
  readonly owner: string;
}

const keyBytes = 32;
const wrapVersion = 1;
/** version u8 · master key version u32 · nonce 12 · wrapped key 32 · tag 16 */
const wrappedBytes = 5 + nonceBytes + keyBytes + tagBytes;

/** A new random master key. */
export function generateMasterKey(version: number, createdUs: number): MasterKey {
  return { version, bytes: new Uint8Array(randomBytes(keyBytes)), createdUs };
}

/** A new random key, wrapped under the master key for this purpose only. */
export function generateSetKey(master: MasterKey, purpose: KeyPurpose): SetKey {
  const bytes = new Uint8Array(randomBytes(keyBytes));
  return { bytes, masterKeyVersion: master.version, wrapped: wrapKey(bytes, master, purpose) };
}

/** AES-256-GCM with purpose and versions as additional data. */
export function wrapKey(key: Uint8Array, master: MasterKey, purpose: KeyPurpose): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(wrapVersion, 0);
  head.writeUInt32LE(master.version, 1);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', master.bytes, nonce, { authTagLength: tagBytes });
  cipher.setAAD(aadOf(head, purpose));
  const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
  return new Uint8Array(Buffer.concat([head, nonce, sealed, cipher.getAuthTag()]));
}

/** Version of the master key a wrapped key needs; throws OB_ERR_GET_MASTER_KEY when it is not a wrapped key. */
export function masterKeyVersionOf(wrapped: Uint8Array): number {
  if (wrapped.length !== wrappedBytes || wrapped[0] !== wrapVersion) throw fault('OB_ERR_GET_MASTER_KEY');
  return Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length).readUInt32LE(1);
}

/**
 * Opens a wrapped key with the master key of its version out of `masters`. OB_ERR_GET_MASTER_KEY when that version is
 * missing or does not open it; the text names versions only.
 */
export function unwrapKey(wrapped: Uint8Array, masters: readonly MasterKey[], purpose: KeyPurpose): Uint8Array {
  const version = masterKeyVersionOf(wrapped);
  const candidates = masters.filter((key) => key.version === version);
  for (const master of candidates) {
    const key = tryUnwrap(Buffer.from(wrapped), master, purpose);
    if (key) return key;
  }
  const why = candidates.length === 0 ? 'is not known' : 'does not open the key';
  throw faultText('OB_ERR_GET_MASTER_KEY', `fail to get master key: version ${version} ${why}`);
}

function tryUnwrap(wrapped: Buffer, master: MasterKey, purpose: KeyPurpose): Uint8Array | null {
  const nonce = wrapped.subarray(5, 5 + nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', master.bytes, nonce, { authTagLength: tagBytes });
  decipher.setAAD(aadOf(wrapped.subarray(0, 5), purpose));
  decipher.setAuthTag(wrapped.subarray(-tagBytes));
  const key = decipher.update(wrapped.subarray(5 + nonceBytes, -tagBytes));
  try {
    decipher.final();
    return new Uint8Array(key);
  } catch {
    return null;
  }
}

function aadOf(head: Uint8Array, purpose: KeyPurpose): Buffer {
  const text = JSON.stringify(['obvault wrapped key', purpose.kind, purpose.tenantId, purpose.owner]);
  return Buffer.concat([head, Buffer.from(text)]);
}

/** Parameters of argon2id as stored beside what it protects. */
export interface KdfParameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
}

export const kdfSaltBytes = 16;

/** 32 MiB, six passes: 0.1 to 0.2 s. As much work as 64 MiB and three passes, with half of the server's memory. */
export function newKdfParameters(): KdfParameters {
  return { memoryKiB: 32_768, passes: 6, parallelism: 1, salt: new Uint8Array(randomBytes(kdfSaltBytes)) };
}

const argon2Async = promisify(argon2);
/** Derivations go one after the other: each holds its memory, and many restores with keys may begin at once. */
let turn: Promise<unknown> = Promise.resolve();

/** Derives a 256-bit key from a password, off the main thread. Refuses parameters a hostile file could ask for. */
export async function passwordKey(password: string, kdf: KdfParameters): Promise<Uint8Array> {
  if (!acceptable(kdf))
    throw faultText('OB_INVALID_DATA', 'Invalid data: parameters of the password key are out of range');
  const derived = turn.then(() => derive(password, kdf));
  turn = derived.catch(() => undefined);
  return derived;
}

async function derive(password: string, kdf: KdfParameters): Promise<Uint8Array> {
  const key = await argon2Async('argon2id', {
    message: Buffer.from(password, 'utf8'),
    nonce: kdf.salt,
    memory: kdf.memoryKiB,
    passes: kdf.passes,
    parallelism: kdf.parallelism,
    tagLength: keyBytes,
  });
  return new Uint8Array(key);
}

/** At least 8 MiB and one pass, at most 1 GiB, 16 passes and 8 lanes. */
function acceptable(kdf: KdfParameters): boolean {
  const within = (value: number, low: number, high: number) => value >= low && value <= high;
  return (
    within(kdf.memoryKiB, 8_192, 1_048_576) &&
    within(kdf.passes, 1, 16) &&
    within(kdf.parallelism, 1, 8) &&
    kdf.salt.length === kdfSaltBytes
  );
}
