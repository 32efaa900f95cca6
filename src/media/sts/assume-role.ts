import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { errnoOf } from '../file-errors.ts';
import { MediumError, type MediumErrorKind } from '../medium.ts';
import { exchange } from './exchange.ts';
import { stsDeadlineMs } from './limits.ts';
import { type Keys, ownKeys } from './own-keys.ts';
import type { Role } from './role.ts';
import { signedForm } from './sign.ts';

/** Keys of a role. */
export interface RoleKeys extends Keys {
  /** How long they hold from the moment they came, whatever the two clocks say. */
  readonly lastsMs: number;
}

/**
 * Asks the token service for keys of a role, once. Errors: `denied` (the role, its external id or our own keys are refused, or we
 * have none), `clockSkew`, `throttled`, `unavailable`, `network`, `timeout` (after `stsDeadlineMs`). Of what the service says only
 * codes are taken over.
 */
export async function assumeRole(role: Role, clock: Clock): Promise<RoleKeys> {
  const { hostname, port } = role.endpoint;
  const bracketed = hostname.includes(':') ? `[${hostname}]` : hostname;
  const host = port === null ? bracketed : `${bracketed}:${port}`;
  const { endpoint, caFile } = role;
  const form = signedForm(role, host, await ownKeys(role.vendor, process.env, clock), clock.nowUs() / 1_000);
  const { status, text, dateMs } = await exchange(
    {
      about: `AssumeRole on ${host}`,
      url: `${endpoint.tls ? 'https' : 'http'}://${host}/`,
      method: 'POST',
      headers: { ...form.headers, host },
      body: form.body,
      ...(caFile === null ? {} : { ca: [...rootCertificates, await authorities(caFile)] }),
      deadlineMs: stsDeadlineMs,
    },
    clock,
  );
  if (status !== 200) throw refusal(host, status, text);
  const found = role.vendor === 'aws' ? readXml(text) : readJson(text);
  const endsMs = Date.parse(found?.ends ?? '');
  if (!found || found.accessId === '' || found.accessKey === '' || found.token === '' || Number.isNaN(endsMs))
    throw new MediumError('network', '', `AssumeRole on ${host}: what answered is no token service`);
  const { accessId, accessKey, token } = found;
  return { accessId, accessKey, token, lastsMs: endsMs - (dateMs ?? clock.nowUs() / 1_000) };
}

async function authorities(caFile: string): Promise<string> {
  return readFile(caFile, 'utf8').catch((error: unknown) => {
    throw new MediumError('denied', '', `ca_file: ${errnoOf(error) || 'it cannot be read'}`);
  });
}

interface Found extends Keys {
  readonly ends: string;
}

function readXml(text: string): Found {
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]?.trim() ?? '';
  return {
    accessId: element('AccessKeyId'),
    accessKey: element('SecretAccessKey'),
    token: element('SessionToken'),
    ends: element('Expiration'),
  };
}

function readJson(text: string): Found | null {
  try {
    const { Credentials: found = {} } = JSON.parse(text) as {
      readonly Credentials?: Readonly<Record<string, unknown>>;
    };
    const field = (name: string) => (typeof found[name] === 'string' ? found[name] : '');
    return {
      accessId: field('AccessKeyId'),
      accessKey: field('AccessKeySecret'),
      token: field('SecurityToken'),
      ends: field('Expiration'),
    };
  } catch {
    return null;
  }
}

function refusal(host: string, status: number, text: string): MediumError {
  const code = /<Code>([\w.-]{1,64})<\/Code>|"Code"\s*:\s*"([\w.-]{1,64})"/.exec(text)?.slice(1).find(Boolean) ?? '';
  const said = `AssumeRole on ${host}: ${code === '' ? '' : `${code}, `}status ${status}`;
  return new MediumError(kindOf(code, status), '', said);
}

/** Codes whose status says less than they do. */
const kindOfCode: Readonly<Record<string, MediumErrorKind>> = {
  RequestExpired: 'clockSkew',
  'InvalidTimeStamp.Expired': 'clockSkew',
  RequestTimeTooSkewed: 'clockSkew',
  Throttling: 'throttled',
  'Throttling.User': 'throttled',
  'Throttling.Api': 'throttled',
};

function kindOf(code: string, status: number): MediumErrorKind {
  const known = kindOfCode[code];
  if (known !== undefined) return known;
  if (status === 429) return 'throttled';
  // Whatever else it does not like: the role, who asks for it, or how.
  return status >= 500 ? 'unavailable' : status >= 400 ? 'denied' : 'network';
}
