import { fault, hinted, type ObError } from '../base/errors.ts';
import { atLeast, defaultRelease, type Release } from '../base/release.ts';
import type { Scheme } from '../media/medium.ts';
import { type Destination, isObjectStore, isOurs } from './destination.ts';
import { destinationPathBytes, destinationTextBytes } from './limits.ts';
import { noOptions, parseOptions } from './options.ts';
import { parseOwnOptions } from './own-options.ts';

/** How a sealed key is opened again when a stored text is read. */
export type OpenKey = (hex: string) => string;

/**
 * Reads a destination as a user types it. Errors: 9026 (shape, prefix, lengths, missing or forbidden options), 9118 from 4.3
 * on (a host that is no endpoint), 1210 (a value that is not allowed, a field too long, an empty path), 9113 (checksum type
 * of another store), 1235 (enable_worm; options our own schemes do not know).
 */
export function parseDestination(text: string, release: Release = defaultRelease): Destination {
  if (text.includes('encrypt_key='))
    throw fault('OB_INVALID_BACKUP_DEST', 'backup destination contains encrypt_key, which');
  return parse(text, release, undefined);
}

/** Reads a text made by `storedText`, sealed or plain, whatever release it was typed in. */
export function parseStoredDestination(text: string, open: OpenKey): Destination {
  return parse(text, null, open);
}

const schemes: readonly Scheme[] = ['file', 'oss', 'cos', 's3', 'sftp', 'cifs', 'hdfs'];

/** The scheme of a text by its prefix, null when it has none that `release` knows; ours are known in every release. */
export function schemeOf(text: string, release: Release | null = defaultRelease): Scheme | null {
  const scheme = schemes.find((one) => text.startsWith(`${one}://`)) ?? null;
  return scheme === 's3' && release !== null && !atLeast(release, '4.2.1') ? null : scheme;
}

function parse(text: string, release: Release | null, open: OpenKey | undefined): Destination {
  // A sealed key is longer than the key was.
  if (!open && Buffer.byteLength(text) >= destinationTextBytes) throw invalid();
  const scheme = schemeOf(text, release);
  if (scheme === null) throw hinted(invalid(), knownSchemes);
  const mark = text.indexOf('?');
  const typedPath = mark < 0 ? text : text.slice(0, mark);
  if (Buffer.byteLength(typedPath) >= destinationPathBytes) throw invalid();
  const path = trimPath(typedPath, scheme);
  const optionText = mark < 0 ? '' : text.slice(mark + 1);
  if (isOurs(scheme)) return Object.freeze({ scheme, path, ...parseOwnOptions(optionText, scheme, path, open) });
  const options = optionText === '' && scheme === 'file' ? noOptions : parseOptions(optionText, scheme, release, open);
  return Object.freeze({ scheme, path, ...options });
}

const knownSchemes = 'a destination begins with file://, oss://, cos://, s3:// or one of sftp://, cifs://, hdfs://';

function trimPath(typed: string, scheme: Scheme): string {
  const prefixLength = scheme.length + '://'.length;
  let end = typed.length;
  while (end > prefixLength && typed[end - 1] === '/') end -= 1;
  const path = typed.slice(0, end);
  if (end === prefixLength) throw fault('OB_INVALID_ARGUMENT');
  // A server started elsewhere would look elsewhere; the kernel lets it pass, the manual forbids it.
  if (scheme === 'file' && typed[prefixLength] !== '/')
    throw fault('OB_INVALID_BACKUP_DEST', `${path} (not an absolute path)`);
  if (path.includes('\0')) throw invalid();
  if (isObjectStore(scheme) || isOurs(scheme)) checkSegments(path, path.slice(prefixLength).split('/'));
  return path;
}

/** Clients of stores collapse such names, each in its own way: two texts would be one place, or a signature would not fit. */
function checkSegments(path: string, segments: readonly string[]): void {
  if (segments[0]?.includes(':') && segments[0].includes('@') && segments[0].indexOf(':') < segments[0].indexOf('@'))
    throw invalid();
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw fault('OB_INVALID_BACKUP_DEST', `${path} (a name in it is empty, . or ..)`);
}

function invalid(): ObError {
  return fault('OB_INVALID_BACKUP_DEST');
}
