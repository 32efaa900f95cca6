import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { fault, type ObError } from '../base/errors.ts';
import { nativePlugin } from './protocol.ts';

export const saltBytes = 20;

/** Random bytes for the challenge; never NUL, which ends strings, nor `$`, which some servers keep for themselves. */
export function createSalt(): Buffer {
  const salt = randomBytes(saltBytes);
  for (let i = 0; i < saltBytes; i++) {
    const byte = salt[i]! & 0x7f;
    salt[i] = byte === 0 || byte === 0x24 ? byte + 1 : byte;
  }
  return salt;
}

/** SHA1(SHA1(password)) in lower-case hex, `''` for an empty password: what accounts store. */
export function hashPassword(password: string): string {
  return password === '' ? '' : sha1(sha1(Buffer.from(password, 'utf8'))).toString('hex');
}

/**
 * True when `response` was made from the password behind `passwordHashHex` and this salt (mysql_native_password):
 * SHA1(password) XOR SHA1(salt + SHA1(SHA1(password))). An empty hash takes only the empty response.
 */
export function verifyNative(passwordHashHex: string, salt: Uint8Array, response: Uint8Array): boolean {
  if (passwordHashHex === '' || response.length === 0) return passwordHashHex === '' && response.length === 0;
  const stored = Buffer.from(passwordHashHex, 'hex');
  if (stored.length !== 20 || response.length !== 20) return false;
  return timingSafeEqual(sha1(xor(response, sha1(salt, stored))), stored);
}

/** What a client answers to the challenge; empty for an empty password. */
export function nativeResponse(password: string, salt: Uint8Array): Buffer {
  if (password === '') return Buffer.alloc(0);
  const once = sha1(Buffer.from(password, 'utf8'));
  return xor(once, sha1(salt, sha1(once)));
}

/** Payload of the request to go on with mysql_native_password and a salt. */
export function authSwitchRequest(salt: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`\xfe${nativePlugin}\0`, 'latin1'), salt, Buffer.alloc(1)]);
}

/** The refusal of a login: 1045 with SQLSTATE 42000; the name without its tenant. */
export function accessDenied(user: string, host: string, usingPassword: boolean): ObError {
  return fault('OB_PASSWORD_WRONG', user, host, usingPassword ? 'YES' : 'NO');
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  const result = Buffer.alloc(a.length);
  for (let i = 0; i < a.length; i++) result[i] = a[i]! ^ b[i]!;
  return result;
}
