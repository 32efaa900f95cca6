import { createHash } from 'node:crypto';
import { fault } from '../base/errors.ts';
import type { AccountSpec, Secret } from '../sql/statement-account.ts';
import { systemVariables } from '../sql/system-variable-table.ts';

const nativePlugin = 'mysql_native_password';

/** Global variables a tenant has set; the others stand at their defaults. */
export type TenantGlobals = Readonly<Record<string, string>>;

/**
 * SHA1(SHA1(password)) in lower-case hex, empty for an empty password. 1819 for a password the tenant's policy
 * (`validate_password_…`) does not allow, 1372 for a text that is no hash; a hash cannot be judged.
 */
export function passwordHash(secret: Secret, user: string, globals: TenantGlobals): string {
  if (secret.kind === 'hash' && secret.text !== '') {
    if (!/^\*[0-9a-f]{40}$/i.test(secret.text)) throw fault('ER_PASSWD_LENGTH');
    return secret.text.slice(1).toLowerCase();
  }
  requirePolicy(secret.text, user, globals);
  return secret.text === '' ? '' : sha1(sha1(Buffer.from(secret.text, 'utf8'))).toString('hex');
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

/** The hash a user clause asks for, null when it names no password; 1524 for a way to log in that is not served. */
export function requestedHash(spec: AccountSpec, user: string, globals: TenantGlobals): string | null {
  if (spec.plugin !== null && spec.plugin.toLowerCase() !== nativePlugin) {
    throw fault('ER_PLUGIN_IS_NOT_LOADED', spec.plugin);
  }
  return spec.secret === null ? null : passwordHash(spec.secret, user, globals);
}

/** The policy `low` looks at the length, `medium` at the kinds of characters too. */
function requirePolicy(password: string, user: string, globals: TenantGlobals): void {
  const setting = (name: string) => {
    const value = globals[name] ?? systemVariables.get(name)?.default ?? '';
    return typeof value === 'string' ? value : '';
  };
  const least = (name: string, count: number) => count >= Number(setting(`validate_password_${name}`));
  const matches = (pattern: RegExp) => password.match(pattern)?.length ?? 0;
  const kinds =
    setting('validate_password_policy') !== 'medium' ||
    (least('mixed_case_count', Math.min(matches(/[a-z]/g), matches(/[A-Z]/g))) &&
      least('number_count', matches(/\d/g)) &&
      least('special_char_count', matches(/[^\p{L}\p{N}]/gu)));
  const isName = setting('validate_password_check_user_name') === 'on' && user !== '' && password === user;
  if (!least('length', [...password].length) || !kinds || isName) throw fault('ER_NOT_VALID_PASSWORD');
}
