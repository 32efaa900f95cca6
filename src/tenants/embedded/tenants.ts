import { existsSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { Tenant } from './tenant.ts';
import { tenantPaths } from './tenant-files.ts';

/** The open tenants of the engine thread, most recently used last. */
export class Tenants {
  readonly #options: EngineThreadOptions;
  readonly #open = new Map<number, Tenant>();

  constructor(options: EngineThreadOptions) {
    this.#options = options;
  }

  /** Opens the tenant when it is closed. Throws OB_TENANT_NOT_IN_SERVER when it has no files. */
  get(tenantId: number): Tenant {
    const known = this.#open.get(tenantId);
    if (known) {
      this.#open.delete(tenantId);
      this.#open.set(tenantId, known);
      return known;
    }
    const paths = tenantPaths(this.#options.directory, tenantId);
    if (!existsSync(paths.data)) throw faultText('OB_TENANT_NOT_IN_SERVER', `tenant ${tenantId} has no files here`);
    this.#makeRoom();
    const tenant = new Tenant(tenantId, paths, this.#options);
    this.#open.set(tenantId, tenant);
    return tenant;
  }

  opened(tenantId: number): Tenant | undefined {
    return this.#open.get(tenantId);
  }

  close(tenantId: number): void {
    const tenant = this.#open.get(tenantId);
    this.#open.delete(tenantId);
    tenant?.close();
  }

  closeAll(): void {
    for (const tenantId of [...this.#open.keys()]) this.close(tenantId);
  }

  /** Closes the tenants unused longest; those in use, or whose descriptors others hold, stay open. */
  #makeRoom(): void {
    for (const [tenantId, tenant] of this.#open) {
      if (this.#open.size < this.#options.limits.openTenants) return;
      if (!tenant.inUse) this.close(tenantId);
    }
  }
}
