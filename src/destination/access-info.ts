import { fault } from '../base/errors.ts';
import { type Destination, endpointText, identityName, isOurs, roleNames, secretName } from './destination.ts';
import { parseOptions } from './options.ts';
import { parseOwnOptions } from './own-options.ts';

/**
 * Reads ACCESS_INFO of CHANGE EXTERNAL_STORAGE_DEST: new keys for a destination, under the names its text has them
 * (`access_id=…&access_key=…`, `role_arn=…&external_id=…`, `password=…`). Identity and secret must both be there where the scheme
 * has both. Whether keys or a role lead there is for SET to change. Errors: 9026 (`encrypt_key`, which nobody types), 1210
 * (anything else that is not these keys), and what SET says of the destination with these keys: what it would not take could not
 * be read again.
 */
export function parseAccessInfo(text: string, destination: Destination): Destination['authorization'] {
  if (text.includes('encrypt_key='))
    throw fault('OB_INVALID_BACKUP_DEST', 'backup destination contains encrypt_key, which');
  const { scheme, path, authorization } = destination;
  const { accessId, byRole } = authorization;
  const [id, secret] = byRole ? [roleNames.id, roleNames.secret] : [identityName(scheme), secretName(scheme)];
  const typed = text.split('&');
  const keys = typed.map((token) => token.slice(0, Math.max(token.indexOf('='), 0)));
  const areThese = typed.every((token, i) => (keys[i] === id || keys[i] === secret) && token !== `${keys[i]}=`);
  if (!areThese || new Set(keys).size < keys.length) throw fault('OB_INVALID_ARGUMENT');
  const complete = byRole
    ? keys.includes(roleNames.id)
    : keys.includes(secret) && (isOurs(scheme) || keys.length === 2);
  if (!complete) throw fault('OB_INVALID_ARGUMENT');
  const kept = isOurs(scheme) && id !== null && !keys.includes(id) && accessId !== '' ? [`${id}=${accessId}`] : [];
  const whole = [endpointText(destination), ...kept, ...typed, destination.extension].filter((part) => part !== '');
  const options = whole.join('&');
  return (isOurs(scheme) ? parseOwnOptions(options, scheme, path) : parseOptions(options, scheme, null)).authorization;
}
