import { readdirSync, readlinkSync } from 'node:fs';

/** What this process holds open at or below `directory`: a path for each descriptor. */
export function openBelow(directory: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target === directory || target.startsWith(`${directory}/`) ? [target] : [];
    } catch {
      // The descriptor of this very listing is gone by now.
      return [];
    }
  });
}
