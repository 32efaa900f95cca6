import type { Clock } from '../../base/clock.ts';
import { MediumError } from '../medium.ts';
import { exchange } from './exchange.ts';
import { metadataDeadlineMs } from './limits.ts';
import type { Keys } from './own-keys.ts';
import type { Role } from './role.ts';

/** How a cloud tells a machine which keys its own role has. */
interface Metadata {
  readonly origin: string;
  /** Names another origin, and switches the question off. */
  readonly originVariable: string;
  readonly disabledVariable: string;
  readonly header: string;
  readonly path: string;
  readonly fields: Readonly<Record<keyof Keys, string>>;
}

const metadata: Readonly<Record<Role['vendor'], Metadata>> = {
  aws: {
    origin: 'http://169.254.169.254',
    originVariable: 'AWS_EC2_METADATA_SERVICE_ENDPOINT',
    disabledVariable: 'AWS_EC2_METADATA_DISABLED',
    header: 'x-aws-ec2-metadata-token',
    path: '/latest/meta-data/iam/security-credentials/',
    fields: { accessId: 'AccessKeyId', accessKey: 'SecretAccessKey', token: 'Token' },
  },
  aliyun: {
    origin: 'http://100.100.100.200',
    originVariable: 'ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT',
    disabledVariable: 'ALIBABA_CLOUD_ECS_METADATA_DISABLED',
    header: 'x-aliyun-ecs-metadata-token',
    path: '/latest/meta-data/ram/security-credentials/',
    fields: { accessId: 'AccessKeyId', accessKey: 'AccessKeySecret', token: 'SecurityToken' },
  },
};

/**
 * Keys of the role a machine of EC2 or ECS itself has, by its metadata service (in the version that wants a token first). Null where
 * there is no such service, it names no role, or the environment says not to ask. Errors: `unavailable`, `timeout` and `network` of a
 * service that is there.
 */
export async function machineKeys(
  vendor: Role['vendor'],
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<Keys | null> {
  const { origin, originVariable, disabledVariable, header, path, fields } = metadata[vendor];
  if (environment[disabledVariable]?.toLowerCase() === 'true') return null;
  const base = (environment[originVariable] || origin).replace(/\/$/, '');
  const ask = async (method: 'GET' | 'PUT', at: string, headers: Readonly<Record<string, string>>) => {
    const about = `metadata of ${base.slice(0, 80)}`;
    const { status, text } = await exchange(
      { about, url: `${base}${at}`, method, headers, deadlineMs: metadataDeadlineMs },
      clock,
    );
    if (status !== 200)
      throw new MediumError(status < 500 ? 'denied' : 'unavailable', '', `${about}: status ${status}`);
    return text.trim();
  };
  let isThere = false;
  try {
    const token = await ask('PUT', '/latest/api/token', { [`${header}-ttl-seconds`]: '60' });
    isThere = true;
    const name = (await ask('GET', path, { [header]: token })).split('\n')[0] ?? '';
    const found = JSON.parse(await ask('GET', `${path}${encodeURIComponent(name)}`, { [header]: token }));
    const field = (key: keyof Keys) => String((found as Readonly<Record<string, unknown>> | null)?.[fields[key]] ?? '');
    return { accessId: field('accessId'), accessKey: field('accessKey'), token: field('token') };
  } catch (error) {
    const passes = error instanceof MediumError && error.retryable;
    // Not on such a machine, or one without a role.
    if ((error instanceof MediumError && !(isThere && passes)) || error instanceof SyntaxError) return null;
    throw error;
  }
}
