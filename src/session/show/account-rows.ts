import { fault } from '../../base/errors.ts';
import type { Show } from '../../sql/ast/session.ts';
import type { Account, Grant } from '../../tenants/tenant-account.ts';
import { type MemoryRows, textColumn } from '../memory-table.ts';
import { hasGlobal } from '../privileges.ts';
import type { SessionContext } from '../session-context.ts';

/** SHOW GRANTS [FOR account]; 1141 for an account that is not there. */
export async function grants(show: Show, session: SessionContext): Promise<MemoryRows> {
  const account = await accountOf(show, session);
  const rows = account.grants.map((grant) => [grantText(grant, account)]);
  const usage = `GRANT USAGE ON *.* TO ${nameText(account)}`;
  const global = account.grants.some(({ database }) => database === null);
  return {
    columns: [textColumn(`Grants for ${account.user}@${account.host}`, 4096)],
    rows: global ? rows : [[usage], ...rows],
  };
}

/** SHOW CREATE USER. */
export async function showCreateUser(show: Show, session: SessionContext): Promise<MemoryRows> {
  const account = await accountOf(show, session);
  const secret = account.passwordHash === '' ? '' : ` AS '*${account.passwordHash.toUpperCase()}'`;
  const visible = hasGlobal(session.state.grants, 'CREATE USER') ? secret : '';
  const lock = account.locked ? 'ACCOUNT LOCK' : 'ACCOUNT UNLOCK';
  const text = `CREATE USER ${nameText(account)} IDENTIFIED WITH 'mysql_native_password'${visible} REQUIRE NONE ${lock}`;
  return { columns: [textColumn(`CREATE USER for ${account.user}@${account.host}`, 4096)], rows: [[text]] };
}

async function accountOf(show: Show, { host, state }: SessionContext): Promise<Account> {
  const own = state.identity.account;
  const user = show.subject?.name ?? own.user;
  const from = show.subject === null ? own.host : (show.subject.schema ?? '%');
  const mine = user === own.user && from === own.host;
  if (!mine && !hasGlobal(state.grants, 'SELECT')) throw fault('OB_ERR_NO_PRIVILEGE', 'SELECT');
  const accounts = await host.directory.accounts(state.tenant.tenantId);
  const account = accounts.find((one) => one.user === user && one.host === from);
  if (!account) throw fault('ER_NONEXISTING_GRANT', user, from);
  return account;
}

function nameText({ user, host }: Account): string {
  return host === '%' ? `'${user}'` : `'${user}'@'${host}'`;
}

function grantText({ database, table, privileges, withGrantOption }: Grant, account: Account): string {
  const level = database === null ? '*.*' : `\`${database}\`.${table === null ? '*' : `\`${table}\``}`;
  const option = withGrantOption ? ' WITH GRANT OPTION' : '';
  return `GRANT ${privileges.join(', ')} ON ${level} TO ${nameText(account)}${option}`;
}
