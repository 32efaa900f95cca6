import { type Endpoint, parseEndpoint } from '../endpoint.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';

/** Where `cos://bucket/dir` with its host and appid leads. */
export interface CosPlace {
  /** `<bucket>-<appid>`. */
  readonly bucket: string;
  /** What stands before every key, `''` or ending in `/`. */
  readonly prefix: string;
  readonly endpoint: Endpoint;
  /** `host[:port]` as it is signed and as errors name it. */
  readonly host: string;
}

const bucketShape = /^[a-z0-9-]{1,50}-\d{1,20}$/;

/** Reads the address; throws MediumError for what no bucket of COS is called. */
export function cosPlace(address: MediumAddress): CosPlace {
  const [name = '', ...rest] = address.path.slice('cos://'.length).split('/');
  const bucket = `${name}-${address.options.appid ?? ''}`;
  const endpoint = parseEndpoint(address.host);
  if (endpoint === null) throw new MediumError('noContainer', '', 'the host of the destination is none');
  if (!bucketShape.test(bucket))
    throw new MediumError('noContainer', '', 'bucket and appid are no name of a bucket of COS');
  const hostname = endpoint.hostname.includes(':') ? `[${endpoint.hostname}]` : endpoint.hostname;
  const host = endpoint.port === null ? hostname : `${hostname}:${endpoint.port}`;
  if (rest.includes('.') || rest.includes('..'))
    throw new MediumError('invalidKey', '', 'the path has a segment of dots, which addresses leave out');
  const directory = rest.join('/');
  return Object.freeze({ bucket, prefix: directory === '' ? '' : `${directory}/`, endpoint, host });
}

/** True for a host that has no names below it: there the bucket travels in the Host header only. */
export function isBareAddress({ hostname }: Endpoint): boolean {
  return hostname === 'localhost' || hostname.includes(':') || /^\d+(\.\d+){3}$/.test(hostname);
}
