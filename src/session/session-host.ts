import type { Controller } from '../jobs/controller.ts';
import type { ServerFacts } from '../sql/system-variable-table.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** What the sessions of one server share. */
export interface SessionHost {
  readonly controller: Controller;
  readonly directory: TenantDirectory;
  readonly registry: SessionRegistry;
  readonly facts: Omit<ServerFacts, 'oracle'>;
  /** Address and port servers use among each other, as `host_ip()` and `rpc_port()` tell. */
  readonly hostIp: string;
  readonly rpcPort: number;
}
