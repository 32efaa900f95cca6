import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Where statements of tenants put what they sort, group or may have to take back once it is more than fits into their page cache:
 * files without a name, on the disk of the tenants. `/tmp` may lie in memory.
 */
export function spillDirectoryOf(dataDir: string): string {
  return join(resolve(dataDir), 'temp');
}

/** Makes it anew; the caller owns the data directory. A crash in the moment before a file loses its name leaves one there. */
export function emptySpillDirectory(dataDir: string): void {
  const directory = spillDirectoryOf(dataDir);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { mode: 0o700 });
}
