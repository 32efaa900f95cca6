import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fault } from '../base/errors.ts';
import { damage } from './damage.ts';
import { type KdfParameters, kdfSaltBytes, type MasterKey, newKdfParameters, passwordKey } from './keys.ts';
import { nonceBytes, tagBytes } from './payload-codec.ts';

/**
 * A tenant's master keys under a password. Little-endian:
 *   0 magic `OBVKEYS\n` · 8 u16 version · 10 u16 KDF (1 = argon2id) · 12 u32 memory in KiB · 16 u32 passes · 20 u32 lanes
 *   24 salt (16) · 40 nonce (12) · 52 u32 length of the ciphertext · 56 ciphertext · tag (16) · u32 CRC-32 of all before
 * AES-256-GCM; bytes 0–55 are additional authenticated data. The content is JSON.
 */
export interface KeyBackup {
  readonly clusterId: number;
  readonly tenantId: number;
  readonly tenantName: string;
  readonly keys: readonly MasterKey[];
}

const magic = Buffer.from('OBVKEYS\n');
const version = 1;
const argon2id = 1;
const headBytes = 56;
const object = 'key backup';

/** Encrypts under a key derived from the password. `kdf` is given by tests only. */
export async function encodeKeyBackup(
  backup: KeyBackup,
  password: string,
  kdf: KdfParameters = newKdfParameters(),
): Promise<Uint8Array> {
  const key = await passwordKey(password, kdf);
  const content = Buffer.from(JSON.stringify(plainOf(backup)));
  const nonce = randomBytes(nonceBytes);
  const head = encodeHead(kdf, nonce, content.length);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(head);
  const body = Buffer.concat([head, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(crc32(body));
  return new Uint8Array(Buffer.concat([body, tail]));
}

/**
 * Opens a key backup. A wrong password is OB_KEYSTORE_WRONG_PASSWORD (-4352); damaged bytes are OB_CHECKSUM_ERROR, told
 * apart by the CRC at the end; parameters out of range are OB_INVALID_DATA.
 */
export async function decodeKeyBackup(file: Uint8Array, password: string): Promise<KeyBackup> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const { kdf, nonce, contentLength } = decodeHead(bytes);
  const key = await passwordKey(password, kdf);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(bytes.subarray(0, headBytes));
  decipher.setAuthTag(bytes.subarray(headBytes + contentLength, headBytes + contentLength + tagBytes));
  const content = decipher.update(bytes.subarray(headBytes, headBytes + contentLength));
  try {
    decipher.final();
  } catch {
    throw fault('OB_KEYSTORE_WRONG_PASSWORD');
  }
  return backupOf(content);
}

function encodeHead(kdf: KdfParameters, nonce: Uint8Array, contentLength: number): Buffer {
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt16LE(version, 8);
  head.writeUInt16LE(argon2id, 10);
  head.writeUInt32LE(kdf.memoryKiB, 12);
  head.writeUInt32LE(kdf.passes, 16);
  head.writeUInt32LE(kdf.parallelism, 20);
  head.set(kdf.salt, 24);
  head.set(nonce, 40);
  head.writeUInt32LE(contentLength, 52);
  return head;
}

function decodeHead(bytes: Buffer): {
  readonly kdf: KdfParameters;
  readonly nonce: Uint8Array;
  readonly contentLength: number;
} {
  if (bytes.length < headBytes + tagBytes + 4 || !bytes.subarray(0, 8).equals(magic))
    throw damage(object, 'header', 'not a key backup');
  if (crc32(bytes.subarray(0, -4)) !== bytes.readUInt32LE(bytes.length - 4))
    throw damage(object, 'file', 'checksum does not match');
  if (bytes.readUInt16LE(8) !== version || bytes.readUInt16LE(10) !== argon2id)
    throw damage(object, 'header', `unknown version ${bytes.readUInt16LE(8)}.${bytes.readUInt16LE(10)}`);
  const contentLength = bytes.readUInt32LE(52);
  if (bytes.length !== headBytes + contentLength + tagBytes + 4)
    throw damage(object, 'header', 'length does not match');
  const kdf: KdfParameters = {
    memoryKiB: bytes.readUInt32LE(12),
    passes: bytes.readUInt32LE(16),
    parallelism: bytes.readUInt32LE(20),
    salt: bytes.subarray(24, 24 + kdfSaltBytes),
  };
  return { kdf, nonce: bytes.subarray(40, 40 + nonceBytes), contentLength };
}

interface PlainBackup {
  readonly clusterId: number;
  readonly tenantId: number;
  readonly tenantName: string;
  readonly keys: readonly { readonly version: number; readonly key: string; readonly createdUs: number }[];
}

function plainOf(backup: KeyBackup): PlainBackup {
  const { clusterId, tenantId, tenantName } = backup;
  const keys = backup.keys.map(({ version, bytes, createdUs }) => ({
    version,
    key: Buffer.from(bytes).toString('base64'),
    createdUs,
  }));
  return { clusterId, tenantId, tenantName, keys };
}

function backupOf(content: Buffer): KeyBackup {
  const { clusterId, tenantId, tenantName, keys } = JSON.parse(content.toString('utf8')) as PlainBackup;
  return {
    clusterId,
    tenantId,
    tenantName,
    keys: keys.map(({ version, key, createdUs }) => ({
      version,
      bytes: new Uint8Array(Buffer.from(key, 'base64')),
      createdUs,
    })),
  };
}
