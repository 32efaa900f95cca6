import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createTenant, login, rowsOf } from './clients.ts';
import { figure } from './measurement.ts';
import { type ObvaultOptions, startObvault } from './obvault-process.ts';
import type { BenchContext } from './part.ts';
import { fingerprint, loadTenant } from './tenant-data.ts';

/** Fills a tenant and stops the server, so that the measured one has done nothing else. */
export async function loadedTenant(context: BenchContext, options: ObvaultOptions, tenant: string) {
  const { scratch, megabytes, report } = context;
  const server = await startObvault(scratch, options);
  const sys = await login(server.port, 'root');
  await createTenant(sys, tenant);
  const named = await rowsOf(sys, `SELECT TENANT_ID FROM oceanbase.DBA_OB_TENANTS WHERE TENANT_NAME = '${tenant}'`);
  const dataFile = join(options.dataDir, 'tenants', `t${named[0]?.['TENANT_ID']}`, 'data.db');
  const clients = [await login(server.port, `root@${tenant}`), await login(server.port, `root@${tenant}`)];
  const startMs = performance.now();
  await loadTenant(clients, megabytes * 1e6, () => sizeOf(dataFile));
  const seconds = (performance.now() - startMs) / 1000;
  const { peakMb } = server.memory();
  const print = await fingerprint(clients[0]!);
  for (const client of [...clients, sys]) await client.end();
  await server.stop();
  report(`  loaded ${figure(sizeOf(dataFile) / 1e6)} MB in ${figure(seconds)} s, peak memory ${figure(peakMb)} MB`);
  return { dataFile, print };
}

/** Bytes of a file, 0 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
