import { type Endpoint, parseEndpoint } from '../endpoint.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';

/** A role to take on, and who gives it. */
export interface Role {
  /** `aws`: its Query API with Signature V4, which MinIO and Ceph speak too. `aliyun`: the RPC of Alibaba Cloud. */
  readonly vendor: 'aws' | 'aliyun';
  readonly arn: string;
  /** `''` without one. */
  readonly externalId: string;
  readonly endpoint: Endpoint;
  /** What V4 signs. */
  readonly region: string;
  readonly caFile: string | null;
}

/**
 * Where a role of a destination is asked for: `sts_host`; else the service of the cloud whose host is named, in its region; on other
 * stores that speak S3 the store itself, as MinIO and Ceph have it. Null where nobody can know (`sts_host` must say it).
 */
export function stsEndpoint({
  scheme,
  host,
  options,
}: Pick<MediumAddress, 'scheme' | 'host' | 'options'>): Endpoint | null {
  const named = options['sts_host'];
  if (named !== undefined) return parseEndpoint(named);
  const store = parseEndpoint(host);
  if (store === null) return null;
  const { hostname } = store;
  if (scheme === 'oss') return aliyun(hostname);
  const cloud = /(?:^|\.)amazonaws\.com(\.cn)?$/.exec(hostname);
  if (!cloud) return store;
  const region = options['s3_region'] ?? amazonRegion(hostname);
  return https(region === null ? 'sts.amazonaws.com' : `sts.${region}.amazonaws.com${cloud[1] ?? ''}`);
}

/** The region in the name of one of Amazon's endpoints of S3. */
export function amazonRegion(hostname: string): string | null {
  return /^s3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(hostname)?.[1] ?? null;
}

function aliyun(hostname: string): Endpoint | null {
  const match = /^oss-([a-z0-9-]+?)(-internal)?\.aliyuncs\.com$/i.exec(hostname);
  if (!match) return null;
  // Whoever names the inner address of the store may have no way to the outer one of the token service.
  return https(`${match[2] ? 'sts-vpc' : 'sts'}.${match[1]?.toLowerCase()}.aliyuncs.com`);
}

function https(hostname: string): Endpoint {
  return { tls: true, hostname, port: null };
}

/** The role a destination is reached by, null when it is reached with keys. Throws `unavailable` where no service is known. */
export function roleOf(address: MediumAddress, region: string): Role | null {
  const { accessId, accessKey, byRole = false } = address.authorization;
  if (!byRole) return null;
  const endpoint = stsEndpoint(address);
  if (endpoint === null) throw new MediumError('unavailable', '', 'the destination names no token service');
  return Object.freeze({
    vendor: address.scheme === 'oss' ? 'aliyun' : 'aws',
    arn: accessId,
    externalId: accessKey,
    endpoint,
    region,
    caFile: endpoint.tls ? (address.options['ca_file'] ?? null) : null,
  });
}
