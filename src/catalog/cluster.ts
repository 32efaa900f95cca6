import { openTable, type Store, type TableAccess } from './store.ts';

/** Names under which the cluster remembers what it is. */
export type ClusterInfoName = 'cluster_name' | 'cluster_id' | 'create_us' | 'release' | 'instance_id' | (string & {});

export interface Zone {
  readonly zone: string;
  readonly createUs: number;
  readonly modifyUs: number;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly idc: string;
  readonly region: string;
  readonly type: string;
}

export interface Server {
  readonly id: number;
  readonly svrIp: string;
  /** RPC port; nobody listens there. */
  readonly svrPort: number;
  /** Port the MySQL protocol is served on. */
  readonly sqlPort: number;
  readonly zone: string;
  readonly withRootserver: boolean;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'DELETING';
  readonly startServiceUs: number | null;
  readonly stopUs: number | null;
  readonly blockMigrateInUs: number | null;
  readonly createUs: number;
  readonly modifyUs: number;
  readonly buildVersion: string;
  readonly lastOfflineUs: number | null;
}

/** Resources of the server; bytes where not CPUs. */
export interface ServerCapacity {
  readonly cpu: number;
  readonly memoryBytes: bigint;
  readonly logDiskBytes: bigint;
  readonly dataDiskBytes: bigint;
}

/** The cluster itself: name, id and the one zone with its one server. */
export interface ClusterRepository {
  readonly name: () => string;
  readonly clusterId: () => number;
  info(name: ClusterInfoName): string | null;
  setInfo(name: ClusterInfoName, value: string): void;
  readonly zones: TableAccess<Zone, 'zone'>;
  readonly servers: TableAccess<Server, 'id'>;
  /** What the server may give to units. */
  capacity(): ServerCapacity;
  /** The one server. */
  server(): Server;
  /** Writes down where the server listens now and that it is in service; parameters that name the port follow. */
  announce(place: { readonly sqlPort: number; readonly svrIp?: string }): void;
}

export function createCluster(store: Store): ClusterRepository {
  const read = store.database.prepare('SELECT value FROM cluster_info WHERE name = ?').pluck(true);
  const write = store.database.prepare('INSERT OR REPLACE INTO cluster_info VALUES (?, ?)');
  const tell = store.database.prepare('INSERT OR REPLACE INTO parameter_value VALUES (0, ?, ?, ?)');
  const info = (name: string) => (read.get(name) as string | undefined) ?? null;
  const zones = openTable<Zone, 'zone'>(store, {
    name: 'zone',
    key: ['zone'],
    fields: {
      zone: 'text',
      createUs: 'int',
      modifyUs: 'int',
      status: 'text',
      idc: 'text',
      region: 'text',
      type: 'text',
    },
  });
  const servers = openTable<Server, 'id'>(store, {
    name: 'server',
    key: ['id'],
    fields: {
      id: 'int',
      svrIp: 'text',
      svrPort: 'int',
      sqlPort: 'int',
      zone: 'text',
      withRootserver: 'flag',
      status: 'text',
      startServiceUs: 'int',
      stopUs: 'int',
      blockMigrateInUs: 'int',
      createUs: 'int',
      modifyUs: 'int',
      buildVersion: 'text',
      lastOfflineUs: 'int',
    },
  });
  const server = (): Server => {
    const found = servers.get({ id: 1 });
    if (!found) throw new Error('the catalog has no server row');
    return found;
  };
  return Object.freeze({
    name: () => info('cluster_name') ?? '',
    clusterId: () => Number(info('cluster_id') ?? 0),
    info,
    setInfo: (name: string, value: string) => void write.run(name, value),
    zones,
    servers,
    server,
    capacity: () => ({
      cpu: Number(info('cpu_capacity') ?? 0),
      memoryBytes: BigInt(info('memory_capacity') ?? 0),
      logDiskBytes: BigInt(info('log_disk_capacity') ?? 0),
      dataDiskBytes: BigInt(info('data_disk_capacity') ?? 0),
    }),
    announce: (place: { readonly sqlPort: number; readonly svrIp?: string }) => {
      const nowUs = store.nowUs();
      const svrIp = place.svrIp ?? server().svrIp;
      servers.update({ id: 1 }, { sqlPort: place.sqlPort, svrIp, startServiceUs: nowUs, modifyUs: nowUs });
      tell.run('mysql_port', String(place.sqlPort), nowUs);
      tell.run('rootservice_list', `${svrIp}:${server().svrPort}:${place.sqlPort}`, nowUs);
    },
  });
}
