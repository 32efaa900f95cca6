import { existsSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { Tenant } from './tenant.ts';
import { tenantPaths } from './tenant-files.ts';

/** The open tenants of the engine thread, most recently used last. */
export class Tenants {
  readonly #options: EngineThreadOptions;
  readonly #open = new Map<number, Tenant>();
  readonly #retired = new Map<number, Tenant>();

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

  /** Closes a tenant nobody copies from; one with a pinned snapshot stays open. */
  close(tenantId: number): void {
    const tenant = this.#open.get(tenantId);
    if (!tenant || tenant.store.pinned) return;
    this.#open.delete(tenantId);
    tenant.close();
  }

  /**
   * Closes a tenant whose files are about to go. Descriptors of a pinned snapshot stay until it is released: a copy
   * worker must never read another file through their numbers.
   */
  retire(tenantId: number): void {
    const tenant = this.#open.get(tenantId);
    this.#open.delete(tenantId);
    tenant?.close();
    if (tenant?.store.pinned) this.#retired.set(tenantId, tenant);
  }

  unpin(tenantId: number): void {
    const retired = this.#retired.get(tenantId);
    const tenant = retired ?? this.#open.get(tenantId);
    tenant?.store.unpin();
    if (retired && !retired.store.pinned) this.#retired.delete(tenantId);
  }

  closeAll(): void {
    for (const tenantId of [...this.#open.keys()]) this.retire(tenantId);
  }

  /** Closes the tenants unused longest; those in use, or whose descriptors others hold, stay open. */
  #makeRoom(): void {
    for (const [tenantId, tenant] of this.#open) {
      if (this.#open.size < this.#options.limits.openTenants) return;
      if (!tenant.inUse) this.close(tenantId);
    }
  }
}
