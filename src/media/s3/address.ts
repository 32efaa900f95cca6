import { isIP } from 'node:net';
import { type Endpoint, parseEndpoint } from '../endpoint.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { amazonRegion, type Role, roleOf } from '../sts/role.ts';

/** Where the objects of a destination lie and how its server is spoken to. */
export interface S3Address {
  readonly endpoint: Endpoint;
  readonly bucket: string;
  /** Of every key: `''` or ends in `/`. */
  readonly prefix: string;
  readonly region: string;
  /** The bucket stands in the path, not in the host name. */
  readonly pathStyle: boolean;
  /** What protects uploads on their way besides the signature. */
  readonly checksum: 'none' | 'md5' | 'crc32';
  /** File with the certificates that sign the server's; null for those the system trusts. */
  readonly caFile: string | null;
  readonly accessId: string;
  readonly accessKey: string;
  /** Takes the place of both keys; null without one. */
  readonly role: Role | null;
}

/** Reads `s3://bucket/dir` with its host and options. Throws `noContainer` without a bucket, `unavailable` without a host. */
export function parseS3Address(address: MediumAddress): S3Address {
  const { path, host, options, authorization } = address;
  const [bucket = '', ...rest] = path.slice('s3://'.length).split('/');
  if (!path.startsWith('s3://') || !/^[a-z0-9][a-z0-9._-]{1,254}$/i.test(bucket))
    throw new MediumError('noContainer', '', 'the path names no bucket');
  const endpoint = parseEndpoint(host);
  if (endpoint === null) throw new MediumError('unavailable', '', 'host is no endpoint');
  const directory = rest.join('/');
  const region = options['s3_region'] ?? regionOf(endpoint.hostname);
  return Object.freeze({
    endpoint,
    bucket,
    prefix: directory === '' ? '' : `${directory}/`,
    region,
    pathStyle: isPathStyle(options['addressing_model'], endpoint, bucket),
    checksum: checksums[options['checksum_type'] ?? 'md5'] ?? 'md5',
    caFile: options['ca_file'] ?? null,
    accessId: authorization.accessId,
    accessKey: authorization.accessKey,
    role: roleOf(address, region),
  });
}

const checksums: Readonly<Record<string, S3Address['checksum']>> = { no_checksum: 'none', md5: 'md5', crc32: 'crc32' };

/** Amazon's endpoints name their region; other stores take any, most of them this one. */
function regionOf(hostname: string): string {
  return amazonRegion(hostname) ?? 'us-east-1';
}

function isPathStyle(model: string | undefined, { hostname, tls }: Endpoint, bucket: string): boolean {
  if (model !== undefined) return model === 'path_style';
  // No name can be put in front of these; and no certificate covers a bucket with dots.
  return isIP(hostname) !== 0 || !hostname.includes('.') || (tls && bucket.includes('.'));
}
