import { fault } from '../../base/errors.ts';
import type { Controller } from '../controller.ts';
import { TenantWork } from '../tenant-work.ts';
import { TenantArchive } from './tenant-archive.ts';

/** Drives the archive rounds of all tenants, each tenant beside the others. */
export interface ArchiveDriver {
  pass(signal: AbortSignal): Promise<void>;
  /** Forgets a tenant that is being dropped; resolves when nothing touches it any more. */
  forget(tenantId: number): Promise<void>;
  close(): Promise<void>;
}

/** How long running work may take to come to its end when the server stops. */
const stopGraceMs = 2_000;

export function createArchiveDriver(controller: Controller): ArchiveDriver {
  const work = new TenantWork('archive', controller.log);
  const archives = new Map<number, TenantArchive>();
  const archiveOf = (tenantId: number) => {
    const known = archives.get(tenantId);
    if (known) return known;
    const made = new TenantArchive(controller, tenantId);
    archives.set(tenantId, made);
    return made;
  };
  return {
    async pass(signal) {
      const tenants = await controller.catalog.read((tx) => tx.tenants.users().map((tenant) => tenant.tenantId));
      for (const tenantId of tenants) {
        if (work.isForgotten(tenantId)) continue;
        const archive = archiveOf(tenantId);
        work.start(tenantId, String(tenantId), signal, (ended) => archive.step(ended));
      }
    },
    async forget(tenantId) {
      const gone = fault('OB_TENANT_NOT_EXIST', String(tenantId));
      archives.get(tenantId)?.abandon(gone);
      await work.forget(tenantId, gone);
      await archives.get(tenantId)?.close();
      archives.delete(tenantId);
      controller.foldWishes.delete(tenantId);
    },
    async close() {
      const settled = work.settle();
      // What a sick medium does not answer in time is taken up again after the start, as after a crash.
      await Promise.race([settled, controller.clock.sleep(stopGraceMs)]);
      for (const archive of archives.values()) archive.abandon(fault('OB_CANCELED'));
      await settled;
      for (const archive of archives.values()) await archive.close();
      archives.clear();
    },
  };
}
