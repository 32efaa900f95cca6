import { isIP } from 'node:net';
import { fault } from '../base/errors.ts';
import { defaultRelease, type Release } from '../base/release.ts';
import type { Destination } from './destination.ts';
import { parseDestination } from './parse.ts';

/** What a value of LOG_RESTORE_SOURCE says. */
export type RestoreSource =
  | { readonly type: 'LOCATION'; readonly location: Destination }
  | {
      readonly type: 'SERVICE';
      /** `ip:port` each, in the order given. */
      readonly addresses: readonly string[];
      readonly user: string;
      readonly tenantName: string;
      readonly password: string;
    };

const ipListText = 'set ip list config, please check the length and format of ip list';
const userText = 'set user config, please check the length and format of username, tenant name';
const missingText = 'parse log restore source config, please check the config parameters';

/** Addresses a SERVICE source may list, and bytes of its user@tenant. */
const addressesMax = 256;
const userBytes = 192;

/**
 * Reads a value of LOG_RESTORE_SOURCE; null for `''`. Errors: 1210 with the kernel's texts (source type, address list,
 * user, missing parts), plain 1235 (an item that is none), and those of the location.
 */
export function parseRestoreSource(text: string, release: Release = defaultRelease): RestoreSource | null {
  if (text === '') return null;
  const items = text.split(' ').filter((item) => item !== '');
  const pairs = items.map(splitItem);
  const has = (key: string) => pairs.some((pair) => pair.key === key);
  if (has('LOCATION') === has('SERVICE')) throw fault('OB_INVALID_ARGUMENT', 'log restore source type');
  const known = has('LOCATION') ? ['LOCATION'] : ['SERVICE', 'USER', 'PASSWORD'];
  const values = new Map<string, string>();
  for (const { key, value } of pairs) {
    if (value === undefined || !known.includes(key)) throw fault('OB_NOT_SUPPORTED');
    if (values.has(key)) throw fault('OB_INVALID_ARGUMENT', missingText);
    values.set(key, value);
  }
  const location = values.get('LOCATION');
  if (location !== undefined) return { type: 'LOCATION', location: parseDestination(location, release) };
  return readService(values);
}

function splitItem(item: string): { readonly key: string; readonly value: string | undefined } {
  const cut = item.indexOf('=');
  if (cut < 0) return { key: item.toUpperCase(), value: undefined };
  return { key: item.slice(0, cut).toUpperCase(), value: item.slice(cut + 1) };
}

function readService(values: ReadonlyMap<string, string>): RestoreSource {
  const addresses = (values.get('SERVICE') ?? '').split(';');
  if (addresses.length > addressesMax || !addresses.every(isAddress)) throw fault('OB_INVALID_ARGUMENT', ipListText);
  const user = values.get('USER');
  const password = values.get('PASSWORD');
  if (user !== undefined && !isUser(user)) throw fault('OB_INVALID_ARGUMENT', userText);
  if (user === undefined || password === undefined || password === '') throw fault('OB_INVALID_ARGUMENT', missingText);
  const at = user.lastIndexOf('@');
  return { type: 'SERVICE', addresses, user: user.slice(0, at), tenantName: user.slice(at + 1), password };
}

function isUser(text: string): boolean {
  const at = text.lastIndexOf('@');
  return at > 0 && at < text.length - 1 && Buffer.byteLength(text) <= userBytes;
}

function isAddress(text: string): boolean {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  if (!match) return false;
  const port = Number(match[3]);
  return isIP(match[1] ?? match[2] ?? '') !== 0 && port > 0 && port < 65_536;
}
