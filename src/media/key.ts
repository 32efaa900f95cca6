import { keyBytes, keySegmentBytes } from './limits.ts';
import { MediumError } from './medium.ts';

const segmentAlphabet = /^[A-Za-z0-9._=@+-]+$/;

/** Throws `invalidKey` unless every segment obeys the alphabet and the limits that all media share. */
export function checkKey(key: string): void {
  if (key.length > keyBytes) throw new MediumError('invalidKey', shorten(key), `longer than ${keyBytes} bytes`);
  for (const segment of key.split('/')) {
    if (segment === '.' || segment === '..' || !segmentAlphabet.test(segment))
      throw new MediumError(
        'invalidKey',
        shorten(key),
        'a segment is empty or has characters outside [A-Za-z0-9._=@+-]',
      );
    if (segment.length > keySegmentBytes)
      throw new MediumError('invalidKey', shorten(key), `a segment is longer than ${keySegmentBytes} bytes`);
    if (isTempName(segment)) throw new MediumError('invalidKey', shorten(key), 'the name is one of a temporary file');
  }
}

/** As `checkKey`, but `''` names the root; one trailing slash is dropped. Returns the cleaned prefix. */
export function checkPrefix(prefix: string): string {
  const cleaned = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (cleaned !== '') checkKey(cleaned);
  return cleaned;
}

/** True for one of these directories, and for every key below. */
export function isBelow(key: string, directories: readonly string[]): boolean {
  return directories.some((directory) => key === directory || key.startsWith(`${directory}/`));
}

/** `<name>.tmp.<microseconds>`: written under this name first, hidden from every listing. */
export function tempName(name: string, microseconds: number): string {
  return `${name}.tmp.${microseconds}`;
}

/** True for names made by `tempName`. */
export function isTempName(name: string): boolean {
  return /\.tmp\.\d+$/.test(name);
}

function shorten(key: string): string {
  return key.length > 100 ? `${key.slice(0, 100)}…` : key;
}
