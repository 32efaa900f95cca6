import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { pathOf } from './peers.ts';

/** Seconds `zstd -1` with two threads takes for a file, the result synced to disk. */
export function compressFile(from: string, to: string): number {
  return timed(['-1', '-T2', from], to);
}

/** Seconds `zstd -d` takes, the result synced to disk. */
export function decompressFile(from: string, to: string): number {
  return timed(['-d', from], to);
}

function timed(args: readonly string[], to: string): number {
  rmSync(to, { force: true });
  const startMs = performance.now();
  execFileSync(pathOf('zstd') ?? 'zstd', ['-q', ...args, '-o', to]);
  const fd = openSync(to, 'r+');
  fsyncSync(fd);
  closeSync(fd);
  return (performance.now() - startMs) / 1000;
}
