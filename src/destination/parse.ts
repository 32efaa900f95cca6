import { fault, type ObError } from '../base/errors.ts';
import { defaultRelease, type Release } from '../base/release.ts';
import type { Destination } from './destination.ts';
import { destinationPathBytes, destinationTextBytes } from './limits.ts';
import { noOptions, parseOptions } from './options.ts';

/** How a sealed key is opened again when a stored text is read. */
export type OpenKey = (hex: string) => string;

/**
 * Reads a destination as a user types it. Errors: 9026 (shape, prefix, lengths, missing or forbidden options),
 * 1210 (a value that is not allowed, a field too long, an empty path), 9113 (checksum type of another store).
 */
export function parseDestination(text: string, release: Release = defaultRelease): Destination {
  if (text.includes('encrypt_key='))
    throw fault('OB_INVALID_BACKUP_DEST', 'backup destination contains encrypt_key, which');
  return parse(text, release, undefined);
}

/** Reads a text made by `storedText`, sealed or plain. */
export function parseStoredDestination(text: string, open: OpenKey, release: Release = defaultRelease): Destination {
  return parse(text, release, open);
}

/** The scheme of a text by its prefix, null when it has none that `release` knows. */
export function schemeOf(text: string, release: Release = defaultRelease): Destination['scheme'] | null {
  for (const scheme of ['file', 'oss', 'cos', 's3'] as const) {
    if (!text.startsWith(`${scheme}://`)) continue;
    return scheme === 's3' && !knowsS3(release) ? null : scheme;
  }
  return null;
}

function parse(text: string, release: Release, open: OpenKey | undefined): Destination {
  if (Buffer.byteLength(text) >= destinationTextBytes) throw invalid();
  const scheme = schemeOf(text, release);
  if (scheme === null) throw invalid();
  const mark = text.indexOf('?');
  const typedPath = mark < 0 ? text : text.slice(0, mark);
  if (Buffer.byteLength(typedPath) >= destinationPathBytes) throw invalid();
  const path = trimPath(typedPath, scheme);
  const optionText = mark < 0 ? '' : text.slice(mark + 1);
  const options = optionText === '' && scheme === 'file' ? noOptions : parseOptions(optionText, scheme, release, open);
  return Object.freeze({ scheme, path, ...options });
}

function trimPath(typed: string, scheme: string): string {
  const prefixLength = scheme.length + '://'.length;
  let end = typed.length;
  while (end > prefixLength && typed[end - 1] === '/') end -= 1;
  const path = typed.slice(0, end);
  if (end === prefixLength) throw fault('OB_INVALID_ARGUMENT');
  // A server started elsewhere would look elsewhere; the kernel lets it pass, the manual forbids it.
  if (scheme === 'file' && typed[prefixLength] !== '/')
    throw fault('OB_INVALID_BACKUP_DEST', `${path} (not an absolute path)`);
  if (path.includes('\0')) throw invalid();
  return path;
}

function invalid(): ObError {
  return fault('OB_INVALID_BACKUP_DEST');
}

function knowsS3(release: Release): boolean {
  const [major, minor, patch] = release.numbers;
  return major > 4 || (major === 4 && (minor > 2 || (minor === 2 && patch >= 1)));
}
