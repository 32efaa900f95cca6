import { fault, type ObError } from '../base/errors.ts';
import { atLeast, type Release } from '../base/release.ts';
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
  maxIops: bigint;
  maxBandwidth: bigint;
  readonly ignored: string[];
}

/** Reads option text token by token, then holds the whole against the rules of the scheme. */
export function parseOptions(
  text: string,
  scheme: Scheme,
  release: Release,
  open?: (hex: string) => string,
): DestinationOptions {
  const limit = atLeast(release, '4.3.0') ? optionTextBytes43 : optionTextBytes;
  if (Buffer.byteLength(text) >= limit) throw fault('OB_INVALID_BACKUP_DEST');
  const draft: Draft = {
    host: '',
    accessId: '',
    accessKey: '',
    extension: '',
    maxIops: 0n,
    maxBandwidth: 0n,
    options: {},
    ignored: [],
  };
  for (const token of text.split('&')) if (token !== '') readToken(draft, token, scheme, release, open);
  checkWhole(draft, scheme);
  addDefaultChecksum(draft, scheme, release);
  if (Buffer.byteLength(draft.extension) >= extensionBytes) throw fault('OB_INVALID_ARGUMENT');
  return {
    host: draft.host,
    authorization: Object.freeze({ accessId: draft.accessId, accessKey: draft.accessKey }),
    options: Object.freeze(draft.options),
    extension: draft.extension,
    maxIops: draft.maxIops,
    maxBandwidth: draft.maxBandwidth,
    ignored: Object.freeze(draft.ignored),
  };
}

type FieldKey = 'host' | 'accessId' | 'accessKey';

function readToken(draft: Draft, token: string, scheme: Scheme, release: Release, open?: (hex: string) => string) {
  const cut = token.indexOf('=');
  const key = cut < 0 ? token : token.slice(0, cut);
  const value = cut < 0 ? '' : token.slice(cut + 1);
  if (cut < 0) draft.ignored.push(key);
  else if (key === 'host') addField(draft, 'host', key, value);
  else if (key === 'access_id') addField(draft, 'accessId', key, value);
  else if (key === 'access_key') addField(draft, 'accessKey', key, value);
  else if (key === 'encrypt_key' && open) addField(draft, 'accessKey', key, open(value));
  else if (key === 'max_iops') draft.maxIops = readIops(value);
  else if (key === 'max_bandwidth') draft.maxBandwidth = readBandwidth(value);
  else if (isRoleKey(key, release)) throw roleFault(key, scheme);
  else addKnownExtension(draft, key, value, scheme, release);
}

function addKnownExtension(draft: Draft, key: string, value: string, scheme: Scheme, release: Release) {
  const rule = extensionRules.get(key);
  if (rule && atLeast(release, rule.since)) addExtension(draft, key, value, rule, scheme);
  else draft.ignored.push(key);
}

function isRoleKey(key: string, release: Release): boolean {
  return (key === 'role_arn' || key === 'external_id') && atLeast(release, '4.3.0');
}

function roleFault(key: string, scheme: Scheme): ObError {
  return scheme === 'file' ? fault('OB_INVALID_BACKUP_DEST') : fault('OB_NOT_SUPPORTED', `${key} of a destination is`);
}

// A key that appears twice is stored twice, as the kernel does.
function addField(draft: Draft, field: FieldKey, key: string, value: string) {
  draft[field] = draft[field] === '' ? value : `${draft[field]}&${key}=${value}`;
  if (Buffer.byteLength(`${key}=${draft[field]}`) >= optionFieldBytes) throw fault('OB_INVALID_ARGUMENT');
}

interface ExtensionRule {
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

function addDefaultChecksum(draft: Draft, scheme: Scheme, release: Release) {
  if (scheme === 'file' || !atLeast(release, '4.2.5') || draft.options.checksum_type !== undefined) return;
  addExtension(draft, 'checksum_type', 'md5', { since: '4.2.5' }, scheme);
}

function checkWhole(draft: Draft, scheme: Scheme) {
  if (scheme === 'file') {
    const forbidden = [draft.host, draft.accessId, draft.accessKey, draft.extension];
    if (forbidden.some((text) => text !== '')) throw fault('OB_INVALID_BACKUP_DEST');
    return;
  }
  if (draft.host === '' || draft.accessId === '' || draft.accessKey === '') throw fault('OB_INVALID_BACKUP_DEST');
  if (scheme === 'cos' && (draft.options.appid ?? '') === '') throw fault('OB_INVALID_BACKUP_DEST');
}

function readIops(value: string): bigint {
  if (!/^\d{1,18}$/.test(value)) throw fault('OB_INVALID_ARGUMENT');
  return BigInt(value);
}

function readBandwidth(value: string): bigint {
  const sizeBytes = parseCapacity(value);
  if (sizeBytes === null) throw fault('OB_INVALID_ARGUMENT');
  return sizeBytes;
}
