import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { hasControls, isPlainShareDirectory, parseCifsPath } from '../own-path.ts';

/** How a share is reached and who we are there. */
export interface CifsAddress {
  readonly host: string;
  readonly port: number;
  readonly share: string;
  /** Below the share, `''` for its root. */
  readonly directory: string;
  readonly user: string;
  readonly password: string;
  /** Empty for none. */
  readonly domain: string;
}

/** Where a share is mounted already, and the destination's directory below that place. */
export interface CifsMount {
  readonly mount: string;
  readonly directory: string;
}

/** Reads `cifs://server:port/share/dir?mount=/mnt/share`; null without a mount. Throws `unsupported`. */
export function readCifsMount({ path, options }: MediumAddress): CifsMount | null {
  const mount = options['mount'];
  if (mount === undefined) return null;
  const place = parseCifsPath(path);
  if (place === null) throw misshapen();
  return { mount, directory: place.directory };
}

/** Reads `cifs://server:port/share/dir` with user and password. Throws `unsupported`; no text quotes a secret. */
export function readCifsAddress({ path, authorization, options }: MediumAddress): CifsAddress {
  const place = parseCifsPath(path);
  if (place === null) throw misshapen();
  const { hostname: host, port, share, directory } = place;
  if (!isPlainShareDirectory(directory) || hasControls(share))
    throw refused('the directory has characters no name on a share may have');
  const { accessId: user, accessKey: password } = authorization;
  const domain = options['domain'] ?? '';
  if (user === '' || password === '') throw refused('user and password are needed');
  // The file they are handed over in has one line for each and cannot say more.
  if (hasControls(user + password + domain) || /^\s/.test(password))
    throw refused('user and password may not hold control characters, nor the password begin with a blank');
  return { host, port, share, directory, user, password, domain };
}

function misshapen(): MediumError {
  return refused('the address is not of the form cifs://server:port/share/directory');
}

function refused(detail: string): MediumError {
  return new MediumError('unsupported', '', detail);
}
