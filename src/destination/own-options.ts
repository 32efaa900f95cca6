import { fault, type ObError } from '../base/errors.ts';
import {
  isPlainShareDirectory,
  parseCifsPath,
  parseHdfsPath,
  parseNameNodes,
  parseSftpPath,
} from '../media/own-path.ts';
import { type Destination, identityName, type OwnScheme, secretName } from './destination.ts';
import { extensionBytes, optionFieldBytes, optionTextBytes, tokenBytes } from './limits.ts';
import { type DestinationOptions, readBandwidth, readIops } from './options.ts';

type Check = (value: string) => boolean;

const absolute: Check = (value) => value.startsWith('/') && !value.split('/').includes('..');
const word: Check = (value) => /^[A-Za-z0-9._@\\$/-]{1,128}$/.test(value);

/** Options of each scheme beside identity, secret and limits. */
const rules: Readonly<Record<OwnScheme, Readonly<Record<string, Check>>>> = {
  sftp: { private_key: absolute, host_key: (value) => /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(value) },
  cifs: { domain: (value) => /^[A-Za-z0-9._-]{1,64}$/.test(value), mount: absolute },
  hdfs: {
    namenode: (value) => parseNameNodes(value) !== null,
    gateway: (value) => value === 'webhdfs' || value === 'httpfs',
    tls: (value) => value === 'true' || value === 'false',
    ca_file: absolute,
  },
};

/**
 * Reads the options of a scheme that is ours and holds them against its path. Errors: 1235 (an option it does not know), 1210
 * (given twice, a value that is none, too long), 9026 (the path, something missing, what does not go together).
 */
export function parseOwnOptions(
  text: string,
  scheme: OwnScheme,
  path: string,
  open?: (hex: string) => string,
): DestinationOptions {
  if (!open && Buffer.byteLength(text) >= optionTextBytes) throw invalid('options that long');
  const values = new Map<string, string>();
  for (const token of text.split('&')) {
    if (token === '') continue;
    const [key, value] = readToken(token, scheme, values, open);
    if (values.has(key)) throw fault('OB_INVALID_ARGUMENT', key);
    values.set(key, value);
  }
  const take = (key: string | null): string => {
    const value = key === null ? undefined : values.get(key);
    if (key !== null) values.delete(key);
    return value ?? '';
  };
  const accessKey = take(secretName(scheme));
  const authorization = Object.freeze({ accessId: take(identityName(scheme)) || pathUser(scheme, path), accessKey });
  const [maxIops, maxBandwidth] = [take('max_iops'), take('max_bandwidth')];
  const options = Object.freeze(Object.fromEntries(values));
  checkWhole(scheme, path, { authorization, options });
  // Not of what is stored: its medium says so, and the tenant can still be given another destination.
  if (!open && scheme === 'cifs' && options['mount'] === undefined) checkShareDirectory(path);
  const extension = [...values].map(([key, value]) => `${key}=${value}`).join('&');
  if (Buffer.byteLength(extension) >= extensionBytes) throw fault('OB_INVALID_ARGUMENT');
  return {
    host: '',
    authorization,
    options,
    extension,
    maxIops: maxIops === '' ? 0n : readIops(maxIops),
    maxBandwidth: maxBandwidth === '' ? 0n : readBandwidth(maxBandwidth),
    ignored: Object.freeze([]),
  };
}

function readToken(
  token: string,
  scheme: OwnScheme,
  before: ReadonlyMap<string, string>,
  open?: (hex: string) => string,
): readonly [key: string, value: string] {
  const cut = token.indexOf('=');
  const key = cut < 0 ? token : token.slice(0, cut);
  const value = cut < 0 ? '' : token.slice(cut + 1);
  const secret = secretName(scheme);
  if (key === 'encrypt_key' && open) return [secret, open(value)];
  const check = Object.hasOwn(rules[scheme], key) ? rules[scheme][key] : undefined;
  const known = key === secret || key === identityName(scheme) || key === 'max_iops' || key === 'max_bandwidth';
  // As on files: these media have no tags.
  if (key === 'delete_mode') throw fault('OB_INVALID_BACKUP_DEST');
  if (!known && !check) {
    // Behind a secret this may be the rest of it, cut at a `&` that was not encoded.
    const named = before.has(secret) ? `an option behind ${secret}` : `option '${key.slice(0, 64)}'`;
    throw fault('OB_NOT_SUPPORTED', `${named} of a ${scheme} destination is`);
  }
  const plain = key === secret ? decoded(key, value) : value;
  if (plain === '' || Buffer.byteLength(plain) >= (key === 'delegation_token' ? tokenBytes : optionFieldBytes))
    throw fault('OB_INVALID_ARGUMENT', key);
  if (key === secret) return [key, plain];
  if ((check ?? (key === identityName(scheme) ? word : () => true))(value)) return [key, value];
  throw fault('OB_INVALID_ARGUMENT', key);
}

/** Secrets are percent-encoded where they hold `&`, `,`, `%` or a blank. */
function decoded(key: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw fault('OB_INVALID_ARGUMENT', key);
  }
}

function pathUser(scheme: OwnScheme, path: string): string {
  return scheme === 'sftp' ? (parseSftpPath(path)?.user ?? '') : '';
}

function checkWhole(
  scheme: OwnScheme,
  path: string,
  { authorization, options }: Pick<Destination, 'authorization' | 'options'>,
): void {
  const { accessId, accessKey } = authorization;
  if (scheme === 'sftp') {
    if (parseSftpPath(path) === null) throw invalid('sftp path not of the form user@host[:port]/directory');
    if (options['host_key'] === undefined) throw invalid('sftp destination without host_key');
    if (accessKey === '' && options['private_key'] === undefined)
      throw invalid('sftp destination without password or private_key');
  } else if (scheme === 'cifs') {
    if (parseCifsPath(path) === null) throw invalid('cifs path not of the form server[:port]/share[/directory]');
    const mounted = options['mount'] !== undefined;
    if (mounted && (accessId !== '' || accessKey !== '' || options['domain'] !== undefined))
      throw invalid('cifs destination with both mount and user, password or domain');
    if (!mounted && accessId === '') throw invalid('cifs destination without user or mount');
    if (!mounted && accessKey === '') throw invalid('cifs destination without password or mount');
  } else {
    if (parseHdfsPath(path) === null) throw invalid('hdfs path not of the form nameservice/directory');
    if (options['namenode'] === undefined) throw invalid('hdfs destination without namenode');
    if (accessId === '' && accessKey === '') throw invalid('hdfs destination without user or delegation_token');
    if (options['ca_file'] !== undefined && options['tls'] !== 'true')
      throw invalid('hdfs destination with ca_file and without tls=true');
  }
}

function checkShareDirectory(path: string): void {
  if (!isPlainShareDirectory(parseCifsPath(path)?.directory ?? ''))
    throw invalid('cifs directory with one of " * ? < > | : ; \\ or a control character');
}

/** 9026 "… is not a valid uri". */
function invalid(what: string): ObError {
  return fault('OB_INVALID_BACKUP_DEST', what);
}
