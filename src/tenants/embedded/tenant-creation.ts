import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { TenantOptions } from '../tenant-engine.ts';
import { createDataFile } from './connection.ts';
import { newTenantRows } from './settings.ts';
import { syncDirectory, type TenantPaths } from './tenant-files.ts';

/** Makes an empty tenant beside its place and renames it there, so that half a tenant never exists. */
export function createTenantFiles(paths: TenantPaths, options: TenantOptions): void {
  if (existsSync(paths.data)) return;
  rmSync(paths.creating, { recursive: true, force: true });
  mkdirSync(paths.creating, { recursive: true });
  createDataFile(join(paths.creating, 'data.db'), systemClock.nowNs(), newTenantRows(options));
  syncDirectory(paths.creating);
  // What lies at the place is no tenant: a directory a restore left behind.
  rmSync(paths.directory, { recursive: true, force: true });
  renameSync(paths.creating, paths.directory);
  syncDirectory(dirname(paths.directory));
}

/** Removes every file of a tenant that is not open. */
export function dropTenantFiles(paths: TenantPaths): void {
  for (const directory of [paths.creating, paths.directory]) rmSync(directory, { recursive: true, force: true });
  if (existsSync(dirname(paths.directory))) syncDirectory(dirname(paths.directory));
}
