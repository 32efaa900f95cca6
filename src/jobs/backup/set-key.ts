import { fault } from '../../base/errors.ts';
import {
  generateSetKey,
  type KdfParameters,
  kdfSaltBytes,
  type MasterKey,
  newKdfParameters,
  passwordKey,
  type SetKey,
  unwrapKey,
} from '../../copy/keys.ts';

/**
 * The wrapped key in the headers of a set's data files. First byte 1: wrapped under a version of the tenant's master key.
 * First byte 2: wrapped under a password; then u32 memory in KiB, u8 passes, u8 lanes, 16 bytes of salt, and the wrapped key.
 */
const underMasterKey = 1;
const underPassword = 2;
const passwordHeadBytes = 1 + 4 + 1 + 1 + kdfSaltBytes;

/** A password of SET ENCRYPTION brought to a key, to be kept sealed until the job ends. */
export interface PasswordKey {
  readonly kdf: KdfParameters;
  readonly key: Uint8Array;
}

/** Derives a key from a password; about 0.2 s, off the main thread. */
export async function derivePasswordKey(password: string): Promise<PasswordKey> {
  const kdf = newKdfParameters();
  return { kdf, key: await passwordKey(password, kdf) };
}

/** A new key for a set, wrapped under the tenant's master key. */
export function setKeyUnderMaster(master: MasterKey, tenantId: number, setId: number): SetKey {
  const made = generateSetKey(master, purpose(tenantId, setId));
  return { ...made, wrapped: Buffer.concat([Buffer.of(underMasterKey), made.wrapped]) };
}

/** A new key for a set, wrapped under a password. */
export function setKeyUnderPassword(derived: PasswordKey, tenantId: number, setId: number): SetKey {
  const made = generateSetKey(passwordMaster(derived.key), purpose(tenantId, setId));
  const head = Buffer.alloc(passwordHeadBytes);
  head.writeUInt8(underPassword, 0);
  head.writeUInt32LE(derived.kdf.memoryKiB, 1);
  head.writeUInt8(derived.kdf.passes, 5);
  head.writeUInt8(derived.kdf.parallelism, 6);
  head.set(derived.kdf.salt, 7);
  return { ...made, masterKeyVersion: 0, wrapped: Buffer.concat([head, made.wrapped]) };
}

/**
 * Opens the key of a set. OB_ERR_GET_MASTER_KEY when the master key version is missing, OB_BACKUP_INVALID_PASSWORD when no
 * password opens it.
 */
export async function openSetKey(
  wrapped: Uint8Array,
  tenantId: number,
  setId: number,
  means: { readonly masters: readonly MasterKey[]; readonly passwords: readonly string[] },
): Promise<Uint8Array> {
  const bytes = Buffer.from(wrapped);
  if (bytes[0] === underMasterKey) return unwrapKey(bytes.subarray(1), means.masters, purpose(tenantId, setId));
  if (bytes[0] !== underPassword || bytes.length <= passwordHeadBytes) throw fault('OB_ERR_GET_MASTER_KEY');
  const kdf: KdfParameters = {
    memoryKiB: bytes.readUInt32LE(1),
    passes: bytes.readUInt8(5),
    parallelism: bytes.readUInt8(6),
    salt: new Uint8Array(bytes.subarray(7, passwordHeadBytes)),
  };
  for (const password of means.passwords) {
    const key = await passwordKey(password, kdf);
    try {
      return unwrapKey(bytes.subarray(passwordHeadBytes), [passwordMaster(key)], purpose(tenantId, setId));
    } catch {
      // Another password of the list may be the one.
    }
  }
  throw fault('OB_BACKUP_INVALID_PASSWORD');
}

function passwordMaster(key: Uint8Array): MasterKey {
  return { version: 0, bytes: key, createdUs: 0 };
}

function purpose(tenantId: number, setId: number) {
  return { kind: 'set' as const, tenantId, owner: String(setId) };
}
