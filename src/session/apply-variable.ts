import { charsetByName, utf8mb4 } from '../value/charset.ts';
import type { MaybePromise } from './client.ts';
import { charsetOfCollation, defaultCollation } from './session-charset.ts';
import type { SessionContext } from './session-context.ts';
import { rescan } from './session-state.ts';
import { commitOpen } from './transactions.ts';

/** Gives a session variable a checked value, and does what the variable stands for. */
export function applyVariable(name: string, value: string | null, session: SessionContext): MaybePromise<void> {
  const { state, client } = session;
  if (name === 'autocommit') return setAutocommit(value ?? 'ON', session);
  if (name === 'last_insert_id' || name === 'identity') {
    state.lastInsertId = BigInt(value ?? 0);
    return;
  }
  const { variables } = state;
  variables[name] = value;
  if (name === 'net_write_timeout') client.setWriteTimeout(Number(value) * 1000);
  if (cheap.has(name)) return;
  state.version++;
  switch (name) {
    case 'sql_mode':
      return rescan(state);
    case 'max_allowed_packet':
      return client.setMaxAllowedPacket(Number(value));
    case 'character_set_connection':
      variables['collation_connection'] = defaultCollation(value ?? 'utf8mb4');
      return;
    case 'collation_connection':
      variables['character_set_connection'] = charsetOfCollation(value ?? 'utf8mb4_general_ci');
      return;
    case 'character_set_client':
    case 'character_set_results':
      return applyCharsets(session);
  }
}

/** Variables engines are never told: setting one costs them nothing. */
const cheap: ReadonlySet<string> = new Set([
  'ob_query_timeout',
  'ob_trx_idle_timeout',
  'wait_timeout',
  'interactive_timeout',
  'net_read_timeout',
  'net_write_timeout',
]);

function applyCharsets({ client, state }: SessionContext): void {
  const sent = state.variables['character_set_client'];
  const read = state.variables['character_set_results'];
  client.setCharset(charsetByName(sent ?? 'utf8mb4'), read ? charsetByName(read) : utf8mb4);
}

/** Switching autocommit on commits what is open. */
function setAutocommit(value: string, session: SessionContext): MaybePromise<void> {
  const { state } = session;
  const before = state.variables['autocommit'];
  const change = () => {
    state.variables['autocommit'] = value;
    state.version++;
    session.showStatus();
  };
  if (before === value) return;
  const committed = value === 'OFF' ? undefined : commitOpen(session);
  return committed ? committed.then(change) : change();
}
