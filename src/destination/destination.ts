import type { Scheme } from '../media/medium.ts';

/** Who speaks and the one secret, in plain text. */
export interface Authorization {
  /** access_id, user, or with `byRole` role_arn; `''` for file. */
  readonly accessId: string;
  /** access_key, password, token, or with `byRole` external_id; `''` where there is none. */
  readonly accessKey: string;
  /** A role is taken on, of OSS or S3. Left out where keys are used. */
  readonly byRole?: true;
}

/** What a backup path is once its text was read. Frozen. */
export interface Destination {
  /** `file`, `oss`, `cos` and `s3` are OceanBase's; `sftp`, `cifs` and `hdfs` are ours, in every release. */
  readonly scheme: Scheme;
  /** With its prefix, trailing slashes removed, otherwise as typed: `file:///backup/data`, `oss://bucket/data`. */
  readonly path: string;
  /** Endpoint text of an object store without `host=`; `''` for all others. */
  readonly host: string;
  readonly authorization: Authorization;
  /** Remaining options by key (`delete_mode`, `appid`, `s3_region`, `checksum_type`, …); `MediumAddress` lists those that are ours. */
  readonly options: Readonly<Record<string, string>>;
  /** The same options as stored text, `appid=…&delete_mode=…`. */
  readonly extension: string;
  /** Operations per second, 0 for no limit. */
  readonly maxIops: bigint;
  /** Bytes per second, 0 for no limit. */
  readonly maxBandwidth: bigint;
  /** Keys of options no release knows; the kernel drops them, a statement should warn. Never their values. */
  readonly ignored: readonly string[];
}

/** Turns a plain access key into the hex stored behind `encrypt_key=`. */
export type SealKey = (accessKey: string) => string;

/** Same trimmed path and same endpoint; keys and options play no part. */
export function sameDestination(a: Destination, b: Destination): boolean {
  return a.path === b.path && a.host === b.host;
}

/** PATH of set, piece and job rows and of the format file: never credentials. */
export function shownPath(destination: Destination): string {
  return destination.host === '' ? destination.path : `${destination.path}?host=${destination.host}`;
}

/** ENDPOINT of the storage-info row: `host=…`, `''` for file. */
export function endpointText(destination: Destination): string {
  return destination.host === '' ? '' : `host=${destination.host}`;
}

/** Names under which the text of a scheme carries identity and secret; sftp has its user in the path. */
const authorizationNames: Readonly<Record<Scheme, { readonly id: string | null; readonly secret: string }>> = {
  file: { id: 'access_id', secret: 'access_key' },
  oss: { id: 'access_id', secret: 'access_key' },
  cos: { id: 'access_id', secret: 'access_key' },
  s3: { id: 'access_id', secret: 'access_key' },
  sftp: { id: null, secret: 'password' },
  cifs: { id: 'user', secret: 'password' },
  hdfs: { id: 'user', secret: 'delegation_token' },
};

/** What a role and its secret are called in a text. */
export const roleNames = Object.freeze({ id: 'role_arn', secret: 'external_id' });

/** What the secret of a destination is called in its text. */
export function secretName(scheme: Scheme): string {
  return authorizationNames[scheme].secret;
}

/** What the identity of a destination is called in its text, null when the path names it. */
export function identityName(scheme: Scheme): string | null {
  return authorizationNames[scheme].id;
}

/** Schemes OceanBase does not have. Unlike its own they take no option they do not know, and their secrets are percent-encoded. */
export type OwnScheme = 'sftp' | 'cifs' | 'hdfs';

export function isOurs(scheme: Scheme): scheme is OwnScheme {
  return scheme === 'sftp' || scheme === 'cifs' || scheme === 'hdfs';
}

/** True for the stores that are reached through `host=`. */
export function isObjectStore(scheme: Scheme): scheme is 'oss' | 'cos' | 's3' {
  return scheme === 'oss' || scheme === 'cos' || scheme === 's3';
}

/** AUTHORIZATION of the storage-info row; with `seal` the secret is stored as `encrypt_key=<hex>`. */
export function authorizationText(destination: Destination, seal?: SealKey): string {
  const { scheme, authorization } = destination;
  const { accessId, accessKey, byRole } = authorization;
  const { id, secret } = byRole ? roleNames : authorizationNames[scheme];
  const typed = isOurs(scheme) ? encodeURIComponent(accessKey) : accessKey;
  return [
    id === null || accessId === '' ? '' : `${id}=${accessId}`,
    accessKey === '' ? '' : seal ? `encrypt_key=${seal(accessKey)}` : `${secret}=${typed}`,
  ]
    .filter((part) => part !== '')
    .join('&');
}

/** Value of DATA_BACKUP_DEST and of the archive `path` row: path and connection options, limits cut out. */
export function storedText(destination: Destination, seal?: SealKey): string {
  const parts = [endpointText(destination), authorizationText(destination, seal), destination.extension];
  const options = parts.filter((part) => part !== '').join('&');
  return options === '' ? destination.path : `${destination.path}?${options}`;
}

/** Columns of the storage-info row that follow from the text. */
export interface StorageColumns {
  readonly path: string;
  readonly endpoint: string;
  readonly authorization: string;
  readonly extension: string;
  readonly maxIops: bigint;
  readonly maxBandwidth: bigint;
}

export function storageColumns(destination: Destination, seal?: SealKey): StorageColumns {
  return {
    path: destination.path,
    endpoint: endpointText(destination),
    authorization: authorizationText(destination, seal),
    extension: destination.extension,
    maxIops: destination.maxIops,
    maxBandwidth: destination.maxBandwidth,
  };
}

/**
 * A text fit for logs: whatever stands behind `access_key=`, `external_id=`, `encrypt_key=`, `password=` or `delegation_token=` becomes
 * asterisks, up to the next `&`, and so does a password in front of an `@`. Takes any text, also one that does not parse;
 * rather hides too much.
 */
export function maskDestination(text: string): string {
  return text
    .replace(/((?:access_key|encrypt_key|secret_key|external_id|password|delegation_token)\s*=)[^&]*/gi, '$1******')
    .replace(/(:\/\/[^/@:\s]*:)[^/@\s]+@/g, '$1******@');
}
