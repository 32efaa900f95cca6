import { isTempName } from './key.ts';

// `#` stands in no key.
const lock = '#create';

/** A directory that stands while a key is given to an object, where directories are the only thing one client alone can make. */
export function lockKey(key: string): string {
  return `${key}${lock}`;
}

/** True for names nobody sees: temporary ones, and locks. What a crash leaves of either is swept. */
export function isHidden(name: string): boolean {
  return isTempName(name) || name.endsWith(lock);
}
