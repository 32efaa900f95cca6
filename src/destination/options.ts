import { fault, hinted } from '../base/errors.ts';
import { atLeast, type Release } from '../base/release.ts';
import { parseEndpoint } from '../media/endpoint.ts';
import { stsEndpoint } from '../media/sts/role.ts';
import type { Destination } from './destination.ts';
import { extensionBytes, optionFieldBytes, optionTextBytes, optionTextBytes43 } from './limits.ts';
import { parseCapacity } from './time-text.ts';

type Scheme = Destination['scheme'];

/** What the part behind `?` comes to. */
export type DestinationOptions = Omit<Destination, 'scheme' | 'path'>;

export const noOptions: DestinationOptions = Object.freeze({
  host: '',
  authorization: Object.freeze({ accessId: '', accessKey: '' }),
  options: Object.freeze({}),
  extension: '',
  maxIops: 0n,
  maxBandwidth: 0n,
  ignored: Object.freeze([]),
});

interface Draft {
  host: string;
  accessId: string;
  accessKey: string;
  extension: string;
  readonly options: Record<string, string>;
  roleArn: string;
  externalId: string;
  /** Of a stored text: the secret as it was sealed. */
  sealed: string;
  maxIops: bigint;
  maxBandwidth: bigint;
  readonly ignored: string[];
}

/**
 * Reads option text of OceanBase's schemes token by token, then holds the whole against the rules of the scheme. Without a
 * release the text is one that was accepted before: every key is known and nothing is added.
 */
export function parseOptions(
  text: string,
  scheme: Scheme,
  release: Release | null,
  open?: (hex: string) => string,
): DestinationOptions {
  const limit = knows(release, '4.3.0') ? optionTextBytes43 : optionTextBytes;
  if (!open && Buffer.byteLength(text) >= limit) throw fault('OB_INVALID_BACKUP_DEST');
  const draft: Draft = {
    host: '',
    accessId: '',
    accessKey: '',
    extension: '',
    maxIops: 0n,
    maxBandwidth: 0n,
    options: {},
    roleArn: '',
    externalId: '',
    sealed: '',
    ignored: [],
  };
  for (const token of text.split('&')) if (token !== '') readToken(draft, token, scheme, release);
  if (open) openSealed(draft, open);
  checkWhole(draft, scheme, release);
  if (scheme === 'file') refuseUnknown(draft);
  addDefaultChecksum(draft, scheme, release);
  if (Buffer.byteLength(draft.extension) >= extensionBytes) throw fault('OB_INVALID_ARGUMENT');
  return {
    host: draft.host,
    authorization: authorizationOf(draft),
    options: Object.freeze(draft.options),
    extension: draft.extension,
    maxIops: draft.maxIops,
    maxBandwidth: draft.maxBandwidth,
    ignored: Object.freeze(draft.ignored),
  };
}

/**
 * Stores' kernels drop what they do not know, and so do we, with a warning. A path of files has no options to forget: behind its `?`
 * stands a part of a name, and the backup would go to another directory than was named.
 */
function refuseUnknown({ ignored }: Draft): void {
  if (ignored.length > 0)
    throw fault('OB_INVALID_BACKUP_DEST', `file destination with ? and '${ignored[0]?.slice(0, 64)}' behind it`);
}

function authorizationOf({ accessId, accessKey, roleArn, externalId }: Draft): Destination['authorization'] {
  return Object.freeze(
    roleArn === '' ? { accessId, accessKey } : { accessId: roleArn, accessKey: externalId, byRole: true as const },
  );
}

/** A stored text has one sealed secret; whose it is says what stands beside it. */
function openSealed(draft: Draft, open: (hex: string) => string) {
  if (draft.sealed === '') return;
  if (draft.roleArn === '') draft.accessKey = open(draft.sealed);
  else draft.externalId = open(draft.sealed);
}

type FieldKey = 'host' | 'accessId' | 'accessKey' | 'roleArn' | 'externalId';

const roleSince = '4.3.0';

const fields: Readonly<Record<string, { readonly field: FieldKey; readonly since: string }>> = Object.freeze({
  host: { field: 'host', since: '4.1.0' },
  access_id: { field: 'accessId', since: '4.1.0' },
  access_key: { field: 'accessKey', since: '4.1.0' },
  role_arn: { field: 'roleArn', since: roleSince },
  external_id: { field: 'externalId', since: roleSince },
});

function readToken(draft: Draft, token: string, scheme: Scheme, release: Release | null) {
  const cut = token.indexOf('=');
  const key = cut < 0 ? token : token.slice(0, cut);
  const value = cut < 0 ? '' : token.slice(cut + 1);
  const known = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (cut < 0) draft.ignored.push(key);
  else if (known && knows(release, known.since)) {
    // Nobody is nobody's role.
    if (value === '' && known.since === roleSince) throw fault('OB_INVALID_BACKUP_DEST');
    addField(draft, known.field, key, value);
  } else if (key === 'encrypt_key' && release === null) draft.sealed = value;
  else if (key === 'max_iops') draft.maxIops = readIops(value);
  else if (key === 'max_bandwidth') draft.maxBandwidth = readBandwidth(value);
  else if (key === 'enable_worm' && knows(release, '4.3.5'))
    throw fault('OB_NOT_SUPPORTED', `${key} of a destination is`);
  else addKnownExtension(draft, key, value, scheme, release);
}

function addKnownExtension(draft: Draft, key: string, value: string, scheme: Scheme, release: Release | null) {
  const rule = extensionRules.get(key);
  if (rule && knows(release, rule.since)) addExtension(draft, key, value, rule, scheme);
  else draft.ignored.push(key);
}

/** What was stored is known in any release. */
function knows(release: Release | null, since: string): boolean {
  return release === null || atLeast(release, since);
}

