import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What a secret belongs to. All parts are authenticated: a sealed value opens only in the place it was made for. */
export interface SecretPlace {
  /** 0 for the cluster. */
  readonly tenantId: number;
  readonly id: string | number;
  readonly field: string;
}

/** What a secret is for; every purpose has a key of its own. */
export type SecretPurpose = 'destination' | 'job' | 'masterKey' | 'logSource' | 'external' | (string & {});

/**
 * Secrets at rest. A sealed value is: version byte, 4 bytes of key id, 12 bytes of nonce, cipher text, 16 bytes of tag
 * (AES-256-GCM under a key derived with HKDF-SHA256 from the instance key).
 */
export interface Secrets {
  /** First four bytes of the SHA-256 of the instance key, hex: which key sealed a value. */
  readonly keyId: string;
  seal(purpose: SecretPurpose, place: SecretPlace, bytes: Uint8Array): Uint8Array;
  /** Throws SecretError when the value was changed, moved, or sealed by another key. */
  open(purpose: SecretPurpose, place: SecretPlace, sealed: Uint8Array): Uint8Array;
  /** As `seal` for text; the result is hex. */
  sealText(purpose: SecretPurpose, place: SecretPlace, text: string): string;
  openText(purpose: SecretPurpose, place: SecretPlace, hex: string): string;
}

/** A key file that cannot be used or a value that does not open. Never carries the secret. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}

/** Name of the key file in the data directory. */
export const keyFileName = 'obvault.key';

const version = 1;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + 4 + nonceBytes;

/** Reads the instance key of a data directory, making it where it may. Refuses a key file others may read, and a missing one. */
export function openSecrets(directory: string, mayMake = true): Secrets {
  return createSecrets(readKey(join(directory, keyFileName), mayMake));
}

/** Secrets under a given instance key of 32 bytes. */
export function createSecrets(instanceKey: Uint8Array): Secrets {
  if (instanceKey.length !== keyBytes)
    throw new SecretError(`the instance key has ${instanceKey.length} bytes, not 32`);
  const id = createHash('sha256').update(instanceKey).digest().subarray(0, 4);
  const keys = new Map<string, Buffer>();
  const keyFor = (purpose: string): Buffer => {
    const known = keys.get(purpose);
    if (known) return known;
    const made = Buffer.from(hkdfSync('sha256', instanceKey, 'obvault', `seal ${purpose} v${version}`, keyBytes));
    keys.set(purpose, made);
    return made;
  };

  const seal = (purpose: SecretPurpose, place: SecretPlace, bytes: Uint8Array): Uint8Array => {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', keyFor(purpose), nonce, { authTagLength: tagBytes });
    cipher.setAAD(binding(purpose, place));
    const body = [cipher.update(bytes), cipher.final()];
    return Buffer.concat([Buffer.of(version), id, nonce, ...body, cipher.getAuthTag()]);
  };
  const open = (purpose: SecretPurpose, place: SecretPlace, sealed: Uint8Array): Uint8Array => {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < headBytes + tagBytes || bytes[0] !== version) throw new SecretError('not a sealed value');
    if (!bytes.subarray(1, 5).equals(id)) throw new SecretError('the value was sealed under another instance key');
    const nonce = bytes.subarray(5, headBytes);
    const decipher = createDecipheriv('aes-256-gcm', keyFor(purpose), nonce, { authTagLength: tagBytes });
    decipher.setAAD(binding(purpose, place));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    const body = decipher.update(bytes.subarray(headBytes, bytes.length - tagBytes));
    try {
      return Buffer.concat([body, decipher.final()]);
    } catch (error) {
      throw new SecretError(`the sealed ${place.field} was changed or belongs elsewhere`, { cause: error });
    }
  };
  return Object.freeze({
    keyId: id.toString('hex'),
    seal,
    open,
    sealText: (purpose: SecretPurpose, place: SecretPlace, text: string) =>
      Buffer.from(seal(purpose, place, Buffer.from(text, 'utf8'))).toString('hex'),
    openText: (purpose: SecretPurpose, place: SecretPlace, hex: string) => {
      if (!/^([0-9a-f]{2})+$/i.test(hex)) throw new SecretError('not a sealed value');
      return Buffer.from(open(purpose, place, Buffer.from(hex, 'hex'))).toString('utf8');
    },
  });
}

/** Unambiguous: every part is preceded by its length. */
function binding(purpose: string, place: SecretPlace): Buffer {
  const parts = [purpose, String(place.tenantId), String(place.id), place.field, String(version)];
  return Buffer.concat(
    parts.map((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const head = Buffer.alloc(4);
      head.writeUInt32BE(bytes.length);
      return Buffer.concat([head, bytes]);
    }),
  );
}

function readKey(path: string, mayMake: boolean): Buffer {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat && !mayMake)
    throw new SecretError(`${path} is missing: what the catalog keeps under it cannot be opened with another key`);
  if (!stat) return makeKey(path);
  if (!stat.isFile()) throw new SecretError(`${path} is not a file`);
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8);
    throw new SecretError(`${path} has mode ${mode}; others could read the key, make it 600`);
  }
  const key = readFileSync(path);
  if (key.length !== keyBytes) throw new SecretError(`${path} holds ${key.length} bytes, a key has ${keyBytes}`);
  return key;
}

/** Writes beside and links, so that a crash leaves either no key or a whole one, and the first of two makers wins. */
function makeKey(path: string): Buffer {
  const key = randomBytes(keyBytes);
  const draft = `${path}.tmp.${process.pid}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeSync(fd, key);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readKey(path, false);
  } finally {
    unlinkSync(draft);
  }
  const directory = openSync(join(path, '..'), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return key;
}
