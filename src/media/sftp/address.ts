import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { parseSftpPath } from '../own-path.ts';

/** How an SFTP server is reached, who we are there, and by what we know it. */
export interface SftpAddress {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  /** Absolute path of the destination on the server. */
  readonly root: string;
  /** Empty for none. */
  readonly password: string;
  /** Path of a key file this server may read, empty for none. */
  readonly privateKeyPath: string;
  /** What opens the key file, empty for none. */
  readonly passphrase: string;
  /** `SHA256:…` of the server's key, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/**
 * Reads `sftp://user@host:port/path` with its options. A server by which nothing is known is never spoken to: without `host_key`
 * the address is refused. Throws `unsupported`; no text quotes a secret.
 */
export function readSftpAddress({ path, authorization, options }: MediumAddress): SftpAddress {
  const place = parseSftpPath(path);
  if (place === null) throw refused('the address is not of the form sftp://user@host:port/path');
  const fingerprint = (options['host_key'] ?? '').replace(/=$/, '');
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint))
    throw refused('host_key is not of the form SHA256:<43 characters of base64>');
  const privateKeyPath = options['private_key'] ?? '';
  const secret = authorization.accessKey;
  if (secret === '' && privateKeyPath === '') throw refused('neither password nor private_key is given');
  const { user, hostname: host, port, directory: root } = place;
  const keyed = privateKeyPath !== '';
  const secrets = { password: keyed ? '' : secret, passphrase: keyed ? secret : '' };
  return { user, host, port, root, privateKeyPath, fingerprint, ...secrets };
}

function refused(detail: string): MediumError {
  return new MediumError('unsupported', '', detail);
}
