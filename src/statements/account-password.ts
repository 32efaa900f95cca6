import { createHash } from 'node:crypto';
import { fault } from '../base/errors.ts';
import type { AccountSpec, Secret } from '../sql/statement-account.ts';

const nativePlugin = 'mysql_native_password';

/** SHA1(SHA1(password)) in lower-case hex, empty for an empty password; 1372 for a text that is no hash. */
export function passwordHash(secret: Secret): string {
  if (secret.text === '') return '';
  if (secret.kind === 'text') return sha1(sha1(Buffer.from(secret.text, 'utf8'))).toString('hex');
  if (!/^\*[0-9a-f]{40}$/i.test(secret.text)) throw fault('ER_PASSWD_LENGTH');
  return secret.text.slice(1).toLowerCase();
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

/** The hash a user clause asks for, null when it names no password; 1524 for a way to log in that is not served. */
export function requestedHash(spec: AccountSpec): string | null {
  if (spec.plugin !== null && spec.plugin.toLowerCase() !== nativePlugin) {
    throw fault('ER_PLUGIN_IS_NOT_LOADED', spec.plugin);
  }
  return spec.secret === null ? null : passwordHash(spec.secret);
}
