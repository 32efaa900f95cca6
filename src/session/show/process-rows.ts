import { sysTenantId } from '../../catalog/tenants.ts';
import type { Show } from '../../sql/ast/session.ts';
import { type MemoryRows, numberColumn, textColumn } from '../memory-table.ts';
import { hasGlobal } from '../privileges.ts';
import type { SessionContext } from '../session-context.ts';
import type { Process } from '../session-registry.ts';

const plain = Object.freeze([
  numberColumn('Id'),
  textColumn('User', 128),
  textColumn('Host', 128),
  textColumn('db', 128),
  textColumn('Command', 4096),
  numberColumn('Time'),
  textColumn('State', 128),
  textColumn('Info', 65_535),
]);
const full = Object.freeze([
  ...plain.slice(0, 2),
  textColumn('Tenant', 128),
  ...plain.slice(2),
  textColumn('Ip', 46),
  numberColumn('Port'),
]);

/** Characters of a statement without FULL. */
const shortStatement = 100;

/** SHOW [FULL] PROCESSLIST: of its own tenant, sys of all; without PROCESS only the user's own sessions. */
export function processlist(show: Show, session: SessionContext): MemoryRows {
  const { hostIp, rpcPort } = session.host;
  const rows = visibleProcesses(session, show.full).map(({ process, row }) =>
    show.full ? [...row.slice(0, 2), process.tenantName, ...row.slice(2), hostIp, rpcPort] : row,
  );
  return { columns: show.full ? full : plain, rows };
}

/** The sessions an account may see, with their cells from id to statement; `whole` leaves statements uncut. */
export function visibleProcesses({ host, state }: SessionContext, whole: boolean) {
  const { clock } = host.controller;
  const nowUs = clock.nowUs();
  const mine = state.identity.tenant.tenantId;
  const all = hasGlobal(state.grants, 'PROCESS');
  const visible = host.registry
    .list()
    .filter(({ tenantId }) => mine === sysTenantId || tenantId === mine)
    // Accounts of one name in two tenants are two.
    .filter(({ user, tenantId }) => all || (tenantId === mine && user === state.identity.account.user));
  return visible.map((process) => ({ process, row: rowOf(process, nowUs, whole) }));
}

function rowOf(
  { threadId, user, peer, database, command, sinceUs, statement }: Process,
  nowUs: number,
  whole: boolean,
) {
  const seconds = Math.max(0, Math.floor((nowUs - sinceUs) / 1e6));
  const info = statement !== null && !whole ? statement.slice(0, shortStatement) : statement;
  return [threadId, user, peer, database, command, seconds, command === 'Sleep' ? 'SLEEP' : 'ACTIVE', info];
}
