import { closeSync, existsSync } from 'node:fs';
import { faultText } from '../../base/errors.ts';
import type { EngineThreadOptions } from './engine-calls.ts';
import { Tenant } from './tenant.ts';
import { tenantPaths } from './tenant-files.ts';
import type { KeptLog, TenantSizes } from './tenant-store.ts';

/** The open tenants of an engine thread, most recently used last. */
export class Tenants {
  readonly #options: EngineThreadOptions;
  readonly #open = new Map<number, Tenant>();
  readonly #retired = new Map<number, Tenant>();
  /** What is held of tenants that are closed. */
  readonly #parked = new Map<number, KeptLog>();
  readonly #readOnly = new Set<number>();

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
    const tenant = new Tenant(tenantId, paths, this.#options, this.#parked.get(tenantId) ?? null);
    tenant.readOnly = this.#readOnly.has(tenantId);
    this.#parked.delete(tenantId);
    this.#open.set(tenantId, tenant);
    return tenant;
  }

  /** Only while it is open; nothing is opened for the question. */
  opened(tenantId: number): Tenant | null {
    return this.#open.get(tenantId) ?? null;
  }

  /** The log's end and descriptor, which stay true while the tenant is closed. */
  readLog(tenantId: number): { readonly walFd: number; readonly cell: SharedArrayBuffer } {
    const kept = this.#parked.get(tenantId);
    if (kept?.walFd != null) return { walFd: kept.walFd, cell: kept.cell.buffer };
    const tenant = this.get(tenantId);
    tenant.logIsRead = true;
    return { walFd: tenant.store.files.walFd, cell: tenant.store.cell.buffer };
  }

  /** Without opening a tenant that was open once: it has not changed since. */
  sizes(tenantId: number): TenantSizes {
    const kept = this.#parked.get(tenantId);
    if (kept) return kept;
    const { store } = this.#open.get(tenantId) ?? this.get(tenantId);
    return { logBytes: store.logBytes(), dataBytes: store.dataBytes() };
  }

  /** Holds also for later openings. */
  setReadOnly(tenantId: number, readOnly: boolean): void {
    if (readOnly) this.#readOnly.add(tenantId);
    else this.#readOnly.delete(tenantId);
    const open = this.#open.get(tenantId);
    if (open) open.readOnly = readOnly;
  }

  /** Closes a tenant nobody copies from; one with a pinned snapshot stays open. */
  close(tenantId: number): void {
    const tenant = this.#open.get(tenantId);
    if (!tenant || tenant.store.pinned) return;
    this.#open.delete(tenantId);
    this.#parked.set(tenantId, tenant.park());
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
    const walFd = this.#parked.get(tenantId)?.walFd;
    if (walFd != null) closeSync(walFd);
    this.#parked.delete(tenantId);
    this.#readOnly.delete(tenantId);
  }

  unpin(tenantId: number): void {
    const retired = this.#retired.get(tenantId);
    const tenant = retired ?? this.#open.get(tenantId);
    tenant?.store.unpin();
    if (retired && !retired.store.pinned) this.#retired.delete(tenantId);
  }

  closeAll(): void {
    for (const tenantId of [...this.#open.keys(), ...this.#parked.keys()]) this.retire(tenantId);
  }

  /** Closes the tenants unused longest; those in use stay open. */
  #makeRoom(): void {
    for (const [tenantId, tenant] of this.#open) {
      if (this.#open.size < this.#options.limits.openTenants) return;
      if (!tenant.inUse) this.close(tenantId);
    }
  }
}
