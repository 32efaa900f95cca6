import { readFileSync } from 'node:fs';

/** Descriptors of an open tenant: three raw ones, two of the keeper, three of the writer, two of each idle reader. */
export const descriptorsPerTenant = 12;
/** Descriptors kept for sockets, the catalog, media and copy work. */
const reservedDescriptors = 2_000;
/** More open tenants than this take memory without being needed at once: about 0.3 MB each. */
const mostTenants = 1_000;

/** How many tenants may be open at a time in a process that may hold so many descriptors. */
export function mostOpenTenants(descriptors: number): number {
  const room = Math.max(descriptors / 4, descriptors - reservedDescriptors);
  return Math.max(8, Math.min(mostTenants, Math.floor(room / descriptorsPerTenant)));
}

/** Descriptors this process may hold; where the system does not say, a number that is safe everywhere. */
export function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line ? Number(line[1]) : safeDescriptors;
  } catch {
    return safeDescriptors;
  }
}

const safeDescriptors = 1_024;
