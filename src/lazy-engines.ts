import { join } from 'node:path';
import type { Log } from './base/log.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Config } from './config.ts';
import type { TenantEngines } from './tenants/tenant-engine.ts';

export interface EnginePlace {
  readonly dataDir: string;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly limits: Pick<Config, 'engineThreads' | 'guestThreads' | 'openTenants'>;
}

/**
 * The embedded engines, loaded with the first tenant: a server without tenants does not pay for them. `onUse` is called
 * once, before the first tenant is touched.
 */
export function createLazyEngines(place: EnginePlace, onUse: () => void): TenantEngines {
  let loaded: TenantEngines | null = null;
  let loading: Promise<TenantEngines> | null = null;
  const load = (): Promise<TenantEngines> => {
    if (loading === null) {
      onUse();
      loading = createEngines(place);
      loading.then(
        (engines) => {
          loaded = engines;
        },
        () => {
          loading = null;
        },
      );
    }
    return loading;
  };
  return {
    create: async (tenantId, options) => (await load()).create(tenantId, options),
    open: async (tenantId) => (await load()).open(tenantId),
    isOpen: (tenantId) => loaded?.isOpen(tenantId) ?? false,
    drop: async (tenantId) => (await load()).drop(tenantId),
    beginRestore: async (tenantId) => (await load()).beginRestore(tenantId),
    async closeAll() {
      await (await loading)?.closeAll();
    },
  };
}

async function createEngines({ dataDir, catalog, log, limits }: EnginePlace): Promise<TenantEngines> {
  const [{ createEmbeddedEngines }, { systemTables }] = await Promise.all([
    import('./tenants/embedded/embedded-engines.ts'),
    import('./system-tables.ts'),
  ]);
  const { engineThreads, guestThreads, openTenants } = limits;
  return createEmbeddedEngines({
    directory: join(dataDir, 'tenants'),
    log,
    systemTables: systemTables(catalog),
    ...(engineThreads === null ? {} : { engineThreads }),
    ...(guestThreads === null ? {} : { guestThreads }),
    ...(openTenants === null ? {} : { openTenants }),
  });
}
