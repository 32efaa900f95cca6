import { setupConnection } from './connection-setup.ts';
import type { EngineThreadOptions, ExecuteReply, GuestCall } from './engine-calls.ts';
import { GuestStore } from './guest-store.ts';
import { Session } from './session.ts';
import { SqlTenant } from './sql-tenant.ts';

/** A statement that runs in a thread that is not its tenant's: a session for one statement, on a connection of its own. */
export interface Guest {
  readonly session: Session;
  close(): Promise<void>;
}

/** Opens the tenant for one statement. The caller closes the guest also when the statement fails. */
export function openGuest({ place, sessionId, flag }: GuestCall, options: EngineThreadOptions): Guest {
  const { limits, systemTables } = options;
  let store: GuestStore | null = null;
  try {
    const tenant = new SqlTenant(place.tenantId, systemTables, (self) => {
      store = new GuestStore(place, limits, (connection) => setupConnection(connection, self));
      return store;
    });
    tenant.readOnly = place.readOnly;
    const session = new Session(tenant, sessionId, new Int32Array(flag), null);
    if (place.open) session.transaction.begin({ readOnly: true, snapshot: false, implicit: false });
    return {
      session,
      async close() {
        await session.close();
        store?.close();
      },
    };
  } catch (error) {
    (store as GuestStore | null)?.close();
    throw error;
  }
}

/** Runs the guest's statement; what is not over then goes on with the session's `fetch`. */
export async function runGuest(guest: Guest, { request, slept }: GuestCall): Promise<ExecuteReply> {
  const reply = await guest.session.execute(request, slept);
  if (reply.kind === 'moved') throw new Error('a guest has nowhere to move to');
  return reply;
}
