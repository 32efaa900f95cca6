import { createHash } from 'node:crypto';

/**
 * The stored form of a backup password: `*` and the 40 lower-case hex digits of SHA-1 of SHA-1, as for MySQL accounts;
 * `''` for an empty password.
 */
export function passwordDigest(password: string): string {
  if (password === '') return '';
  const once = createHash('sha1').update(password, 'utf8').digest();
  return `*${createHash('sha1').update(once).digest('hex')}`;
}
