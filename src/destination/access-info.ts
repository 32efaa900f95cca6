import { fault } from '../base/errors.ts';
import { type Destination, identityName, isOurs, roleNames, secretName } from './destination.ts';
import { optionFieldBytes } from './limits.ts';

/**
 * Reads ACCESS_INFO of CHANGE EXTERNAL_STORAGE_DEST: new keys for a destination, under the names its text has them
 * (`access_id=…&access_key=…`, `role_arn=…&external_id=…`, `password=…`). Identity and secret must both be there where the scheme
 * has both. Whether keys or a role lead there is for SET to change. Errors: 9026 (`encrypt_key`, which nobody types), 1210
 * (anything else that is not these keys).
 */
export function parseAccessInfo(text: string, { scheme, authorization }: Destination): Destination['authorization'] {
  if (text.includes('encrypt_key='))
    throw fault('OB_INVALID_BACKUP_DEST', 'backup destination contains encrypt_key, which');
  const values = new Map<string, string>();
  const { byRole } = authorization;
  const [id, secret] = byRole ? [roleNames.id, roleNames.secret] : [identityName(scheme), secretName(scheme)];
  for (const token of text.split('&')) {
    const cut = token.indexOf('=');
    const key = token.slice(0, Math.max(cut, 0));
    const value = token.slice(cut + 1);
    if ((key !== id && key !== secret) || values.has(key) || value === '') throw fault('OB_INVALID_ARGUMENT');
    values.set(key, key === secret && isOurs(scheme) ? decoded(value) : value);
    if (!isOurs(scheme) && Buffer.byteLength(token) >= optionFieldBytes) throw fault('OB_INVALID_ARGUMENT');
  }
  const accessId =
    id === null ? authorization.accessId : (values.get(id) ?? (isOurs(scheme) ? authorization.accessId : ''));
  const accessKey = values.get(secret) ?? '';
  if (byRole && accessId !== '') return Object.freeze({ accessId, accessKey, byRole });
  if (accessKey === '' || (accessId === '' && !isOurs(scheme))) throw fault('OB_INVALID_ARGUMENT');
  return Object.freeze({ accessId, accessKey });
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw fault('OB_INVALID_ARGUMENT');
  }
}
