import { createHash } from 'node:crypto';
import { MediumError } from '../medium.ts';
import type { SftpAddress } from './address.ts';

/** Decides about the key a server shows. `refusal` says afterwards why it was not taken. */
export interface HostCheck {
  readonly accepts: (key: Uint8Array) => boolean;
  readonly refusal: () => MediumError | null;
}

/** Takes the key with the fingerprint of the address and no other. */
export function hostCheck({ host, fingerprint }: SftpAddress): HostCheck {
  let refusal: MediumError | null = null;
  return {
    accepts(key) {
      const shown = fingerprintOf(key);
      if (shown === fingerprint) return true;
      const detail = `${host} shows the host key ${keyAlgorithm(key)} ${shown}, which is not the one given`;
      refusal = new MediumError('denied', '', detail);
      return false;
    },
    refusal: () => refusal,
  };
}

/** `SHA256:…` of a host key as `ssh-keygen -l` prints it. */
function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The algorithm a key in wire form names, such as `ssh-ed25519`. */
function keyAlgorithm(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const named = bytes.length < 4 ? '' : bytes.toString('latin1', 4, 4 + Math.min(bytes.readUInt32BE(0), 64));
  return named.replace(/[^A-Za-z0-9@.-]/g, '');
}
