import { isIP } from 'node:net';
import { parseEndpoint } from '../endpoint.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';

/** Where `oss://bucket/dir` with its host leads. */
export interface OssPlace {
  readonly bucket: string;
  /** What stands before every key, `''` or ending in `/`. */
  readonly prefix: string;
  /** `http://host:port` or `http://bucket.host:port`. */
  readonly origin: string;
  /** `host[:port]`, as errors name it. */
  readonly host: string;
  readonly tls: boolean;
  /** True for a host that has no names below it: the bucket is the first segment of the path there. */
  readonly byPath: boolean;
  /** `cn-hangzhou` of `oss-cn-hangzhou[-internal].aliyuncs.com`, what V4 signs; null for other hosts, where V1 is signed. */
  readonly region: string | null;
}

const bucketShape = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Hosts that look like one of a region and are none. */
const noRegion = new Set(['accelerate', 'accelerate-overseas']);

/** Reads the address; throws MediumError for what no bucket of OSS is called and what cannot be signed as it is sent. */
export function ossPlace({ path, host: text }: MediumAddress): OssPlace {
  const [bucket = '', ...rest] = path.slice('oss://'.length).split('/');
  const endpoint = parseEndpoint(text);
  if (endpoint === null) throw new MediumError('noContainer', '', 'the host of the destination is none');
  if (!bucketShape.test(bucket)) throw new MediumError('noContainer', '', 'it is no name of a bucket of OSS');
  // A URL loses such segments on its way, the signature does not.
  if (rest.some((segment) => segment === '.' || segment === '..'))
    throw new MediumError('invalidKey', '', "a segment of the destination's path is '.' or '..'");
  const { tls, hostname, port } = endpoint;
  const bracketed = hostname.includes(':') ? `[${hostname}]` : hostname;
  const host = port === null ? bracketed : `${bracketed}:${port}`;
  const region = /^oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/i.exec(hostname)?.[1]?.toLowerCase() ?? null;
  const byPath = isIP(hostname) !== 0 || !hostname.includes('.');
  const directory = rest.join('/');
  return Object.freeze({
    bucket,
    prefix: directory === '' ? '' : `${directory}/`,
    origin: `${tls ? 'https' : 'http'}://${byPath ? host : `${bucket}.${host}`}`,
    host,
    tls,
    byPath,
    region: region !== null && noRegion.has(region) ? null : region,
  });
}