// A key that appears twice is stored twice, as the kernel does.
function addField(draft: Draft, field: FieldKey, key: string, value: string) {
  draft[field] = draft[field] === '' ? value : `${draft[field]}&${key}=${value}`;
  if (Buffer.byteLength(`${key}=${draft[field]}`) >= optionFieldBytes) throw fault('OB_INVALID_ARGUMENT');
}

interface ExtensionRule {
  /** The first release that knows it; 4.1.0 for what is ours. */
  readonly since: string;
  /** Schemes it may stand on; others are 1210. */
  readonly schemes?: readonly Scheme[];
  readonly values?: readonly string[];
}

const extensionRules: ReadonlyMap<string, ExtensionRule> = new Map<string, ExtensionRule>([
  ['appid', { since: '4.1.0', schemes: ['cos'] }],
  ['s3_region', { since: '4.2.1', schemes: ['s3'] }],
  ['delete_mode', { since: '4.1.0', values: ['delete', 'tagging'] }],
  ['checksum_type', { since: '4.2.5', values: ['no_checksum', 'md5', 'crc32'] }],
  // Ours: a file with the certificates that sign the endpoint's.
  ['ca_file', { since: '4.1.0', schemes: ['oss', 'cos', 's3'] }],
  // Ours: where roles are asked for, when it is not the service of the cloud the host belongs to.
  ['sts_host', { since: roleSince, schemes: ['oss', 's3'] }],
  ['addressing_model', { since: '4.3.0', schemes: ['s3'], values: ['virtual_hosted_style', 'path_style'] }],
]);

function addExtension(draft: Draft, key: string, value: string, rule: ExtensionRule, scheme: Scheme) {
  if (rule.schemes?.includes(scheme) === false) throw fault('OB_INVALID_ARGUMENT');
  if (rule.values?.includes(value) === false) throw fault('OB_INVALID_ARGUMENT');
  if (key === 'checksum_type') checkChecksumType(value, scheme);
  draft.options[key] = value;
  draft.extension = draft.extension === '' ? `${key}=${value}` : `${draft.extension}&${key}=${value}`;
}

function checkChecksumType(value: string, scheme: Scheme) {
  const refused = scheme === 's3' ? value === 'no_checksum' : value === 'crc32';
  if (refused && scheme !== 'file') throw fault('OB_CHECKSUM_TYPE_NOT_SUPPORTED', value);
}

function addDefaultChecksum(draft: Draft, scheme: Scheme, release: Release | null) {
  if (release === null || scheme === 'file' || !atLeast(release, '4.2.5')) return;
  if (draft.options['checksum_type'] !== undefined) return;
  addExtension(draft, 'checksum_type', 'md5', { since: '4.2.5' }, scheme);
}

function checkWhole(draft: Draft, scheme: Scheme, release: Release | null) {
  const { host, accessId, accessKey, roleArn, externalId, options } = draft;
  if (scheme === 'file') {
    const given = { host, access_id: accessId, access_key: accessKey, role_arn: roleArn, external_id: externalId };
    const [name] = Object.entries({ ...given, ...options }).find(([, text]) => text !== '') ?? [];
    if (name !== undefined) throw hinted(fault('OB_INVALID_BACKUP_DEST'), `a file:// destination takes no '${name}'`);
    return;
  }
  // A role stands in for both keys, on OSS and S3 only.
  const keys = accessId !== '' || accessKey !== '';
  if ((roleArn !== '' || externalId !== '') && (keys || roleArn === '' || scheme === 'cos'))
    throw fault('OB_INVALID_BACKUP_DEST');
  const needed = { host, ...(roleArn === '' ? { access_id: accessId, access_key: accessKey } : {}) };
  const appid = scheme === 'cos' ? { appid: options['appid'] ?? '' } : {};
  const [missing] = Object.entries({ ...needed, ...appid }).find(([, text]) => text === '') ?? [];
  if (missing !== undefined) throw hinted(fault('OB_INVALID_BACKUP_DEST'), `${missing}= is missing`);
  checkHost(draft, scheme, release);
}

function checkHost({ host, roleArn, options }: Draft, scheme: Scheme, release: Release | null) {
  const endpoint = parseEndpoint(host);
  if (endpoint === null)
    throw fault(knows(release, '4.3.0') ? 'OB_INVALID_OBJECT_STORAGE_ENDPOINT' : 'OB_INVALID_BACKUP_DEST');
  const sts = roleArn === '' ? null : stsEndpoint({ scheme, host, options });
  if (roleArn !== '' && sts === null)
    throw options['sts_host'] === undefined
      ? fault(
          'OB_INVALID_BACKUP_DEST',
          'destination with role_arn whose host tells no token service and without sts_host',
        )
      : fault('OB_INVALID_OBJECT_STORAGE_ENDPOINT');
  if (roleArn === '' && options['sts_host'] !== undefined)
    throw fault('OB_INVALID_BACKUP_DEST', 'destination with sts_host and without role_arn');
  const caFile = options['ca_file'];
  if (caFile === undefined) return;
  if (!caFile.startsWith('/')) throw fault('OB_INVALID_ARGUMENT', 'ca_file, it should be an absolute path');
  if (!endpoint.tls && sts?.tls !== true)
    throw fault('OB_INVALID_BACKUP_DEST', 'destination with ca_file whose host does not begin with https://');
}

export function readIops(value: string): bigint {
  if (!/^\d{1,18}$/.test(value)) throw fault('OB_INVALID_ARGUMENT');
  return BigInt(value);
}

export function readBandwidth(value: string): bigint {
  const sizeBytes = parseCapacity(value);
  if (sizeBytes === null) throw fault('OB_INVALID_ARGUMENT');
  return sizeBytes;
}
