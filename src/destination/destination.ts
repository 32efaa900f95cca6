/** What a backup path is once its text was read. Frozen. */
export interface Destination {
  readonly scheme: 'file' | 'oss' | 'cos' | 's3';
  /** With its prefix, trailing slashes removed, otherwise as typed: `file:///backup/data`, `oss://bucket/data`. */
  readonly path: string;
  /** Endpoint text of an object store without `host=`; `''` for file. */
  readonly host: string;
  /** Keys of an object store in plain text; both `''` for file. */
  readonly authorization: { readonly accessId: string; readonly accessKey: string };
  /** Remaining options by key (`delete_mode`, `appid`, `s3_region`, `checksum_type`, `addressing_model`). */
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

/** AUTHORIZATION of the storage-info row; with `seal` the key is stored as `encrypt_key=<hex>`. */
export function authorizationText(destination: Destination, seal?: SealKey): string {
  const { accessId, accessKey } = destination.authorization;
  if (accessId === '' && accessKey === '') return '';
  return `access_id=${accessId}&${seal ? `encrypt_key=${seal(accessKey)}` : `access_key=${accessKey}`}`;
}

/** Value of DATA_BACKUP_DEST and of the archive `path` row: path and connection options, limits cut out. */
export function storedText(destination: Destination, seal?: SealKey): string {
  if (destination.scheme === 'file') return destination.path;
  const parts = [endpointText(destination), authorizationText(destination, seal), destination.extension];
  return `${destination.path}?${parts.filter((part) => part !== '').join('&')}`;
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
 * A text fit for logs: whatever stands behind `access_key=`, `encrypt_key=` or `password=` becomes asterisks, up to the
 * next `&`. Takes any text, also one that does not parse; rather hides too much.
 */
export function maskDestination(text: string): string {
  return text.replace(/((?:access_key|encrypt_key|secret_key|password)\s*=)[^&]*/gi, '$1******');
}
